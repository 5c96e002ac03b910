public import Bytes
public import InventoryModel

/// The whole inventory at one version: every table, and what is derived from them.
///
/// Two functions are its heart. `decide(_:in:)` checks a command against the state and says what
/// it changes, or why it is refused; it changes nothing. `evolve(_:)` puts what was decided into
/// the state. What lies between is the log: recovery, replicas and subscribers fold the same
/// entries with the same `evolve(_:)`, so the same log makes the same state.
///
///     command ──decide──▶ changes ──log──▶ evolve ──▶ state at LSN + 1
///
/// A state has no clock, file, socket or randomness: time arrives with each command.
public struct InventoryState: Sendable {
    /// The step this state is at; 0 before the first.
    public internal(set) var lsn: LSN = 0
    /// When that step was recorded.
    public internal(set) var time = Instant(microseconds: .min)
    /// The database's currency; nothing before the first step.
    public internal(set) var currency: Currency?

    /// Counts the snapshots taken; what changes later is told from what they have.
    var epoch: UInt64 = 1

    var tables = InventoryTables()
    var indexes = CatalogIndexes()
    var links = MovementLinks()
    var sessions = SessionTable()
    var keys = KeyTable()
    var deadlines = ReservationDeadlines()
    var openTransfers = OpenTransfers()

    private let inPlace = PassedInPlace()

    public init() {}

    /// The changes of the first step of a new database: its currency, and the location "main".
    public static func founding(currency: Currency) -> [Change] {
        [
            .databaseCreated(currency: currency),
            .location(
                Location(id: .main, LocationFields(code: "main", name: "Main"), revision: 1)
            ),
        ]
    }

    /// The state frozen at this LSN, for queries on other threads.
    ///
    /// - Complexity: O(columns); no value is copied.
    public func readView() -> ReadView {
        ReadView(lsn: self.lsn, time: self.time, currency: self.currency, tables: self.tables)
    }

    // MARK: - Keys

    /// The product, not archived, with this SKU or barcode as people type it, or with this id.
    public func resolve(_ key: ProductKey) -> ProductID? {
        switch key {
        case .id(let id):
            self.tables.products.contains(id) ? id : nil
        case .sku(let sku):
            self.indexes.product(skuKey: NormalizedText.key(sku), in: self.tables.products)
        case .barcode(let code):
            self.indexes.product(
                barcodeKey: NormalizedText.barcodeKey(code),
                in: self.tables.products
            )
        }
    }
}
