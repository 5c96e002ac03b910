public import Bytes
internal import ColumnStore
public import InventoryModel

/// Selects the changes of a step for a subscription.
///
/// It is stateless.
///
/// Filters by category and by SKU use the product as it is when the step is published. A product that
/// comes under such a filter by an update brings rows that the subscriber does not have: they are sent
/// instead of the update, see ``selectEntering(_:in:into:)``. For one that leaves the filter, a
/// `Change/productLeft(_:)` follows the update.
public struct SubscriptionMatcher: Sendable, Hashable {
    /// The topics of the subscription.
    public let topics: SubscriptionTopics
    /// The filter of the subscription; an unset field matches everything.
    public let filter: SubscriptionFilter
    private let products: Set<ProductID>
    private let skuPrefix: String

    /// Creates the matcher of a subscription.
    public init(_ subscription: Subscription) {
        self.topics = subscription.topics
        self.filter = subscription.filter
        self.products = Set(subscription.filter.products)
        self.skuPrefix = NormalizedText.key(subscription.filter.skuPrefix)
    }

    /// The result of selecting from a step.
    public enum Selection: Sendable, Equatable {
        /// No change matches.
        case none
        /// The matching changes were written.
        case written
        /// It brings a product under the filter: nothing was written, since that needs the product's rows.
        case enters
    }

    /// The result of matching one change.
    enum Match: Equatable {
        case none
        case written
        /// The product comes under the filter.
        case enters(ProductID)
        /// The product leaves the filter.
        case leaves(ProductID)
    }

    /// Whether its selection may change with a product's category or SKU.
    public var filtersByProduct: Bool { self.filter.category != nil || !self.skuPrefix.isEmpty }

    /// Whether it needs the keys of the newest steps, for products or for the origins of reversals.
    public var needsKeys: Bool {
        self.filtersByProduct || self.topics.contains(.sales) && !self.topics.contains(.stock)
    }

    /// Whether the subscriber's copy has rows of a product for as long as the product is selected.
    private var hasRows: Bool { self.topics != .sales }

    /// Writes the matching changes of an encoded entry as an entry of their own.
    public func select(
        _ entry: EntryView,
        in keys: SelectionKeys,
        into writer: inout ByteWriter
    ) throws(ByteReaderError) -> Selection {
        let start = writer.count
        var selected: EntryWriter?
        var enters = false
        var strings = EntryStrings()
        try entry.forEachChange { (bytes) throws(ByteReaderError) in
            let (match, change) = try self.match(bytes, entry: entry, keys: keys, strings: &strings)
            switch match {
            case .none: return
            case .enters:
                enters = true
                return
            case .written, .leaves: break
            }
            var target = selected ?? EntryWriter(entry, into: &writer)
            self.write(bytes, change: change, match: match, into: &target, writer: &writer)
            selected = target
        }
        if enters {
            writer.truncate(to: start)
            return .enters
        }
        guard let selected else { return .none }
        selected.finish(into: &writer)
        return .written
    }

    /// Writes an entry that brings products under the filter: the products' rows from `view` instead of the
    /// updates, and the other matching changes.
    ///
    /// The view must be of the entry's step or a later one. Changes of the products in between are sent again
    /// with their steps, and leave the rows as they are.
    ///
    /// - Complexity: O(locations + reservations + transfers) for each of the products
    public func selectEntering(
        _ entry: EntryView,
        in view: ReadView,
        into writer: inout ByteWriter
    ) throws(ByteReaderError) {
        var target = EntryWriter(entry, into: &writer)
        var strings = EntryStrings()
        try entry.forEachChange { (bytes) throws(ByteReaderError) in
            let (match, change) = try self.match(
                bytes,
                entry: entry,
                keys: view.selectionKeys,
                strings: &strings
            )
            switch match {
            case .none: break
            case .enters(let id):
                for row in SubscriptionSnapshot.rows(of: id, in: view, for: self) {
                    target.append(row, into: &writer)
                }
            case .written, .leaves:
                self.write(bytes, change: change, match: match, into: &target, writer: &writer)
            }
        }
        target.finish(into: &writer)
    }

    /// Writes one change.
    ///
    /// `change` is the decoded one, if it was read: it may share a string with one that is
    /// not selected, so it is encoded again.
    private func write(
        _ bytes: UnsafeRawBufferPointer,
        change: Change?,
        match: Match,
        into target: inout EntryWriter,
        writer: inout ByteWriter
    ) {
        guard case .leaves(let id) = match else {
            if let change, change.mayShareStrings {
                target.append(change, into: &writer)
            } else {
                target.append(encoded: bytes, into: &writer)
            }
            return
        }
        if self.topics.contains(.products) { target.append(encoded: bytes, into: &writer) }
        target.append(.productLeft(id), into: &writer)
    }

    /// Matches a change; also returns the change if it had to be decoded.
    private func match(
        _ bytes: UnsafeRawBufferPointer,
        entry: EntryView,
        keys: SelectionKeys,
        strings: inout EntryStrings
    ) throws(ByteReaderError) -> (Match, Change?) {
        guard let tag = bytes.first.flatMap({ ChangeTag(rawValue: $0) }) else {
            return (.none, nil)
        }
        // An update is in all topics of a subscription that filters by what it updates.
        let isMove = tag == .productUpdated && self.filtersByProduct
        guard isMove || !self.topics.isDisjoint(with: Self.topics(of: tag)) else {
            return (.none, nil)
        }
        let isSalesOnly = tag == .moved && !self.topics.contains(.stock)
        if self.filter.isEmpty, !isSalesOnly { return (.written, nil) }
        var reader = ByteReader(bytes)
        let change = try Change(from: &reader, lsn: entry.lsn, time: entry.time, &strings)
        return (self.match(change, keys), change)
    }

