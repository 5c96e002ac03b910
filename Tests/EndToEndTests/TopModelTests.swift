import Bytes
import Foundation
import InventoryClient
import InventoryModel
import TerminalKit
import Testing

@testable import invctl

/// The dashboard as a value: events and keys in, lines of a screen out.
@Suite struct TopModelTests {
    /// 2026-03-01 12:00:00 UTC, in microseconds.
    private static let noon: Int64 = 1_772_366_400_000_000
    private static let second: Int64 = 1_000_000

    private static func model() throws -> TopModel {
        let zone = try #require(TimeZone(identifier: "UTC"))
        let place = TopModel.Place(
            name: "shop",
            currencyCode: "USD",
            currencyDecimals: 2,
            zone: "UTC"
        )
        var model = TopModel(place, zone: DayClock(zone), now: self.noon)
        model.take(TopModel.Item(sku: "LAP-01", name: "Laptop", decimals: 0), of: ProductID(1))
        model.take(TopModel.Item(sku: "MOU-09", name: "Mouse", decimals: 0), of: ProductID(2))
        model.take(TopModel.Item(sku: "梨-1", name: "梨 Pear", decimals: 3), of: ProductID(3))
        model.endLoading()
        return model
    }

    private static func sale(
        _ lsn: LSN,
        _ lines: [(product: UInt32, units: Int64, amount: Int64)],
        at time: Int64 = noon,
        kind: MovementKind = .sale,
        left: Int64 = 5
    ) -> SubscriptionEvent {
        .entry(
            Entry(
                lsn: lsn,
                time: Instant(microseconds: time),
                actor: "till-1",
                changes: lines.map { line in
                    .moved(
                        Movement(
                            kind: kind,
                            product: ProductID(line.product),
                            location: .main,
                            onHandDelta: -Quantity(line.units),
                            amount: Money(line.amount),
                            reference: "POS-\(lsn)",
                            occurredAt: Instant(microseconds: time)
                        ),
                        Level(
                            product: ProductID(line.product),
                            location: .main,
                            onHand: Quantity(left)
                        )
                    )
                }
            )
        )
    }

    private static func low(_ rows: [(UInt32, String, Int64)]) throws -> [ListedLowStock] {
        var table = ResultTable([
            ResultField("productId", .integer), ResultField("sku", .text),
            ResultField("name", .text), ResultField("category", .text),
            ResultField("location", .text), ResultField("available", .quantity),
            ResultField("reorderPoint", .quantity), ResultField("incoming", .quantity),
            ResultField("reorderTarget", .quantity), ResultField("unit", .text),
            ResultField("unitDecimals", .integer),
        ])
        for (id, sku, available) in rows {
            table.append([
                .integer(Int64(id)), .text(sku), .text("Name of \(sku)"), .text("All"),
                .text("main"), .integer(available), .integer(10), .integer(0), .integer(0),
                .text("pcs"), .integer(0),
            ])
        }
        return try table.rows(as: ListedLowStock.self)
    }

    private static func screen(_ model: TopModel, _ columns: Int = 100, _ rows: Int = 30) -> String
    {
        TopScreen(model, columns: columns, rows: rows).lines.joined(separator: "\n")
    }

