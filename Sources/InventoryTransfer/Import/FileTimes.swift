import Foundation
import Glibc
internal import InventoryModel

/// A parser for the times of a file: millions of times on a few hundred days.
///
/// The start and the UTC offset of a day are computed once, by ``TimeText/parse(_:zone:)``, and cached; the
/// fast path then parses only the time of day.
///
///     2010-12-01 08:26:00        fast path: a cached day, and 8:26
///     2011-03-27 01:30           slow path: a day on which the clocks change
///     2011-03-27T01:30:00Z       slow path: any other format
struct FileTimes {
    private struct Day {
        /// Seconds from 1970 to the day's midnight, in local time.
        var local: Int64
        /// Seconds that local time is ahead of UTC; `nil` if that changes within the day.
        var offset: Int64?
    }

    private let zone: TimeZone
    /// Cached days by year, month and day in decimal digits; `nil` for an invalid date.
    private var days: [Int: Day?] = [:]
    private var recent = (key: -1, day: Day?.none)

    init(zone: TimeZone) { self.zone = zone }

    /// Returns the instant of a time in UTF-8; `nil` if it is not a time.
    mutating func instant(_ text: UnsafeRawBufferPointer) -> Instant? {
        guard let key = Self.dayKey(text), let seconds = Self.timeOfDay(text),
            let day = self.day(key, text), let offset = day.offset
        else {
            return TimeText.parse(String(decoding: text, as: UTF8.self), zone: self.zone)
        }
        return Instant(microseconds: (day.local - offset + seconds) * 1_000_000)
    }

    /// Returns the leading `YYYY-MM-DD` as one number.
    private static func dayKey(_ text: UnsafeRawBufferPointer) -> Int? {
        guard text.count == 16 || text.count == 19, text[4] == 0x2D, text[7] == 0x2D else {
            return nil
        }
        var key = 0
        for index in 0..<10 where index != 4 && index != 7 {
            guard let digit = Self.digit(text[index]) else { return nil }
            key = key * 10 + digit
        }
        return key
    }

    /// Returns the seconds of ` HH:MM` or `THH:MM`, with or without `:SS`, after the date.
    private static func timeOfDay(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text[10] == 0x20 || text[10] == 0x54, let hour = Self.two(text, at: 11), hour < 24,
            text[13] == 0x3A, let minute = Self.two(text, at: 14), minute < 60
        else { return nil }
        let upToMinute = Int64(hour * 3_600 + minute * 60)
        if text.count == 16 { return upToMinute }
        guard text[16] == 0x3A, let second = Self.two(text, at: 17), second < 60 else {
            return nil
        }
        return upToMinute + Int64(second)
    }

    private static func two(_ text: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        guard let tens = self.digit(text[offset]), let ones = self.digit(text[offset + 1]) else {
            return nil
        }
        return tens * 10 + ones
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= 0x30 && byte <= 0x39 ? Int(byte) - 0x30 : nil
    }

    private mutating func day(_ key: Int, _ text: UnsafeRawBufferPointer) -> Day? {
        if self.recent.key == key { return self.recent.day }
        let day: Day?
        if let known = self.days[key] {
            day = known
        } else {
            day = self.newDay(String(decoding: text[..<10], as: UTF8.self))
            self.days[key] = .some(day)
        }
        self.recent = (key, day)
        return day
    }

    /// Computes a day's offset: if every hour and the last second have the same offset, the day has it.
    private func newDay(_ date: String) -> Day? {
        guard let midnight = TimeText.parse(date + "Z", zone: TimeText.utc) else { return nil }
        let local = midnight.microseconds / 1_000_000
        let clocks = (0..<24).map { ($0 < 10 ? "0\($0)" : "\($0)") + ":00:00" } + ["23:59:59"]
        let offsets = Set(
            clocks.compactMap { clock -> Int64? in
                let text = "\(date) \(clock)"
                guard let there = TimeText.parse(text, zone: self.zone),
                    let here = TimeText.parse(text, zone: TimeText.utc)
                else { return nil }
                return (here.microseconds - there.microseconds) / 1_000_000
            }
        )
        return Day(local: local, offset: offsets.count == 1 ? offsets.first : nil)
    }
}
