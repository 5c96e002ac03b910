internal import Foundation
package import InventoryModel

/// Foundation's calendar of one zone, with a cache.
package final class NaiveCalendar {
    private let zone: TimeZone
    private let calendar: Calendar
    private var starts: [CalendarUnit: [Int64: Int64]] = [:]
    private var clocks: [Int64: (weekday: Int, hour: Int)] = [:]

    package init(_ name: String) throws {
        guard let zone = TimeZone(identifier: name) else { throw NoSuchZone(name: name) }
        self.zone = zone
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = zone
        self.calendar = calendar
    }

    package struct NoSuchZone: Error { package var name: String }

    private static func date(_ microseconds: Int64) -> Date {
        // Whole seconds are exact, and no bucket starts within one.
        let seconds = (Double(microseconds) / 1_000_000).rounded(.down)
        return Date(timeIntervalSince1970: seconds)
    }

    private static func microseconds(_ date: Date) -> Int64 {
        Int64(date.timeIntervalSince1970.rounded()) * 1_000_000
    }

    package func start(_ unit: CalendarUnit, _ instant: Int64) -> Int64 {
        // Every bucket starts on a quarter of an hour in the tested zones.
        let quarter = instant - (instant % 900_000_000 + 900_000_000) % 900_000_000
        if let known = self.starts[unit]?[quarter] { return known }
        let date = Self.date(quarter)
        let start =
            switch unit {
            case .hour: self.hour(date)
            case .day: self.calendar.startOfDay(for: date)
            case .week: self.calendar.dateInterval(of: .weekOfYear, for: date)?.start ?? date
            case .month: self.calendar.dateInterval(of: .month, for: date)?.start ?? date
            }
        self.starts[unit, default: [:]][quarter] = Self.microseconds(start)
        return Self.microseconds(start)
    }

    /// Since the clock last showed a full hour or was changed.
    private func hour(_ date: Date) -> Date {
        let offset = Double(self.zone.secondsFromGMT(for: date))
        let shown = date.timeIntervalSince1970 + offset
        let full = Date(timeIntervalSince1970: (shown / 3_600).rounded(.down) * 3_600 - offset)
        let before = date.addingTimeInterval(-7_200)
        if let change = self.zone.nextDaylightSavingTimeTransition(after: before), change <= date {
            return max(full, change)
        }
        return full
    }

    /// The start of the span after the one that starts at `start`.
    package func next(_ unit: CalendarUnit, _ start: Int64) -> Int64 {
        // Steps shorter than any span of the unit, so that none is skipped.
        let step: Int64 =
            switch unit {
            case .hour: 900_000_000
            case .day: 3_600_000_000
            case .week, .month: 86_400_000_000
            }
        var at = start
        while true {
            at += step
            let next = self.start(unit, at)
            if next != start { return next }
        }
    }

    /// The start of the span `count` before the one containing an instant.
    package func start(_ unit: CalendarUnit, _ count: UInt32, before instant: Int64) -> Int64 {
        var start = self.start(unit, instant)
        guard unit == .hour else {
            let component: Calendar.Component =
                switch unit {
                case .hour: .hour
                case .day: .day
                case .week: .weekOfYear
                case .month: .month
                }
            // Dates are counted in UTC, which skips none; noon is the same date everywhere.
            let noon = Self.date(start).addingTimeInterval(43_200)
            let parts: Set<Calendar.Component> = [.year, .month, .day, .hour]
            var dates = Calendar(identifier: .gregorian)
            dates.timeZone = .gmt
            let date = dates.date(from: self.calendar.dateComponents(parts, from: noon)) ?? noon
            let then = dates.date(byAdding: component, value: -Int(count), to: date) ?? noon
            let there = self.calendar.date(from: dates.dateComponents(parts, from: then)) ?? noon
            return self.start(unit, Self.microseconds(there))
        }
        for _ in 0..<count { start = self.start(unit, start - 1) }
        return start
    }

    package func weekday(_ instant: Int64) -> Int { self.clock(instant).weekday }
    package func hourOfDay(_ instant: Int64) -> Int { self.clock(instant).hour }

    private func clock(_ instant: Int64) -> (weekday: Int, hour: Int) {
        let quarter = instant - (instant % 900_000_000 + 900_000_000) % 900_000_000
        if let known = self.clocks[quarter] { return known }
        let parts = self.calendar.dateComponents([.weekday, .hour], from: Self.date(quarter))
        // In Foundation Sunday is 1.
        let clock = (((parts.weekday ?? 0) + 5) % 7 + 1, parts.hour ?? 0)
        self.clocks[quarter] = clock
        return clock
    }
}
