/// The fields of values that are encoded with a presence mask, by their bits.
///
/// A fast path lists the fields that it accepts; values with any other take the slow path. The numbers of
/// bits never change their meaning.
extension Movement {
    @usableFromInline
    package enum Mask {
        @inlinable package static var onHandDelta: UInt64 { 1 << 0 }
        @inlinable package static var unavailableDelta: UInt64 { 1 << 1 }
        @inlinable package static var reservedDelta: UInt64 { 1 << 2 }
        @inlinable package static var incomingDelta: UInt64 { 1 << 3 }
        @inlinable package static var amount: UInt64 { 1 << 4 }
        @inlinable package static var price: UInt64 { 1 << 5 }
        /// The basis of the price, if it is not 1.
        @inlinable package static var priceBasis: UInt64 { 1 << 6 }
        @inlinable package static var cost: UInt64 { 1 << 7 }
        @inlinable package static var reason: UInt64 { 1 << 8 }
        @inlinable package static var reference: UInt64 { 1 << 9 }
        @inlinable package static var note: UInt64 { 1 << 10 }
        @inlinable package static var origin: UInt64 { 1 << 11 }
        @inlinable package static var occurredAt: UInt64 { 1 << 12 }
        @inlinable package static var isImported: UInt64 { 1 << 13 }
        /// The reference equals that of the previous movement in its entry.
        @inlinable package static var sharedReference: UInt64 { 1 << 14 }
        /// The note equals that of the previous movement in its entry.
        @inlinable package static var sharedNote: UInt64 { 1 << 15 }
        @inlinable package static var all: UInt64 { 1 << 16 - 1 }
    }
}

extension Level {
    @usableFromInline
    package enum Mask {
        @inlinable package static var onHand: UInt64 { 1 << 0 }
        @inlinable package static var unavailable: UInt64 { 1 << 1 }
        @inlinable package static var reserved: UInt64 { 1 << 2 }
        @inlinable package static var incoming: UInt64 { 1 << 3 }
        @inlinable package static var floor: UInt64 { 1 << 4 }
        @inlinable package static var value: UInt64 { 1 << 5 }
        @inlinable package static var alerts: UInt64 { 1 << 6 }
        /// The revision, if it is not the LSN of the step.
        @inlinable package static var revision: UInt64 { 1 << 7 }
        @inlinable package static var all: UInt64 { 1 << 8 - 1 }
    }
}

extension SaleLine {
    @usableFromInline
    package enum Mask {
        @inlinable package static var price: UInt64 { 1 << 0 }
        @inlinable package static var ifRevision: UInt64 { 1 << 1 }
        @inlinable package static var all: UInt64 { 1 << 2 - 1 }
    }
}