    static func topics(of tag: ChangeTag) -> SubscriptionTopics {
        switch tag {
        case .category, .location, .productCreated, .extendedProductCreated, .productUpdated,
            .productArchived, .productDeleted:
            .products
        case .moved: [.stock, .sales]
        case .level, .reorderPoint: .stock
        case .demandRefused, .alert: .alerts
        case .reservation: .reservations
        case .transfer: .transfers
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten, .importRun, .importPart, .productInferred, .receiptRecorded,
            .productLeft:
            []
        }
    }

    /// Whether one change matches the subscription.
    func match(_ change: Change, _ keys: SelectionKeys) -> Match {
        switch change {
        case .category(let category):
            let isWanted = self.filter.category.map { $0 == category.id } ?? true
            return self.topics.contains(.products) && isWanted ? .written : .none
        case .location(let location):
            let isWanted = self.filter.location.map { $0 == location.id } ?? true
            return self.topics.contains(.products) && isWanted ? .written : .none
        case .productCreated(let product):
            guard self.topics.contains(.products) else { return .none }
            return self.accepts(product.id, keys) ? .written : .none
        case .productUpdated(let id, let difference):
            return self.match(id, difference: difference, keys: keys)
        case .productArchived(let id), .productDeleted(let id):
            guard self.topics.contains(.products) else { return .none }
            return self.accepts(id, keys) ? .written : .none
        case .moved(let movement, _):
            let isWanted = self.topics.contains(.stock) || Self.isSale(movement, keys)
            guard isWanted, self.accepts(movement.product, location: movement.location, keys: keys)
            else {
                return .none
            }
            return .written
        case .level(let level):
            guard self.topics.contains(.stock) else { return .none }
            return self.accepts(level.product, location: level.location, keys: keys)
                ? .written : .none
        case .reorderPoint(let change):
            guard self.topics.contains(.stock) else { return .none }
            return self.accepts(change.product, location: change.location, keys: keys)
                ? .written : .none
        case .demandRefused(let refused):
            guard self.topics.contains(.alerts) else { return .none }
            return self.accepts(refused.product, location: refused.location, keys: keys)
                ? .written : .none
        case .alert(_, _, let product, let location, _, _):
            guard self.topics.contains(.alerts) else { return .none }
            return self.accepts(product, location: location, keys: keys) ? .written : .none
        case .reservation(let reservation):
            guard self.topics.contains(.reservations) else { return .none }
            return self.accepts(reservation.product, location: reservation.location, keys: keys)
                ? .written : .none
        case .transfer(let transfer):
            // It matches at both of its ends.
            guard self.topics.contains(.transfers),
                self.accepts(transfer.product, location: transfer.source, keys: keys)
                    || self.accepts(transfer.product, location: transfer.destination, keys: keys)
            else { return .none }
            return .written
        case .databaseCreated, .sessionOpened, .sessionAdvanced, .sessionsExpired, .keyRemembered,
            .keysForgotten, .importRun, .importPart, .productInferred, .receiptRecorded,
            .productLeft:
            return .none
        }
    }

    /// Whether a movement is a sale, a return, or the reversal of one; see ``SaleRow``.
    ///
    /// Late cost is none: no money changed hands.
    private static func isSale(_ movement: Movement, _ keys: SelectionKeys) -> Bool {
        switch movement.kind {
        case .sale, .return: return true
        case .reversal:
            guard let origin = movement.origin.flatMap({ keys.ledger.row(of: $0) }) else {
                return false
            }
            let kind = keys.ledger.kind(origin)
            return kind == .sale || kind == .return
        case .restock, .adjust, .count, .reserve, .commit, .release, .expire, .transferOut,
            .transferIn, .setUnavailable, .expectIncoming, .costVariance, .openingBalance:
            return false
        }
    }

    private func accepts(_ id: ProductID, location: LocationID, keys: SelectionKeys) -> Bool {
        if let only = self.filter.location, only != location { return false }
        return self.accepts(id, keys)
    }

    func accepts(_ id: ProductID, _ keys: SelectionKeys) -> Bool {
        if !self.products.isEmpty, !self.products.contains(id) { return false }
        if let category = self.filter.category, keys.categories[id.row] != category.value {
            return false
        }
        return self.skuPrefix.isEmpty || keys.skuKeys[id.row].hasPrefix(self.skuPrefix)
    }

    /// An update matches if the product is under the filter before or after it.
    private func match(
        _ id: ProductID,
        difference: ProductDifference,
        keys: SelectionKeys
    ) -> Match {
        if !self.products.isEmpty, !self.products.contains(id) { return .none }
        var before = (category: keys.categories[id.row], sku: keys.skuKeys[id.row])
        var after = before
        let (old, new) = (difference.before, difference.after)
        if difference.contains(.category) {
            (before.category, after.category) = (old.category.value, new.category.value)
        }
        if difference.contains(.sku) {
            (before.sku, after.sku) = (NormalizedText.key(old.sku), NormalizedText.key(new.sku))
        }
        func isWanted(_ product: (category: UInt32, sku: String)) -> Bool {
            let isCategory = self.filter.category.map { $0.value == product.category } ?? true
            return isCategory && (self.skuPrefix.isEmpty || product.sku.hasPrefix(self.skuPrefix))
        }
        switch (isWanted(before), isWanted(after)) {
        case (false, false): return .none
        case (true, true): return self.topics.contains(.products) ? .written : .none
        case (false, true): return self.hasRows ? .enters(id) : .none
        case (true, false): return self.hasRows ? .leaves(id) : .none
        }
    }
}
