/// A log sequence number: the position of one atomic step in the write-ahead log, and so the
/// version of the data once that step is applied.
///
/// The first step is ``first``; each later one is exactly one more. An LSN says nothing about bytes
/// or files, so it outlives log rotation, compression and replication.
public struct LSN: Hashable, Comparable, Sendable {
    public let value: UInt64

    @inlinable public init(_ value: UInt64) { self.value = value }

    /// Before anything was logged; no step carries it.
    public static let zero = LSN(0)
    public static let first = LSN(1)

    @inlinable public var next: LSN { LSN(self.value + 1) }

    @inlinable public static func < (left: LSN, right: LSN) -> Bool { left.value < right.value }
}

extension LSN: CustomStringConvertible {
    public var description: String { "LSN \(self.value)" }
}
