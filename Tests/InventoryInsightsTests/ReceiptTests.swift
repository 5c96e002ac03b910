import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import Testing

/// A transaction is a receipt: a reference at a location on a day, by the location's clock, with a line that
/// was not undone.
@Suite struct ReceiptTests {
    private static let now = "2024-05-10T12:00:00Z"

    private func shop() throws -> Shop {
        var shop = try Shop(["A", "B"])
        try shop.run(
            .createLocation(LocationDraft(code: "ny", name: "N", zone: "America/New_York"))
        )
        try shop.restock(1, 100, cost: 1, "2024-04-01T00:00:00Z")
        try shop.restock(2, 100, cost: 1, "2024-04-01T00:00:00Z")
        try shop.run(
            .restock(
                Restock(lines: [
                    RestockLine(
                        product: ProductID(1),
                        location: LocationID(2),
                        quantity: 100,
                        unitCost: Money(1)
                    )
                ])
            )
        )
        return shop
    }

    @discardableResult
    private func sell(
        _ shop: inout Shop,
        _ reference: String,
        _ at: String,
        _ lines: [(product: UInt32, location: UInt16)] = [(1, 1)]
    ) throws -> LSN {
        let lines = lines.map {
            SaleLine(product: ProductID($0.product), location: LocationID($0.location), quantity: 1)
        }
        let occurred = Occurrence(at: try Shop.at(at), isImported: true)
        return try shop.run(.sell(Sale(lines: lines, reference: reference, occurred: occurred)))
    }

    private func transactions(
        _ shop: Shop,
        _ groups: [InsightDimension] = []
    ) throws -> [ResultCell?] {
        let query = InsightQuery(source: .sales, groups: [groups], measures: [.transactions])
        return try shop.rows(query, at: Self.now).map { $0["transactions"] }
    }

    @Test func `receipt numbers restart each day and at each location`() throws {
        var shop = try self.shop()
        for day in 1...3 { try self.sell(&shop, "0001", "2024-05-0\(day)T10:00:00Z") }
        try self.sell(&shop, "0001", "2024-05-03T11:00:00Z", [(2, 1)])
        #expect(try self.transactions(shop) == [.integer(3)])
        try self.sell(&shop, "0001", "2024-05-03T11:00:00Z", [(1, 2)])
        #expect(try self.transactions(shop) == [.integer(4)])
        #expect(try self.transactions(shop, [.product]) == [.integer(4), .integer(1)])
    }

    @Test func `a receipt's day is by the location's clock`() throws {
        var shop = try self.shop()
        // One evening in New York, on two dates in UTC.
        try self.sell(&shop, "7", "2024-05-03T22:00:00Z", [(1, 2)])
        try self.sell(&shop, "7", "2024-05-04T03:00:00Z", [(1, 2)])
        #expect(try self.transactions(shop) == [.integer(1)])
        // Midnight in UTC is between them.
        try self.sell(&shop, "8", "2024-05-03T23:59:00Z")
        try self.sell(&shop, "8", "2024-05-04T00:01:00Z")
        #expect(try self.transactions(shop) == [.integer(3)])
    }

    @Test func `a sale without a reference is one receipt at any locations`() throws {
        var shop = try self.shop()
        try self.sell(&shop, "", "2024-05-03T10:00:00Z", [(1, 1), (2, 1), (1, 2)])
        try self.sell(&shop, "", "2024-05-03T10:00:00Z")
        #expect(try self.transactions(shop) == [.integer(2)])
        #expect(try self.transactions(shop, [.location]) == [.integer(2), .integer(1)])
    }

