/// The byte between the fields of a record.
///
/// It is the one with which the most of the first records have equally many fields, at least two; of several,
/// the one with the most fields.
package struct FieldDelimiter: Hashable, Sendable {
    let byte: UInt8

    static let comma = FieldDelimiter(byte: 0x2C)
    private static let candidates: [FieldDelimiter] = [
        .comma, FieldDelimiter(byte: 0x3B), FieldDelimiter(byte: 0x09), FieldDelimiter(byte: 0x7C),
    ]
    /// The records and the bytes that are looked at.
    private static let recordsMax = 50
    private static let bytesMax = 1 << 16

    init(byte: UInt8) { self.byte = byte }

    /// Creates a delimiter from one ASCII character that is not a letter, a digit or a quote, or from `tab`.
    package init?(named name: String) {
        if name == "tab" || name == "\\t" || name == "\t" {
            self.byte = 0x09
            return
        }
        guard let byte = name.utf8.first, name.utf8.count == 1, (0x21...0x7E).contains(byte),
            byte != 0x22, !Character(name).isLetter, !Character(name).isNumber
        else { return nil }
        self.byte = byte
    }

    /// The delimiter, for people.
    var name: String { self.byte == 0x09 ? "tab" : String(UnicodeScalar(self.byte)) }

    /// The delimiter with its article, for a sentence.
    var nameInSentence: String {
        switch self.byte {
        case 0x09: "a tab"
        case 0x2C: "a comma"
        case 0x3B: "a semicolon"
        default: "a \"\(self.name)\""
        }
    }

    /// Returns the delimiter of the records in `bytes`; a comma if none separates anything.
    static func detect(_ bytes: Slice<UnsafeRawBufferPointer>) -> FieldDelimiter {
        var best = FieldDelimiter.comma
        var bestScore = (0, 0)
        for candidate in Self.candidates {
            let score = candidate.score(bytes.prefix(Self.bytesMax))
            if score > bestScore { (best, bestScore) = (candidate, score) }
        }
        return best
    }

    /// Returns how many records have the same number of fields, and that number.
    private func score(_ bytes: Slice<UnsafeRawBufferPointer>) -> (Int, Int) {
        var counts: [Int: Int] = [:]
        var (fields, records) = (1, 0)
        var isQuoted = false
        var before: UInt8 = 0x0A
        func endRecord() {
            if fields > 1 { counts[fields, default: 0] += 1 }
            (fields, records) = (1, records + 1)
        }
        for byte in bytes {
            defer { before = byte }
            if byte == 0x22 {
                // A quote within an unquoted field is a character of it.
                let opens =
                    before == self.byte || before == 0x0A || before == 0x0D || before == 0x22
                isQuoted = !isQuoted && opens
            }
            guard !isQuoted else { continue }
            if byte == self.byte { fields += 1 }
            if byte == 0x0A || byte == 0x0D { endRecord() }
            if records >= 2 * Self.recordsMax { break }
        }
        endRecord()
        let best = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }
        return best.map { ($0.value, $0.key) } ?? (0, 0)
    }
}
