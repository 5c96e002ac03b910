import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import Testing

/// Live insights over random runs: each always equals the re-executed query.
@Suite struct IncrementalInsightTests {
    private static let runs = 24
    private static let insightsPerRun = 45
    private static let stepsPerRun = 22

    @Test func `a live insight equals the re-executed query after every step`()
        throws
    {
        var compared = 0
        for seed in 1...UInt64(Self.runs) {
            var ledger = RandomLedger(seed: seed, steps: 40)
            var now = ledger.moment()
            var live = (0..<Self.insightsPerRun).map { number in
                IncrementalInsight(
                    number % 4 == 0 ? .named(ledger.namedInsight()) : .query(ledger.query())
                )
            }
            for step in 0..<Self.stepsPerRun {
                // Sometimes only time advances: by an hour, day or week.
                if step % 4 != 3 { ledger.anyStep() }
                let microseconds = [1_000_000, 600_000_000, 4_000_000_000, 90_000_000_000]
                now = Instant(
                    microseconds: now.microseconds + Int64(microseconds[ledger.below(4)])
                )
                let view = ledger.state.readView()
                for index in live.indices {
                    Self.compare(&live[index], view, now, "seed \(seed), step \(step)")
                    compared += 1
                }
            }
        }
        #expect(compared == Self.runs * Self.insightsPerRun * Self.stepsPerRun)
    }

    /// Updates an insight and compares it with a fresh result; also the result of `isBehind`, and the
    /// difference published to a subscriber.
    private static func compare(
        _ live: inout IncrementalInsight,
        _ view: ReadView,
        _ now: Instant,
        _ place: String
    ) {
        let old = live.answer
        let isBehind = live.isBehind(view.lsn, at: now)
        var updated: Result<InsightAnswer, Refusal>
        do throws(Refusal) {
            updated = .success(try live.advance(to: view, at: now))
        } catch {
            updated = .failure(error)
        }
        live.checkInvariants()
        var fresh: Result<InsightAnswer, Refusal>
        do throws(Refusal) {
            fresh = .success(try view.answer(live.insight, at: now))
        } catch {
            fresh = .failure(error)
        }
        #expect(updated == fresh, "\(place): \(live.insight)")
        guard let old, case .success(let new) = fresh else { return }
        if !isBehind { #expect(new == old, "\(place), not behind: \(live.insight)") }
        let difference = ResultDifference(from: old.table, to: new.table)
        #expect(difference.applied(to: old.table) == new.table, "\(place): \(live.insight)")
    }

    @Test func `a live result of too many rows is refused`() throws {
        var ledger = RandomLedger(seed: 3, steps: 10)
        let first = ledger.moment()
        let hours = Int64(InsightLimits.liveInsightRowsMax) + 1
        let query = InsightQuery(
            source: .sales,
            window: .between(
                Instant(microseconds: first.microseconds / RandomLedger.hour * RandomLedger.hour),
                Instant(
                    microseconds: (first.microseconds / RandomLedger.hour + hours)
                        * RandomLedger.hour
                )
            ),
            groups: [[.hour]],
            measures: [.net]
        )
        var live = IncrementalInsight(.query(query))
        let refusal = Refusal(
            .outOfRange,
            .field(
                "rows",
                problem: """
                    are \(hours), and a result that is subscribed to has \(hours - 1) at most: ask for \
                    fewer by a limit, a condition or a filter
                    """
            )
        )
        #expect(throws: refusal) {
            try live.advance(to: ledger.state.readView(), at: first)
        }
        var some = query
        some.limit = 10
        live = IncrementalInsight(.query(some))
        #expect(try live.advance(to: ledger.state.readView(), at: first).table.rowCount == 10)
    }
}

extension RandomLedger {
    /// A step of any kind: stock, changes of names, zones and floors, and new products.
    mutating func anyStep() {
        let product = ProductID(UInt32(1 + self.below(9)))
        let location = LocationID(UInt16(1 + self.below(Self.zones.count)))
        switch self.below(14) {
        case 0:
            let name = "Renamed \(self.below(1_000))"
            self.run(.updateProduct(product, ProductUpdate(name: name), ifRevision: nil))
        case 1:
            let category = CategoryID(UInt32(1 + self.below(3)))
            self.run(
                .renameCategory(category, name: "Other \(self.below(1_000))", ifRevision: nil)
            )
        case 2:
            let zone = Self.zones[self.below(Self.zones.count)]
            self.run(.updateLocation(location, LocationUpdate(zone: zone), ifRevision: nil))
        case 3:
            let floor = Int64(self.below(5)) - 2
            self.run(
                .setFloor(FloorChange(product: product, location: location, floor: Quantity(floor)))
            )
        case 4:
            self.run(
                .createProduct(
                    ProductDraft(
                        sku: "even-new-\(self.below(1_000_000))",
                        name: "New",
                        category: CategoryID(UInt32(1 + self.below(3))),
                        price: Price(500),
                        opening: OpeningStock(quantity: 5, unitCost: Money(90))
                    )
                )
            )
        case 5:
            let sku = "Even-moved-\(self.below(1_000_000))"
            self.run(.updateProduct(product, ProductUpdate(sku: sku), ifRevision: nil))
        default: self.step()
        }
    }

    /// An insight with its own formula.
    mutating func namedInsight() -> NamedInsight {
        let names = NamedInsight.Name.allCases
        let windows: [InsightWindow] = [
            .all, .last(1, .day), .last(7, .day), .last(30, .day), .previous(2, .week),
            .last(3, .month), .last(5, .hour),
        ]
        var named = NamedInsight(
            names[self.below(names.count)],
            window: windows[self.below(windows.count)]
        )
        if self.below(3) == 0 { named.zone = Self.zones[self.below(Self.zones.count)] }
        if self.below(4) == 0 { named.filter.categories = [CategoryID(UInt32(1 + self.below(3)))] }
        if self.below(4) == 0 { named.limit = UInt32(1 + self.below(5)) }
        return named
    }
}
