internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// A row of the ledger before it is in the columns.
///
///     Movement ──▶ LedgerRow ──▶ MovementLedger                                  one movement
///                      └──▶ GatheredMovements, GatheredReceipts ──settle──▶      many, column by column
///
/// It has no strings, but their codes, so that copying it is a copy of bytes.
struct LedgerRow {
    var lsn: LSN
    var recordedAt: Instant
    var occurredAt: Instant
    var onHandDelta: Quantity
    var unavailableDelta: Quantity = 0
    var reservedDelta: Quantity = 0
    var incomingDelta: Quantity = 0
    var amount: Money = 0
    var price = Price(0)
    var cost: Money = 0
    /// The row of the movement that it refers to; `nil` for none.
    var origin: Int?
    /// See ``MovementLedger/backorderRows``.
    var backordered: Quantity = 0
    var product: ProductID
    var strings: MovementLedger.StringCodes
    var location: LocationID
    var line: UInt16
    var kind: MovementKind
    var reason: Reason?
    var isImported: Bool

    /// The row of a movement: `line` of the step `lsn`.
    @inline(__always)
    init(
        _ movement: borrowing Movement,
        lsn: LSN,
        line: UInt16 = 0,
        recordedAt: Instant,
        origin: Int? = nil,
        strings: MovementLedger.StringCodes,
        backordered: Quantity = 0
    ) {
        self.lsn = lsn
        self.recordedAt = recordedAt
        self.occurredAt = movement.occurredAt
        self.onHandDelta = movement.onHandDelta
        self.unavailableDelta = movement.unavailableDelta
        self.reservedDelta = movement.reservedDelta
        self.incomingDelta = movement.incomingDelta
        self.amount = movement.amount
        self.price = movement.price
        self.cost = movement.cost
        self.origin = origin
        self.backordered = backordered
        self.product = movement.product
        self.strings = strings
        self.location = movement.location
        self.line = line
        self.kind = movement.kind
        self.reason = movement.reason
        self.isImported = movement.isImported
    }
}

/// A column of the ledger that every row has a value in; raw values are the part numbers of snapshots.
enum LedgerPart: UInt32, CaseIterable {
    case lsn = 500
    case line, recordedAt, occurredAt, kind, product, location
    case onHandDelta, unavailableDelta, reservedDelta, incomingDelta
    case amount, price, priceBasis, cost
    case reason, reference, note, actor, origin, imported

    /// A set of columns.
    struct Set {
        private var bits: UInt32 = 0

        /// The set and one more column: no list, so that the compiler knows what the set contains.
        @inline(__always)
        func with(_ part: LedgerPart) -> Set {
            var set = self
            set.bits |= Self.bit(part)
            return set
        }

        @inline(__always)
        func contains(_ part: LedgerPart) -> Bool { self.bits & Self.bit(part) != 0 }

        @inline(__always)
        private static func bit(_ part: LedgerPart) -> UInt32 {
            1 << (part.rawValue - LedgerPart.lsn.rawValue)
        }
    }
}

/// An operation on the columns of the ledger.
///
///     MovementLedger.visitColumns ──▶ LedgerRowAppender       a row
///                                 ──▶ GatheredRowAppender     many rows
///                                 ──▶ LedgerImages            the parts of a snapshot
///
/// All are generic and inlined, so that a visit costs as much as handwritten code.
protocol LedgerColumnVisitor {
    associatedtype Failure: Error

    /// Visits a column; `value` is what it stores of a row.
    mutating func column<Value>(
        _ part: LedgerPart,
        _ column: inout LedgerColumn<Value>,
        value: (LedgerRow) -> Value
    ) throws(Failure)
}

/// Appends a row.
struct LedgerRowAppender: LedgerColumnVisitor {
    typealias Failure = Never
    let row: LedgerRow

    @inline(__always)
    mutating func column<Value>(
        _ part: LedgerPart,
        _ column: inout LedgerColumn<Value>,
        value: (LedgerRow) -> Value
    ) { column.append(value(self.row)) }
}

/// Appends buffered rows, at least one.
struct GatheredRowAppender: LedgerColumnVisitor {
    typealias Failure = Never
    let rows: UnsafePointer<LedgerRow>
    let count: Int
    /// The columns in which all rows have the same value.
    let uniform: LedgerPart.Set

    @inline(__always)
    mutating func column<Value>(
        _ part: LedgerPart,
        _ column: inout LedgerColumn<Value>,
        value: (LedgerRow) -> Value
    ) {
        let rows = self.rows
        if self.uniform.contains(part) {
            column.append(repeating: value(rows[0]), count: self.count)
        } else {
            column.append(count: self.count) { value(rows[$0]) }
        }
    }
}

/// Passes each column to the visitor of a snapshot under its part number.
struct LedgerImages<Visitor: ImageVisitor>: LedgerColumnVisitor {
    typealias Failure = Visitor.Failure
    /// Valid during the visit; the visitor is not copied.
    let visitor: UnsafeMutablePointer<Visitor>

    mutating func column<Value>(
        _ part: LedgerPart,
        _ column: inout LedgerColumn<Value>,
        value: (LedgerRow) -> Value
    ) throws(Failure) { try self.visitor.pointee.visit(part.rawValue, &column) }
}
