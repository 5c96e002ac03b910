internal import Bytes
internal import InventoryModel

/// A subscriber's replica of the levels and their checksum, to verify it against the server's.
struct BenchCopy {
    private var levels: [UInt64: Level] = [:]
    private var checksum = LevelDigest()

    /// The checksum of the levels in the replica.
    var value: UInt64 { self.checksum.value }

    mutating func removeAll() { self = BenchCopy() }

    private mutating func apply(_ change: Change) {
        let level: Level
        switch change {
        case .moved(_, let moved): level = moved
        case .level(let row): level = row
        default: return
        }
        let key = UInt64(level.product.value) << 32 | UInt64(level.location.value)
        self.checksum.replace(self.levels.updateValue(level, forKey: key), with: level)
    }

    /// Applies one entry, whose bytes begin with their count.
    ///
    /// - Throws: An error if the bytes cannot be decoded.
    mutating func apply(entry bytes: UnsafeRawBufferPointer) throws {
        var reader = ByteReader(bytes)
        let entry = try EntryView(from: &reader).entry()
        for change in entry.changes { self.apply(change) }
    }

    /// Applies the rows of a snapshot.
    ///
    /// - Throws: An error if the bytes cannot be decoded.
    mutating func apply(snapshotRows bytes: UnsafeRawBufferPointer) throws {
        var reader = ByteReader(bytes)
        for _ in 0..<(try reader.readUInt32()) {
            var row = ByteReader(try reader.readBytes(Int(try reader.readUInt32())))
            self.apply(try Change(from: &row, lsn: 0, time: .zero))
        }
    }
}
