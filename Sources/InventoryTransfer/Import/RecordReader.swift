/// How the records of a file are found; a value that is `nil` is detected.
struct RecordLayout: Sendable {
    var delimiter: FieldDelimiter?
    /// Whether a record has the names of the columns; records before it are titles.
    ///
    /// Without such a record, the one that is most like it has them.
    var isHeader: @Sendable ([String]) -> Bool = { _ in true }
    /// How much a record looks like the header; the first of those most like it is the header if none is one.
    var likeness: @Sendable ([String]) -> Int = { _ in 0 }
    /// The row numbers of the records, if they do not follow from their order.
    var numbers: [Int]?
    /// Why rows cannot be read, by their number; known from elsewhere.
    var problems: [Int: String] = [:]
}

/// Reads the records of a file in UTF-8 one at a time, their fields by column: delimited, or JSON.
///
///     bytes   … "Apple, red",1.20,10 ⏎ …
///     fields        [a..<b]  [c..<d] [e..<f]      ranges of the bytes, or of the scratch buffer for
///                                                a field that had to be unescaped
///
/// Reading a record does not allocate if its fields need no unescaping. JSON is one object a line, or an
/// array of objects. Records without any value, and the header again, are passed over. A line that is no JSON
/// object is a problem of its row alone; elsewhere a malformed record ends the file, since nothing says where
/// the next one begins.
///
/// `@unchecked Sendable`: it owns the file of its bytes, which is immutable.
struct RecordReader: @unchecked Sendable {
    struct Field {
        var range: Range<Int>
        var isInScratch = false
    }

    private let file: FileBytes
    /// All bytes of the file in UTF-8; valid as long as the reader.
    let bytes: UnsafeRawBufferPointer
    var scratch: [UInt8] = []
    var offset = 0
    /// The end of the range in which records begin.
    var end: Int
    var fields: [Field] = []
    /// The columns of JSON objects in which a number may have an exponent.
    ///
    /// In a code, such as a barcode, it is damage that another program did, and is read as written.
    var exponentColumns: Set<Int> = []
    /// The row numbers of the records, if they do not follow from their order.
    private let numbers: [Int]?
    /// Why rows cannot be read, by their number.
    let problems: [Int: String]
    let form: Form
    let separator: UInt8
    /// Whether all bytes are UTF-8, so that no record has to be checked.
    let isUTF8: Bool
    /// The names of the columns.
    var header: [String] = []
    /// The records up to the header and with it; 0 for JSON.
    private var headerNumber = 0
    /// The bytes in the first column's name, and the first of them; no reference that threads count.
    private var firstName: (count: Int, byte: UInt8?) = (0, nil)
    /// The offset after the header.
    var start = 0
    /// The offset of the record read last.
    var recordStart = 0
    /// The offset after the record read last.
    private(set) var recordEnd = 0
    /// The records read so far, without the header and those before it.
    var recordCount = 0
    /// The empty lines between them.
    var blankCount = 0
    /// Whether the end of a JSON array was read.
    var isArrayRead = false
    /// The records that were passed over.
    private(set) var passedCount = 0
    /// Why the line read last is no record; `nil` if it is one.
    var lineProblem: String?
    /// The bytes read so far.
    var bytesRead: Int { self.offset }

    /// The form of the records.
    enum Form: Sendable {
        case delimited
        /// One JSON object a line.
        case lines
        /// A JSON array of objects.
        case array
    }

    /// The most records that are searched for the header.
    private static let headerSearchMax = 30

    /// Reads up to the header.
    ///
    /// - Parameters:
    ///   - file: The file's bytes in UTF-8; bytes that are none are a problem of their record.
    ///   - layout: How records are found.
    /// - Throws: ``Failure`` if the file is malformed.
    init(_ file: FileBytes, _ layout: RecordLayout = RecordLayout()) throws {
        self.file = file
        self.numbers = layout.numbers
        self.problems = layout.problems
        let bytes = file.bytes
        self.bytes = bytes
        self.end = bytes.count
        self.isUTF8 = UTF8Check(bytes).invalidCount == 0
        // A byte order mark is not part of the first name.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.offset = 3 }
        self.form = Self.form(bytes[self.offset...])
        let stated = self.form == .delimited ? Self.statedDelimiter(bytes[self.offset...]) : nil
        if let stated { self.offset = stated.end }
        let delimiter = layout.delimiter ?? stated?.delimiter
        self.separator = (delimiter ?? FieldDelimiter.detect(bytes[self.offset...])).byte
        if self.form == .delimited {
            try self.findHeader(layout)
        } else {
            self.header = try self.namesOfObjects()
        }
        self.start = self.offset
        if self.form == .delimited, let name = self.header.first?.utf8 {
            self.firstName = (name.count, name.first)
        }
    }

    /// The delimiter, for people; `nil` for JSON.
    var delimiterName: String? {
        self.form == .delimited ? FieldDelimiter(byte: self.separator).name : nil
    }

    var isJSON: Bool { self.form != .delimited }
    /// Whether the file can be read in parts that begin after line ends.
    var isSplittable: Bool { self.form != .array && self.problems.isEmpty }
    /// The number of records before the header.
    var titleCount: Int { max(0, self.headerNumber - 1) }

