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

/// The rules in a description of fields.
///
/// Whether an id exists and whether a value is unique is checked by the caller, which has the tables.
private struct FieldRules: SelectiveVisitor {
    typealias Failure = Never
    var findings: Findings

    mutating func text(_ field: Field<String>, _ value: inout String) {
        self.findings.check(field.name, value, byteCount: field.byteCount)
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
        self.findings.check(field.name, value.minorUnits, in: FieldBounds.amounts)
        self.findings.check(field.name + ".basis", value.basis, in: FieldBounds.priceBases)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) {
        self.findings.check(field.name, value.code, byteCount: FieldBounds.unitCode)
        let decimals = Int64(value.decimals)
        self.findings.check(field.name + ".decimals", decimals, in: FieldBounds.unitDecimals)
    }
}
