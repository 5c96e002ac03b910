import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// A reorder point of a level's own: it replaces the product's for alerts and lists at its location.
@Suite struct ReorderPointTests {
    private let one = ProductID(1)
    private let back = LocationID(2)

    /// Product 1 with 30 on hand in both locations and a reorder point of 20.
    private func shop() throws -> Bench {
        var bench = try Bench(products: 1, stock: 30)
        try bench.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        let line = RestockLine(product: self.one, location: self.back, quantity: 30)
        try bench.done(.restock(Restock(lines: [line])))
        var update = ProductUpdate()
        update.reorderPoint = 20
        try bench.done(.updateProduct(self.one, update, ifRevision: nil))
        return bench
    }

    private func set(_ point: Quantity?, ifRevision: LSN? = nil) -> Command {
        .setReorderPoint(
            ReorderPointChange(
                product: self.one,
                location: self.back,
                reorderPoint: point,
                ifRevision: ifRevision
            )
        )
    }

    private func alerts(_ changes: [Change]) -> [String] {
        changes.compactMap { change in
            guard
                case .alert(let kind, let isRaised, _, let place, let left, let threshold) = change
            else { return nil }
            return "\(isRaised ? "+" : "-")\(kind) \(left)/\(threshold) at \(place.value)"
        }
    }

    private func sale(_ quantity: Int64, at location: LocationID) -> Command {
        let line = SaleLine(product: self.one, location: location, quantity: Quantity(quantity))
        return .sell(Sale(lines: [line]))
    }

    @Test func `it decides the alert of its level, and of no other`() throws {
        var bench = try self.shop()
        #expect(self.alerts(bench.changes(of: self.set(5))) == [])
        #expect(self.alerts(bench.changes(of: self.sale(24, at: self.back))) == [])
        #expect(
            self.alerts(bench.changes(of: self.sale(1, at: self.back))) == ["+lowStock 5/5 at 2"]
        )
        #expect(
            self.alerts(bench.changes(of: self.sale(10, at: .main))) == ["+lowStock 20/20 at 1"]
        )
        bench.check()
    }

    @Test func `setting it raises and clears the alert, and so does the product's own again`()
        throws
    {
        var bench = try self.shop()
        #expect(self.alerts(bench.changes(of: self.set(30))) == ["+lowStock 30/30 at 2"])
        #expect(self.alerts(bench.changes(of: self.set(2))) == ["-lowStock 30/2 at 2"])
        // A change of the product's point does not concern a level that has its own.
        var update = ProductUpdate()
        update.reorderPoint = 40
        let changes = bench.changes(of: .updateProduct(self.one, update, ifRevision: nil))
        #expect(self.alerts(changes) == ["+lowStock 30/40 at 1"])
        #expect(self.alerts(bench.changes(of: self.set(nil))) == ["+lowStock 30/40 at 2"])
        bench.check()
    }

    @Test func `0 is a reorder point, and the same one again changes nothing`() throws {
        var bench = try self.shop()
        let done = try bench.done(self.set(0))
        #expect(bench.state.tables.levels.ownReorderPoint(self.one, self.back) == 0)
        #expect(bench.changes(of: self.set(0)) == [])
        // The change has the revision of its step, so that a condition finds it.
        #expect(bench.code(self.set(3, ifRevision: done.lsn.previous)) == .revisionMismatch)
        try bench.done(self.set(3, ifRevision: done.lsn))
        #expect(bench.code(self.set(-1)) == .outOfRange)
        #expect(bench.code(self.set(Quantity(Limits.quantityMax + 1))) == .outOfRange)
    }

    @Test func `a level without stock may have one, also in the batch that creates the product`()
        throws
    {
        var bench = try self.shop()
        let draft = ProductDraft(sku: "NEW", name: "N", category: CategoryID(1), price: Price(1))
        let point = ReorderPointChange(
            product: ProductID(2),
            location: self.back,
            reorderPoint: 4
        )
        try bench.done(.batch([.createProduct(draft), .setReorderPoint(point)], .atomic))
        #expect(bench.state.tables.levels.ownReorderPoint(ProductID(2), self.back) == 4)
        bench.check()
    }

    @Test func `lists of low stock and of levels have the one that applies`() throws {
        var bench = try self.shop()
        try bench.done(self.set(30))
        let low = Query.lowStock(LowStockQuery())
        #expect(try bench.column("location", of: low) == ["back"])
        #expect(try bench.column("reorderPoint", of: low) == ["30"])
        let levels = Query.levels(LevelQuery())
        #expect(try bench.column("reorderPoint", of: levels) == ["20", "30"])
        #expect(try bench.column("ownReorderPoint", of: levels) == ["-", "30"])
    }

    @Test
    func `equally empty levels are in the order of product and location, not of their creation`()
        throws
    {
        var bench = try Bench(products: 3, stock: 4)
        for code in ["back", "shop"] {
            try bench.done(.createLocation(LocationDraft(code: code, name: code)))
        }
        // The levels of a later product and a later location come into being first.
        for (product, location) in [(3, 3), (1, 3), (3, 2), (2, 2), (1, 2)] as [(UInt32, UInt16)] {
            let line = RestockLine(
                product: ProductID(product),
                location: LocationID(location),
                quantity: 4
            )
            try bench.done(.restock(Restock(lines: [line])))
        }
        let low = Query.lowStock(LowStockQuery())
        #expect(
            try bench.column("sku", of: low) == ["S0", "S0", "S0", "S1", "S1", "S2", "S2", "S2"]
        )
        #expect(
            try bench.column("location", of: low)
                == ["main", "back", "shop", "main", "back", "main", "back", "shop"]
        )
    }

    @Test func `a snapshot of a subscription has it behind its level, with the alert's threshold`()
        throws
    {
        var bench = try self.shop()
        try bench.done(self.set(30))
        let subscription = Subscription(topics: [.stock, .alerts], start: .snapshot)
        let snapshot = SubscriptionSnapshot(subscription, of: bench.state.readView())
        var rows: [Change] = []
        while let more = snapshot.next(100) { rows += more }
        #expect(rows.count == 4)
        let expected = LevelReorderPoint(product: self.one, location: self.back, point: 30)
        #expect(rows[2] == .reorderPoint(expected))
        #expect(self.alerts(rows) == ["+lowStock 30/30 at 2"])
    }

    @Test func `it is part of the state checksum once it is used, and only then`() throws {
        var bench = try self.shop()
        let before = bench.state.tables.levels
        try bench.done(self.set(5))
        var copy = bench.state
        copy.tables.levels = before
        #expect(copy.checksum() != bench.state.checksum())
    }

    @Test func `entries with it are replayed to the same state`() throws {
        var bench = try self.shop()
        try bench.done(self.set(5))
        var copy = try self.shop()
        let decision = copy.state.decide(self.set(5), at: copy.time)
        let lsn = copy.state.lsn.next
        let entry = Entry(lsn: lsn, time: copy.time, actor: "t", changes: decision.changes)
        var writer = ByteWriter()
        entry.encode(into: &writer)
        try writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            try copy.state.evolve(try EntryView(from: &reader))
        }
        #expect(copy.state.checksum() == bench.state.checksum())
    }
}
