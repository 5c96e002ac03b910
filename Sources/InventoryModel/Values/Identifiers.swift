public import Bytes

/// Ids are dense, monotone and never reused, and each is the row of its table: finding an entity by
/// its id is an array access. Row 0 of every table is reserved, so 0 never names anything and can
/// stand for "none" where a column holds optional ids.

/// Names a product for ever.
public struct ProductID: Hashable, Comparable, Sendable {
    public let value: UInt32
    @inlinable public init(_ value: UInt32) { self.value = value }
    @inlinable public var row: Int { Int(self.value) }
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Names a category for ever.
public struct CategoryID: Hashable, Comparable, Sendable {
    public let value: UInt32
    @inlinable public init(_ value: UInt32) { self.value = value }
    @inlinable public var row: Int { Int(self.value) }
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Names a location for ever.
public struct LocationID: Hashable, Comparable, Sendable {
    public let value: UInt16
    @inlinable public init(_ value: UInt16) { self.value = value }
    @inlinable public var row: Int { Int(self.value) }
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// The location that exists from the start and is meant wherever none is named.
    public static let main = LocationID(1)
}

/// Names a reservation for ever.
public struct ReservationID: Hashable, Comparable, Sendable {
    public let value: UInt32
    @inlinable public init(_ value: UInt32) { self.value = value }
    @inlinable public var row: Int { Int(self.value) }
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Names a transfer for ever.
public struct TransferID: Hashable, Comparable, Sendable {
    public let value: UInt32
    @inlinable public init(_ value: UInt32) { self.value = value }
    @inlinable public var row: Int { Int(self.value) }
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Names a client's session: 16 bytes that the client drew at random and keeps.
public struct SessionID: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// One movement of the ledger as people name it: the step that made it and its line in that step.
public struct MovementID: Hashable, Sendable {
    public let lsn: LSN
    public let line: UInt16

    public init(lsn: LSN, line: UInt16) {
        self.lsn = lsn
        self.line = line
    }
}
