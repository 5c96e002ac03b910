import InventoryEngine
import InventoryModel
import Testing

@testable import InventoryInsights

/// Windows and moments outside the calendar are refused by name, and those in an old log can be read.
@Suite struct WindowBoundsTests {
    private static let lowest = Instant.calendar.lowerBound
    private static let highest = Instant.calendar.upperBound
    private static let now = "2025-06-01T12:00:00Z"

    private func refusal(_ insight: NamedInsight, _ view: ReadView) -> Refusal? {
        do throws(Refusal) {
            _ = try view.answer(insight, at: Instant(microseconds: 1_748_779_200_000_000))
            return nil
        } catch {
            return error
        }
    }

    private func window(_ from: Int64?, _ to: Int64?) -> InsightWindow {
        .between(from.map { Instant(microseconds: $0) }, to.map { Instant(microseconds: $0) })
    }

    @Test(arguments: NamedInsight.Name.allCases)
    func `a window beyond the years 1 to 9999 is out of range`(name: NamedInsight.Name) throws {
        guard name.parts.window else { return }
        let view = try Shop(["A"]).view
        let (low, high) = (Self.lowest.microseconds, Self.highest.microseconds)
        let windows = [
            self.window(.min, nil), self.window(.min, 0), self.window(.min, .max),
            self.window(low - 1, 0), self.window(0, high + 1), self.window(nil, .max),
        ]
        for window in windows {
            let refusal = self.refusal(NamedInsight(name, window: window), view)
            #expect(refusal?.code == .outOfRange, "\(name) \(window)")
        }
        #expect(
            self.refusal(NamedInsight(name, window: self.window(.max, .min)), view)?.code
                == .invalidField
        )
        let asOf = NamedInsight(name, asOf: .time(Instant(microseconds: .min)))
        #expect(self.refusal(asOf, view)?.code == .outOfRange)
    }

    @Test func `a window of all years is accepted, with a limit of its days`() throws {
        let view = try Shop(["A"]).view
        let all = self.window(Self.lowest.microseconds, Self.highest.microseconds)
        #expect(self.refusal(NamedInsight(.sales, window: all), view) == nil)
        #expect(self.refusal(NamedInsight(.velocity, window: all), view)?.code == .outOfRange)
        #expect(self.refusal(NamedInsight(.turnover, window: all), view)?.code == .outOfRange)
        // A hundred thousand months extend before the year 1, where the calendar starts.
        let months = NamedInsight(.sales, window: .last(100_000, .month))
        #expect(self.refusal(months, view) == nil)
        let answer = try view.answer(months, at: try Shop.at(Self.now))
        #expect(answer.window.from == Self.lowest)
        #expect(self.refusal(NamedInsight(.top, window: .last(100_000, .month)), view) == nil)
    }

    /// A shop with a sale that no server accepts any longer, as an old log may contain.
    private func oldShop() throws -> Shop {
        var shop = try Shop(["A", "B"])
        try shop.restock(1, 100, cost: 50, "2025-01-01T00:00:00Z")
        try shop.evolve(saleOf: 1, at: Instant(microseconds: .min))
        return shop
    }

    @Test(arguments: NamedInsight.Name.allCases)
    func `a sale at the lowest instant does not end any insight`(
        name: NamedInsight.Name
    ) throws {
        let view = try self.oldShop().view
        for window in [InsightWindow.all, NamedInsight.windowDefault, .last(1, .hour)] {
            guard name.parts.window || window == .all else { continue }
            #expect(self.refusal(NamedInsight(name, window: window), view) == nil, "\(name)")
        }
        for unit in [InsightDimension.hour, .day, .week, .month, .weekday, .hourOfDay] {
            let query = InsightQuery(source: .sales, groups: [[unit]], measures: [.units])
            let table = try view.answer(query, at: try Shop.at(Self.now)).table
            #expect(table.rowCount >= 1)
        }
    }

    @Test func `one sale in the year 1 counts, and costs no more than another`() throws {
        var shop = try Shop(["A", "B"])
        try shop.restock(1, 100, cost: 50, "2025-01-01T00:00:00Z")
        try shop.sell(1, 2, "0001-02-01T00:00:00Z")
        let rows = try shop.rows(NamedInsight(.velocity, window: .all), at: Self.now)
        #expect(rows["A"]?["units"] == .integer(2))
        #expect(number(rows["A"]?["days"]) > 739_000)
        #expect(number(rows["A"]?["movingAverage"]) == 0)
        #expect(rows["A"]?["daysAveraged"] == .integer(7))
    }
}

extension Shop {
    /// Appends a sale to the ledger like a replayed log, without checking current rules.
    mutating func evolve(saleOf product: UInt32, at instant: Instant) throws {
        let line = SaleLine(product: ProductID(product), location: .main, quantity: 1)
        let occurred = Occurrence(at: try Shop.at("2025-01-02T00:00:00Z"), isImported: true)
        try self.run(
            .sell(Sale(lines: [line], occurred: occurred)),
            recording: { change in
                guard case .moved(var movement, let level) = change else { return change }
                movement.occurredAt = instant
                return .moved(movement, level)
            }
        )
    }
}
