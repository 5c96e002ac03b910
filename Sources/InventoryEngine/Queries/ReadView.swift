public import Bytes
public import InventoryModel

/// An ``InventoryState`` frozen at an LSN; it shares its tables with the state until the writer changes them.
///
/// A view may be read on any thread for as long as it is retained. It costs memory only for the segments
/// that change meanwhile.
public struct ReadView: Sendable {
    /// The version of the view: that of the last step it contains.
    public let lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public let time: Instant
    /// The database's currency; `nil` before the first step.
    public let currency: Currency?
    package let tables: InventoryTables
    /// The outcomes that retries are answered from; `nil` except in a whole view.
    var outcomes: RememberedOutcomes?
    /// Ends or pauses work on the view; `nil` for work that always runs to completion.
    @usableFromInline package internal(set) var token: WorkToken?

    package init(lsn: LSN, time: Instant, currency: Currency?, tables: InventoryTables) {
        self.lsn = lsn
        self.time = time
        self.currency = currency
        self.tables = tables
    }
}
