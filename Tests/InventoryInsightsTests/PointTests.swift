import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import Testing

/// The two interpretations of the past, units in transit, and rates over existing days.
@Suite struct PointTests {
    private static let now = "2024-05-10T12:00:00Z"

    /// 100 at the start of the year, 30 sold on 10 January; all recorded later.
    private func shop() throws -> Shop {
        var shop = try Shop(["A"])
        try shop.restock(1, 100, cost: 4, "2024-01-01T00:00:00Z")
        try shop.sell(1, 30, "2024-01-10T00:00:00Z")
        return shop
    }

    private func onHand(_ shop: Shop, _ asOf: AsOf?) throws -> [Int64] {
        let table = try shop.view.answer(.levels(LevelQuery(asOf: asOf))).wholeTable()
        return table.columns[try #require(table.column(named: "onHand"))].integers
    }

    @Test func `a balance is by time of events or by time of recording`() throws {
        let shop = try self.shop()
        #expect(try self.onHand(shop, .effective(try Shop.at("2024-01-05T00:00:00Z"))) == [100])
        #expect(try self.onHand(shop, .effective(try Shop.at("2024-02-01T00:00:00Z"))) == [70])
        // The product itself was recorded later.
        #expect(try self.onHand(shop, .time(try Shop.at("2024-02-01T00:00:00Z"))) == [])
        let stock = NamedInsight(
            .valuation,
            window: .all,
            asOf: .effective(try Shop.at("2024-01-05T00:00:00Z"))
        )
        #expect(try shop.rows(stock, at: Self.now)["1"]?["value"] == .integer(400))
        var sales = NamedInsight(.sales, window: .all)
        sales.asOf = .effective(try Shop.at("2024-01-05T00:00:00Z"))
        #expect(try shop.rows(sales, at: Self.now)["0"]?["net"] == .integer(0))
        sales.asOf = .effective(try Shop.at("2024-01-10T00:00:00Z"))
        #expect(try shop.rows(sales, at: Self.now)["0"]?["net"] == .integer(30_000))
    }

    /// Otherwise it would be a movement of the year 1, and rates would be over two thousand years.
    @Test(arguments: [
        NamedInsight.Name.velocity, .availability, .turnover, .cover, .reorder,
    ])
    func `the expected time of a delivery is not the time of an event`(
        name: NamedInsight.Name
    ) throws {
        var shop = try self.shop()
        let insight = NamedInsight(name, window: .all)
        let before = try shop.rows(insight, at: Self.now)
        #expect(!before.isEmpty)
        let first = Instant(microseconds: Limits.instantMin)
        for (eta, delta) in [(first, Int64(5)), (try Shop.at("2023-12-01T00:00:00Z"), -5)] {
            let expected = Expectation(product: ProductID(1), delta: Quantity(delta), eta: eta)
            try shop.run(.expectIncoming(expected))
        }
        #expect(try shop.rows(insight, at: Self.now) == before)
    }

    @Test func `a result has the version of its data`() throws {
        let shop = try self.shop()
        let last = shop.view.lsn
        #expect(try shop.view.version(nil).lsn == last)
        #expect(try shop.view.version(.lsn(last.previous)).lsn == last.previous)
        #expect(try shop.view.version(.time(try Shop.at("2024-02-01T00:00:00Z"))).lsn == 0)
        #expect(try shop.view.version(.effective(.zero)).lsn == last)
        let query = Query.levels(LevelQuery(asOf: .lsn(last.previous)))
        #expect(try shop.view.version(of: query).lsn == last.previous)
        #expect(throws: Refusal.self) { try shop.view.version(.lsn(last + 1)) }
    }

    @Test func `expected units count from when they were recorded`() throws {
        var shop = try self.shop()
        let before = shop.view.time
        let eta = Instant(microseconds: before.microseconds + 86_400_000_000)
        try shop.run(.expectIncoming(Expectation(product: ProductID(1), delta: 9, eta: eta)))
        let said = shop.view.time
        func incoming(_ time: Instant) throws -> Int64 {
            let query = LevelQuery(asOf: .effective(time))
            let table = try shop.view.answer(.levels(query)).wholeTable()
            return table.columns[try #require(table.column(named: "incoming"))].integers[0]
        }
        #expect(try incoming(before) == 0 && incoming(said) == 9)
    }

    @Test func `rates count the time up to the point of the past`() throws {
        var shop = try self.shop()
        let point = shop.view.time
        let lsn = shop.view.lsn
        try shop.sell(1, 5, "2024-01-11T00:00:00Z")
        let later = "2025-06-01T12:00:00Z"
        let begin = try Shop.at("2024-01-01T00:00:00Z")
        let days = Double(point.microseconds + 1 - begin.microseconds) / 86_400_000_000
        for asOf in [AsOf.lsn(lsn), .time(point)] {
            let insight = NamedInsight(.velocity, window: .all, asOf: asOf)
            let row = try shop.rows(insight, at: later)["A"]
            #expect(isClose(number(row?["days"]), days))
            #expect(isClose(number(row?["velocity"]), 30 / days))
        }
    }

    @Test func `a relative window is that of the point in the past`() throws {
        var shop = try self.shop()
        func net(_ window: InsightWindow, _ asOf: AsOf?) throws -> ResultCell? {
            var sales = NamedInsight(.sales, window: window)
            sales.asOf = asOf
            return try shop.rows(sales, at: Self.now)["0"]?["net"]
        }
        let friday = AsOf.effective(try Shop.at("2024-01-12T12:00:00Z"))
        #expect(try net(.last(7, .day), friday) == .integer(30_000))
        #expect(try net(.previous(2, .day), friday) == .integer(30_000))
        #expect(try net(.previous(1, .day), friday) == .integer(0))
        #expect(try net(.last(1, .month), friday) == .integer(30_000))
        // Without a point it is that of now, and so with one to come.
        #expect(try net(.last(7, .day), nil) == .integer(0))
        let later = AsOf.effective(try Shop.at("2025-01-12T12:00:00Z"))
        #expect(try net(.last(7, .day), later) == .integer(0))
        // What is recorded later does not change a report of the past.
        let (lsn, time) = (shop.view.lsn, shop.view.time)
        let week = InsightWindow.last(7, .day)
        let before = [try net(week, .lsn(lsn)), try net(week, .time(time))]
        try shop.sell(1, 5, "2024-05-09T00:00:00Z")
        #expect([try net(week, .lsn(lsn)), try net(week, .time(time))] == before)
        var sales = NamedInsight(.sales, window: week, asOf: friday)
        sales.zone = "UTC"
        let answer = try shop.view.answer(sales, at: try Shop.at(Self.now))
        #expect(answer.window.movesAt == nil, "a window of the past does not move")
        #expect(answer.window.to == (try Shop.at("2024-01-13T00:00:00Z")))
    }

    @Test func `an archived product has a row only where it had stock`() throws {
        var shop = try self.shop()
        let before = shop.view.lsn
        try shop.run(.count(StockCount(product: ProductID(1), counted: 0)))
        try shop.run(.deleteProduct(ProductID(1), ifRevision: nil))
        func products(_ asOf: AsOf?) throws -> ResultCell? {
            let insight = NamedInsight(.valuation, window: .all, asOf: asOf)
            return try shop.rows(insight, at: Self.now).values.compactMap { $0["products"] }.last
        }
        #expect(try products(nil) == .integer(0))
        #expect(try products(.lsn(before)) == .integer(1))
        let rollup = NamedInsight(.categories, window: .all)
        #expect(try shop.rows(rollup, at: Self.now)["A"] == nil)
    }

    // MARK: - In transit

    @Test func `units in transit have their cost at the destination`() throws {
        var shop = try Shop(["A"])
        try shop.run(.createLocation(LocationDraft(code: "D", name: "Depot", zone: "UTC")))
        try shop.restock(1, 10, cost: 400, "2024-05-01T00:00:00Z")
        let before = shop.view.lsn
        let line = DispatchLine(product: ProductID(1), quantity: 6)
        let sent = try shop.run(
            .dispatchTransfer(DispatchTransfer(from: .main, to: LocationID(2), lines: [line]))
        )
        func totals(_ asOf: AsOf? = nil, _ locations: [LocationID] = []) throws -> [ResultCell?] {
            let query = InsightQuery(
                source: .levels,
                filter: InsightFilter(locations: locations),
                groups: [[.stage], []],
                measures: [.value],
                asOf: asOf
            )
            return try shop.rows(query, at: Self.now).map { $0["value"] }
        }
        #expect(try totals() == [.integer(1_600), .integer(2_400), .integer(4_000)])
        #expect(try totals(nil, [.main]) == [.integer(1_600), .integer(1_600)])
        #expect(
            try totals(nil, [LocationID(2)]) == [.integer(0), .integer(2_400), .integer(2_400)]
        )
        let insight = NamedInsight(.valuation, window: .all)
        #expect(try shop.rows(insight, at: Self.now)["1"]?["stage"] == .text("inTransit"))
        #expect(try shop.rows(insight, at: Self.now)["2"]?["retailValue"] == .integer(10_000))
        let settled = TransferSettlement(
            lines: [TransferLine(transfer: TransferID(1), quantity: 2)]
        )
        try shop.run(.receiveTransfer(settled))
        #expect(try totals() == [.integer(2_400), .integer(1_600), .integer(4_000)])
        try shop.run(
            .receiveTransfer(TransferSettlement(lines: [TransferLine(transfer: TransferID(1))]))
        )
        #expect(try totals() == [.integer(4_000), .integer(4_000)])
        // And at the earlier point.
        #expect(try totals(.lsn(sent)) == [.integer(1_600), .integer(2_400), .integer(4_000)])
        #expect(try totals(.lsn(before)) == [.integer(4_000), .integer(4_000)])
    }

    @Test func `average inventory includes units in transit at the destination`()
        throws
    {
        var shop = try Shop(["A"])
        try shop.run(.createLocation(LocationDraft(code: "D", name: "Depot", zone: "UTC")))
        try shop.restock(1, 10, cost: 400, "2025-02-10T00:00:00Z")
        let line = DispatchLine(product: ProductID(1), quantity: 6)
        try shop.run(
            .dispatchTransfer(DispatchTransfer(from: .main, to: LocationID(2), lines: [line]))
        )
        let sent = shop.view.time
        let settled = TransferSettlement(
            lines: [TransferLine(transfer: TransferID(1), quantity: 2)]
        )
        try shop.run(.receiveTransfer(settled))
        // From when it was sent on, to a day later.
        let end = Instant(microseconds: sent.microseconds + 86_400_000_000)
        func average(_ locations: [LocationID]) throws -> ResultCell? {
            let insight = NamedInsight(
                .turnover,
                window: .between(sent, end),
                filter: InsightFilter(locations: locations)
            )
            let row = try shop.rows(insight, at: "2025-03-01T00:00:00Z")["A"]
            return row?["averageInventory"]
        }
        #expect(try average([]) == .integer(4_000))
        #expect(try average([.main]) == .integer(1_600))
        #expect(try average([LocationID(2)]) == .integer(2_400))
    }

    // MARK: - Rates

    @Test func `a rate is over an hour at least`() throws {
        var shop = try Shop(["A"])
        try shop.restock(1, 10, cost: 4, "2024-05-10T11:00:00Z")
        try shop.sell(1, 10, "2024-05-10T11:00:01Z")
        let rows = try shop.rows(NamedInsight(.velocity, window: .last(1, .day)), at: Self.now)
        #expect(number(rows["A"]?["inStockVelocity"]) == 240)
    }

    @Test func `a stock-out date is in the future for any window of the velocity`() throws {
        let shop = try self.shop()
        let january = InsightWindow.between(
            try Shop.at("2024-01-01T00:00:00Z"),
            try Shop.at("2024-02-01T00:00:00Z")
        )
        let row = try #require(
            try shop.rows(NamedInsight(.cover, window: january), at: Self.now)["A"]
        )
        guard case .integer(let date) = row["stockOutAt"] else {
            Issue.record("no date")
            return
        }
        #expect(date > (try Shop.at(Self.now).microseconds))
    }

    @Test func `ages are counted until now, not until the last step`() throws {
        let shop = try self.shop()
        let later = shop.view.time.advanced(bySeconds: 90)
        func age(_ now: Instant?) throws -> Int64 {
            let table = try shop.view.answer(.sales(SalesQuery()), at: now).wholeTable()
            return table.columns[try #require(table.column(named: "ageSeconds"))].integers[0]
        }
        #expect(try age(later) - age(nil) == 90)
        // A clock that was set back does not make stock younger than the last step.
        #expect(try age(.zero) == age(nil))
    }
}
