import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTransfer
import TerminalKit
import Testing

@testable import invctl

/// Valid numbers whose sums exceed 64 bits: they are displayed, never a trap.
@Suite struct LargeNumberTests {
    /// 2026-03-01 12:00:00 UTC, in microseconds.
    private static let noon: Int64 = 1_772_366_400_000_000
    /// More than 2^63 ÷ ``Limits/moneyMax``.
    private static let saleCount = 1_030

    private static func line(_ lsn: Int, units: Int64, amount: Int64) -> SalesBook.Line {
        SalesBook.Line(
            lsn: LSN(UInt64(lsn)),
            product: ProductID(1),
            location: .main,
            units: Quantity(units),
            amount: Money(amount),
            occurredAt: Instant(microseconds: noon),
            isSale: true
        )
    }

    @Test func `a day whose sales exceed 64 bits is exact, also after returns`()
        throws
    {
        let zone = try #require(TimeZone(identifier: "UTC"))
        var book = SalesBook(DayClock(zone), now: Self.noon) {
            didSet { book.checkInvariants() }
        }
        for lsn in 1...Self.saleCount {
            book.add(Self.line(lsn, units: .max / 1_000, amount: Limits.moneyMax))
        }
        let sum = Int128(Limits.moneyMax) * Int128(Self.saleCount)
        #expect(sum > Int128(Int64.max))
        #expect(book.amountToday == sum)
        #expect(book.productsToday[ProductID(1)]?.amount == sum)
        #expect(book.productsToday[ProductID(1)]?.units == Int128(Int64.max / 1_000) * 1_030)
        let spot = SalesBook.Spot(product: ProductID(1), location: .main)
        #expect(book.velocity(spot, now: Self.noon) > Double(Int64.max))
        for lsn in 1..<Self.saleCount {
            book.add(Self.line(lsn, units: -(.max / 1_000), amount: -Limits.moneyMax))
        }
        #expect(book.amountToday == Int128(Limits.moneyMax))
    }

    @Test func `the dashboard shows such a day exactly`() throws {
        let zone = try #require(TimeZone(identifier: "UTC"))
        let place = TopModel.Place(
            name: "shop",
            currencyCode: "USD",
            currencyDecimals: 2,
            zone: "UTC"
        )
        var model = TopModel(place, zone: DayClock(zone), now: Self.noon)
        model.take(TopModel.Item(sku: "GEM", name: "Gem", decimals: 0), of: ProductID(1))
        model.endLoading()
        for lsn in 1...Self.saleCount {
            let movement = Movement(
                kind: .sale,
                product: ProductID(1),
                location: .main,
                onHandDelta: lsn == 1 ? Quantity(.min) : -1,
                amount: Money(Limits.moneyMax),
                occurredAt: Instant(microseconds: Self.noon)
            )
            let entry = Entry(
                lsn: LSN(UInt64(lsn)),
                time: Instant(microseconds: Self.noon),
                actor: "till-1",
                changes: [.moved(movement, Level(product: ProductID(1), location: .main))]
            )
            model.take(.entry(entry), now: Self.noon)
        }
        model.prepare()
        let screen = TopScreen(model, columns: 120, rows: 30).lines.joined(separator: "\n")
        #expect(screen.contains("revenue today 92,774,152,323,832,207.30 USD"), "\(screen)")
        let json = TopFigures(model).object.text
        #expect(json.contains("\"revenueToday\":\"92774152323832207.30\""), "\(json)")
    }

    @Test func `charts of numbers at the limits are drawn`() throws {
        var table = ResultTable([
            ResultField("weekday", .integer), ResultField("hourOfDay", .integer),
            ResultField("net", .money), ResultField("share", .number),
        ])
        table.append([.integer(1), .integer(2), .integer(.max), .number(1e308)])
        table.append([.integer(1), .integer(3), .integer(.min), .number(-1e308)])
        table.append([.integer(2), .integer(3), .integer(5), .number(0.5)])
        let heatmap = try #require(Heatmap(table, measure: "net", currencyDecimals: 2))
        #expect(heatmap.lines(width: nil).last?.contains("92,233,720,368,547,758.07 net") == true)
        #expect(Bars(table, "net") != nil)
        #expect(Bars(table, "share") != nil)
    }

    @Test func `a stock file whose sum exceeds 64 bits is rejected by row`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let file = Data("sku,stock\nP-0,9223372036854775807\n".utf8)
        let dry = try daemon.invctl("import", "-", "--mode", "add", "--dry-run", input: file)
        #expect(dry.code == 8, "\(dry.code) \(dry.errors)")
        #expect(
            dry.errors.contains("row 2  stock: 9223372036854775807 exceeds 1000000000000"),
            "\(dry.errors)"
        )
    }
}
