internal import InventoryModel
import InventoryTransfer

/// Spans of time as the calendar of a zone calls them.
///
///     hour    2026-11-24 13:00+01:00     with the offset: an hour may be shown twice
///     day     2026-11-24
///     week    2026-11-23                 its Monday
///     month   2026-11
///
/// An answer has the start of a span as an instant. In UTC that is the evening before in a zone to the east.
struct BucketText: Sendable {
    private let calendar: ZoneCalendar

    /// Creates the labels of a zone; those of UTC if its name is unknown here.
    init(_ zone: String) { self.calendar = (try? ZoneCalendar(stored: zone)) ?? .utc }

    /// Returns the unit of a column of an answer; `nil` if it has no spans.
    static func unit(_ field: ResultField) -> CalendarUnit? {
        guard field.kind == .instant else { return nil }
        return CalendarUnit.allCases.first { "\($0)" == field.name }
    }

    /// Returns the label of the span of that unit that starts at an instant.
    ///
    /// - Parameters:
    ///   - microseconds: The start of the span.
    ///   - unit: The unit of the span.
    ///   - separator: The character between a date and a time.
    /// - Returns: The label.
    func label(_ microseconds: Int64, _ unit: CalendarUnit, separator: Character) -> String {
        let instant = Instant(microseconds: microseconds).clampedToCalendar.microseconds
        switch unit {
        case .hour: return self.time(instant, separator)
        case .day, .week: return Self.date(self.calendar.dayNumber(instant))
        case .month: return String(Self.date(self.calendar.dayNumber(instant)).prefix(7))
        }
    }

    /// Returns an end of a window: a date if a day starts there, else the local time.
    func end(_ microseconds: Int64) -> String {
        let instant = Instant(microseconds: microseconds).clampedToCalendar.microseconds
        let day = self.calendar.dayNumber(instant)
        return self.calendar.startOfDay(day) == instant ? Self.date(day) : self.time(instant, " ")
    }

    private static func date(_ day: Int64) -> String {
        String(TimeText.format(day * 86_400_000_000).prefix(10))
    }

    /// Returns the local time of an instant to the minute, or to the second if it has any, with its offset.
    private func time(_ instant: Int64, _ separator: Character) -> String {
        let local = self.calendar.local(instant)
        let text = TimeText.format(local)
        let clock = text.dropFirst(11).prefix(local % 60_000_000 == 0 ? 5 : 8)
        let offset = ClockText.suffix((local - instant) / 1_000_000)
        return "\(text.prefix(10))\(separator)\(clock)\(offset)"
    }
}
