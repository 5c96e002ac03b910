// The descriptions of sales, returns and deliveries.
//
// A sale and its lines are encoded by hand, and so is what follows the lines of a delivery.

extension SaleLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(product: ProductID(0), quantity: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        var given = OptionalFields(self.price != nil, self.ifRevision != nil)
        try v.mask(&given)
        if given[0] { try v.maskedMoney(.named("price", in: FieldBounds.amounts), &self.price) }
        if given[1] { try v.maskedRevision(&self.ifRevision) }
    }
}

extension Sale: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("sale line"), &self.lines)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}

extension SaleReturn: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("sale line"), &self.lines)
        try v.choice(.named("to", default: .available), &self.target)
        try v.optionalLSN(.named("originalLsn", in: FieldBounds.lsns), &self.original)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}

extension RestockLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(product: ProductID(0), quantity: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        try v.optionalMoney(.named("unitCost", in: FieldBounds.amounts), &self.unitCost)
        try v.revision(&self.ifRevision)
    }
}

extension Restock: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.plain, &self.lines)
        try v.flag(.named("fromIncoming", default: false), &self.fromIncoming)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}
