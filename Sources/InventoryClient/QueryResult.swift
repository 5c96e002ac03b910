public import Bytes
public import InventoryModel

/// An answer or a part of it: the version of the data and rows.
public struct QueryResult: Sendable {
    /// The version of the data that the rows reflect.
    public var lsn: LSN
    /// When the last step of that version was recorded, by the server's clock.
    public var time: Instant
    /// The rows, in typed columns.
    public var table: ResultTable

    mutating func append(_ block: ResultTable) { self.table.append(contentsOf: block) }
}
