internal import InventoryModel
import InventoryTransfer

/// The order of `--sort a,-b`: columns, `-` for descending; ties keep their order (stable).
///
/// Quantities are compared by their decimal value: 52 pieces are more than half a kilogram.
///
/// Sorting needs all rows, so it buffers them; with a limit it buffers at most twice as many, or 4,096.
struct RowOrder {
    private let keys: [RowComparison.Key]
    private let limit: Int?
    private var held: ResultTable

    init?(_ text: String?, _ schema: [ResultField], limit: Int?) throws(Failure) {
        let keys = try Self.columns(text, schema)
        guard !keys.isEmpty else { return nil }
        self.keys = keys
        self.limit = limit
        self.held = ResultTable(schema)
    }

    /// Parses the columns of `--sort`; empty without one.
    ///
    /// - Throws: ``Failure`` for an unknown column.
    static func columns(
        _ text: String?,
        _ schema: [ResultField]
    ) throws(Failure) -> [RowComparison.Key] {
        var keys: [RowComparison.Key] = []
        for part in (text ?? "").split(separator: ",") {
            let isDescending = part.hasPrefix("-")
            let name = String(isDescending ? part.dropFirst() : part)
            guard let column = schema.firstIndex(where: { $0.name == name }) else {
                throw Failure.noColumn(name, schema)
            }
            keys.append(RowComparison.Key(column: column, isDescending: isDescending))
        }
        return keys
    }

    mutating func take(_ table: ResultTable, _ rows: [Int]) {
        for row in rows {
            self.held.append(table.columns.indices.map { table.cell(row, $0) })
        }
        guard let limit, self.held.rowCount > max(4_096, limit * 2) else { return }
        self.held = self.picked(self.sorted().prefix(limit))
    }

    /// Returns the rows in order.
    func sortedTable() -> ResultTable { self.picked(self.sorted().prefix(self.limit ?? .max)) }

    private func picked(_ rows: ArraySlice<Int>) -> ResultTable {
        var picked = ResultTable(self.held.schema)
        for row in rows {
            picked.append(self.held.columns.indices.map { self.held.cell(row, $0) })
        }
        return picked
    }

    private func sorted() -> [Int] {
        let comparison = RowComparison(self.keys, of: self.held)
        return (0..<self.held.rowCount).sorted(by: comparison.isBefore)
    }
}
