public import Bytes

/// When something happened, where that is not now.
public struct Occurrence: Hashable, Sendable {
    public var at: Instant
    /// Past sales brought in from elsewhere: any time in the past is taken, and the ledger keeps
    /// that it was.
    public var isImported: Bool

    @inlinable
    public init(at: Instant, isImported: Bool = false) {
        self.at = at
        self.isImported = isImported
    }
}

/// One line of a sale.
public struct SaleLine: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    /// Base units, at least 1.
    public var quantity: Quantity
    /// What the product's price basis costs on this line; the product's price if not given.
    public var price: Money?
    /// The revision the level must still be at.
    public var ifRevision: LSN?

    @inlinable
    public init(
        product: ProductID,
        location: LocationID = .main,
        quantity: Quantity,
        price: Money? = nil,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.quantity = quantity
        self.price = price
        self.ifRevision = ifRevision
    }
}

/// A sale of 1 to ``Limits/linesMax`` lines: all of them or none.
public struct Sale: Hashable, Sendable {
    public var lines: [SaleLine]
    public var reference: String
    public var note: String
    public var occurred: Occurrence?

    public init(
        lines: [SaleLine],
        reference: String = "",
        note: String = "",
        occurred: Occurrence? = nil
    ) {
        self.lines = lines
        self.reference = reference
        self.note = note
        self.occurred = occurred
    }
}

/// Where returned goods go.
public enum ReturnTarget: UInt8, CaseIterable, Sendable {
    /// Back on the shelf.
    case available = 1
    /// On hold.
    case unavailable = 2
}

/// Goods that come back: the lines are those of a sale, read the other way.
public struct SaleReturn: Hashable, Sendable {
    public var lines: [SaleLine]
    public var target: ReturnTarget
    /// The sale they come from; no more than it sold can come back to it, at its price.
    public var original: LSN?
    public var reference: String
    public var note: String
    public var occurred: Occurrence?

    public init(
        lines: [SaleLine],
        target: ReturnTarget = .available,
        original: LSN? = nil,
        reference: String = "",
        note: String = "",
        occurred: Occurrence? = nil
    ) {
        self.lines = lines
        self.target = target
        self.original = original
        self.reference = reference
        self.note = note
        self.occurred = occurred
    }
}

/// One line of a restock.
public struct RestockLine: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    /// Base units, at least 1.
    public var quantity: Quantity
    /// What one basis of the product's price cost; `nil` for what the stock there costs on average,
    /// or cost last.
    public var unitCost: Money?
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        quantity: Quantity,
        unitCost: Money? = nil,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.quantity = quantity
        self.unitCost = unitCost
        self.ifRevision = ifRevision
    }
}

/// A delivery of 1 to ``Limits/linesMax`` lines: all of them or none.
public struct Restock: Hashable, Sendable {
    public var lines: [RestockLine]
    /// Whether what arrives was expected: incoming falls by it, to zero at the least.
    public var fromIncoming: Bool
    public var reference: String
    public var note: String
    public var occurred: Occurrence?

    public init(
        lines: [RestockLine],
        fromIncoming: Bool = false,
        reference: String = "",
        note: String = "",
        occurred: Occurrence? = nil
    ) {
        self.lines = lines
        self.fromIncoming = fromIncoming
        self.reference = reference
        self.note = note
        self.occurred = occurred
    }
}

/// Stock that turned out to be more or less, by a known difference.
public struct Adjustment: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    /// Base units, not 0.
    public var delta: Quantity
    public var reason: Reason
    public var reference: String
    public var note: String
    public var occurred: Occurrence?
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        delta: Quantity,
        reason: Reason,
        reference: String = "",
        note: String = "",
        occurred: Occurrence? = nil,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.delta = delta
        self.reason = reason
        self.reference = reference
        self.note = note
        self.occurred = occurred
        self.ifRevision = ifRevision
    }
}

/// What is physically there, counted: recorded as its difference from what the books say.
public struct StockCount: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    /// Base units on hand, 0 or more.
    public var counted: Quantity
    public var reference: String
    public var note: String
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        counted: Quantity,
        reference: String = "",
        note: String = "",
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.counted = counted
        self.reference = reference
        self.note = note
        self.ifRevision = ifRevision
    }
}

/// Stock put on hold (a positive delta) or freed again (a negative one).
public struct Hold: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    public var delta: Quantity
    public var reason: Reason
    public var reference: String
    public var note: String
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        delta: Quantity,
        reason: Reason,
        reference: String = "",
        note: String = "",
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.delta = delta
        self.reason = reason
        self.reference = reference
        self.note = note
        self.ifRevision = ifRevision
    }
}

/// Stock that was ordered (a positive delta) or will not come after all (a negative one).
public struct Expectation: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    public var delta: Quantity
    /// When it should arrive.
    public var eta: Instant?
    public var reference: String
    public var note: String
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        delta: Quantity,
        eta: Instant? = nil,
        reference: String = "",
        note: String = "",
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.delta = delta
        self.eta = eta
        self.reference = reference
        self.note = note
        self.ifRevision = ifRevision
    }
}

/// A new safety buffer (above zero) or backorder bound (below) of a level.
public struct FloorChange: Hashable, Sendable {
    public var product: ProductID
    public var location: LocationID
    public var floor: Quantity
    public var ifRevision: LSN?

    public init(
        product: ProductID,
        location: LocationID = .main,
        floor: Quantity,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.floor = floor
        self.ifRevision = ifRevision
    }
}

/// Undoes every movement of one step, by movements the other way.
public struct Reversal: Hashable, Sendable {
    /// The LSN of the step.
    public var lsn: LSN
    public var reason: Reason
    public var note: String

    public init(lsn: LSN, reason: Reason, note: String = "") {
        self.lsn = lsn
        self.reason = reason
        self.note = note
    }
}
