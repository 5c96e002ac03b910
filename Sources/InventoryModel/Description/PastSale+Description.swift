// The description of sales of the past.

extension PastSaleLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(product: ProductID(0), quantity: 0, amount: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named("product"), &self.product)
        try v.quantity(.named("quantity", in: FieldBounds.deltas), &self.quantity)
        try v.money(.named("amount", in: FieldBounds.signedAmounts), &self.amount)
        var given = OptionalFields(self.cost != nil)
        try v.mask(&given)
        if given[0] { try v.maskedMoney(.named("cost", in: FieldBounds.amounts), &self.cost) }
    }
}

extension PastSale: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: [], occurredAt: .zero) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("past line"), &self.lines)
        try v.id(.named("location", default: .main), &self.location)
        try v.reference(&self.reference)
        try v.optionalDay("day", &self.day)
        try v.integer(
            .named("firstLine", in: FieldBounds.receiptLines, default: 0),
            &self.firstLine
        )
        try v.instant(.named("occurredAt"), &self.occurredAt)
        try v.optionalInstant(.named("openedAt"), &self.openedAt)
        try v.flag(.named("writeOff", default: false), &self.isWriteOff)
        try v.note(&self.note)
    }
}

/// The lines of a receipt that a step recorded: the latest movements of the step, in their order.
///
/// Location and reference are those of the movements.
public struct ReceiptPart: DescribedChange {
    /// The local day that identifies the receipt.
    public var day: CalendarDay
    /// The number of the first line in the receipt, from 0.
    public var firstLine: UInt32
    /// The number of lines, at least 1.
    public var count: UInt16

    /// Creates a part.
    public init(day: CalendarDay, firstLine: UInt32, count: UInt16) {
        self.day = day
        self.firstLine = firstLine
        self.count = count
    }

    package init() { self.init(day: CalendarDay(ordinal: 0), firstLine: 0, count: 0) }

    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        var day = self.day.ordinal
        try v.integer(.named("day"), &day)
        self.day = CalendarDay(ordinal: day)
        try v.integer(.named("firstLine"), &self.firstLine)
        try v.integer(.named("lines"), &self.count)
    }
}
