import Foundation
import Glibc
internal import InventoryModel

/// The times of a file, millions of them and most of the same few hundred days.
///
/// What a day begins at and how far its clocks are from UTC is worked out once, by
/// ``TimeText/parse(_:zone:)``; the time of day is then read digit by digit.
///
///     2010-12-01 08:26:00        a day that is known, and 8:26 of it
///     2011-03-27 01:30           a day on which the clocks change: the long way
///     2011-03-27T01:30:00Z       and anything else too
struct FileTimes {
    private struct Day {
        /// Seconds from 1970 to its midnight, as its clocks say it.
        var local: Int64
        /// How far they are ahead of UTC; nothing if that changes within the day.
        var offset: Int64?
    }

    private let zone: TimeZone
    /// By year, month and day in decimal digits; nothing for what is no day.
    private var days: [Int: Day?] = [:]
    private var recent = (key: -1, day: Day?.none)

    init(zone: TimeZone) { self.zone = zone }

    /// - Returns: Nothing if it is no time.
    mutating func instant(_ text: UnsafeRawBufferPointer) -> Instant? {
        guard let key = Self.dayKey(text), let seconds = Self.timeOfDay(text),
            let day = self.day(key, text), let offset = day.offset
        else {
            return TimeText.parse(String(decoding: text, as: UTF8.self), zone: self.zone)
        }
        return Instant(microseconds: (day.local - offset + seconds) * 1_000_000)
    }

    /// `YYYY-MM-DD` at the beginning, as one number.
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

    /// ` HH:MM` or `THH:MM`, with or without `:SS`, behind the day.
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

    /// Looks at each hour of a day: where all are as far from UTC, so is what lies between.
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
