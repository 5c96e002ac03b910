internal import InventoryModel

extension ExportLine {
    /// Adds described fields from a row of an answer, without optional ones that are 0 or empty.
    ///
    ///     "unit":"kg","decimals":3,"price":"5.68","basis":1000
    ///
    /// - Parameters:
    ///   - fields: The fields, in order.
    ///   - table: The answer.
    ///   - row: The row of the answer.
    ///   - money: The decimals of the currency.
    ///   - number: Returns the export's number of the object that the field with a name refers to.
    mutating func add(
        _ fields: [FieldDescription],
        of table: ResultTable,
        _ row: Int,
        money: UInt8,
        number: (String) -> Int = { preconditionFailure("an export has no number of its \($0)") }
    ) {
        func integer(_ name: String) -> Int64 { table.integer(row, name) ?? 0 }
        var decimals: UInt8 = 0
        for field in fields {
            let name = field.name
            switch field.kind {
            case .text where !field.isRequired: self.add(name, unlessEmpty: table.text(row, name))
            case .text, .choice: self.add(name, text: table.text(row, name))
            case .integer: self.add(name, units: integer(name), decimals: 0)
            case .quantity: self.add(name, units: integer(name), decimals: decimals)
            case .money: self.add(name, money: integer(name), decimals: money)
            case .price:
                self.add(name, money: integer(name), decimals: money)
                self.add("basis", Int(table.integer(row, name + "Basis") ?? 1))
            case .unit:
                decimals = UInt8(clamping: integer(name + "Decimals"))
                self.add(name, text: table.text(row, name))
                self.add("decimals", Int(decimals))
            case .id: self.add(name, number(name))
            default: preconditionFailure("an export has no \(name)")
            }
        }
    }
}

/// Cells of an answer by the names of their columns.
extension ResultTable {
    /// Returns a cell's text; empty if there is no value.
    fileprivate func text(_ row: Int, _ name: String) -> String {
        guard let column = self.column(named: name), case .text(let text) = self.cell(row, column)
        else { return "" }
        return text
    }

    fileprivate func integer(_ row: Int, _ name: String) -> Int64? {
        guard let column = self.column(named: name),
            case .integer(let value) = self.cell(row, column)
        else { return nil }
        return value
    }
}
