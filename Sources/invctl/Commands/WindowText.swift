import Foundation
internal import InventoryModel
import InventoryTransfer

/// Parsing of time windows.
///
///     all · today · yesterday · this-week · this-month · last-month
///     last-7-days          today and the six days before it; also hours, weeks, months
///     previous-2-weeks     whole weeks before the current one
///     2026-01-01..2026-02-01   from the first up to the second, exclusive, in the zone; both optional
enum WindowText {
    static let help = """
        all, today, yesterday, this-week, this-month, last-month, last-7-days, previous-2-weeks, or \
        2026-01-01..2026-02-01
        """

    static func parse(_ text: String, zone: String) throws(Failure) -> InsightWindow {
        switch text {
        case "all": return .all
        case "today": return .last(1, .day)
        case "yesterday": return .previous(1, .day)
        case "this-week": return .last(1, .week)
        case "this-month": return .last(1, .month)
        case "last-week": return .previous(1, .week)
        case "last-month": return .previous(1, .month)
        default: break
        }
        if let range = text.range(of: "..") {
            let zone = try self.zone(zone)
            return .between(
                try self.instant(text[..<range.lowerBound], zone),
                try self.instant(text[range.upperBound...], zone)
            )
        }
        let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let count = UInt32(digits: parts[1]), let unit = self.unit(parts[2])
        else {
            throw Failure.usage("--window '\(text)' is not one of \(self.help)")
        }
        switch parts[0] {
        case "last": return .last(count, unit)
        case "previous": return .previous(count, unit)
        default: throw Failure.usage("--window '\(text)' is not one of \(self.help)")
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

    private static func instant(_ text: Substring, _ zone: TimeZone) throws(Failure) -> Instant? {
        if text.isEmpty { return nil }
        guard let instant = TimeText.parse(String(text), zone: zone) else {
            throw Failure.usage(
                "--window: '\(text)' is not a time such as 2026-03-01 or 2026-03-01T12:00"
            )
        }
        return instant
    }

    private static func zone(_ name: String) throws(Failure) -> TimeZone {
        if name.isEmpty { return TimeText.utc }
        guard let zone = TimeZone(identifier: name) else {
            throw Failure.usage("--zone: '\(name)' is not a time zone such as Europe/London")
        }
        return zone
    }
}
