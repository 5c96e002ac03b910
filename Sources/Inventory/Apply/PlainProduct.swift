public import ColumnStore

/// A product as nearly all of a catalog are created: with stock that raises no alert, and nothing that
/// stands against it.
///
/// A catalog has a million of them, so they have a way of their own through the same rules: no list of
/// changes, and no values handed on but these. As with ``PlainSale``, the step is the very one, byte for
/// byte, that ``InventoryState/decide(_:at:)`` makes of the same command, and it only knows how to say
/// yes: what is refused, or raises an alert, is left to the general way.
public struct PlainProduct: Sendable {
    public let lsn: UInt64
    public let time: Instant
    let product: Product
    let opening: Movement
    let level: Level

    /// Appends the answer, encoded as ``Outcome`` is.
    public func encodeOutcome(into writer: inout ByteWriter) {
        Outcome.Done(
            lsn: self.lsn,
            time: self.time,
            id: UInt64(self.product.id.value),
            levels: [self.level]
        ).encode(into: &writer)
    }

    /// Appends what the log has of the step.
    public func encodeEntry(
        by actor: String,
        advancing session: SessionAdvance?,
        into writer: inout ByteWriter
    ) {
        var entry = EntryWriter(lsn: self.lsn, time: self.time, actor: actor, into: &writer)
        entry.append(.productCreated(self.product), into: &writer)
        entry.append(.moved(self.opening, self.level), into: &writer)
        if let session { entry.append(session, into: &writer) }
        entry.finish(into: &writer)
    }
}

extension InventoryState {
    /// Decides the creation of a product, as ``decide(_:at:)`` would.
    ///
    /// - Returns: Nothing where it takes the general way.
    /// - Complexity: O(1)
    public func decide(creating wanted: ProductDraft, at time: Instant) -> PlainProduct? {
        let draft = Draft(lsn: self.lsn + 1, time: time, isBatch: false)
        do throws(Refusal) {
            let (product, opening) = try self.newProduct(wanted, draft)
            guard let opening else { return nil }
            var level = Self.openingLevel(product.id, wanted.opening, opening)
            level.revision = draft.lsn
            let facts = ProductTable.Facts(
                status: product.status,
                price: product.price,
                reorderPoint: product.reorderPoint
            )
            guard Self.alerts(of: level, facts).isEmpty else { return nil }
            return PlainProduct(
                lsn: draft.lsn,
                time: time,
                product: product,
                opening: opening,
                level: level
            )
        } catch {
            // The general way finds it again, and tells it.
            return nil
        }
    }

    /// Puts the creation of a product into the state, as ``evolve(_:)`` does its entry.
    ///
    /// - Complexity: O(1) amortised
    public mutating func evolve(
        _ created: PlainProduct,
        by actor: String,
        advancing session: SessionAdvance?
    ) {
        self.begin(created.lsn, at: created.time)
        self.create(created.product)
        self.move(created.opening, leaving: created.level, line: 0, by: actor)
        if let session { self.advance(session) }
    }
}
