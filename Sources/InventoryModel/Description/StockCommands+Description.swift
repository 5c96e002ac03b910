internal import Bytes

// The descriptions of the stock commands; those of sales, returns and deliveries are in
// `SaleLines+Description`.

extension Adjustment: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), delta: 0, reason: .other) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("delta", in: FieldBounds.deltas), &self.delta)
        try v.choice(.named("reason"), &self.reason)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
        try v.revision(&self.ifRevision)
    }
}

extension StockCount: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), counted: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("counted", in: FieldBounds.counts), &self.counted)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.revision(&self.ifRevision)
    }
}

extension Hold: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), delta: 0, reason: .other) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("delta", in: FieldBounds.deltas), &self.delta)
        try v.choice(.named("reason"), &self.reason)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.revision(&self.ifRevision)
    }
}

extension Expectation: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), delta: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("delta", in: FieldBounds.deltas), &self.delta)
        try v.optionalInstant(.named("eta", in: FieldBounds.instants), &self.eta)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.revision(&self.ifRevision)
    }
}

extension FloorChange: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), floor: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("floor", in: FieldBounds.deltas), &self.floor)
        try v.revision(&self.ifRevision)
    }
}

extension ReorderPointChange: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), reorderPoint: nil) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        var given = OptionalFields(self.reorderPoint != nil, self.ifRevision != nil)
        try v.mask(&given)
        if given[0] {
            try v.maskedQuantity(.named("reorderPoint", in: FieldBounds.counts), &self.reorderPoint)
        }
        if given[1] { try v.maskedRevision(&self.ifRevision) }
    }
}

extension WriteOff: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(product: ProductID(0), quantity: 0, reason: .other) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        try v.choice(.named("reason"), &self.reason)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
        try v.revision(&self.ifRevision)
    }
}

extension Reversal: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lsn: 0, reason: .other) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lsn(.named("lsn", in: FieldBounds.lsns), &self.lsn)
        try v.choice(.named("reason"), &self.reason)
        try v.note(&self.note)
    }
}
