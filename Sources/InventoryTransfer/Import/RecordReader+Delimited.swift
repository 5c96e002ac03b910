/// Records whose fields are delimited.
extension RecordReader {
    mutating func nextDelimited() throws -> Bool {
        self.fields.removeAll(keepingCapacity: true)
        // Empty lines are skipped, and counted as rows are.
        while self.offset < self.bytes.count,
            self.bytes[self.offset] == 0x0A || self.bytes[self.offset] == 0x0D
        {
            let isEnd = self.bytes[self.offset] == 0x0A || !self.isFollowedByLineFeed
            if isEnd, self.offset < self.end { self.blankCount += 1 }
            self.offset += 1
        }
        guard self.offset < self.end else { return false }
        self.recordStart = self.offset
        while true {
            guard self.offset < self.bytes.count, self.bytes[self.offset] == 0x22 else {
                if self.readPlainFields() { return true }
                continue
            }
            let opened = self.offset
            try self.quoted()
            guard self.offset < self.bytes.count else { return true }
            let byte = self.bytes[self.offset]
            self.offset += 1
            if byte == self.separator { continue }
            guard byte == 0x0A || byte == 0x0D else {
                throw self.dataAfterQuote(opened: opened)
            }
            if byte == 0x0D, self.offset < self.bytes.count, self.bytes[self.offset] == 0x0A {
                self.offset += 1
            }
            return true
        }
    }

    private var isFollowedByLineFeed: Bool {
        self.offset + 1 < self.bytes.count && self.bytes[self.offset + 1] == 0x0A
    }

    /// Reads unquoted fields up to the end of the record or to a field that begins with a quote.
    ///
    /// - Returns: Whether the record ended.
    private mutating func readPlainFields() -> Bool {
        let separator = self.separator
        var fields: [Field] = []
        swap(&fields, &self.fields)
        var start = self.offset
        let bytes = self.bytes
        let isWhole = {
            var end = start
            while end < bytes.count {
                let byte = bytes[end]
                guard byte == separator || byte == 0x0A || byte == 0x0D else {
                    end += 1
                    continue
                }
                fields.append(Field(range: start..<end))
                end += 1
                start = end
                if byte == separator {
                    if end < bytes.count, bytes[end] == 0x22 { return false }
                    continue
                }
                if byte == 0x0D, end < bytes.count, bytes[end] == 0x0A { start += 1 }
                return true
            }
            fields.append(Field(range: start..<end))
            start = end
            return true
        }()
        self.offset = start
        swap(&fields, &self.fields)
        return isWhole
    }

    func line(at offset: Int) -> Int { self.bytes[..<offset].count { $0 == 0x0A } + 1 }

    /// The failure of data behind a quoted field, which is often one whose closing quote is missing.
    private func dataAfterQuote(opened: Int) -> Failure {
        let (first, last) = (self.line(at: opened), self.line(at: self.offset - 1))
        let place = first == last ? "" : " of the field that began in line \(first)"
        return Self.malformed(
            "unexpected data after the closing quote\(place); double the quotes inside a quoted field",
            line: last
        )
    }

    static func malformed(_ problem: String, line: Int) -> Failure {
        Failure("malformed_file", "line \(line): \(problem)", exit: Exit.failed)
    }

    private mutating func quoted() throws {
        let opened = self.offset
        self.offset += 1
        let start = self.offset
        // Fast path: most quoted fields have no quote inside and need no unescaping.
        var closed = start
        while closed < self.bytes.count, self.bytes[closed] != 0x22 { closed += 1 }
        self.offset = closed
        let isWhole =
            self.offset + 1 >= self.bytes.count || self.bytes[self.offset + 1] != 0x22
        if self.offset < self.bytes.count, isWhole {
            self.fields.append(Field(range: start..<self.offset))
            self.offset += 1
            return
        }
        self.offset = start
        try self.quotedField(opened)
    }

    private mutating func quotedField(_ opened: Int) throws {
        let start = self.scratch.count
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            self.offset += 1
            guard byte == 0x22 else {
                self.scratch.append(byte)
                continue
            }
            if self.offset < self.bytes.count, self.bytes[self.offset] == 0x22 {
                self.scratch.append(0x22)
                self.offset += 1
                continue
            }
            self.fields.append(Field(range: start..<self.scratch.count, isInScratch: true))
            return
        }
        throw Self.malformed("an unterminated quoted field", line: self.line(at: opened))
    }
}
