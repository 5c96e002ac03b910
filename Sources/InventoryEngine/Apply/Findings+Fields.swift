internal import InventoryModel

extension Described {
    /// Notes every field that is not as its description says.
    func check(_ findings: inout Findings) {
        var rules = FieldRules(findings: findings)
        var copy = self
        copy.visit(&rules, only: .all)
        findings = rules.findings
    }

    /// Takes white space off the ends of every text, and composes it.
    mutating func trim() {
        var trimming = FieldTrimming()
        self.visit(&trimming, only: .all)
    }
}

/// The bounds of what is more than one number, which a description does not say.
enum FieldRule {
    /// Of a price: minor units, for a number of base units.
    static var amounts: ClosedRange<Int64> { 0...Limits.moneyMax }
    static var bases: ClosedRange<Int64> { 1...Limits.quantityMax }
    /// Of a unit: bytes of its code, and its decimals.
    static var unitByteCounts: ClosedRange<Int64> { 1...Int64(Limits.unitByteCountMax) }
    static var unitDecimals: ClosedRange<Int64> { 0...Int64(Limits.unitDecimalsMax) }
}

/// What a description says of its fields, as rules.
///
/// Whether what an id names is there, and what must be unique, is the business of who has the tables.
private struct FieldRules: SelectiveVisitor {
    typealias Failure = Never
    var findings: Findings

    private mutating func check(_ name: String, _ text: String, in bounds: ClosedRange<Int64>) {
        let most = Int(bounds.upperBound)
        self.findings.check(name, text, byteCountMax: most, mayBeEmpty: bounds.lowerBound == 0)
    }

    mutating func text(_ field: Field<String>, _ value: inout String) {
        self.check(field.name, value, in: field.bounds)
    }

    mutating func integer<Value: FixedWidthInteger>(_ field: Field<Value>, _ value: inout Value) {
        self.findings.check(field.name, Int64(clamping: value), in: field.bounds)
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.findings.check(field.name, value.baseUnits, in: field.bounds)
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.findings.check(field.name, value.minorUnits, in: field.bounds)
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.findings.check(field.name, value.minorUnits, in: FieldRule.amounts)
        self.findings.check(field.name + ".basis", value.basis, in: FieldRule.bases)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.check(field.name, value.code, in: FieldRule.unitByteCounts)
        let decimals = Int64(value.decimals)
        self.findings.check(field.name + ".decimals", decimals, in: FieldRule.unitDecimals)
    }
}

/// Texts as they are stored.
private struct FieldTrimming: SelectiveVisitor {
    typealias Failure = Never

    mutating func text(_ field: Field<String>, _ value: inout String) {
        value = NormalizedText.trimmed(value)
    }
}
