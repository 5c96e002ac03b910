public import Bytes
internal import ColumnStore
public import InventoryModel

/// The initial state of a subscription, row by row, as the changes that would create it.
///
/// Locations and categories come before the products that refer to them, products before their
/// levels, levels before their alerts, then active reservations and transfers in transit. Used by one thread
/// at a time.
public final class SubscriptionSnapshot {
    /// The version of the state: that of the view.
    public let lsn: LSN
    private let view: ReadView
    private let matcher: SubscriptionMatcher
    private let keys: SelectionKeys
    private let checksLevels: Bool
    private var stage = Stage.locations
    private var row = 1

    private enum Stage: Int {
        case locations, categories, products, levels, alerts, reservations, transfers, done
    }

    /// Starts the snapshot of a subscription on a view.
    public init(_ subscription: Subscription, of view: ReadView) {
        self.view = view
        self.lsn = view.lsn
        self.keys = view.selectionKeys
        self.matcher = SubscriptionMatcher(subscription)
        self.checksLevels = subscription.topics.contains(.proof)
    }

    /// Returns the changes of up to `count` more rows; `nil` once there are no more.
    public func next(_ count: Int) -> [Change]? {
        var changes: [Change] = []
        while changes.count < count, self.stage != .done {
            guard self.row < self.rowCount else {
                self.stage = Stage(rawValue: self.stage.rawValue + 1) ?? .done
                self.row = self.stage == .levels || self.stage == .alerts ? 0 : 1
                continue
            }
            for change in self.changes(at: self.row)
            where self.matcher.match(change, self.keys) == .written {
                changes.append(change)
            }
            self.row += 1
        }
        return changes.isEmpty ? nil : changes
    }

    private var rowCount: Int {
        let tables = self.view.tables
        return switch self.stage {
        case .locations: tables.locations.rowCount
        case .categories: tables.categories.rowCount
        case .products: tables.products.rowCount
        case .levels, .alerts: tables.levels.rowCount
        case .reservations: tables.reservations.rowCount
        case .transfers: tables.transfers.rowCount
        case .done: 0
        }
    }

    private func changes(at row: Int) -> [Change] {
        let tables = self.view.tables
        switch self.stage {
        case .locations:
            return [.location(tables.locations.location(LocationID(UInt16(row))))]
        case .categories:
            return [.category(tables.categories.category(CategoryID(UInt32(row))))]
        case .products:
            let id = ProductID(UInt32(row))
            switch tables.products.status(id) {
            case .active, .inactive: return [.productCreated(tables.product(id))]
            case .archived, nil: return []
            }
        case .levels:
            let level = tables.levels.level(row)
            let status = tables.products.status(level.product)
            let isListed = status.map { $0 != .archived || self.checksLevels } ?? false
            return isListed ? [.level(level)] + Self.ownPoint(row, in: tables) : []
        case .alerts:
            return Self.alerts(row, in: tables)
        case .reservations:
            guard tables.reservations.isOpen(row) else { return [] }
            return [.reservation(tables.reservation(ReservationID(UInt32(row))))]
        case .transfers:
            guard tables.transfers.isOpen(row) else { return [] }
            return [.transfer(tables.transfer(TransferID(UInt32(row))))]
        case .done:
            return []
        }
    }

    /// The rows of one product that a subscription selects, in the order of a snapshot.
    static func rows(
        of id: ProductID,
        in view: ReadView,
        for matcher: SubscriptionMatcher
    ) -> [Change] {
        let tables = view.tables
        var rows: [Change] = []
        let isListed = tables.products.status(id).map { $0 != .archived } ?? false
        if isListed { rows.append(.productCreated(tables.product(id))) }
        let isCounted = isListed || matcher.topics.contains(.proof) && tables.products.contains(id)
        let levels = (1..<max(1, tables.locations.rowCount)).compactMap { location in
            tables.levels.row(id, LocationID(UInt16(location)))
        }
        if isCounted {
            rows += levels.flatMap { row in
                [.level(tables.levels.level(row))] + Self.ownPoint(row, in: tables)
            }
        }
        rows += levels.flatMap { Self.alerts($0, in: tables) }
        for row in 1..<max(1, tables.reservations.rowCount)
        where tables.reservations.isOpen(row) {
            let reservation = tables.reservation(ReservationID(UInt32(row)))
            if reservation.product == id { rows.append(.reservation(reservation)) }
        }
        for row in 1..<max(1, tables.transfers.rowCount) where tables.transfers.isOpen(row) {
            let transfer = tables.transfer(TransferID(UInt32(row)))
            if transfer.product == id { rows.append(.transfer(transfer)) }
        }
        let keys = view.selectionKeys
        return rows.filter { matcher.match($0, keys) == .written }
    }

    /// The own reorder point of the level in `row`; empty if it has none.
    private static func ownPoint(_ row: Int, in tables: InventoryTables) -> [Change] {
        guard let point = tables.levels.ownReorderPoint(row) else { return [] }
        let level = tables.levels.level(row)
        return [
            .reorderPoint(
                LevelReorderPoint(product: level.product, location: level.location, point: point)
            )
        ]
    }

    private static func alerts(_ row: Int, in tables: InventoryTables) -> [Change] {
        let level = tables.levels.level(row)
        let point = tables.reorderPoint(ofLevel: row)
        return AlertKind.allCases.filter { level.alerts.contains(AlertSet($0)) }.map { kind in
            let threshold: Quantity =
                switch kind {
                case .lowStock: Quantity(point)
                case .stockout: 0
                case .oversold: level.floor
                }
            return .alert(
                kind,
                isRaised: true,
                level.product,
                level.location,
                available: level.available,
                threshold: threshold
            )
        }
    }
}
