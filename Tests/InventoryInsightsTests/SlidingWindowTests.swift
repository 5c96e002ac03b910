import Foundation
import InventoryInsights
import InventoryModel
import Testing

@Suite struct SlidingWindowTests {
    /// Returns the instant of a string such as 2024-03-31T00:00:00Z.
    private static func at(_ text: String) throws -> Int64 {
        let date = try Date(text, strategy: .iso8601)
        return Int64(date.timeIntervalSince1970) * 1_000_000
    }

    @Test func `sliding windows end with the current unit, and move at its end`() throws {
        let calendar = try ZoneCalendar("Europe/London")
        // A Sunday of 25 hours.
        let now = Instant(microseconds: try Self.at("2024-10-27T12:30:00Z"))
        func resolved(_ window: InsightWindow) throws -> [Int64?] {
            let window = try window.resolve(at: now, in: calendar)
            return [window.from, window.to, window.movesAt].map { $0?.microseconds }
        }
        func times(_ strings: String...) throws -> [Int64?] { try strings.map { try Self.at($0) } }
        let today = try times(
            "2024-10-26T23:00:00Z",
            "2024-10-28T00:00:00Z",
            "2024-10-28T00:00:00Z"
        )
        #expect(try resolved(.last(1, .day)) == today)
        let hours = try times(
            "2024-10-26T12:00:00Z",
            "2024-10-27T13:00:00Z",
            "2024-10-27T13:00:00Z"
        )
        #expect(try resolved(.last(25, .hour)) == hours)
        let weeks = try times(
            "2024-10-06T23:00:00Z",
            "2024-10-20T23:00:00Z",
            "2024-10-28T00:00:00Z"
        )
        #expect(try resolved(.previous(2, .week)) == weeks)
        let months = try times(
            "2023-12-01T00:00:00Z",
            "2024-11-01T00:00:00Z",
            "2024-11-01T00:00:00Z"
        )
        #expect(try resolved(.last(11, .month)) == months)
    }
}
