/// A log sequence number: the position of an atomic step in the write-ahead log.
///
/// It is also the version of the data after that step. The first step has ``first``; each later step has
/// the LSN before plus one. An LSN does not depend on bytes or files, so it stays valid across log
/// rotation, compression and replication.
@frozen
public struct LSN: Hashable, Comparable, Sendable {
    /// The number of the step, from 1; 0 for ``zero``.
    public let value: UInt64

    /// Creates the LSN of the step number `value`.
    @inlinable public init(_ value: UInt64) { self.value = value }

    /// The LSN before the first step; no step has it.
    public static let zero = LSN(0)
    /// The LSN of the first step.
    public static let first = LSN(1)
    /// The LSN after every step; no step has it.
    public static let max = LSN(.max)

    /// The LSN of the following step.
    @inlinable public var next: LSN { LSN(self.value + 1) }
    /// The LSN of the preceding step; not available for ``zero``.
    @inlinable public var previous: LSN { LSN(self.value - 1) }

    /// Returns whether the step `left` comes before the step `right`.
    @inlinable public static func < (left: LSN, right: LSN) -> Bool { left.value < right.value }

    /// Returns the LSN that is `count` steps later.
    @inlinable public static func + (lsn: LSN, count: Int) -> LSN {
        LSN(lsn.value + UInt64(count))
    }

    /// Returns the number of steps after `right` up to `left`, which must not precede `right`.
    @inlinable public static func - (left: LSN, right: LSN) -> UInt64 {
        left.value - right.value
    }

    /// Advances by `count` steps.
    @inlinable public static func += (lsn: inout LSN, count: Int) { lsn = lsn + count }
}

extension LSN: ExpressibleByIntegerLiteral {
    /// Creates the LSN that a literal names: `let start: LSN = 1`.
    @inlinable public init(integerLiteral value: UInt64) { self.value = value }
}

extension LSN: CustomStringConvertible {
    /// The number, in decimal.
    public var description: String { String(self.value) }
}

extension ByteWriter {
    /// Writes the number of `lsn` as a varint.
    @inlinable public mutating func writeVarint(_ lsn: LSN) { self.writeVarint(lsn.value) }
}

extension ByteCursor {
    /// Writes the number of `lsn`; at most ``VarintCoding/byteCountMax`` bytes.
    @inlinable @inline(__always)
    public mutating func writeVarint(_ lsn: LSN) { self.writeVarint(lsn.value) }
}

extension ByteReader {
    /// Returns the LSN whose number follows as a varint.
    ///
    /// - Throws: The errors of ``ByteReader/readVarint()``.
    @inlinable @inline(__always)
    public mutating func readVarintLSN() throws(ByteReaderError) -> LSN {
        LSN(try self.readVarint())
    }
}
