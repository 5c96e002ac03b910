import Foundation
import InventoryClient
import InventoryModel
import Testing

@testable import InventoryTransfer
@testable import invctl

/// Days on which clocks change, on the dashboard and on the command line.
@Suite struct LocalDayTests {
    @Test func `a day begins with its first instant, even if its midnight is skipped`() throws {
        let days = [
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
            ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00Z"),
            ("Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00Z"),
            // From 23:30 to 00:30: the day begins at half past midnight.
            ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),
            ("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ]
        for (name, day, utc) in days {
            let zone = try #require(TimeZone(identifier: name))
            let instant = TimeText.parse(day, zone: zone)
            #expect(instant.map { TimeText.format($0.microseconds) } == utc, "\(name) \(day)")
            var clock = DayClock(zone)
            let start = try #require(instant).microseconds
            #expect(clock.start(of: clock.day(of: start)) == start, "\(name) \(day)")
            clock = DayClock(zone)
            #expect(clock.day(of: start - 1) < clock.day(of: start))
        }
    }

    @Test func `the dates of a window are in the zone of the query's only location`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 1_000)[0]
        try daemon.invctl("location", "add", "cairo", "--zone", "Africa/Cairo")
        try daemon.invctl("location", "add", "tokyo", "--zone", "Asia/Tokyo")
        try daemon.invctl("stock", "restock", "P-0=5000@1", "--at", "cairo")
        // Clocks in Cairo go from 00:00 to 01:00 on that day.
        let sales: [(time: String, quantity: Int64)] = [
            ("2026-04-23T21:30:00Z", 1), ("2026-04-23T22:30:00Z", 10),
            ("2026-04-24T20:59:59Z", 200), ("2026-04-24T21:00:00Z", 500),
        ]
        for (time, quantity) in sales {
            let at = try #require(TimeText.parse(time, zone: TimeText.utc))
            var line = SaleLine(
                product: product,
                location: LocationID(2),
                quantity: Quantity(quantity)
            )
            line.price = Money(100)
            let occurred = Occurrence(at: at, isImported: true)
            let outcome = try await client.send(.sell(Sale(lines: [line], occurred: occurred)))
            guard case .done = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
        func net(_ words: String...) throws -> String {
            let all = ["query", "--measure", "net", "-o", "csv"] + words
            return try daemon.invctl(all).lines.last ?? ""
        }
        let day = ["--window", "2026-04-24..2026-04-25"]
        #expect(try net("--at", "cairo", day[0], day[1]) == "210.00")
        #expect(try net("--at", "cairo", "--at", "CAIRO", day[0], day[1]) == "210.00")
        #expect(try net("--at", "cairo", "--zone", "UTC", day[0], day[1]) == "700.00")
        // With several locations or none, days are in UTC.
        #expect(try net("--at", "cairo", "--at", "tokyo", day[0], day[1]) == "700.00")
        #expect(try net(day[0], day[1]) == "700.00")
    }

    @Test func `the dashboard's clock shows the minimum instant`() throws {
        let clock = DayClock(try #require(TimeZone(identifier: "Asia/Tokyo")))
        for instant in [Int64.min, .max] {
            _ = clock.day(of: instant)
            _ = clock.local(instant) * 1_000_000
        }
    }
}
