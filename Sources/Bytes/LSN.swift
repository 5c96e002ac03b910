/// A log sequence number: the position of one atomic step in the write-ahead log, and so the
/// version of the data once that step is applied.
///
/// The first step is ``first``; each later one is exactly one more. An LSN says nothing about bytes
/// or files, so it outlives log rotation, compression and replication. The revision of a row is the
/// LSN of the step that changed it last.
@frozen
public struct LSN: Hashable, Comparable, Sendable {
    /// The number; 0 before the first step.
    public let value: UInt64

    /// Creates the LSN with the number `value`.
    @inlinable public init(_ value: UInt64) { self.value = value }

    /// Before the first step; no step has it.
    public static let zero = LSN(0)
    /// The LSN of the first step of a log.
    public static let first = LSN(1)
    /// After every step; no step has it.
    public static let max = LSN(.max)

    /// The LSN of the following step.
    @inlinable public var next: LSN { LSN(self.value + 1) }
    /// The LSN of the step before; this is not ``zero``.
    @inlinable public var previous: LSN { LSN(self.value - 1) }

    /// Orders steps as the log has them.
    @inlinable public static func < (left: LSN, right: LSN) -> Bool { left.value < right.value }

    /// The LSN that is `count` steps later.
    @inlinable public static func + (lsn: LSN, count: Int) -> LSN {
        LSN(lsn.value + UInt64(count))
    }

    /// The number of steps after `right`, up to `left`; `left` is not before `right`.
    @inlinable public static func - (left: LSN, right: LSN) -> UInt64 {
        left.value - right.value
    }

    /// Moves on by `count` steps.
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
