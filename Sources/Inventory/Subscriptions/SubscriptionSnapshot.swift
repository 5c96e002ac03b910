internal import ColumnStore

/// The state that a subscription begins with, row by row, as changes that would make it.
///
/// Locations and categories come before the products that refer to them, products before their
/// levels, levels before their alerts, then active reservations and transfers on their way. Used by one thread at a time.
public final class SubscriptionSnapshot {
    public let lsn: UInt64
    private let view: ReadView
    private let matcher: SubscriptionMatcher
    private let provesLevels: Bool
    private var stage = Stage.locations
    private var row = 1

    private enum Stage: Int {
        case locations, categories, products, levels, alerts, reservations, transfers, done
    }

    public init(_ subscription: Subscription, of view: ReadView) {
        self.view = view
        self.lsn = view.lsn
        self.matcher = SubscriptionMatcher(subscription)
        self.provesLevels = subscription.topics.contains(.proof)
    }

    /// Up to `count` more rows; nothing once there are no more.
    public func next(_ count: Int) -> [Change]? {
        var changes: [Change] = []
        while changes.count < count, self.stage != .done {
            guard self.row < self.rowCount else {
                self.stage = Stage(rawValue: self.stage.rawValue + 1) ?? .done
                self.row = self.stage == .levels || self.stage == .alerts ? 0 : 1
                continue
            }
            for change in self.changes(at: self.row)
            where self.matcher.match(change, self.view) == .written {
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
            let isListed = status.map { $0 != .archived || self.provesLevels } ?? false
            return isListed ? [.level(level)] : []
        case .alerts:
            return self.alerts(tables.levels.level(row))
        case .reservations:
            guard tables.reservations.isActive(row) else { return [] }
            return [.reservation(tables.reservation(ReservationID(UInt32(row))))]
        case .transfers:
            guard tables.transfers.isInTransit(row) else { return [] }
            return [.transfer(tables.transfer(TransferID(UInt32(row))))]
        case .done:
            return []
        }
    }

    private func alerts(_ level: Level) -> [Change] {
        let point = self.view.tables.products.reorderPoints[level.product.row]
        return AlertKind.allCases.filter { level.alerts.contains(AlertSet($0)) }.map { kind in
            let threshold: Int64 =
                switch kind {
                case .lowStock: point
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
