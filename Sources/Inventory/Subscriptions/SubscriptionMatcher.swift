public import ColumnStore

/// Says which changes of a step a subscription is for.
///
/// A plain rule: it keeps no state.
///
/// Filters by category and by SKU go by the product as it is now, when the step is told of. A
/// product that comes under such a filter by an update would bring rows that the subscriber has
/// never seen, so the subscription begins anew.
public struct SubscriptionMatcher: Sendable, Hashable {
    public let topics: SubscriptionTopics
    public let filter: SubscriptionFilter
    private let products: Set<ProductID>
    private let skuPrefix: String

    public init(_ subscription: Subscription) {
        self.topics = subscription.topics
        self.filter = subscription.filter
        self.products = Set(subscription.filter.products)
        self.skuPrefix = NormalizedText.key(subscription.filter.skuPrefix)
    }

    /// What to do with a step.
    public enum Selection: Sendable, Equatable {
        /// Nothing in it is for the subscriber.
        case none
        /// What is for the subscriber was written.
        case written
        /// The subscriber has to begin anew.
        case reset
    }

    /// Writes the changes of an encoded entry that match, as an entry of their own.
    public func select(
        _ entry: EntryView,
        in view: ReadView,
        into writer: inout ByteWriter
    ) throws(ByteReaderError) -> Selection {
        let start = writer.count
        var selected: EntryWriter?
        var needsReset = false
        try entry.forEachChange { (bytes) throws(ByteReaderError) in
            switch try self.match(bytes, entry, view) {
            case .none:
                break
            case .reset:
                needsReset = true
            case .written:
                var target =
                    selected
                    ?? EntryWriter(
                        lsn: entry.lsn,
                        time: entry.time,
                        actor: entry.actor,
                        into: &writer
                    )
                target.append(encoded: bytes, into: &writer)
                selected = target
            }
        }
        if needsReset {
            writer.truncate(to: start)
            return .reset
        }
        guard let selected else { return .none }
        selected.finish(into: &writer)
        return .written
    }

    private func match(
        _ bytes: UnsafeRawBufferPointer,
        _ entry: EntryView,
        _ view: ReadView
    ) throws(ByteReaderError) -> Selection {
        guard let tag = bytes.first.flatMap({ ChangeTag(rawValue: $0) }),
            !self.topics.isDisjoint(with: Self.topics(of: tag))
        else { return .none }
        let isSalesOnly = tag == .moved && !self.topics.contains(.stock)
        if self.filter.isEmpty, !isSalesOnly { return .written }
        var reader = ByteReader(bytes)
        let change = try Change(from: &reader, lsn: entry.lsn, time: entry.time)
        return self.match(change, view)
    }

    private static func topics(of tag: ChangeTag) -> SubscriptionTopics {
        switch tag {
        case .category, .location, .productCreated, .productUpdated, .productArchived,
            .productDeleted:
            .products
        case .moved: [.stock, .sales]
        case .level: .stock
        case .demandRefused, .alert: .alerts
        case .reservation: .reservations
        case .transfer: .transfers
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten:
            []
        }
    }

    /// Whether one change is for the subscriber.
    public func match(_ change: Change, _ view: ReadView) -> Selection {
        switch change {
        case .category(let category):
            let isWanted = self.filter.category.map { $0 == category.id } ?? true
            return self.topics.contains(.products) && isWanted ? .written : .none
        case .location(let location):
            let isWanted = self.filter.location.map { $0 == location.id } ?? true
            return self.topics.contains(.products) && isWanted ? .written : .none
        case .productCreated(let product):
            guard self.topics.contains(.products) else { return .none }
            return self.accepts(product.id, view) ? .written : .none
        case .productUpdated(let id, let fields):
            return self.match(id, fields, view)
        case .productArchived(let id), .productDeleted(let id):
            guard self.topics.contains(.products) else { return .none }
            return self.accepts(id, view) ? .written : .none
        case .moved(let movement, _):
            let isWanted = self.topics.contains(.stock) || Self.isSale(movement, view)
            guard isWanted, self.accepts(movement.product, movement.location, view) else {
                return .none
            }
            return .written
        case .level(let level):
            guard self.topics.contains(.stock) else { return .none }
            return self.accepts(level.product, level.location, view) ? .written : .none
        case .demandRefused(let refused):
            guard self.topics.contains(.alerts) else { return .none }
            return self.accepts(refused.product, refused.location, view) ? .written : .none
        case .alert(_, _, let product, let location, _, _):
            guard self.topics.contains(.alerts) else { return .none }
            return self.accepts(product, location, view) ? .written : .none
        case .reservation(let reservation):
            guard self.topics.contains(.reservations) else { return .none }
            return self.accepts(reservation.product, reservation.location, view)
                ? .written : .none
        case .transfer(let transfer):
            // It concerns both of its ends.
            guard self.topics.contains(.transfers),
                self.accepts(transfer.product, transfer.source, view)
                    || self.accepts(transfer.product, transfer.destination, view)
            else { return .none }
            return .written
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten:
            return .none
        }
    }

    /// A sale, a return, or what undoes one; see ``SaleRow``.
    ///
    /// Late cost is none: no money changed hands.
    private static func isSale(_ movement: Movement, _ view: ReadView) -> Bool {
        switch movement.kind {
        case .sale, .return: return true
        case .reversal:
            guard let origin = movement.origin.flatMap({ view.tables.ledger.row(of: $0) }) else {
                return false
            }
            let kind = view.tables.ledger.kind(origin)
            return kind == .sale || kind == .return
        default: return false
        }
    }

    private func accepts(_ id: ProductID, _ location: LocationID, _ view: ReadView) -> Bool {
        if let wanted = self.filter.location, wanted != location { return false }
        return self.accepts(id, view)
    }

    func accepts(_ id: ProductID, _ view: ReadView) -> Bool {
        if !self.products.isEmpty, !self.products.contains(id) { return false }
        let products = view.tables.products
        if let category = self.filter.category,
            products.categories[id.row] != category.value
        {
            return false
        }
        return self.skuPrefix.isEmpty || products.skuKeys[id.row].hasPrefix(self.skuPrefix)
    }

    /// An update concerns who had the product before it or has it after; who has it only after must
    /// begin anew.
    private func match(
        _ id: ProductID,
        _ fields: [ProductFieldChange],
        _ view: ReadView
    ) -> Selection {
        if !self.products.isEmpty, !self.products.contains(id) { return .none }
        let products = view.tables.products
        var before = (category: products.categories[id.row], sku: products.skuKeys[id.row])
        var after = before
        for field in fields {
            if case .category(let old, let new) = field {
                (before.category, after.category) = (old.value, new.value)
            }
            if case .sku(let old, let new) = field {
                (before.sku, after.sku) = (NormalizedText.key(old), NormalizedText.key(new))
            }
        }
        func isWanted(_ product: (category: UInt32, sku: String)) -> Bool {
            let isCategory = self.filter.category.map { $0.value == product.category } ?? true
            return isCategory && (self.skuPrefix.isEmpty || product.sku.hasPrefix(self.skuPrefix))
        }
        if !isWanted(before), isWanted(after) { return .reset }
        guard self.topics.contains(.products), isWanted(before) else { return .none }
        return .written
    }
}