    @Test func `sales add to revenue, sellers and the tape, returns subtract`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(.began(lsn: 56, hasSnapshot: false), now: Self.noon)
        model.take(Self.sale(57, [(1, 2, 199_998), (2, 1, 1_999)]), now: Self.noon + 250_000)
        model.take(Self.sale(58, [(2, 5, 9_995)]), now: Self.noon + 300_000)
        model.take(Self.sale(59, [(2, -1, -1_999)], kind: .return), now: Self.noon + 300_000)
        model.prepare()
        let text = Self.screen(model)
        #expect(text.contains("revenue today 2,099.93 USD · 2 sales"))
        #expect(text.contains("live · LSN 59 · lag 300.00 ms"))
        let lines = text.split(separator: "\n").map { String($0) }
        let laptop = try #require(lines.first { $0.contains("> LAP-01") })
        #expect(laptop.contains("Laptop") && laptop.contains("1,999.98"))
        let mouse = try #require(lines.first { $0.contains("  MOU-09") })
        #expect(mouse.contains(" 5 ") && mouse.contains("99.95"))
        let tape = try #require(lines.firstIndex { $0.contains("Recent sales") })
        #expect(lines[tape + 2].contains("12:00:00  MOU-09  Mouse"))
        #expect(lines[tape + 2].hasSuffix("59"))
        #expect(lines[tape + 2].contains("return POS-59"))
        #expect(lines[tape + 3].contains("till-1"))
    }

    @Test func `sellers are sorted by revenue, by units after s, and ties by id`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(TopModel.Item(sku: "KEY-1", name: "Keys", decimals: 0), of: ProductID(3))
        model.take(Self.sale(57, [(1, 1, 99_999), (2, 9, 900), (3, 9, 900)]), now: Self.noon)
        model.prepare()
        #expect(model.sellers.map { $0.product.value } == [1, 2, 3])
        #expect(model.take(.character("s")) == .none)
        #expect(model.sellers.map { $0.product.value } == [2, 3, 1])
        #expect(Self.screen(model).contains("Top sellers today, by units"))
    }

    @Test func `a price that is not for one unit names what it is for`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        for (id, basis) in [(1, 1_000), (2, 100)] as [(UInt32, Int64)] {
            let item = TopModel.Item(
                sku: "TEA-\(id)",
                name: "Tea",
                decimals: 3,
                unit: "kg",
                price: Price(499, per: basis)
            )
            model.take(item, of: ProductID(id))
        }
        model.take(Self.sale(57, [(1, 1, 1_000), (2, 9, 900)]), now: Self.noon)
        model.prepare()
        let lines = Self.screen(model, 120).split(separator: "\n").map { String($0) }
        let one = try #require(lines.first { $0.contains("TEA-1") })
        #expect(one.contains(" 4.99 "))
        let other = try #require(lines.first { $0.contains("TEA-2") })
        #expect(other.contains(" 4.99/0.100 "))
    }

    @Test func `sellers with different units are sorted by revenue, since grams are not pieces`()
        throws
    {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(Self.sale(57, [(1, 1, 99_999), (2, 9, 900), (3, 666, 500)]), now: Self.noon)
        #expect(model.take(.character("s")) == .none)
        #expect(model.sellers.map { $0.product.value } == [1, 2, 3])
        #expect(Self.screen(model).contains("Top sellers today, by revenue"))
    }

    @Test func `a reversed sale does not count, and a reversed late cost is not revenue`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(Self.sale(57, [(1, 1, 1_000)]), now: Self.noon)
        model.take(Self.sale(58, [(2, 1, 300)]), now: Self.noon)
        #expect(model.book.saleCountToday == 2)
        for (lsn, origin, units, amount) in [(59, 57, -1, -1_000), (60, 40, 0, -250)] {
            let movement = Movement(
                kind: .reversal,
                product: ProductID(1),
                location: .main,
                onHandDelta: Quantity(Int64(-units)),
                amount: Money(Int64(amount)),
                origin: MovementID(lsn: LSN(UInt64(origin)), line: 0),
                occurredAt: Instant(microseconds: Self.noon)
            )
            let level = Level(product: ProductID(1), location: .main, onHand: 5)
            let entry = Entry(
                lsn: LSN(UInt64(lsn)),
                time: Instant(microseconds: Self.noon),
                actor: "till-1",
                changes: [.moved(movement, level)]
            )
            model.take(.entry(entry), now: Self.noon)
        }
        #expect(model.book.saleCountToday == 1 && model.book.amountToday == 300)
    }

    @Test func `only the top sellers are ranked, and they are correct`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        let lines = (1...1_000).map { (UInt32($0), Int64(1), Int64($0) * 7 % 1_009) }
        model.take(Self.sale(57, lines.map { ($0.0, $0.1, $0.2) }), now: Self.noon)
        model.prepare()
        let amounts = lines.map { Int128($0.2) }.sorted(by: >).prefix(TopModel.sellersMax)
        #expect(model.sellers.map { $0.sold.amount } == Array(amounts))
    }

    @Test func `revenue resets at midnight, and sales stay in the velocity for a week`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(Self.sale(57, [(1, 14, 100)]), now: Self.noon)
        let day: Int64 = 86_400 * Self.second
        model.advance(to: Self.noon + day)
        #expect(model.book.amountToday == 0)
        #expect(model.sellers.isEmpty)
        let spot = SalesBook.Spot(product: ProductID(1), location: .main)
        // 14 units since the first sale a day ago.
        #expect(model.book.velocity(spot, now: Self.noon + day) == 14)
        #expect(model.book.cover(available: 7, at: spot, now: Self.noon + day) == 0.5)
        model.advance(to: Self.noon + 7 * day)
        #expect(model.book.velocity(spot, now: Self.noon + 7 * day) == 2)
        model.advance(to: Self.noon + 8 * day)
        #expect(model.book.velocity(spot, now: Self.noon + 8 * day) == 0)
        #expect(model.book.cover(available: 7, at: spot, now: Self.noon + 8 * day) == nil)
    }

    @Test func `low stock shows the remaining stock and the days of cover`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(Self.sale(57, [(1, 4, 100)]), now: Self.noon)
        try model.take(low: Self.low([(1, "LAP-01", 6), (2, "MOU-09", 0)]))
        let text = Self.screen(model, 120)
        #expect(text.contains("Low stock: 2"))
        let laptop = try #require(text.split(separator: "\n").first { $0.contains("Name of LAP") })
        #expect(laptop.contains("6     10  1.5 d"))
        let mouse = try #require(text.split(separator: "\n").first { $0.contains("Name of MOU") })
        #expect(mouse.hasSuffix("0     10      ∞"))
    }

    @Test func `the rate is the mean of whole seconds, and each second has its bar`() {
        var rate = SalesRate() { didSet { rate.checkInvariants() } }
        rate.advance(to: 100)
        for second in 101...110 { rate.add(second == 105 ? 50 : 0, second: Int64(second)) }
        rate.advance(to: 111)
        #expect(rate.perSecond == 5)
        #expect(rate.last(10) == [0, 0, 0, 0, 50, 0, 0, 0, 0, 0])
        #expect(Sparkline.text(rate.last(6)) == "█▁▁▁▁▁")
        rate.advance(to: 111 + Int64(SalesRate.secondsMax) * 3)
        #expect(rate.last(SalesRate.secondsMax - 1).allSatisfy { $0 == 0 })
        rate.add(1, second: 5)
        #expect(rate.last(SalesRate.secondsMax - 1).allSatisfy { $0 == 0 }, "too old")
        #expect(Sparkline.text([0, 1, 500, 1_000]) == "▁▂▅█")
        #expect(Sparkline.text([]) == "")
    }

    @Test func `keys move, search, open and quit`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(Self.sale(57, [(1, 2, 300), (2, 1, 200), (3, 1, 100)]), now: Self.noon)
        model.prepare()
        func press(_ keys: Key...) -> TopAction {
            var order = TopAction.none
            for key in keys { order = model.take(key) }
            return order
        }
        #expect(press(.character("j"), .enter) == .show(sku: "MOU-09"))
        #expect(model.keys.page?.title == "MOU-09")
        model.take(page: ["one", "two"], title: "MOU-09")
        model.take(page: ["of another"], title: "LAP-01")
        #expect(Self.screen(model).contains("  two"))
        #expect(press(.escape) == .stop)
        #expect(press(.character("G"), .enter) == .show(sku: "梨-1"))
        #expect(press(.character("q")) == .stop, "q on a page goes back")
        #expect(press(.character("g"), .character("k"), .enter) == .show(sku: "LAP-01"))
        _ = press(.escape)

        _ = press(.character("/"), .character("m"), .character("O"), .character("u"))
        #expect(model.shownSellers.map { $0.product.value } == [2])
        #expect(Self.screen(model).contains("/mOu▏"))
        #expect(press(.enter, .enter) == .show(sku: "MOU-09"))
        _ = press(.escape)
        _ = press(.escape)
        #expect(model.shownSellers.count == 3)

        #expect(press(.tab) == .none)
        #expect(model.keys.pane == .low)
        _ = press(.character("3"))
        #expect(press(.enter) == .show(sku: "梨-1"), "the last line of the sale is the newest")
        _ = press(.escape)

        func command(_ text: String) -> TopAction {
            _ = model.take(.character(":"))
            for character in text { _ = model.take(.character(character)) }
            return model.take(.enter)
        }
        #expect(command("stock show 'LAP-01'") == .run(["stock", "show", "LAP-01"]))
        _ = press(.escape)
        #expect(command("invctl ping") == .run(["ping"]))
        _ = press(.escape)
        #expect(command("watch sales") == .none)
        #expect(model.keys.page?.lines.first?.contains("a terminal of its own") ?? false)
        _ = press(.escape)
        #expect(command("low") == .none)
        #expect(model.keys.pane == .low)
        #expect(command("") == .none)
        #expect(press(.character(":"), .backspace) == .none)
        #expect(model.keys.prompt == nil)
        #expect(command("q") == .leave)
        #expect(press(.character("?")) == .none)
        #expect(Self.screen(model).contains("the next pane"))
        _ = press(.escape)
        #expect(press(.character("q")) == .leave)
        #expect(press(.control("c")) == .leave)
        #expect(press(.endOfInput) == .leave)
    }

    @Test func `a lost connection and a reconnection are reported`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(.began(lsn: 1, hasSnapshot: false), now: Self.noon)
        model.take(.disconnected(ClientError(.closed, "reset")), now: Self.noon)
        model.advance(to: Self.noon + 3 * Self.second)
        #expect(Self.screen(model).contains("OFFLINE for 3 s (reset)"))
        model.take(.began(lsn: 1, hasSnapshot: false), now: Self.noon + 4 * Self.second)
        #expect(Self.screen(model).contains("reconnected after 4 s; no changes were missed"))
    }

    @Test func `no line exceeds the width and no screen the rows, at any size`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        let lines = (1...60).map { (UInt32($0), Int64(1_000_000), Int64($0) * 1_000_000_007) }
        model.take(Self.sale(57, lines.map { ($0.0, $0.1, $0.2) }), now: Self.noon)
        try model.take(low: Self.low((1...60).map { (UInt32($0), "SKU-\($0)-梨", -5) }))
        model.prepare()
        for page in [nil, TopModel.help] {
            model.keys.page = page
            for columns in [1, 2, 7, 20, 40, 75, 76, 80, 121, 300] {
                for rows in [1, 2, 3, 4, 5, 9, 14, 24, 60] {
                    let screen = TopScreen(model, columns: columns, rows: rows).lines
                    #expect(screen.count <= rows, "\(columns) × \(rows)")
                    let widest = screen.max { TextWidth.of($0) < TextWidth.of($1) } ?? ""
                    #expect(TextWidth.of(widest) <= columns, "\(columns) × \(rows): '\(widest)'")
                }
            }
        }
    }

    @Test func `a narrow screen keeps the state, the revenue and the way out, in whole words`()
        throws
    {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(.began(lsn: 57, hasSnapshot: false), now: Self.noon)
        model.take(Self.sale(58, [(1, 2, 199_998)]), now: Self.noon)
        let lines = TopScreen(model, columns: 40, rows: 20).lines
        #expect(lines[0].hasPrefix("live · LSN 58 · lag 0.00 ms"), "\(lines[0])")
        #expect(lines[1] == "revenue today 1,999.98 USD · 1 sale", "\(lines[1])")
        #expect(lines.last?.hasPrefix("? help · q quits · ") == true, "\(lines)")
        for line in lines { #expect(!line.hasSuffix("…"), "\(line)") }
        model.take(.disconnected(ClientError(.closed, "reset")), now: Self.noon)
        let lost = TopScreen(model, columns: 40, rows: 20).lines
        #expect(lost[0].hasPrefix("OFFLINE for 0 s (reset)"), "\(lost[0])")
    }

    @Test func `colour only repeats what symbols show`() throws {
        var model = try Self.model() { didSet { model.checkInvariants() } }
        model.take(Self.sale(57, [(1, 2, 300)]), now: Self.noon)
        model.prepare()
        let plain = TopScreen(model, columns: 90, rows: 24).lines
        let colored = TopScreen(model, columns: 90, rows: 24, hasColor: true).lines
        #expect(colored.contains { $0.contains("\u{1B}[") })
        #expect(colored.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") } == plain)
    }
}
