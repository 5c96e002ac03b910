import Foundation
internal import InventoryModel

/// A parser for the times of a file: millions of times on a few hundred days.
///
/// The start and the UTC offset of a day are computed once, by ``TimeText/parse(_:zone:)``, and cached; the
/// fast path then parses only the time of day.
///
///     2010-12-01 08:26:00        fast path: a cached day, and 8:26
///     05.10.2026 14:30           with a pattern: the same
///     2011-03-27 01:30           slow path: a day on which the clocks change
///     2011-03-27T01:30:00Z       slow path: any other format
struct FileTimes {
    /// How the times of a file are written.
    struct Format: Sendable {
        /// The zone of times without an offset.
        var zone: TimeZone
        /// The format of times; `nil` for ISO 8601.
        var pattern: DatePattern?
    }

    private struct Day {
        /// Seconds from 1970 to the day's midnight, in local time.
        var local: Int64
        /// Seconds that local time is ahead of UTC; `nil` if that changes within the day.
        var offset: Int64?
    }

    private let format: Format
    /// Cached days by year, month and day in decimal digits; `nil` for an invalid date.
    private var days: [Int: Day?] = [:]
    private var recent = (key: -1, day: Day?.none)
    /// Whether a change of clocks skips or repeats the time that was read last.
    private(set) var change: ClockChange?

    init(zone: TimeZone) { self.init(Format(zone: zone)) }

    init(_ format: Format) { self.format = format }

    /// Returns the instant of a time in UTF-8; `nil` if it is not a time.
    mutating func instant(_ text: UnsafeRawBufferPointer) -> Instant? {
        self.change = nil
        if let pattern = self.format.pattern {
            return pattern.local(text).flatMap { self.instant($0, hasTime: pattern.hasTime) }
        }
        guard let key = Self.dayKey(text), let seconds = Self.timeOfDay(text),
            let day = self.day(key), let offset = day.offset
        else {
            return self.parse(String(decoding: text, as: UTF8.self))
        }
        return Instant(microseconds: (day.local - offset + seconds) * 1_000_000)
    }

    /// Returns the instant of a date and a time of day in columns of their own.
    ///
    /// Without a time of day the date is all there is.
    mutating func instant(_ date: String, time: String) -> Instant? {
        self.change = nil
        guard !time.isEmpty else { return self.instant(of: date) }
        let both = "\(date) \(time)"
        guard let pattern = self.format.pattern else {
            // A date column may have a time of zero, too.
            let day = String(date.prefix { $0 != " " && $0 != "T" })
            guard let clock = Clock(time) else { return nil }
            return self.parse("\(day) \(clock.text)")
        }
        if pattern.hasTime { return self.instant(of: both) }
        var date = date
        guard let clock = Clock(time),
            var local = date.withUTF8({ pattern.local(UnsafeRawBufferPointer($0)) })
        else { return nil }
        local.seconds = clock.seconds
        return self.instant(local, hasTime: true)
    }

    private mutating func parse(_ text: String) -> Instant? {
        TimeText.parse(text, zone: self.format.zone, noting: &self.change)
    }

    private mutating func instant(of text: String) -> Instant? {
        var text = text
        return text.withUTF8 { self.instant(UnsafeRawBufferPointer($0)) }
    }

    // MARK: - Times in a pattern

    private mutating func instant(_ local: DatePattern.Local, hasTime: Bool) -> Instant? {
        let key = Int(local.year * 10_000 + local.month * 100 + local.day)
        guard (1...12).contains(local.month), (1...31).contains(local.day),
            let day = self.day(key)
        else { return nil }
        guard let offset = local.offset ?? (hasTime ? day.offset : nil) else {
            let clock = hasTime ? " " + Clock(seconds: local.seconds).text : ""
            let parsed = self.parse(Self.date(key) + clock)
            return parsed.map { Instant(microseconds: $0.microseconds + local.microseconds) }
        }
        let seconds = day.local - offset + local.seconds
        return Instant(microseconds: seconds * 1_000_000 + local.microseconds)
    }

    /// Returns `YYYY-MM-DD` of a day's key.
    private static func date(_ key: Int) -> String {
        func padded(_ value: Int, _ count: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
        }
        return "\(padded(key / 10_000, 4))-\(padded(key / 100 % 100, 2))-\(padded(key % 100, 2))"
    }

    // MARK: - ISO 8601

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

    // MARK: - Days

    private mutating func day(_ key: Int) -> Day? {
        if self.recent.key == key { return self.recent.day }
        let day: Day?
        if let known = self.days[key] {
            day = known
        } else {
            day = self.newDay(key)
            self.days[key] = .some(day)
        }
        self.recent = (key, day)
        return day
    }

    /// Computes a day's offset: if every hour and the last second have the same offset, the day has it.
    private func newDay(_ key: Int) -> Day? {
        let (year, month, day) = (Int64(key / 10_000), Int64(key / 100 % 100), Int64(key % 100))
        guard (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day) else {
            return nil
        }
        let number = Instant.days(year, month: month, day: day)
        guard Instant.civil(number) == (year, month, day) else { return nil }
        let local = number * 86_400
        let offset = TimeText.offset(local, self.format.zone)
        let seconds = (1..<24).map { Int64($0) * 3_600 } + [86_399]
        let isConstant = seconds.allSatisfy {
            TimeText.offset(local + $0, self.format.zone) == offset
        }
        // A day that the clocks skip as a whole has one offset, too.
        let isThere = ClockChange(of: local + 43_200, in: self.format.zone) == nil
        return Day(local: local, offset: isConstant && isThere ? offset : nil)
    }
}

/// A time of day in a column of its own: `14:30`, `14:30:05`, `2:30 PM`.
private struct Clock {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(_ text: String) {
        var digits = text.lowercased().filter { !$0.isWhitespace }
        var isAfternoon: Bool?
        for (suffix, value) in [("am", false), ("pm", true)] where digits.hasSuffix(suffix) {
            digits.removeLast(2)
            isAfternoon = value
        }
        let whole = digits.split(separator: ".", maxSplits: 1).first ?? ""
        let parts = whole.split(separator: ":", omittingEmptySubsequences: false).map {
            Int64(digits: $0)
        }
        guard (2...3).contains(parts.count), var hour = parts[0], let minute = parts[1],
            let second = parts.count == 3 ? parts[2] : 0, minute < 60, second < 60
        else { return nil }
        if let isAfternoon {
            guard (1...12).contains(hour) else { return nil }
            hour = hour % 12 + (isAfternoon ? 12 : 0)
        }
        guard hour < 24 else { return nil }
        self.seconds = hour * 3_600 + minute * 60 + second
    }

    var text: String {
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return
            "\(two(self.seconds / 3_600)):\(two(self.seconds / 60 % 60)):\(two(self.seconds % 60))"
    }
}
