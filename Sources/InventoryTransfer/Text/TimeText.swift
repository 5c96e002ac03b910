package import Foundation
import Glibc
package import InventoryModel

/// Formats and parses instants.
package enum TimeText {
    /// Returns the time of this machine's clock.
    package static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(
            microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        )
    }

    /// The time zone UTC.
    package static let utc = TimeZone(secondsFromGMT: 0) ?? .current

    /// Formats microseconds since 1970: `2026-03-01T12:30:05.123456Z`, without a fraction of zero.
    package static func format(_ microseconds: Int64) -> String {
        Instant(microseconds: microseconds).rfc3339
    }

    /// Parses a day, with or without a time of day; the result is `nil` if it is neither.
    ///
    /// The format is `YYYY-MM-DD`, optionally with `HH:MM[:SS[.ffffff]]` after a space or a T, optionally
    /// with `Z` or, after a time of day, an offset from UTC (RFC 3339): `+02:00`, also `+0200` and after a
    /// space. Without either the time is in `zone`. An ambiguous local time is the first of the two. One that
    /// a change of clocks skips has the UTC offset before the change (RFC 5545, 3.3.5): 02:30, where clocks
    /// go from 02:00 to 03:00, is 03:30 of the new offset. A day alone is its first instant.
    package static func parse(_ text: String, zone: TimeZone) -> Instant? {
        var change: ClockChange?
        return self.parse(text, zone: zone, noting: &change)
    }

    /// Parses like ``parse(_:zone:)``, and notes whether a change of clocks skips or repeats the local time.
    static func parse(
        _ text: String,
        zone: TimeZone,
        noting change: inout ClockChange?
    ) -> Instant? {
        var text = Substring(text)
        let offset = self.takeOffset(&text)
        let isUTC = offset != nil
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 == "T" || $0 == " "
        }
        guard let date = parts.first.map({ Self.numbers($0, "-") }), date.count == 3,
            let year = date[0], let month = date[1], let day = date[2],
            (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var seconds: Int64 = 0
        var fraction: Int64 = 0
        if parts.count == 2 {
            let clockParts = parts[1].split(separator: ".", omittingEmptySubsequences: false)
            let clock = self.numbers(clockParts[0], ":")
            if clockParts.count > 1 {
                guard clock.count == 3, let micros = self.fraction(clockParts[1...]) else {
                    return nil
                }
                fraction = micros
            }
            guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1],
                (0...23).contains(hour), (0...59).contains(minute)
            else { return nil }
            let second = clock.count == 3 ? clock[2] : 0
            guard let second, (0...59).contains(second) else { return nil }
            seconds = hour * 3_600 + minute * 60 + second
        }
        let dayNumber = Instant.days(year, month: month, day: day)
        guard Instant.civil(dayNumber) == (year, month, day) else { return nil }
        if parts.count == 1, !isUTC, let calendar = try? ZoneCalendar(zone.identifier) {
            return Instant(microseconds: calendar.startOfDay(dayNumber))
        }
        let local = dayNumber * 86_400 + seconds
        if !isUTC { change = ClockChange(of: local, in: zone) }
        let utc = local - (offset ?? self.offset(local, zone))
        return Instant(microseconds: utc * 1_000_000 + fraction)
    }

    /// Returns the first instant of a calendar day of a zone: that of an instant, or one of the days before it.
    package static func startOfDay(daysAgo: Int64, at now: Instant, zone: TimeZone) -> Instant {
        let calendar = (try? ZoneCalendar(zone.identifier)) ?? .utc
        let day = calendar.dayNumber(now.microseconds) - daysAgo
        return Instant(microseconds: calendar.startOfDay(day))
    }

    /// Removes the offset from UTC at the end of a time.
    ///
    /// - Returns: The seconds ahead of UTC; `nil` if there is no offset.
    private static func takeOffset(_ text: inout Substring) -> Int64? {
        if text.hasSuffix("Z") {
            text = text.dropLast()
            return 0
        }
        // Behind a time of day; the hyphens of a date are before every colon.
        guard let colon = text.firstIndex(of: ":"),
            let sign = text[colon...].firstIndex(where: { $0 == "+" || $0 == "-" }),
            let offset = self.offset(String(text[sign...]))
        else { return nil }
        text = text[..<sign]
        if text.last == " " { text = text.dropLast() }
        return offset
    }

    /// Returns the seconds ahead of UTC of `Z`, `+02:00`, `+0200` or `+02`; `nil` if it is none of them.
    static func offset(_ text: String) -> Int64? {
        if text == "Z" || text == "z" { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst()
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        let hours = parts.count == 2 ? parts[0] : digits.prefix(2)
        let minutes = parts.count == 2 ? parts[1] : digits.dropFirst(2)
        guard parts.count <= 2, hours.count == 2, minutes.count == 2 || digits.count == 2,
            let hour = Int64(digits: hours),
            let minute = minutes.isEmpty ? 0 : Int64(digits: minutes),
            hour < 24, minute < 60
        else { return nil }
        return (hour * 3_600 + minute * 60) * (sign == "-" ? -1 : 1)
    }

    /// Returns the numbers between separators; `nil` for an element that is not a number.
    private static func numbers(_ text: Substring, _ separator: Character) -> [Int64?] {
        text.split(separator: separator, omittingEmptySubsequences: false).map { Int64(digits: $0) }
    }

    /// Returns the microseconds of a fraction of one to six digits.
    private static func fraction(_ parts: ArraySlice<Substring>) -> Int64? {
        guard parts.count == 1, let digits = parts.first, (1...6).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(digits + String(repeating: "0", count: 6 - digits.utf8.count))
    }

    /// Returns the seconds that the zone is ahead of UTC at a local time.
    static func offset(_ local: Int64, _ zone: TimeZone) -> Int64 {
        func offset(at utc: Int64) -> Int64 {
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(utc))))
        }
        let before = offset(at: local - 86_400)
        let after = offset(at: local - before)
        // If neither offset yields the local time, the change of clocks skips it.
        return after == before || offset(at: local - after) != after ? before : after
    }
}
