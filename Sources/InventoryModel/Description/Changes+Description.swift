package import Bytes

/// What reads the description of a change.
package protocol ChangeVisitor: FieldVisitor, ~Copyable {
    /// A reference that may be that of a change before it in its entry: `last` of `texts`.
    mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of texts: inout EntryStrings
    ) throws(Failure)
}

/// What a change says, described: see ``ChangeVisitor``.
package protocol DescribedChange: Hashable, Sendable {
    /// One in which everything is 0 or empty.
    init()

    /// Shows `v` each field, in the order of their bytes; `texts` are those of the changes before it.
    mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ texts: inout EntryStrings
    ) throws(V.Failure)
}

extension DescribedChange {
    func encode(into writer: inout ByteWriter, _ texts: inout EntryStrings) {
        var change = self
        change.visit(&writer, &texts)
    }

    init(from reader: inout ByteReader, _ texts: inout EntryStrings) throws(ByteReaderError) {
        self.init()
        try self.visit(&reader, &texts)
    }

    /// Its fields, in the order of their bytes.
    package static var descriptions: [FieldDescription] {
        var texts = EntryStrings()
        return FieldList.fields(of: Self()) { $0.visit(&$1, &texts) }
    }
}

extension ByteReader: ChangeVisitor {
    package mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of texts: inout EntryStrings
    ) throws(Failure) { value = try texts.read(last, from: &self) }
}

extension ByteWriter: ChangeVisitor {
    package mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of texts: inout EntryStrings
    ) { EntryStrings.write(value, &texts[keyPath: last], into: &self) }
}

extension ChangeVisitor where Self: ~Copyable {
    /// The movement that made something.
    fileprivate mutating func origin(_ value: inout MovementID) throws(Failure) {
        var (lsn, line) = (value.lsn, value.line)
        try self.lsn(.named("originLsn"), &lsn)
        try self.integer(.named("originLine"), &line)
        value = MovementID(lsn: lsn, line: line)
    }
}

extension Reservation: DescribedChange {
    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ texts: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("reservation"), &self.id)
        try v.id(.named("product"), &self.product)
        try v.id(.named("location"), &self.location)
        try v.quantity(.named("quantity"), &self.quantity)
        try v.quantity(.named("remaining"), &self.remaining)
        try v.instant(.named("expiresAt"), &self.expiresAt)
        try v.choice(.named("state"), &self.state)
        try v.sharedReference(&self.reference, last: \.reservationReference, of: &texts)
        try v.origin(&self.origin)
        try v.lsn(.named("revision"), &self.revision)
    }
}

extension Transfer: DescribedChange {
    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ texts: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("transfer"), &self.id)
        try v.id(.named("product"), &self.product)
        try v.id(.named("from"), &self.source)
        try v.id(.named("to"), &self.destination)
        try v.quantity(.named("quantity"), &self.quantity)
        try v.quantity(.named("remaining"), &self.remaining)
        try v.money(.named("value"), &self.value)
        try v.choice(.named("state"), &self.state)
        try v.sharedReference(&self.reference, last: \.transferReference, of: &texts)
        try v.origin(&self.origin)
        try v.lsn(.named("revision"), &self.revision)
    }
}

extension RefusedDemand: DescribedChange {
    package init() {
        self.init(product: ProductID(0), location: LocationID(0), asked: 0, available: 0)
    }

    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ texts: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("product"), &self.product)
        try v.id(.named("location"), &self.location)
        try v.quantity(.named("asked"), &self.asked)
        try v.quantity(.named("available"), &self.available)
        try v.sharedReference(&self.reference, last: \.demandReference, of: &texts)
    }
}

/// What a change of an alert says.
package struct AlertNotice: DescribedChange {
    var kind = AlertKind.lowStock
    var isRaised = false
    var product = ProductID(0)
    var location = LocationID(0)
    var available: Quantity = 0
    var threshold: Quantity = 0

    package init() {}

    init(_ kind: AlertKind, isRaised: Bool, of product: ProductID, at location: LocationID) {
        self.kind = kind
        self.isRaised = isRaised
        self.product = product
        self.location = location
    }

    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ texts: inout EntryStrings
    ) throws(V.Failure) {
        try v.choice(.named("kind"), &self.kind)
        try v.flag(.named("raised"), &self.isRaised)
        try v.id(.named("product"), &self.product)
        try v.id(.named("location"), &self.location)
        try v.quantity(.named("available"), &self.available)
        try v.quantity(.named("threshold"), &self.threshold)
    }
}

extension ChangeTag {
    /// What the change is made of, in the order of its bytes; `nil` where it is written by hand.
    package var fields: [FieldDescription]? {
        switch self {
        case .category: Category.descriptions
        case .location: Location.descriptions
        case .productCreated: Product.descriptions
        case .productArchived, .productDeleted, .productLeft: ProductID(0).descriptions
        case .demandRefused: RefusedDemand.descriptions
        case .alert: AlertNotice.descriptions
        case .reservation: Reservation.descriptions
        case .transfer: Transfer.descriptions
        case .databaseCreated, .productUpdated, .moved, .level, .sessionOpened, .sessionAdvanced,
            .sessionsExpired, .keyRemembered, .keysForgotten:
            nil
        }
    }
}
