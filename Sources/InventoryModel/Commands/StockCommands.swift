public import Bytes

/// When something happened, if not at the time of recording.
public struct Occurrence: Hashable, Sendable {
    /// The time it happened, within ``Limits/occurredAtPastSeconds`` and ``Limits/occurredAtFutureSeconds``.
    public var at: Instant
    /// Whether it is history from another system.
    ///
    /// Then any time in the past is accepted, and the movement is marked as imported.
    public var isImported: Bool

    /// Creates an occurrence; the command that has it checks the time.
    @inlinable
    public init(at: Instant, isImported: Bool = false) {
        self.at = at
        self.isImported = isImported
    }
}

/// One line of a sale or of a return.
public struct SaleLine: Hashable, Sendable {
    /// The product; for a sale, it must be active.
    public var product: ProductID
    /// The location whose stock changes; ``LocationID/main`` by default.
    public var location: LocationID
    /// Base units: 1 to ``Limits/quantityMax``.
    public var quantity: Quantity
    /// The price of the product's price basis on this line; `nil` for the product's price.
    public var price: Money?
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a line; it is validated by the command that has it.
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

/// A sale of 1 to ``Limits/linesMax`` lines, executed in full or not at all.
public struct Sale: Hashable, Sendable {
    /// The lines; refusals refer to them by index, from 0.
    public var lines: [SaleLine]
    /// The order or receipt: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// When it happened; `nil` for the time of recording.
    public var occurred: Occurrence?

    /// Creates a sale; it is validated when it is executed.
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

/// What becomes of returned goods.
public enum ReturnTarget: UInt8, CaseIterable, Sendable {
    /// They can be sold again.
    case available = 1
    /// They are put on hold.
    case unavailable = 2
}

/// A return of sold goods: the lines are those of a sale, with the opposite effect.
public struct SaleReturn: Hashable, Sendable {
    /// 1 to ``Limits/linesMax`` lines, all or none.
    public var lines: [SaleLine]
    /// What becomes of the goods.
    public var target: ReturnTarget
    /// The LSN of the sale they were sold by; `nil` if unknown.
    ///
    /// With it, no more can be returned than was sold, and at the price of that sale.
    public var original: LSN?
    /// The order or receipt: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// When it happened; `nil` for the time of recording.
    public var occurred: Occurrence?

    /// Creates a return; it is validated when it is executed.
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
    /// The delivered product.
    public var product: ProductID
    /// The location that received it; ``LocationID/main`` by default.
    public var location: LocationID
    /// Base units: 1 to ``Limits/quantityMax``.
    public var quantity: Quantity
    /// The cost of one price basis of the product, in minor units.
    ///
    /// `nil` for the average cost of the stock at the location, or, without stock, its last cost.
    public var unitCost: Money?
    /// The revision that the level must have; `nil` for any.
    public var ifRevision: LSN?

    /// Creates a line; it is validated by the command that has it.
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

/// A delivery of 1 to ``Limits/linesMax`` lines, executed in full or not at all.
public struct Restock: Hashable, Sendable {
    /// The lines; refusals refer to them by index, from 0.
    public var lines: [RestockLine]
    /// Whether the goods were expected: then incoming stock falls by their quantity, to zero at the least.
    ///
    /// Without it, incoming stock falls by the part of them that was expected under ``reference``.
    public var fromIncoming: Bool
    /// The purchase order or invoice: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    public var reference: String
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String
    /// When it happened; `nil` for the time of recording.
    public var occurred: Occurrence?

    /// Creates a delivery; it is validated when it is executed.
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
