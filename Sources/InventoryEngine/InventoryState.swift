public import Bytes
internal import ColumnStore
public import InventoryModel

/// The whole inventory at one version: all tables and their derived indexes.
///
/// It has two central functions. `decide(_:in:)` checks a command against the state and returns the
/// changes it makes, or the refusal; it changes nothing. `evolve(_:)` applies the decided changes to
/// the state. The log is between them: recovery, replicas and subscribers fold the same entries with
/// the same `evolve(_:)`, so the same log always makes the same state.
///
///     command ──decide──▶ changes ──log──▶ evolve ──▶ state at LSN + 1
///
/// A state has no clock, file, socket or randomness: each command comes with its time.
public struct InventoryState: Sendable {
    /// The last step of this state; 0 before the first.
    public internal(set) var lsn: LSN = 0
    /// When that step was recorded.
    public internal(set) var time = Instant(microseconds: .min)
    /// The database's currency; `nil` before the first step.
    public internal(set) var currency: Currency?

    /// Incremented by each snapshot image, so that segments changed after it are recognized.
    var epoch: UInt64 = 1

    var tables = InventoryTables()
    var indexes = CatalogIndexes()
    var links = MovementLinks()
    var sessions = SessionTable()
    var keys = KeyTable()
    var deadlines = ReservationDeadlines()
    var openTransfers = OpenTransfers()
    var expectedGoods = ExpectedGoods()
    var importRuns = ImportRunIndex()
    var receipts = ReceiptIndex()
    /// The rows of the products that are known from imported sales only.
    var inferredProducts = ShardedMap<ProductID, Int>()

    private let inPlace = PassedInPlace()

    /// Creates the state before the first step, with empty tables.
    public init() {}

    /// The changes of the first step of a new database: its currency, and the location "main".
    public static func bootstrap(currency: Currency) -> [Change] {
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

    /// Resolves a SKU or barcode as people type it, or an id, to a product that is not archived.
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
