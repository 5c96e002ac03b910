// The descriptions of the commands for reservations and transfers.

extension ReserveLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(product: ProductID(0), quantity: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.place(&self.product, &self.location)
        try v.quantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        try v.revision(&self.ifRevision)
    }
}

extension Reserve: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: [], expiry: .after(seconds: 0)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.plain, &self.lines)
        try v.expiry(&self.expiry)
        try v.reference(&self.reference)
        try v.note(&self.note)
    }
}

extension ReservationLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(reservation: ReservationID(0)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named("reservation"), &self.reservation)
        let (quantity, price) = (self.quantity, self.price)
        var given = OptionalFields(quantity != nil, price != nil, self.ifRevision != nil)
        try v.mask(&given)
        if given[0] {
            try v.maskedQuantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        }
        if given[1] {
            try v.maskedMoney(.named("price", in: FieldBounds.amounts), &self.price)
        }
        if given[2] { try v.maskedRevision(&self.ifRevision) }
    }
}

extension ExtendReservation: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: [], expiry: .after(seconds: 0)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        let lines = LineList.of("reservation line", without: "quantity", "price")
        try v.lines(lines, &self.lines)
        try v.expiry(&self.expiry)
    }
}

extension CommitReservation: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("reservation line"), &self.lines)
        try v.reference(&self.reference)
        try v.note(&self.note)
        try v.occurrence(&self.occurred)
    }
}

extension ReleaseReservation: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("reservation line", without: "price"), &self.lines)
        try v.note(&self.note)
    }
}

extension DispatchLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(product: ProductID(0), quantity: 0) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named("product"), &self.product)
        try v.quantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        try v.revision(&self.ifRevision)
    }
}

extension DispatchTransfer: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(from: LocationID(0), to: LocationID(0), lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named("from"), &self.source)
        try v.id(.named("to"), &self.destination)
        try v.lines(.plain, &self.lines)
        try v.reference(&self.reference)
        try v.note(&self.note)
    }
}

extension TransferLine: DescribedCommand {
    /// Creates an empty line, which a visitor fills.
    public init() { self.init(transfer: TransferID(0)) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named("transfer"), &self.transfer)
        var given = OptionalFields(self.quantity != nil, self.ifRevision != nil)
        try v.mask(&given)
        if given[0] {
            try v.maskedQuantity(.named("quantity", in: FieldBounds.quantities), &self.quantity)
        }
        if given[1] { try v.maskedRevision(&self.ifRevision) }
    }
}

extension TransferSettlement: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(lines: []) }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.lines(.of("transfer line"), &self.lines)
        try v.note(&self.note)
    }
}
