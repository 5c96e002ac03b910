/// What a sale, a return and a delivery are made of.
///
/// A sale and its lines are encoded by hand, and so is what follows the lines of a delivery.

/// Base units of a line.
private let quantities = 1...Limits.quantityMax
private let amounts = 0...Limits.moneyMax

extension SaleLine: DescribedCommand {
    public init() { self.init(product: ProductID(0), quantity: 0) }

    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("quantity", in: quantities), &self.quantity)
        var given = OptionalFields(self.price != nil, self.ifRevision != nil)
        try v.mask(&given)
        if given[0] { try v.maskedMoney(.named("price", in: amounts), &self.price) }
        if given[1] { try v.maskedRevision(&self.ifRevision) }
    }
}

extension Sale: DescribedCommand {
    public init() { self.init(lines: []) }

    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("sale line"), &self.lines)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}

extension SaleReturn: DescribedCommand {
    public init() { self.init(lines: []) }

    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("sale line"), &self.lines)
        try v.choice(.named("to", default: .available), &self.target)
        try v.optionalLSN(.named("originalLsn", in: 1...Int64.max), &self.original)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}

extension RestockLine: DescribedCommand {
    public init() { self.init(product: ProductID(0), quantity: 0) }

    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("quantity", in: quantities), &self.quantity)
        try v.optionalMoney(.named("unitCost", in: amounts), &self.unitCost)
        try v.revision(&self.ifRevision)
    }
}

extension Restock: DescribedCommand {
    public init() { self.init(lines: []) }

    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.plain, &self.lines)
        try v.flag(.named("fromIncoming", default: false), &self.fromIncoming)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}
