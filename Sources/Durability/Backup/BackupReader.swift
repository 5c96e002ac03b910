public import Bytes

/// Reads a backup from its start to its end, and verifies every byte on the way.
///
/// Nothing but the order of the file is needed, so it can come from a pipe. A file that was cut off, or has a
/// damaged, missing, repeated or foreign block, is an error that names the byte.
public struct BackupReader {
    /// Fills a buffer with the next bytes; fewer only at the end.
    public typealias Read = (UnsafeMutableRawBufferPointer) throws(DurabilityError) -> Int

    /// Consecutive entries of the log.
    public struct Entries {
        /// The LSN of the first entry.
        public var first: LSN
        /// The number of entries.
        public var count: Int
        /// The encoded entries.
        public var body: [UInt8]
    }

    /// The head of the file.
    public let head: BackupHead
    /// The name of the file, for messages.
    public let path: String
    private let read: Read
    private static let chunkByteCount = 1 << 20
    private var offset: UInt64
    private var number: UInt64 = 0
    private var previousHash: UInt64
    /// A block that was read and not returned yet, with its stored bytes and its offset.
    private var pending: (block: BackupBlock, stored: [UInt8], offset: UInt64)?
    /// The next step of the log.
    private var nextLSN: LSN
    private var lastSegment: (part: UInt32, segment: UInt32)?

    /// Reads the head.
    ///
    /// - Throws: ``DurabilityError`` if it is not the head of a backup that this version reads.
    public init(path: String, read: @escaping Read) throws(DurabilityError) {
        self.path = path
        self.read = read
        let bytes = try Self.bytes(BackupHead.byteCount, read)
        self.head = try BackupHead(bytes, path: path)
        self.previousHash = BackupBlock.hash(bytes)
        self.offset = UInt64(bytes.count)
        self.nextLSN = self.head.image.next
    }

    /// One segment of the image, as stored.
    struct Segment {
        var block: BackupBlock
        var stored: [UInt8]
    }

    /// Returns the next segment of the image; `nil` after the last.
    mutating func nextSegment() throws(DurabilityError) -> Segment? {
        let found = try self.peek()
        guard found.block.kind == .segment else { return nil }
        let place = (found.block.partOrCount, found.block.segment)
        let isNext =
            switch self.lastSegment {
            case nil: place.1 == 0
            case let last?:
                last.part == place.0
                    ? place.1 == last.segment + 1 : place.0 > last.part && place.1 == 0
            }
        guard isNext, self.nextLSN == self.head.image.next, self.head.image > .zero else {
            throw self.corrupt(found.offset, "part \(place.0), segment \(place.1) is out of order")
        }
        guard found.block.body(found.stored) != nil else { throw self.corruptBody(found.offset) }
        self.lastSegment = place
        self.pending = nil
        return Segment(block: found.block, stored: found.stored)
    }

    /// Returns the next entries; `nil` after the last.
    ///
    /// The image must have been read before.
    ///
    /// - Throws: ``DurabilityError`` if a block is damaged or out of order, or the file cannot be read.
    public mutating func nextEntries() throws(DurabilityError) -> Entries? {
        let found = try self.peek()
        guard found.block.kind != .segment else {
            throw self.corrupt(found.offset, "a segment of the image after its end")
        }
        guard found.block.kind == .entries else { return nil }
        let count = Int(found.block.partOrCount)
        guard found.block.firstLSN == self.nextLSN, count > 0,
            UInt64(count) <= self.head.last.next - self.nextLSN
        else {
            let lsn = found.block.firstLSN
            throw self.corrupt(found.offset, "\(count) entries from LSN \(lsn) are out of order")
        }
        guard let body = found.block.body(found.stored) else {
            throw self.corruptBody(found.offset)
        }
        self.pending = nil
        self.nextLSN += count
        return Entries(first: found.block.firstLSN, count: count, body: body)
    }

    /// Returns the end; the file has no byte after it.
    ///
    /// All entries must have been read before.
    ///
    /// - Throws: ``DurabilityError`` if steps are missing, or the file does not end there.
    public mutating func end() throws(DurabilityError) -> BackupEnd {
        let found = try self.peek()
        guard self.nextLSN == self.head.last.next else {
            throw self.corrupt(
                found.offset,
                "LSN \(self.nextLSN) to LSN \(self.head.last) are missing"
            )
        }
        guard found.block.kind == .end, let body = found.block.body(found.stored),
            let end = body.withUnsafeBytes({ bytes -> BackupEnd? in
                var reader = ByteReader(bytes)
                return try? BackupEnd(from: &reader)
            }), end.precedingByteCount == found.offset
        else { throw self.corruptBody(found.offset) }
        guard try Self.bytes(1, self.read).isEmpty else {
            throw self.corrupt(self.offset, "the file continues after its end")
        }
        return end
    }

    /// The error of bytes that match their checksum and cannot be decoded.
    public func unreadable(_ lsn: LSN, _ reason: String) -> DurabilityError {
        .unreadable(path: self.path, lsn: lsn, reason: reason)
    }

    /// Reads the next block, unless one is pending.
    private mutating func peek() throws(DurabilityError) -> (
        block: BackupBlock, stored: [UInt8], offset: UInt64
    ) {
        if let pending { return pending }
        let start = self.offset
        let head = try self.take(BackupBlock.byteCount)
        guard let block = BackupBlock(head) else {
            throw self.corrupt(start, "the checksum of a block's head differs")
        }
        guard block.number == self.number, block.previousHash == self.previousHash else {
            throw self.corrupt(start, "block \(block.number) does not follow block \(self.number)")
        }
        let stored = try self.take(block.storedByteCount)
        self.number += 1
        self.previousHash = BackupBlock.hash(head)
        self.pending = (block, stored, start)
        return (block, stored, start)
    }

    private mutating func take(_ count: Int) throws(DurabilityError) -> [UInt8] {
        let bytes = try Self.bytes(count, self.read)
        self.offset += UInt64(bytes.count)
        guard bytes.count == count else {
            throw .cutOffBackup(path: self.path, byteCount: self.offset)
        }
        return bytes
    }

    /// Reads `count` bytes, fewer only at the end of the file; memory grows with what the file has.
    private static func bytes(_ count: Int, _ read: Read) throws(DurabilityError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = min(count - bytes.count, Self.chunkByteCount)
            let part = try Self.chunk(wanted, read)
            bytes += part
            if part.count < wanted { break }
        }
        return bytes
    }

    private static func chunk(_ count: Int, _ read: Read) throws(DurabilityError) -> [UInt8] {
        var failure: DurabilityError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(DurabilityError) {
                filled = try read(UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func corrupt(_ offset: UInt64, _ reason: String) -> DurabilityError {
        .corruptBackup(path: self.path, offset: offset, reason: reason)
    }

    private func corruptBody(_ offset: UInt64) -> DurabilityError {
        self.corrupt(offset, "the checksum of a block differs")
    }
}
