package import InventoryModel

/// Cells of an answer by the names of their columns.
extension ResultTable {
    /// A cell by its column's name; empty if there is no value.
    package func text(_ row: Int, _ name: String) -> String {
        guard let column = self.column(named: name), case .text(let text) = self.cell(row, column)
        else { return "" }
        return text
    }

    package func integer(_ row: Int, _ name: String) -> Int64? {
        guard let column = self.column(named: name),
            case .integer(let value) = self.cell(row, column)
        else { return nil }
        return value
    }
}
