public import Bytes

/// Writes the encoding of one step, for the log and, filtered, for events.
///
///     u32 byte count of what follows · u64 LSN · i64 time · actor · varint number of changes
///     then for each change: u32 byte count · the change, its tag first
///
/// A text that a change shares with the previous one of its kind is written once, see ``EntryStrings``.
/// A reader that needs only some changes skips the others by their byte counts.
public struct EntryWriter: Sendable {
    private var start = 0
    private var changeCountOffset = 0
    private var changeCount: UInt32 = 0
    private let lsn: LSN
    private let time: Instant
    private var strings = EntryStrings()

    /// Starts an entry at the writer's end.
    public init(lsn: LSN, time: Instant, actor: String, into writer: inout ByteWriter) {
        self.lsn = lsn
        self.time = time
        self.start = writer.count
        writer.append(atMost: 20) { cursor in
            cursor.write(0 as UInt32)
            cursor.write(lsn)
            cursor.write(time.microseconds)
        }
        writer.writeText(actor)
        self.changeCountOffset = writer.count
        writer.write(0 as UInt32)
    }

    /// Starts an entry of the same step as another.
    package init(_ entry: EntryView, into writer: inout ByteWriter) {
        self.init(lsn: entry.lsn, time: entry.time, actor: entry.actor, into: &writer)
    }

    /// Appends a change.
    public mutating func append(_ change: Change, into writer: inout ByteWriter) {
        let start = self.beginChange(&writer)
        change.encode(into: &writer, lsn: self.lsn, time: self.time, &self.strings)
        self.finishChange(start, &writer)
    }

    /// Appends ``Change/moved(_:_:)`` of these without creating it.
    public mutating func append(
        _ movement: borrowing Movement,
        leaving level: borrowing Level,
        into writer: inout ByteWriter
    ) {
        let start = self.beginChange(&writer)
        Change.encodeMoved(
            movement,
            leaving: level,
            into: &writer,
            lsn: self.lsn,
            time: self.time,
            &self.strings
        )
        self.finishChange(start, &writer)
    }

    /// Appends the change that remembers an outcome.
    public mutating func append(_ outcome: RememberedOutcome, into writer: inout ByteWriter) {
        let start = self.beginChange(&writer)
        outcome.encode(into: &writer)
        self.finishChange(start, &writer)
    }

    /// Reserves space for a change's byte count; returns its offset.
    private func beginChange(_ writer: inout ByteWriter) -> Int {
        let start = writer.count
        writer.write(0 as UInt32)
        return start
    }

    private mutating func finishChange(_ start: Int, _ writer: inout ByteWriter) {
        writer.overwrite(UInt32(writer.count - start - 4), at: start)
        self.changeCount += 1
    }

    /// Appends an encoded change of the same LSN and time.
    ///
    /// It must follow all changes of its kind that it may share strings with.
    public mutating func append(
        encoded change: UnsafeRawBufferPointer,
        into writer: inout ByteWriter
    ) {
        writer.write(UInt32(change.count))
        writer.write(bytes: change)
        self.changeCount += 1
    }

    /// Completes the entry's counts.
    public func finish(into writer: inout ByteWriter) {
        writer.overwrite(self.changeCount, at: self.changeCountOffset)
        writer.overwrite(UInt32(writer.count - self.start - 4), at: self.start)
    }
}

/// An encoded entry whose changes are not decoded.
///
/// Valid inside the closure that lent the bytes.
public struct EntryView {
    /// The step's LSN.
    public let lsn: LSN
    /// When the step was recorded.
    public let time: Instant
    /// The principal that requested it; empty for a system step.
    public let actor: String
    /// The number of changes.
    public let changeCount: Int
    @usableFromInline package let changes: ByteReader

    /// Reads the entry at the reader's position and moves past it.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let byteCount = Int(try reader.readUInt32())
        var entry = ByteReader(try reader.readBytes(byteCount))
        self.lsn = try entry.readLSN()
        self.time = try entry.readInstant()
        self.actor = try entry.readText()
        self.changeCount = Int(try entry.readUInt32())
        self.changes = entry
    }

    /// Returns how many entries at the start of a block of the log are included, and their bytes.
    ///
    /// - Parameters:
    ///   - block: Encoded entries.
    ///   - isIncluded: Whether the entry with that LSN and time is; the first that is not ends the search.
    /// - Returns: The number of entries and of bytes.
    /// - Throws: `ByteReaderError` if the bytes are not entries.
    /// - Complexity: O(entries)
    public static func prefix(
        of block: UnsafeRawBufferPointer,
        while isIncluded: (LSN, Instant) -> Bool
    ) throws(ByteReaderError) -> (count: Int, byteCount: Int) {
        var reader = ByteReader(block)
        var count = 0
        while reader.remaining > 0 {
            let start = reader.offset
            var entry = ByteReader(try reader.readBytes(Int(try reader.readUInt32())))
            guard isIncluded(try entry.readLSN(), try entry.readInstant()) else {
                return (count, start)
            }
            count += 1
        }
        return (count, block.count)
    }

    /// Calls `body` with the bytes of each change, in order.
    @inlinable
    public func forEachChange(
        _ body: (UnsafeRawBufferPointer) throws(ByteReaderError) -> Void
    ) throws(ByteReaderError) {
        var changes = self.changes
        for _ in 0..<self.changeCount {
            let byteCount = Int(try changes.readUInt32())
            try body(try changes.readBytes(byteCount))
        }
        try changes.finish()
    }

    /// Decodes the entry.
    public func entry() throws(ByteReaderError) -> Entry {
        var entry = Entry(lsn: self.lsn, time: self.time, actor: self.actor, changes: [])
        var strings = EntryStrings()
        try self.forEachChange { (bytes) throws(ByteReaderError) in
            var reader = ByteReader(bytes)
            entry.changes.append(
                try Change(from: &reader, lsn: self.lsn, time: self.time, &strings)
            )
            try reader.finish()
        }
        return entry
    }
}

extension Entry {
    /// Writes the entry.
    public func encode(into writer: inout ByteWriter) {
        var entry = EntryWriter(
            lsn: self.lsn,
            time: self.time,
            actor: self.actor,
            into: &writer
        )
        for change in self.changes { entry.append(change, into: &writer) }
        entry.finish(into: &writer)
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self = try EntryView(from: &reader).entry()
    }
}