    private static func form(_ bytes: Slice<UnsafeRawBufferPointer>) -> Form {
        let rest = bytes.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        if rest.first == 0x7B { return .lines }
        guard rest.first == 0x5B else {
            return self.isFollowedByObjects(rest) ? .lines : .delimited
        }
        let next = rest.dropFirst().first { $0 > 0x20 }
        return next == 0x7B || next == 0x5D ? .array : .delimited
    }

    /// Whether the lines behind the first one are objects, so that it is a damaged one and no header.
    private static func isFollowedByObjects(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        var rest = bytes
        var count = 0
        while count <= Self.objectsSearched, let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end].drop { $0 <= 0x20 }
            rest = rest[(end + 1)...]
            if line.isEmpty { continue }
            let second = line.dropFirst().first { $0 > 0x20 }
            if count > 0, line.first != 0x7B || second != 0x22 { return false }
            count += 1
        }
        return count > 1
    }

    /// The lines behind the first one that are looked at.
    private static let objectsSearched = 3

    /// Returns the delimiter that a first line `sep=` states, as spreadsheets write it, and the line's end.
    private static func statedDelimiter(
        _ bytes: Slice<UnsafeRawBufferPointer>
    ) -> (delimiter: FieldDelimiter, end: Int)? {
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        let text = String(decoding: line.prefix(8), as: UTF8.self).filter { $0 != "\"" }
        guard text.lowercased().hasPrefix("sep="), line.count <= 7,
            let delimiter = FieldDelimiter(named: String(text.dropFirst(4)))
        else { return nil }
        let end = bytes[line.endIndex...].prefix { $0 == 0x0D }.endIndex
        return (delimiter, min(end + 1, bytes.endIndex))
    }

    /// Reads up to the header, which is the first of the records most like one if none is one.
    private mutating func findHeader(_ layout: RecordLayout) throws {
        let start = self.offset
        var best: (names: [String], end: Int, position: Int, likeness: Int)?
        for number in 1...Self.headerSearchMax {
            guard try self.nextDelimited() else { break }
            let names = self.fields.indices.map { self.text($0) }
            let position = number + self.blankCount
            guard layout.isHeader(names) else {
                let likeness = layout.likeness(names)
                if best.map({ likeness > $0.likeness }) ?? true {
                    best = (names, self.offset, position, likeness)
                }
                continue
            }
            (self.header, self.headerNumber) = (names, position)
            self.blankCount = 0
            return
        }
        self.offset = best?.end ?? start
        self.blankCount = 0
        if let best { (self.header, self.headerNumber) = (best.names, best.position) }
    }

    /// Returns a reader of the records that begin within `range`, whose start must be that of a record.
    ///
    /// Records are numbered as if the range were the whole file. The last may end behind the range.
    func reader(of range: Range<Int>) -> RecordReader {
        var reader = self
        reader.offset = range.lowerBound
        reader.end = range.upperBound
        reader.recordCount = 0
        reader.passedCount = 0
        reader.blankCount = 0
        reader.isArrayRead = false
        return reader
    }

    /// Returns a reader of all records.
    var fromStart: RecordReader { self.reader(of: self.start..<self.bytes.count) }

    /// The row number of the record read last; the first record of the file is row 1.
    var number: Int {
        self.numbers?[self.recordCount - 1] ?? self.positionCount + self.headerNumber
    }

    /// The records and the empty lines read so far, without the header and those before it.
    var positionCount: Int { self.recordCount + self.blankCount }

    /// Reads the next record.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``Failure`` if the file is malformed.
    mutating func next() throws -> Bool {
        while true {
            self.scratch.removeAll(keepingCapacity: true)
            let hasRecord = self.isJSON ? try self.nextObject() : try self.nextDelimited()
            guard hasRecord else { return false }
            self.recordCount += 1
            self.recordEnd = self.offset
            guard self.lineProblem == nil, self.isEmpty || self.isHeaderAgain else { return true }
            self.passedCount += 1
        }
    }

    /// Reads all records that are left in a copy, so that a malformed one is an error before any row is used.
    ///
    /// - Throws: ``Failure`` if the file is malformed.
    /// - Complexity: O(bytes); without a quote only a search for one.
    func checkRecords() throws {
        // A line of JSON ends with itself, whatever is in it.
        if self.form == .lines { return }
        guard self.isJSON || self.bytes[self.offset...].contains(0x22) else { return }
        var reader = self
        while try reader.next() {}
    }

    /// Records that the record read last is no row.
    mutating func pass() { self.passedCount += 1 }

    /// Whether the record read last has no value.
    @inline(__always)
    private var isEmpty: Bool {
        self.withBytes(0) { $0.isEmpty } && self.hasNoValue
    }

    private var hasNoValue: Bool {
        self.fields.indices.allSatisfy { self.withBytes($0) { $0.isEmpty } }
    }

    /// Whether the record read last is the header again, as where files were joined.
    private var isHeaderAgain: Bool {
        let (count, byte) = (self.firstName.count, self.firstName.byte)
        guard self.withBytes(0, { $0.count == count && $0.first == byte }), count > 0,
            self.fields.count == self.header.count
        else { return false }
        return self.fields.indices.allSatisfy { self.text($0) == self.header[$0] }
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
}
