/// Reads the records of a file one at a time, their fields by column; detects CSV, TSV and NDJSON.
///
///     bytes   … "Apple, red",1.20,10 ⏎ …
///     fields        [a..<b]  [c..<d] [e..<f]      ranges of the bytes, or of the scratch buffer for
///                                                a field that had to be unescaped
///
/// Reading a record does not allocate if its fields need no unescaping.
///
/// `@unchecked Sendable`: it owns the file of its bytes, which is immutable.
struct RecordReader: @unchecked Sendable {
    private struct Field {
        var range: Range<Int>
        var isInScratch = false
    }

    private let file: FileBytes
    private let bytes: UnsafeRawBufferPointer
    private var scratch: [UInt8] = []
    private var offset = 0
    /// The end of the range in which records begin.
    private var end: Int
    private var fields: [Field] = []
    private let isJSON: Bool
    private let separator: UInt8
    /// The names of the columns.
    private(set) var header: [String] = []
    /// The records read so far, without the header.
    private(set) var recordCount = 0
    /// The bytes read so far.
    var bytesRead: Int { self.offset }

    init(_ file: FileBytes) throws {
        self.file = file
        let bytes = file.bytes
        self.bytes = bytes
        self.end = bytes.count
        // A byte order mark is not part of the first name.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.offset = 3 }
        let first = bytes[self.offset...].first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D }
        self.isJSON = first == 0x7B
        let line = bytes[self.offset...].prefix { $0 != 0x0A }
        self.separator = !line.contains(0x2C) && line.contains(0x09) ? 0x09 : 0x2C
        if self.isJSON {
            self.header = try self.namesOfObjects()
        } else if try self.nextDelimited() {
            self.header = self.fields.indices.map { self.text($0) }
        }
    }

    /// Returns a reader of the records that begin within `range`, whose start must be that of a record.
    ///
    /// Records are numbered as if the range were the whole file. The last may end behind the range.
    func reader(of range: Range<Int>) -> RecordReader {
        var reader = self
        reader.offset = range.lowerBound
        reader.end = range.upperBound
        reader.recordCount = 0
        return reader
    }

    /// The row number of the record read last; a header is row 1.
    var number: Int { self.recordCount + (self.isJSON ? 0 : 1) }

    /// Reads the next record.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``Failure`` if the file is malformed.
    mutating func next() throws -> Bool {
        self.scratch.removeAll(keepingCapacity: true)
        let hasRecord = self.isJSON ? try self.nextObject() : try self.nextDelimited()
        if hasRecord { self.recordCount += 1 }
        return hasRecord
    }

    // MARK: - Fields

    /// Calls `body` with a field's bytes without white space at its ends; none if the column is missing.
    @inline(__always)
    func withBytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        guard column < self.fields.count else {
            return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        let field = self.fields[column]
        if field.isInScratch {
            return self.scratch.withUnsafeBytes { body(Self.trimmed($0, field.range)) }
        }
        return body(Self.trimmed(self.bytes, field.range))
    }

    @inline(__always)
    private static func trimmed(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) -> UnsafeRawBufferPointer {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start] <= 0x20 { start += 1 }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// As ``withBytes(_:_:)``, in valid UTF-8: invalid bytes are replaced as ``text(_:)`` replaces them.
    func withUTF8<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let value = self.withBytes(column) { bytes -> Value? in
            var all: UInt8 = 0
            for byte in bytes { all |= byte }
            return all < 0x80 ? body(bytes) : nil
        }
        if let value { return value }
        var text = self.text(column)
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    /// Returns a field as a string without white space at its ends; invalid UTF-8 is replaced by U+FFFD.
    func text(_ column: Int) -> String {
        self.withBytes(column) { String(decoding: $0, as: UTF8.self) }.trimmingSpace
    }

    /// Returns a number of at most `decimals` decimals in smallest units; `nil` if the field is not one.
    func number(_ column: Int, decimals: UInt8) -> Int64? {
        self.withBytes(column) { DecimalText.parse($0, decimals: decimals) }
    }

    // MARK: - CSV

    private mutating func nextDelimited() throws -> Bool {
        self.fields.removeAll(keepingCapacity: true)
        // Empty lines are skipped.
        while self.offset < self.bytes.count,
            self.bytes[self.offset] == 0x0A || self.bytes[self.offset] == 0x0D
        {
            self.offset += 1
        }
        guard self.offset < self.end else { return false }
        while true {
            guard self.offset < self.bytes.count, self.bytes[self.offset] == 0x22 else {
                if self.readPlainFields() { return true }
                continue
            }
            try self.quoted()
            guard self.offset < self.bytes.count else { return true }
            let byte = self.bytes[self.offset]
            self.offset += 1
            if byte == self.separator { continue }
            guard byte == 0x0A || byte == 0x0D else {
                throw Self.malformed(
                    "unexpected data after a closing quote; double the quotes inside a quoted field",
                    line: self.line(at: self.offset - 1)
                )
            }
            if byte == 0x0D, self.offset < self.bytes.count, self.bytes[self.offset] == 0x0A {
                self.offset += 1
            }
            return true
        }
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

    private func line(at offset: Int) -> Int { self.bytes[..<offset].count { $0 == 0x0A } + 1 }

    private static func malformed(_ problem: String, line: Int) -> Failure {
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

    // MARK: - NDJSON

    private mutating func nextLine() -> ArraySlice<UInt8>? {
        while self.offset < self.end {
            let line = self.bytes[self.offset...].prefix { $0 != 0x0A }
            self.offset = line.endIndex + 1
            if line.contains(where: { $0 > 0x20 }) { return ArraySlice(line) }
        }
        return nil
    }

    /// Returns every member name in the file, since objects may have different members.
    private mutating func namesOfObjects() throws -> [String] {
        var names: [String] = []
        var known: Set<String> = []
        var number = 0
        let start = self.offset
        while let line = self.nextLine() {
            number += 1
            for member in try Self.members(line, number) where known.insert(member.name).inserted {
                names.append(member.name)
            }
        }
        self.offset = start
        return names
    }

    private static func members(
        _ line: ArraySlice<UInt8>,
        _ number: Int
    ) throws(Failure)
        -> [(name: String, value: JSONValue)]
    {
        do throws(JSONError) {
            guard case .object(let members) = try JSONParser.value(of: line) else {
                throw JSONError(byte: 1, problem: "not an object")
            }
            return members
        } catch {
            throw Failure("malformed_file", "line \(number), \(error)", exit: Exit.failed)
        }
    }

    private mutating func nextObject() throws -> Bool {
        guard let line = self.nextLine() else { return false }
        let members = try Self.members(line, self.recordCount + 1)
        self.fields = self.header.map { name in
            let start = self.scratch.count
            let value = members.last { $0.name == name }?.value
            self.scratch.append(contentsOf: (value?.written ?? "").utf8)
            return Field(range: start..<self.scratch.count, isInScratch: true)
        }
        return true
    }
}

extension DecimalText {
    /// As ``parse(_:decimals:)``, of bytes: a sign, digits, at most one point.
    static func parse(_ bytes: UnsafeRawBufferPointer, decimals: UInt8) -> Int64? {
        var value: Int64 = 0
        var fraction = -1
        var digitCount = 0
        let isNegative = bytes.first == 0x2D
        for byte in bytes[(isNegative || bytes.first == 0x2B ? 1 : 0)...] {
            if byte == 0x2E, fraction < 0 {
                fraction = 0
                continue
            }
            guard (0x30...0x39).contains(byte) else { return nil }
            if fraction >= Int(decimals) {
                // Further decimals must be zeros.
                guard byte == 0x30 else { return nil }
                continue
            }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = shifted.addingReportingOverflow(Int64(byte - 0x30))
            if overflow || overflow2 { return nil }
            value = sum
            digitCount += 1
            if fraction >= 0 { fraction += 1 }
        }
        guard digitCount > 0 else { return nil }
        for _ in max(0, fraction)..<max(Int(decimals), max(0, fraction)) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = shifted
        }
        return isNegative ? -value : value
    }
}