    @Test func `a receipt counts until all its lines are undone`() throws {
        var shop = try self.shop()
        let first = try self.sell(&shop, "9", "2024-05-03T10:00:00Z")
        let second = try self.sell(&shop, "9", "2024-05-03T11:00:00Z", [(2, 1)])
        try shop.run(.reverse(Reversal(lsn: first, reason: .correction)))
        #expect(try self.transactions(shop) == [.integer(1)])
        #expect(try self.transactions(shop, [.product]) == [.integer(0), .integer(1)])
        try shop.run(.reverse(Reversal(lsn: second, reason: .correction)))
        #expect(try self.transactions(shop) == [.integer(0)])
        let sales = try shop.rows(NamedInsight(.sales, window: .all), at: Self.now)
        #expect(sales["0"]?["net"] == .integer(0) && sales["0"]?["averageValue"] == ResultCell.none)
    }

    @Test func `an undone sale counts at moments before the reversal`() throws {
        var shop = try self.shop()
        let line = SaleLine(product: ProductID(1), location: .main, quantity: 1)
        let lsn = try shop.run(.sell(Sale(lines: [line], reference: "9")))
        let sold = shop.state.time
        try shop.run(.reverse(Reversal(lsn: lsn, reason: .correction)))
        var query = InsightQuery(source: .sales, measures: [.transactions], asOf: .lsn(lsn))
        #expect(try shop.rows(query, at: Self.now).first?["transactions"] == .integer(1))
        query.asOf = .effective(sold)
        #expect(try shop.rows(query, at: Self.now).first?["transactions"] == .integer(1))
    }

    @Test func `a dated sale that was undone counts only at LSNs before the reversal`() throws {
        var shop = try self.shop()
        let lsn = try self.sell(&shop, "9", "2024-05-03T10:00:00Z")
        try shop.run(.reverse(Reversal(lsn: lsn, reason: .correction)))
        var query = InsightQuery(source: .sales, measures: [.transactions], asOf: .lsn(lsn))
        #expect(try shop.rows(query, at: Self.now).first?["transactions"] == .integer(1))
        query.asOf = .effective(try Shop.at("2024-05-04T00:00:00Z"))
        #expect(try shop.rows(query, at: Self.now).first?["transactions"] == .integer(0))
    }

    @Test func `a materialized count decreases for undone sales`() throws {
        var shop = try self.shop()
        let query = InsightQuery(source: .sales, measures: [.transactions, .net])
        var live = IncrementalInsight(.query(query))
        var sold: [LSN] = []
        for step in 0..<12 {
            if step % 3 == 2, let lsn = sold.popLast() {
                try shop.run(.reverse(Reversal(lsn: lsn, reason: .correction)))
            } else {
                sold.append(try self.sell(&shop, step % 2 == 0 ? "r" : "", "2024-05-03T10:00:00Z"))
            }
            let updated = try live.advance(to: shop.view, at: try Shop.at(Self.now))
            #expect(
                updated == (try shop.view.answer(query, at: try Shop.at(Self.now))),
                "step \(step)"
            )
        }
    }

    @Test func `the lines of sales sum up to the insight, with reversals and late cost`() throws {
        var shop = try self.shop()
        try shop.run(.setFloor(FloorChange(product: ProductID(1), floor: -200)))
        let lsn = try self.sell(&shop, "9", "2024-05-03T10:00:00Z")
        try shop.run(.reverse(Reversal(lsn: lsn, reason: .correction)))
        try shop.sell(1, 150, "2024-05-04T10:00:00Z")
        try shop.restock(1, 80, cost: 7, "2024-05-05T10:00:00Z")
        let rows = try shop.view.answer(.sales(SalesQuery())).wholeTable()
        func sum(_ name: String) throws -> Int64 {
            rows.columns[try #require(rows.column(named: name))].integers.reduce(0, +)
        }
        let insight = try shop.rows(NamedInsight(.margin, window: .all), at: Self.now)
        #expect(insight["A"]?["net"] == .integer(try sum("amount")))
        #expect(insight["A"]?["cost"] == .integer(try sum("cost")))
        // 100 at 1, and 50 of those at 7 that came later.
        #expect(try sum("cost") == 450)
    }
}
