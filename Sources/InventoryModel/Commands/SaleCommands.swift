public import Bytes

// Sales, returns and deliveries: commands that have lines.

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
