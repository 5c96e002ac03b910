public import Bytes

/// The bytes of one step, in the log and, filtered, in events.
///
///     u32 byte count of what follows · u64 LSN · i64 time · actor · varint number of changes
///     then for each change: u32 byte count · the change, its tag first
///
/// A text that a change shares with the one of its kind before it is there once, see ``EntryStrings``.
/// A reader that looks for some changes passes over the others by their counts.
public struct EntryWriter: Sendable {
    private var start = 0
    private var changeCountOffset = 0
    private var changeCount: UInt32 = 0
    private let lsn: LSN
    private let time: Instant
    private var texts = EntryStrings()

    /// Begins an entry at the writer's end.
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

    /// Begins an entry of the same step as another.
    package init(_ entry: EntryView, into writer: inout ByteWriter) {
        self.init(lsn: entry.lsn, time: entry.time, actor: entry.actor, into: &writer)
    }

    public mutating func append(_ change: Change, into writer: inout ByteWriter) {
        let start = self.beginChange(&writer)
        change.encode(into: &writer, lsn: self.lsn, time: self.time, &self.texts)
        self.finishChange(start, &writer)
    }

    public mutating func append(_ outcome: RememberedOutcome, into writer: inout ByteWriter) {
        let start = self.beginChange(&writer)
        outcome.encode(into: &writer)
        self.finishChange(start, &writer)
    }

    /// Leaves room for a change's byte count, and says where.
    private func beginChange(_ writer: inout ByteWriter) -> Int {
        let start = writer.count
        writer.write(0 as UInt32)
        return start
    }

    private mutating func finishChange(_ start: Int, _ writer: inout ByteWriter) {
        writer.overwrite(UInt32(writer.count - start - 4), at: start)
        self.changeCount += 1
    }

    /// Appends a change that is encoded already, at this entry's LSN and time, and behind all changes of
    /// its kind that it may share texts with.
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

/// One encoded entry, not yet taken apart.
///
/// Valid inside the closure that lent the bytes.
public struct EntryView {
    public let lsn: LSN
    public let time: Instant
    public let actor: String
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

    /// Hands over the bytes of each change, in order.
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

    /// Takes the whole entry apart.
    public func entry() throws(ByteReaderError) -> Entry {
        var entry = Entry(lsn: self.lsn, time: self.time, actor: self.actor, changes: [])
        var texts = EntryStrings()
        try self.forEachChange { (bytes) throws(ByteReaderError) in
            var reader = ByteReader(bytes)
            entry.changes.append(
                try Change(from: &reader, lsn: self.lsn, time: self.time, &texts)
            )
            try reader.finish()
        }
        return entry
    }
}

extension Entry {
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

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self = try EntryView(from: &reader).entry()
    }
}
