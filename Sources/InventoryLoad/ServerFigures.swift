import InventoryClient
internal import InventoryModel

extension InventoryClient {
    /// The server's figures with their names, in its order.
    func figures() async throws -> [(name: String, value: Int64)] {
        let stats = try await self.query(.stats).table
        guard let name = stats.column(named: "name"), let value = stats.column(named: "value")
        else { return [] }
        return (0..<stats.rowCount).compactMap { row in
            guard case .text(let name) = stats.cell(row, name),
                case .integer(let value) = stats.cell(row, value)
            else { return nil }
            return (name, value)
        }
    }
}
