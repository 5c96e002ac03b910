/// One line of a sale of the past.
public struct PastSaleLine: Hashable, Sendable {
    /// The product; it may be inactive or archived.
    public var product: ProductID
    /// Base units: above 0 for goods that were sold, below 0 for goods that came back, 0 for a discount or a
    /// charge; magnitude up to ``Limits/quantityMax``.
    public var quantity: Quantity
    /// The exact amount of the whole line in minor units.
    ///
    /// Not below 0 if goods were sold, not above 0 if they came back; below 0 for a discount.
    public var amount: Money
    /// The cost of the goods of the whole line in minor units, not below 0; `nil` if it is not known.
    ///
    /// Without it, the goods have the unit cost that is known for the level when the sale is recorded.
    public var cost: Money?

    /// Creates a line; it is validated by the command that has it.
    @inlinable
    public init(product: ProductID, quantity: Quantity, amount: Money, cost: Money? = nil) {
        self.product = product
        self.quantity = quantity
        self.amount = amount
        self.cost = cost
    }
}

/// A receipt of the past, or a part of one: history that never changes today's stock.
///
/// Each line has two movements: an opening balance, dated at ``openedAt``, and the sale, dated at
/// ``occurredAt``. Together they change no balance, so that history can be recorded in any order, before and
/// after the stock of today.
///
/// A receipt with a reference is recorded once, however often it is sent: it is identified by location,
/// reference and day, and each of its lines by its number.
public struct PastSale: Hashable, Sendable {
    /// 1 to ``Limits/linesMax`` lines, consecutive in their receipt, all or none.
    public var lines: [PastSaleLine]
    /// The location that sold; it may be archived.
    public var location: LocationID
    /// The receipt: up to ``Limits/referenceByteCountMax`` bytes; empty for none.
    ///
    /// Without a reference the receipt is not recognized if it is sent again.
    public var reference: String
    /// The local day of the receipt's first line; `nil` for the day of ``occurredAt`` by UTC.
    public var day: CalendarDay?
    /// The number of the first of ``lines`` in the receipt, from 0; up to ``Limits/receiptLinesMax``.
    public var firstLine: UInt32
    /// When it happened: any time in the past.
    public var occurredAt: Instant
    /// When the opening balances are dated; not later than ``occurredAt``, which `nil` stands for.
    public var openedAt: Instant?
    /// Whether the goods were removed without being sold; the amounts are then 0.
    public var isWriteOff: Bool
    /// A note for people: up to ``Limits/noteByteCountMax`` bytes; empty for none.
    public var note: String

    /// Creates a receipt; it is validated when it is executed.
    public init(
        lines: [PastSaleLine],
        location: LocationID = .main,
        reference: String = "",
        day: CalendarDay? = nil,
        firstLine: UInt32 = 0,
        occurredAt: Instant,
        openedAt: Instant? = nil,
        isWriteOff: Bool = false,
        note: String = ""
    ) {
        self.lines = lines
        self.location = location
        self.reference = reference
        self.day = day
        self.firstLine = firstLine
        self.occurredAt = occurredAt
        self.openedAt = openedAt
        self.isWriteOff = isWriteOff
        self.note = note
    }
}
