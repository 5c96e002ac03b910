internal import Bytes

/// The head of one block of a backup; the stored bytes follow it without a gap.
///
///     offset  size  field
///          0     4  magic          "IVBU"
///          4     1  kind           1 segment of the image, 2 entries of the log, 3 end
///          5     1  encoding       0 raw, 1 shuffled, then LZ4, 2 LZ4
///          6     1  stride         of the byte shuffle of a segment, else 1
///          7     1  zero
///          8     4  stored count   bytes as stored
///         12     4  raw count      bytes before compression
///         16     4  part, count    of a segment its part, of entries their number, else 0
///         20     4  segment        of that part, else 0
///         24     8  first LSN      of the entries, else 0
///         32     8  number         0, 1, 2 … in the file
///         40     8  previous hash  of the head of the block before, or of the file
///         48     4  body checksum  CRC-32C of the stored bytes
///         52     8  zero
///         60     4  head checksum  CRC-32C of bytes 0 ..< 60
struct BackupBlock: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        case segment = 1
        case entries = 2
        case end = 3
    }

    enum Encoding: UInt8, Sendable {
        case raw = 0
        case shuffledLZ4 = 1
        case lz4 = 2
    }

    static let magic: UInt32 = 0x5542_5649
    static let byteCount = 64
    private static let checkedByteCount = 60
    /// The maximum byte count of a block, stored or raw: that of a block of the log.
    static let bodyByteCountMax = LogBlock.bodyByteCountMax
    /// The most bytes that one byte of LZ4 stands for.
    private static let lz4RatioMax = 256

    var kind: Kind
    var encoding = Encoding.raw
    var stride = 1
    var storedByteCount = 0
    var rawByteCount = 0
    /// The part of a segment, or the number of entries.
    var partOrCount: UInt32 = 0
    var segment: UInt32 = 0
    var firstLSN = LSN.zero
    var number: UInt64 = 0
    var previousHash: UInt64 = 0
    var bodyChecksum: UInt32 = 0

    func encode(into writer: inout ByteWriter) {
        let start = writer.count
        writer.write(Self.magic)
        writer.write(self.kind.rawValue)
        writer.write(self.encoding.rawValue)
        writer.write(UInt8(self.stride))
        writer.write(0 as UInt8)
        writer.write(UInt32(self.storedByteCount))
        writer.write(UInt32(self.rawByteCount))
        writer.write(self.partOrCount)
        writer.write(self.segment)
        writer.write(self.firstLSN)
        writer.write(self.number)
        writer.write(self.previousHash)
        writer.write(self.bodyChecksum)
        writer.writeZeros(8)
        writer.write(
            writer.withBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        )
    }

    init(_ kind: Kind) { self.kind = kind }

    /// Decodes a head, or returns `nil` if its checksum does not match or a field has no meaning.
    init?(_ bytes: [UInt8]) {
        let block = bytes.withUnsafeBytes { bytes -> BackupBlock? in
            let checked = UnsafeRawBufferPointer(rebasing: bytes[0..<Self.checkedByteCount])
            let stored = bytes.loadUnaligned(
                fromByteOffset: Self.checkedByteCount,
                as: UInt32.self
            )
            guard UInt32(littleEndian: stored) == CRC32C.checksum(checked) else { return nil }
            var reader = ByteReader(checked)
            return try? Self.read(&reader)
        }
        guard let block else { return nil }
        self = block
    }

    private static func read(_ reader: inout ByteReader) throws(ByteReaderError) -> BackupBlock? {
        guard try reader.readUInt32() == self.magic,
            let kind = Kind(rawValue: try reader.readUInt8()),
            let encoding = Encoding(rawValue: try reader.readUInt8())
        else { return nil }
        var block = BackupBlock(kind)
        block.encoding = encoding
        block.stride = Int(try reader.readUInt8())
        _ = try reader.readUInt8()
        block.storedByteCount = Int(try reader.readUInt32())
        block.rawByteCount = Int(try reader.readUInt32())
        block.partOrCount = try reader.readUInt32()
        block.segment = try reader.readUInt32()
        block.firstLSN = try reader.readLSN()
        block.number = try reader.readUInt64()
        block.previousHash = try reader.readUInt64()
        block.bodyChecksum = try reader.readUInt32()
        guard block.storedByteCount <= self.bodyByteCountMax,
            block.rawByteCount <= self.bodyByteCountMax, [1, 2, 4, 8].contains(block.stride),
            block.rawByteCount <= block.storedByteCount * self.lz4RatioMax
        else { return nil }
        return block
    }

    static func hash(_ head: [UInt8]) -> UInt64 { head.withUnsafeBytes { Hash64.hash($0) } }

    /// Verifies the body and decompresses it if necessary; `nil` if it does not match the head.
    func body(_ stored: [UInt8]) -> [UInt8]? {
        stored.withUnsafeBytes { stored in
            guard stored.count == self.storedByteCount,
                CRC32C.checksum(stored) == self.bodyChecksum
            else { return nil }
            return switch self.encoding {
            case .raw: stored.count == self.rawByteCount ? [UInt8](stored) : nil
            case .lz4: LZ4Block.decompress(stored, byteCount: self.rawByteCount)
            case .shuffledLZ4:
                SegmentCodec.decode(
                    stored,
                    .shuffledLZ4,
                    stride: self.stride,
                    byteCount: self.rawByteCount
                )
            }
        }
    }
}

/// Writes the blocks of a backup: numbers them, and links each to the one before.
struct BackupBlockWriter {
    private var number: UInt64 = 0
    private var previousHash: UInt64
    /// The bytes of the file so far.
    private(set) var byteCount: UInt64

    init(after head: [UInt8]) {
        self.previousHash = BackupBlock.hash(head)
        self.byteCount = UInt64(head.count)
    }

    /// Returns the bytes of the next block, whose body is stored as given.
    mutating func write(_ block: BackupBlock, _ stored: UnsafeRawBufferPointer) -> [UInt8] {
        var block = block
        precondition(
            stored.count <= BackupBlock.bodyByteCountMax,
            "a block of \(stored.count) bytes"
        )
        block.storedByteCount = stored.count
        block.number = self.number
        block.previousHash = self.previousHash
        block.bodyChecksum = CRC32C.checksum(stored)
        var writer = ByteWriter(capacity: BackupBlock.byteCount + stored.count)
        block.encode(into: &writer)
        self.previousHash = BackupBlock.hash(writer.array())
        writer.write(bytes: stored)
        self.number += 1
        self.byteCount += UInt64(writer.count)
        return writer.array()
    }

    /// Returns the bytes of the next block of entries, compressed if that is smaller.
    mutating func write(entries body: [UInt8], first: LSN, count: Int) -> [UInt8] {
        var block = BackupBlock(.entries)
        block.firstLSN = first
        block.partOrCount = UInt32(count)
        block.rawByteCount = body.count
        return body.withUnsafeBytes { body in
            let target = UnsafeMutableRawBufferPointer.allocate(
                byteCount: LZ4Block.bound(body.count),
                alignment: 16
            )
            defer { target.deallocate() }
            let byteCount = LZ4Block.compress(body, into: target)
            guard byteCount > 0, byteCount < body.count else { return self.write(block, body) }
            block.encoding = .lz4
            return self.write(
                block,
                UnsafeRawBufferPointer(rebasing: target[0..<byteCount])
            )
        }
    }
}
