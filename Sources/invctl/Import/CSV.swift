/// Comma-separated values as RFC 4180 has them: quotes around what has commas, quotes or line ends.
enum CSV {
    static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains {
            $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D
        }
        guard needsQuotes else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    /// Takes records out of bytes, one after another.
    ///
    /// A record may span lines.
    struct Reader {
        private let bytes: [UInt8]
        private var offset = 0
        /// The line on which the record handed out last began, from 1.
        private(set) var line = 0
        private var nextLine = 1

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            // A byte order mark is no part of the first name.
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.offset = 3 }
        }

        /// The next record's fields; nothing at the end.
        ///
        /// - Throws: If a quoted field never ends.
        mutating func next() throws -> [String]? {
            guard self.offset < self.bytes.count else { return nil }
            self.line = self.nextLine
            var fields: [String] = []
            while true {
                fields.append(try self.field())
                guard self.offset < self.bytes.count else { return fields }
                let separator = self.bytes[self.offset]
                self.offset += 1
                if separator == 0x2C { continue }
                if separator == 0x0D, self.offset < self.bytes.count,
                    self.bytes[self.offset] == 0x0A
                {
                    self.offset += 1
                }
                self.nextLine += 1
                return fields
            }
        }

        private mutating func field() throws -> String {
            guard self.offset < self.bytes.count, self.bytes[self.offset] == 0x22 else {
                let start = self.offset
                while self.offset < self.bytes.count {
                    let byte = self.bytes[self.offset]
                    if byte == 0x2C || byte == 0x0A || byte == 0x0D { break }
                    self.offset += 1
                }
                return String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
            }
            var text: [UInt8] = []
            self.offset += 1
            while self.offset < self.bytes.count {
                let byte = self.bytes[self.offset]
                self.offset += 1
                guard byte == 0x22 else {
                    if byte == 0x0A { self.nextLine += 1 }
                    text.append(byte)
                    continue
                }
                if self.offset < self.bytes.count, self.bytes[self.offset] == 0x22 {
                    text.append(0x22)
                    self.offset += 1
                    continue
                }
                return String(decoding: text, as: UTF8.self)
            }
            throw CSVError(line: self.line)
        }
    }

    struct CSVError: Error, CustomStringConvertible {
        let line: Int
        var description: String { "line \(self.line): a quoted field never ends" }
    }
}
