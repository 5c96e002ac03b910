internal import Bytes
internal import InventoryModel

/// The entries of one group commit: what the log writes and what subscribers receive.
final class FeedBlock: Sendable {
    let first: LSN
    let count: Int
    let bytes: [UInt8]

    var last: LSN { self.first + (self.count - 1) }

    init(first: LSN, count: Int, bytes: [UInt8]) {
        self.first = first
        self.count = count
        self.bytes = bytes
    }
}

/// A block with an index of its entries, so that one in the middle of a large block is found quickly.
struct IndexedBlock: Sendable {
    /// Bytes of a block between two marks.
    private static let markByteCount = 16 << 10

    private struct Mark {
        var lsn: LSN
        var offset: Int
    }

    let block: FeedBlock
    /// An entry for about every ``markByteCount`` bytes, starting with the first.
    private let marks: [Mark]

    var first: LSN { self.block.first }
    var last: LSN { self.block.last }
    var byteCount: Int { self.block.bytes.count }

    /// - Complexity: O(entries); reads only their lengths
    init(_ block: FeedBlock) {
        self.block = block
        var marks: [Mark] = []
        block.bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset + 12 <= bytes.count {
                if offset >= marks.count * Self.markByteCount {
                    marks.append(Mark(lsn: Self.lsn(bytes, offset), offset: offset))
                }
                offset += Self.byteCount(bytes, offset)
            }
        }
        self.marks = marks
    }

    private static func byteCount(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        let length = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return 4 + Int(UInt32(littleEndian: length))
    }

    private static func lsn(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> LSN {
        let number = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt64.self)
        return LSN(UInt64(littleEndian: number))
    }

    /// Calls `visit` with each entry after `lsn` and up to `limit`, in order, and its bytes, until it returns
    /// `false`.
    func forEachEntry(
        after lsn: LSN,
        through limit: LSN,
        _ visit: (EntryView, UnsafeRawBufferPointer) -> Bool
    ) {
        self.block.bytes.withUnsafeBytes { bytes in
            var offset = self.offset(before: lsn)
            while offset + 12 <= bytes.count {
                let end = offset + Self.byteCount(bytes, offset)
                let found = Self.lsn(bytes, offset)
                if found > limit { return }
                if found > lsn {
                    let entry = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
                    var reader = ByteReader(entry)
                    do throws(ByteReaderError) {
                        if !visit(try EntryView(from: &reader), entry) { return }
                    } catch {
                        preconditionFailure(
                            "LSN \(found) of our own block cannot be decoded: \(error)"
                        )
                    }
                }
                offset = end
            }
        }
    }

    /// The offset of the last marked entry at or before `lsn`.
    private func offset(before lsn: LSN) -> Int {
        var low = 0
        var high = self.marks.count
        while low < high {
            let middle = (low + high) / 2
            if self.marks[middle].lsn <= lsn { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : self.marks[low - 1].offset
    }
}
