/// A log sequence number: the position of an atomic step in the write-ahead log.
///
/// It is also the version of the data after that step. The first step has ``first``; each later step has
/// the LSN before plus one. An LSN does not depend on bytes or files, so it stays valid across log
/// rotation, compression and replication.
public struct LSN: Hashable, Comparable, Sendable {
    /// The number of the step, from 1; 0 for ``zero``.
    public let value: UInt64

    /// Creates the LSN of the step number `value`.
    @inlinable public init(_ value: UInt64) { self.value = value }

    /// The LSN before the first step; no step has it.
    public static let zero = LSN(0)
    /// The LSN of the first step.
    public static let first = LSN(1)

    /// The LSN of the following step.
    @inlinable public var next: LSN { LSN(self.value + 1) }

    /// Returns whether the step `left` comes before the step `right`.
    @inlinable public static func < (left: LSN, right: LSN) -> Bool { left.value < right.value }
}

extension LSN: CustomStringConvertible {
    /// `LSN` and the number.
    public var description: String { "LSN \(self.value)" }
}
