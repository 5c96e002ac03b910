public import Bytes
internal import InventoryModel

/// A step with movements that a run of an import made.
public struct ListedImportStep: AnswerRow, Hashable {
    /// The LSN of the step.
    public var lsn: LSN
    /// The SKU of its last movement.
    public var sku: String
    /// The reference of its last movement; empty for none.
    public var reference: String
    /// The number of its movements.
    public var movements: Int

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        let lsn: UInt64 = try row.integer("lsn")
        self.lsn = LSN(lsn)
        self.sku = try row.text("sku")
        self.reference = try row.text("reference")
        self.movements = try row.integer("movements")
    }
}
