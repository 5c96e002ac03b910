public import Bytes

// Ids are dense, monotone and never reused, and each is the row of its table: finding an entity by
// its id is an array access. Row 0 of every table is reserved, so 0 is never a valid id and means
// "none" in a column of optional ids.

/// Identifies a product permanently; ids start at 1 and are never reused.
public struct ProductID: Hashable, Comparable, Sendable {
    /// The id's number; 0 is none.
    public let value: UInt32
    /// Creates an id; the entity need not exist.
    @inlinable public init(_ value: UInt32) { self.value = value }
    /// The product's row in its table, equal to ``value``.
    @inlinable public var row: Int { Int(self.value) }
    /// Orders ids by number, which is the order of creation.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Identifies a category permanently; ids start at 1 and are never reused.
public struct CategoryID: Hashable, Comparable, Sendable {
    /// The id's number; 0 is none.
    public let value: UInt32
    /// Creates an id; the entity need not exist.
    @inlinable public init(_ value: UInt32) { self.value = value }
    /// The category's row in its table, equal to ``value``.
    @inlinable public var row: Int { Int(self.value) }
    /// Orders ids by number, which is the order of creation.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Identifies a location permanently; ids start at 1 and are never reused.
public struct LocationID: Hashable, Comparable, Sendable {
    /// The id's number; 0 is none.
    public let value: UInt16
    /// Creates an id; the entity need not exist.
    @inlinable public init(_ value: UInt16) { self.value = value }
    /// The location's row in its table, equal to ``value``.
    @inlinable public var row: Int { Int(self.value) }
    /// Orders ids by number, which is the order of creation.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// The location that always exists and is the default wherever none is given.
    public static let main = LocationID(1)
}

/// Identifies a reservation permanently; ids start at 1 and are never reused.
public struct ReservationID: Hashable, Comparable, Sendable {
    /// The id's number; 0 is none.
    public let value: UInt32
    /// Creates an id; the entity need not exist.
    @inlinable public init(_ value: UInt32) { self.value = value }
    /// The reservation's row in its table, equal to ``value``.
    @inlinable public var row: Int { Int(self.value) }
    /// Orders ids by number, which is the order of creation.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Identifies a transfer permanently; ids start at 1 and are never reused.
public struct TransferID: Hashable, Comparable, Sendable {
    /// The id's number; 0 is none.
    public let value: UInt32
    /// Creates an id; the entity need not exist.
    @inlinable public init(_ value: UInt32) { self.value = value }
    /// The transfer's row in its table, equal to ``value``.
    @inlinable public var row: Int { Int(self.value) }
    /// Orders ids by number, which is the order of creation.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Identifies a client's session: 16 bytes that the client generates at random and reuses.
public struct SessionID: Hashable, Sendable {
    /// The first 8 bytes.
    public let high: UInt64
    /// The last 8 bytes.
    public let low: UInt64

    /// Creates an id from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// Identifies a movement of the ledger: the LSN of its step and its line in that step.
public struct MovementID: Hashable, Sendable {
    /// The LSN of the step that made the movement; 0 for none.
    public let lsn: LSN
    /// The movement's position in the step, from 0.
    public let line: UInt16

    /// Creates an id; the movement need not exist.
    public init(lsn: LSN, line: UInt16) {
        self.lsn = lsn
        self.line = line
    }
}
