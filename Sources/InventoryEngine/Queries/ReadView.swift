public import Bytes
public import InventoryModel

/// An ``InventoryState`` frozen at an LSN: its tables, shared until the writer touches them.
///
/// A view may be read on any thread for as long as it is held. It costs memory only for the
/// segments that change meanwhile.
public struct ReadView: Sendable {
    public let lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public let time: Instant
    public let currency: Currency?
    package let tables: InventoryTables
    /// By which work on it can be ended; `nil` for work that always runs to its end.
    @usableFromInline package internal(set) var token: WorkToken?

    package init(lsn: LSN, time: Instant, currency: Currency?, tables: InventoryTables) {
        self.lsn = lsn
        self.time = time
        self.currency = currency
        self.tables = tables
    }
}
