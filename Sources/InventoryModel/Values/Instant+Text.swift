/// Instants as text, by RFC 3339: `2026-03-01T12:30:05.123456Z`.
extension Instant {
    /// The time in UTC, without a fraction of zero; it can be read back with ``init(rfc3339:)``.
    public var rfc3339: String {
        let microseconds = self.microseconds
        var seconds = microseconds / 1_000_000
        var fraction = microseconds % 1_000_000
        if fraction < 0 {
            fraction += 1_000_000
            seconds -= 1
        }
        var day = seconds / 86_400
        var time = seconds % 86_400
        if time < 0 {
            time += 86_400
            day -= 1
        }
        let (year, month, dayOfMonth) = Self.civil(day)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(Self.padded(year, 4))-\(two(month))-\(two(dayOfMonth))"
        let clock = "\(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))"
        let rest = fraction == 0 ? "" : "." + Self.padded(fraction, 6)
        return "\(date)T\(clock)\(rest)Z"
    }

    /// Reads a date and a time of day with an offset: `2026-03-01T12:30:05Z`, `2026-03-01T13:30:05.5+01:00`.
    ///
    /// The offset is required, since a local time without one has no meaning on another machine. `nil` if the
    /// text is anything else, or the date does not exist.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D,
            [0x54, 0x74, 0x20].contains(bytes[10]), bytes[13] == 0x3A, bytes[16] == 0x3A,
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second < 60,
            let (fraction, rest) = Self.fraction(bytes[19...]), let offset = Self.offset(rest)
        else { return nil }
        let date = Self.days(year, month: month, day: day)
        guard Self.civil(date) == (year, month, day) else { return nil }
        let seconds = date * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// Converts days since 1970-01-01 to a date of the proleptic Gregorian calendar.
    ///
    /// This and its inverse ``days(_:month:day:)`` follow Howard Hinnant's "chrono-compatible low-level
    /// date algorithms".
    package static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Returns the days from 1970-01-01 to a date.
    package static func days(_ year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func padded(_ value: Int64, _ count: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Returns the microseconds of an optional fraction of one to six digits, and the text after it.
    private static func fraction(
        _ bytes: ArraySlice<UInt8>
    ) -> (microseconds: Int64, rest: ArraySlice<UInt8>)? {
        guard bytes.first == 0x2E else { return (0, bytes) }
        let digits = bytes.dropFirst().prefix { (0x30...0x39).contains($0) }
        guard (1...6).contains(digits.count), var value = self.number(digits) else { return nil }
        for _ in digits.count..<6 { value *= 10 }
        return (value, bytes[digits.endIndex...])
    }

    /// Returns the seconds of `Z` or `±HH:MM`.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        if bytes == [0x5A] || bytes == [0x7A] { return 0 }
        guard bytes.count == 6, bytes[0] == 0x2B || bytes[0] == 0x2D, bytes[3] == 0x3A,
            let hours = self.number(bytes[1..<3]), let minutes = self.number(bytes[4..<6]),
            hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return bytes[0] == 0x2B ? seconds : -seconds
    }
}
