internal import InventoryModel

extension Described {
    /// Reports every field that breaks the rules of its description.
    func check(_ findings: inout Findings) {
        var rules = FieldRules(findings: findings)
        var copy = self
        copy.visit(&rules, only: .all)
        findings = rules.findings
    }
}

/// The bounds of the parts of fields that have more than one number; a description has none for them.
enum FieldRule {
    /// The bounds of a price: minor units, per a number of base units.
    static var amounts: ClosedRange<Int64> { 0...Limits.moneyMax }
    static var bases: ClosedRange<Int64> { 1...Limits.quantityMax }
    /// The bounds of a unit: the bytes of its code, and its decimals.
    static var unitByteCounts: ClosedRange<Int64> { 1...Int64(Limits.unitByteCountMax) }
    static var unitDecimals: ClosedRange<Int64> { 0...Int64(Limits.unitDecimalsMax) }
}

/// The rules in a description of fields.
///
/// Whether an id exists and whether a value is unique is checked by the caller, which has the tables.
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
