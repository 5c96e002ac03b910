import Foundation
internal import InventoryModel
import InventoryTransfer

/// Parsing of time windows, whose dates are those of a zone.
///
///     all · today · yesterday · this-week · this-month · this-year · last-week · last-month · last-year
///     last-7-days          today and the six days before it; also hours, weeks, months
///     previous-2-weeks     whole weeks before the current one
///     2026 · 2026-11 · 2026-11-24          that year, month or day
///     2026-01-01..2026-02-01   from the start of the first up to the start of the second; both optional
struct WindowText {
    static let help = """
        today, yesterday, this-week, this-month, this-year, last-week, last-month, last-year, last-7-days, \
        previous-2-weeks, all; 2026, 2026-11 or 2026-11-24; or A..B, which includes A and ends before B: \
        2026-01-01..2026-02-01 is all of January
        """

    /// The windows that are words, for completion.
    static let words = [
        "all", "today", "yesterday", "this-week", "this-month", "this-year", "last-week",
        "last-month", "last-year", "last-7-days", "last-30-days", "last-12-months",
        "previous-7-days",
    ]

    /// The words that mean a number of months, which depends on the current one.
    static let yearWords: Set<String> = ["this-year", "last-year"]

    /// Every form of a window and its meaning, for the help.
    static let meanings = [
        ("all", "since the first movement"),
        ("today yesterday", "the day, or the one before"),
        ("this-week this-month this-year", "until now; a week starts on Monday"),
        ("last-week last-month last-year", "the whole one before"),
        ("last-7-days", "today and the 6 before; hours, weeks, … too"),
        ("previous-7-days", "the 7 before today; likewise"),
        ("2026 2026-11 2026-11-24", "that year, month or day"),
        ("A..B", "from the start of A up to that of B, which is"),
        ("", "not included: 2026-11-24..2026-11-26 is two"),
        ("", "days; A.. and ..B have one end. A and B are a"),
        ("", "year, a month, a day or a time"),
    ]

    private let calendar: ZoneCalendar
    private let zone: TimeZone
    private let now: Instant

    init(_ zone: TimeZone, now: Instant) {
        self.zone = zone
        self.calendar = (try? ZoneCalendar(zone.identifier)) ?? .utc
        self.now = now
    }

    func parse(_ text: String) throws(Failure) -> InsightWindow {
        if let window = self.named(text) ?? self.span(of: text) { return window }
        if let range = text.range(of: "..") {
            return .between(
                try self.start(of: text[..<range.lowerBound]),
                try self.start(of: text[range.upperBound...])
            )
        }
        let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let count = UInt32(digits: parts[1]), let unit = Self.unit(parts[2])
        else {
            throw Failure.usage("--window '\(text)' is not one of \(Self.help)")
        }
        switch parts[0] {
        case "last": return .last(count, unit)
        case "previous": return .previous(count, unit)
        default: throw Failure.usage("--window '\(text)' is not one of \(Self.help)")
        }
    }

    private func named(_ text: String) -> InsightWindow? {
        switch text {
        case "all": .all
        case "today": .last(1, .day)
        case "yesterday": .previous(1, .day)
        case "this-week": .last(1, .week)
        case "this-month": .last(1, .month)
        // It grows with the months of the year.
        case "this-year": .last(UInt32(self.month - self.january + 1), .month)
        case "last-week": .previous(1, .week)
        case "last-month": .previous(1, .month)
        case "last-year": self.months(self.january - 12, count: 12)
        default: nil
        }
    }

    private static func unit(_ text: Substring) -> CalendarUnit? {
        switch text {
        case "hour", "hours": .hour
        case "day", "days": .day
        case "week", "weeks": .week
        case "month", "months": .month
        default: nil
        }
    }

    // MARK: - Dates

    /// The current month and the first of its year, counted from January 1970.
    private var month: Int64 {
        ZoneCalendar.month(ofDay: self.calendar.dayNumber(self.now.microseconds))
    }
    private var january: Int64 {
        let month = self.month
        return month - (month % 12 + 12) % 12
    }

    private func months(_ first: Int64, count: Int64) -> InsightWindow {
        let days = (first, first + count)
        return .between(
            self.start(ofDay: ZoneCalendar.firstDay(ofMonth: days.0)),
            self.start(ofDay: ZoneCalendar.firstDay(ofMonth: days.1))
        )
    }

    private func start(ofDay day: Int64) -> Instant {
        Instant(microseconds: self.calendar.startOfDay(day)).clampedToCalendar
    }

    /// Returns the window of a year, month or day; `nil` for any other text.
    private func span(of text: String) -> InsightWindow? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = parts.first, first.utf8.count == 4, let year = Int64(digits: first),
            year > 0
        else { return nil }
        let january = (year - 1_970) * 12
        switch parts.count {
        case 1:
            return self.months(january, count: 12)
        case 2:
            guard let month = Int64(digits: parts[1]), (1...12).contains(month) else { return nil }
            return self.months(january + month - 1, count: 1)
        case 3:
            guard let start = TimeText.parse(text, zone: self.zone) else { return nil }
            let day = self.calendar.dayNumber(start.microseconds)
            return .between(start, self.start(ofDay: day + 1))
        default:
            return nil
        }
    }

    /// Returns the start of a year, month, day or time; `nil` for an empty text.
    private func start(of text: Substring) throws(Failure) -> Instant? {
        if text.isEmpty { return nil }
        if case .between(let start, _)? = self.span(of: String(text)) { return start }
        guard let instant = TimeText.parse(String(text), zone: self.zone) else {
            throw Failure.usage(
                "--window: '\(text)' is not a time such as 2026-03-01 or 2026-03-01T12:00"
            )
        }
        return instant
    }
}
