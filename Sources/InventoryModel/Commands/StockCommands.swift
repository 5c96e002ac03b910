public import Bytes

// Commands about the stock of one product at one location, and the reversal of a step.

/// A correction of the stock on hand by a known difference.
public struct Adjustment: Hashable, Sendable {
    /// The product whose stock is corrected.
    public var product: ProductID
    /// The location; ``LocationID/main`` by default.
    public var location: LocationID
    /// The difference in base units, not 0; magnitude up to ``Limits/quantityMax``.
    public var delta: Quantity
    /// The reason, for reports.
    public var reason: Reason
    /// A document: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// When it happened; `nil` for the time of recording.
    public var occurred: Occurrence?
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates an adjustment; it is validated when it is executed.
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

/// A count of the stock on hand, recorded as its difference from the recorded quantity.
public struct StockCount: Hashable, Sendable {
    /// The counted product.
    public var product: ProductID
    /// The location; ``LocationID/main`` by default.
    public var location: LocationID
    /// Base units on hand: 0 to ``Limits/quantityMax``.
    public var counted: Quantity
    /// A document: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// The revision that the level must have, so that no movement since the count is lost; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a count; it is validated when it is executed.
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
    /// The product of which units are put on hold or freed.
    public var product: ProductID
    /// The location; ``LocationID/main`` by default.
    public var location: LocationID
    /// The change of unavailable stock in base units, not 0; magnitude up to ``Limits/quantityMax``.
    public var delta: Quantity
    /// The reason, for reports.
    public var reason: Reason
    /// A document: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a hold; it is validated when it is executed.
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

/// Goods that were ordered (a positive delta) or that will not arrive after all (a negative one).
public struct Expectation: Hashable, Sendable {
    /// The product that is expected.
    public var product: ProductID
    /// The location that expects it; ``LocationID/main`` by default.
    public var location: LocationID
    /// The change of incoming stock in base units, not 0; magnitude up to ``Limits/quantityMax``.
    public var delta: Quantity
    /// When the goods should arrive; `nil` if unknown.
    public var eta: Instant?
    /// The purchase order: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates an expectation; it is validated when it is executed.
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

/// A new safety buffer (above zero) or backorder limit (below zero) of a level.
public struct FloorChange: Hashable, Sendable {
    /// The product whose floor is set.
    public var product: ProductID
    /// The location; ``LocationID/main`` by default.
    public var location: LocationID
    /// The new ``Level/floor`` in base units; magnitude up to ``Limits/quantityMax``.
    public var floor: Quantity
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a change; it is validated when it is executed.
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

/// A reorder point of a level's own.
///
/// Available stock at or below it is low at that location; without one the reorder point of the product
/// applies.
public struct ReorderPointChange: Hashable, Sendable {
    /// The product of the level.
    public var product: ProductID
    /// The location; ``LocationID/main`` by default.
    public var location: LocationID
    /// The level's own reorder point in base units, 0 to ``Limits/quantityMax``; `nil` for that of the product.
    public var reorderPoint: Quantity?
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a change; it is validated when it is executed.
    public init(
        product: ProductID,
        location: LocationID = .main,
        reorderPoint: Quantity? = nil,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.reorderPoint = reorderPoint
        self.ifRevision = ifRevision
    }
}

/// Stock on hold that is gone for good: it leaves both ``Level/unavailable`` and ``Level/onHand``, in one
/// movement, and what is available stays as it was.
public struct WriteOff: Hashable, Sendable {
    /// The product whose stock is written off.
    public var product: ProductID
    /// The location; ``LocationID/main`` by default.
    public var location: LocationID
    /// Base units, 1 to what is on hold.
    public var quantity: Quantity
    /// The reason, for reports.
    public var reason: Reason
    /// A document: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// When it happened; `nil` for the time of recording.
    public var occurred: Occurrence?
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a write-off; it is validated when it is executed.
    public init(
        product: ProductID,
        location: LocationID = .main,
        quantity: Quantity,
        reason: Reason,
        reference: String = "",
        note: String = "",
        occurred: Occurrence? = nil,
        ifRevision: LSN? = nil
    ) {
        self.product = product
        self.location = location
        self.quantity = quantity
        self.reason = reason
        self.reference = reference
        self.note = note
        self.occurred = occurred
        self.ifRevision = ifRevision
    }
}

/// Undoes every movement of one step, by opposite movements.
public struct Reversal: Hashable, Sendable {
    /// The LSN of the step; a step can be reversed once.
    public var lsn: LSN
    /// The reason, for reports.
    public var reason: Reason
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String

    /// Creates a reversal; it is validated when it is executed.
    public init(lsn: LSN, reason: Reason, note: String = "") {
        self.lsn = lsn
        self.reason = reason
        self.note = note
    }
}
