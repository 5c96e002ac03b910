/// A format of dates and times in the letters of Unicode Technical Standard 35.
///
///     dd.MM.yyyy HH:mm     05.10.2026 14:30
///     M/d/yy h:mm a        10/5/26 2:30 PM
///
/// One letter stands for a number of one or two digits, two for exactly two; `yy` is 1970 to 2069. Quoted
/// letters and all other characters stand for themselves, and a blank for any blanks.
package struct DatePattern: Sendable {
    private enum Part: Sendable, Equatable {
        case year(Int)
        case month(Int)
        case monthName
        case day(Int)
        case hour24(Int)
        case hour12(Int)
        case minute(Int)
        case second(Int)
        case fraction
        case halfDay
        case offset
        case weekday
        case literal(UInt8)
    }

    /// A date and a time of day without an instant yet.
    struct Local: Equatable {
        var year: Int64 = 0
        var month: Int64 = 0
        var day: Int64 = 0
        var seconds: Int64 = 0
        var microseconds: Int64 = 0
        /// Seconds ahead of UTC; `nil` for the zone of the file.
        var offset: Int64?
    }

    private let parts: [Part]
    /// Whether it has a time of day.
    let hasTime: Bool

    private static let letters = "yMdHhmsSaXxZEc"

    /// Creates a pattern; `nil` if it has unknown letters, or not a year, a month and a day.
    package init?(_ text: String) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let letter = rest.first {
            if letter == "'" {
                rest.removeFirst()
                let quoted = rest.prefix { $0 != "'" }
                guard quoted.endIndex < rest.endIndex else { return nil }
                parts += (quoted.isEmpty ? "'" : quoted).utf8.map { .literal($0) }
                rest = rest[quoted.endIndex...].dropFirst()
                continue
            }
            guard letter.isASCII, letter.isLetter else {
                parts += String(letter).utf8.map { .literal($0) }
                rest.removeFirst()
                continue
            }
            let run = rest.prefix { $0 == letter }
            guard let part = Self.part(letter, run.count) else { return nil }
            parts.append(part)
            rest = rest[run.endIndex...]
        }
        self.parts = parts
        self.hasTime = parts.contains { if case .minute = $0 { true } else { false } }
        let isDate = [
            parts.contains { if case .year = $0 { true } else { false } },
            parts.contains { part in
                if case .month = part { return true }
                return part == .monthName
            },
            parts.contains { if case .day = $0 { true } else { false } },
        ]
        guard !isDate.contains(false) else { return nil }
    }

    private static func part(_ letter: Character, _ count: Int) -> Part? {
        switch (letter, count) {
        case ("y", 1), ("y", 2), ("y", 4): .year(count)
        case ("M", 1...2): .month(count)
        case ("M", 3...4): .monthName
        case ("d", 1...2): .day(count)
        case ("H", 1...2): .hour24(count)
        case ("h", 1...2): .hour12(count)
        case ("m", 1...2): .minute(count)
        case ("s", 1...2): .second(count)
        case ("S", 1...9): .fraction
        case ("a", 1): .halfDay
        case ("X", 1...3), ("x", 1...3), ("Z", 1...5): .offset
        case ("E", 1...4): .weekday
        default: nil
        }
    }

    // MARK: - Reading

    /// Reads a text; `nil` if it is not in this format or names no date.
    func local(_ text: UnsafeRawBufferPointer) -> Local? {
        var reading = Reading(cursor: Cursor(text))
        for part in self.parts {
            guard reading.takesDate(part) ?? reading.takesTime(part) else { return nil }
        }
        guard reading.cursor.isAtEnd else { return nil }
        return reading.result
    }

    /// The values that the parts read so far have.
    private struct Reading {
        var cursor: Cursor
        private var local = Local()
        private var hour: Int64 = 0
        private var isAfternoon = false

        init(cursor: Cursor) { self.cursor = cursor }

        var result: Local {
            var local = self.local
            let hour = self.hour + (self.isAfternoon && self.hour < 12 ? 12 : 0)
            local.seconds += hour * 3_600
            return local
        }

        /// Reads a part of a date.
        ///
        /// - Returns: Whether the text has it; `nil` for a part of another kind.
        mutating func takesDate(_ part: Part) -> Bool? {
            switch part {
            case .year(let count):
                let counts = count == 2 ? 2...2 : count == 4 ? 4...4 : 1...4
                guard let year = self.cursor.number(counts) else { return false }
                self.local.year = count == 2 ? year + (year < 70 ? 2_000 : 1_900) : year
            case .month(let count):
                guard let month = self.cursor.number(count...2) else { return false }
                self.local.month = month
            case .monthName:
                guard let month = self.cursor.month() else { return false }
                self.local.month = month
            case .day(let count):
                guard let day = self.cursor.number(count...2) else { return false }
                self.local.day = day
            case .weekday: self.cursor.skipLetters()
            case .literal(let byte): return self.cursor.takes(byte)
            default: return nil
            }
            return true
        }

        /// Reads a part of a time of day.
        ///
        /// - Returns: Whether the text has it.
        mutating func takesTime(_ part: Part) -> Bool {
            switch part {
            case .hour24(let count):
                guard let hour = self.cursor.number(count...2), hour < 24 else { return false }
                self.hour = hour
            case .hour12(let count):
                guard let hour = self.cursor.number(count...2), (1...12).contains(hour) else {
                    return false
                }
                self.hour = hour % 12
            case .minute(let count), .second(let count):
                guard let value = self.cursor.number(count...2), value < 60 else { return false }
                self.local.seconds += part == .minute(count) ? value * 60 : value
            case .fraction:
                guard let value = self.cursor.fraction() else { return false }
                self.local.microseconds = value
            case .halfDay:
                guard let isAfternoon = self.cursor.isAfternoon() else { return false }
                self.isAfternoon = isAfternoon
            case .offset:
                guard let offset = self.cursor.offsetFromUTC() else { return false }
                self.local.offset = offset
            default: return false
            }
            return true
        }
    }

    /// Reads the elements of a text.
    private struct Cursor {
        private let text: UnsafeRawBufferPointer
        private var offset = 0

        init(_ text: UnsafeRawBufferPointer) { self.text = text }

        var isAtEnd: Bool { self.offset == self.text.count }
        private var byte: UInt8? { self.isAtEnd ? nil : self.text[self.offset] }

        /// Takes a character; a blank takes all that follow, as does a no-break space.
        mutating func takes(_ wanted: UInt8) -> Bool {
            guard wanted == 0x20 else {
                guard self.byte == wanted else { return false }
                self.offset += 1
                return true
            }
            let start = self.offset
            while let byte, [0x20, 0x09, 0xC2, 0xA0, 0xE2, 0x80, 0xAF].contains(byte) {
                self.offset += 1
            }
            return self.offset > start
        }

        mutating func number(_ counts: ClosedRange<Int>) -> Int64? {
            let start = self.offset
            var value: Int64 = 0
            while let byte, byte >= 0x30, byte <= 0x39, self.offset - start < counts.upperBound {
                value = value * 10 + Int64(byte - 0x30)
                self.offset += 1
            }
            return self.offset - start >= counts.lowerBound ? value : nil
        }

        mutating func fraction() -> Int64? {
            let start = self.offset
            var value: Int64 = 0
            while let byte, byte >= 0x30, byte <= 0x39 {
                if self.offset - start < 6 { value = value * 10 + Int64(byte - 0x30) }
                self.offset += 1
            }
            guard self.offset > start, self.offset - start <= 9 else { return nil }
            for _ in min(6, self.offset - start)..<6 { value *= 10 }
            return value
        }

        private mutating func letters() -> String {
            let start = self.offset
            while let byte, byte | 0x20 >= 0x61, byte | 0x20 <= 0x7A { self.offset += 1 }
            return String(decoding: self.text[start..<self.offset], as: UTF8.self).lowercased()
        }

        mutating func skipLetters() { _ = self.letters() }

        private static let months = [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ]

        /// Takes the English name of a month, or its first three letters.
        mutating func month() -> Int64? {
            let name = self.letters()
            guard name.utf8.count >= 3 else { return nil }
            return Self.months.firstIndex { name.hasPrefix($0) }.map { Int64($0 + 1) }
        }

        mutating func isAfternoon() -> Bool? {
            switch self.letters() {
            case "am", "a": false
            case "pm", "p": true
            default: nil
            }
        }

        mutating func offsetFromUTC() -> Int64? {
            let rest = String(decoding: self.text[self.offset...], as: UTF8.self)
            self.offset = self.text.count
            return TimeText.offset(rest)
        }
    }
}
