public import Bytes

/// A sequence of strings: for each row the position of its bytes in an arena.
///
/// Overwriting a string appends the new one; the old bytes stay for the views that may see them. A string
/// has at most ``byteCountMax`` bytes; an empty one uses none.
public struct TextColumn: Sendable {
    /// The maximum byte count of one string: 16 KiB.
    public static let byteCountMax = 1 << 14

    /// Position in the arena in the upper 48 bits, byte count in the lower 16.
    @usableFromInline var references = Column<UInt64>()
    private var arena = TextArena()

    /// Creates an empty column.
    public init() {}

    /// The number of rows.
    public var count: Int { self.references.count }

    /// Appends a string as the next row; stops the process if it has more than ``byteCountMax`` bytes.
    public mutating func append(_ text: String) { self.references.append(self.store(text)) }

    /// Appends a string by its bytes, which the caller has validated as UTF-8.
    public mutating func append(utf8: UnsafeRawBufferPointer) {
        self.references.append(self.store(utf8))
    }

    /// The string at `row`, from 0.
    public subscript(row: Int) -> String {
        get { self.withUTF8(row) { String(decoding: $0, as: UTF8.self) } }
        set { self.references[row] = self.store(newValue) }
    }

    /// Calls `body` with the string's UTF-8 bytes, which are valid only inside it.
    public func withUTF8<Result>(
        _ row: Int,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let reference = self.references[row]
        let count = Int(reference & 0xFFFF)
        guard count > 0 else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return self.arena.withBytes(at: reference >> 16, count: count, body)
    }

    /// Writes the string at `row` as `ByteWriter/writeText(_:)` does.
    public func encode(_ row: Int, into cursor: inout ByteCursor) {
        let reference = self.references[row]
        let count = Int(reference & 0xFFFF)
        cursor.writeVarint(UInt64(count))
        if count == 0 { return }
        self.arena.withBytes(at: reference >> 16, count: count) { cursor.write(bytes: $0) }
    }

    /// Returns the number of UTF-8 bytes of the string at `row`.
    @inlinable @inline(__always)
    public func byteCount(_ row: Int) -> Int { Int(self.references[row] & 0xFFFF) }

    /// Returns whether the string at `row` has no bytes.
    @inlinable @inline(__always)
    public func isEmpty(_ row: Int) -> Bool { self.references[row] & 0xFFFF == 0 }

    private mutating func store(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { self.store(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    private mutating func store(_ utf8: UnsafeRawBufferPointer) -> UInt64 {
        precondition(utf8.count <= Self.byteCountMax, "a text of \(utf8.count) bytes")
        guard !utf8.isEmpty else { return 0 }
        return self.arena.append(utf8) << 16 | UInt64(utf8.count)
    }

    /// Passes the references to `visitor` as part `number`, and the arena as `number` + 1.
    public mutating func visitParts<Visitor: ImageVisitor>(
        _ number: UInt32,
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        // The arena goes first: the references can be checked against it when they are read back.
        try visitor.visit(number + 1, &self.arena)
        var references = TextReferences(column: self.references, arena: self.arena)
        self.references = Column()
        defer { self.references = references.column }
        try visitor.visit(number, &references)
    }

    /// Checks that every reference lies in the arena and is UTF-8; called after reading a snapshot.
    ///
    /// - Returns: The first invalid row, or `nil`.
    public func firstInvalidRow() -> Int? {
        for row in 0..<self.count {
            let reference = self.references[row]
            let count = Int(reference & 0xFFFF)
            guard count > 0 else { continue }
            guard self.arena.contains(position: reference >> 16, count: count) else { return row }
            let isText = self.withUTF8(row) { String(validating: $0, as: UTF8.self) != nil }
            if !isText { return row }
        }
        return nil
    }
}

/// The references of a string column as an image part; its checksum covers the strings, not their positions.
private struct TextReferences: ColumnImaging {
    var column: Column<UInt64>
    let arena: TextArena

    var imageRowCount: Int? { self.column.imageRowCount }
    var imageSegmentCount: Int { self.column.imageSegmentCount }
    func imageSegmentStride(_ segment: Int) -> Int { self.column.imageSegmentStride(segment) }
    func imageSegmentEpoch(_ segment: Int) -> UInt64 { self.column.imageSegmentEpoch(segment) }

    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        self.column.writeImageSegment(segment, into: &writer)
    }

    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        try self.column.appendImageSegment(&reader)
    }

    func checksum(ofPart part: UInt32) -> UInt64 {
        var sum = StateChecksum.count(self.column.count, ofPart: part)
        for row in 0..<self.column.count {
            let reference = self.column[row]
            let count = Int(reference & 0xFFFF)
            if count == 0 { continue }
            let hash = self.arena.withBytes(at: reference >> 16, count: count) { Hash64.hash($0) }
            sum &+= StateChecksum.cell(ofPart: part, row: row, value: hash)
        }
        return sum
    }

    mutating func beginEpoch(_ epoch: UInt64) { self.column.beginEpoch(epoch) }
}
