package import Bytes

/// A reader of the description of a change.
package protocol ChangeVisitor: FieldVisitor, ~Copyable {
    /// Visits a reference that may equal that of an earlier change of its entry: `last` of `strings`.
    mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of strings: inout EntryStrings
    ) throws(Failure)
}

/// The fields of a change, with a description: see ``ChangeVisitor``.
package protocol DescribedChange: Hashable, Sendable {
    /// Creates a change whose fields are all 0 or empty.
    init()

    /// Visits each field, in the order of the encoding; `strings` are those of the earlier changes.
    mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure)
}

extension DescribedChange {
    func encode(into writer: inout ByteWriter, _ strings: inout EntryStrings) {
        var change = self
        change.visit(&writer, &strings)
    }

    init(from reader: inout ByteReader, _ strings: inout EntryStrings) throws(ByteReaderError) {
        self.init()
        try self.visit(&reader, &strings)
    }

    /// The fields, in the order of their encoding.
    package static var descriptions: [FieldDescription] {
        var strings = EntryStrings()
        return FieldList.fields(of: Self()) { $0.visit(&$1, &strings) }
    }
}

extension ByteReader: ChangeVisitor {
    package mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of strings: inout EntryStrings
    ) throws(Failure) { value = try strings.read(last, from: &self) }
}

extension ByteWriter: ChangeVisitor {
    package mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of strings: inout EntryStrings
    ) { EntryStrings.write(value, &strings[keyPath: last], into: &self) }
}

extension ChangeVisitor where Self: ~Copyable {
    /// Visits the movement that created an entity.
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
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("reservation"), &self.id)
        try v.id(.named("product"), &self.product)
        try v.id(.named("location"), &self.location)
        try v.quantity(.named("quantity"), &self.quantity)
        try v.quantity(.named("remaining"), &self.remaining)
        try v.instant(.named("expiresAt"), &self.expiresAt)
        try v.choice(.named("state"), &self.state)
        try v.sharedReference(&self.reference, last: \.reservationReference, of: &strings)
        try v.origin(&self.origin)
        try v.lsn(.named("revision"), &self.revision)
    }
}

extension Transfer: DescribedChange {
    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("transfer"), &self.id)
        try v.id(.named("product"), &self.product)
        try v.id(.named("from"), &self.source)
        try v.id(.named("to"), &self.destination)
        try v.quantity(.named("quantity"), &self.quantity)
        try v.quantity(.named("remaining"), &self.remaining)
        try v.money(.named("value"), &self.value)
        try v.choice(.named("state"), &self.state)
        try v.sharedReference(&self.reference, last: \.transferReference, of: &strings)
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
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("product"), &self.product)
        try v.id(.named("location"), &self.location)
        try v.quantity(.named("asked"), &self.asked)
        try v.quantity(.named("available"), &self.available)
        try v.sharedReference(&self.reference, last: \.demandReference, of: &strings)
    }
}

extension LevelReorderPoint: DescribedChange {
    package init() { self.init(product: ProductID(0), location: LocationID(0), point: nil) }

    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.id(.named("product"), &self.product)
        try v.id(.named("location"), &self.location)
        // The level's own plus 1, so that every value has one encoding; 0 if that of the product applies.
        var stored = Quantity(self.point.map { $0.baseUnits &+ 1 } ?? 0)
        try v.quantity(.named("reorderPoint"), &stored)
        self.point = stored == 0 ? nil : Quantity(stored.baseUnits &- 1)
    }
}

/// The fields of a change of an alert.
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
        _ strings: inout EntryStrings
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
    /// The fields of the change, in the order of their encoding; `nil` if it is encoded by hand.
    package var fields: [FieldDescription]? {
        switch self {
        case .category: Category.descriptions
        case .location: Location.descriptions
        case .productCreated: Product.descriptions
        case .productArchived, .productDeleted, .productLeft: ProductID(0).descriptions
        case .reorderPoint: LevelReorderPoint.descriptions
        case .demandRefused: RefusedDemand.descriptions
        case .alert: AlertNotice.descriptions
        case .reservation: Reservation.descriptions
        case .transfer: Transfer.descriptions
        case .importRun: ImportRun.descriptions
        case .importPart: ImportPart.descriptions
        case .productInferred: InferredTimes.descriptions
        case .receiptRecorded: ReceiptPart.descriptions
        case .databaseCreated, .productUpdated, .moved, .level, .sessionOpened, .sessionAdvanced,
            .sessionsExpired, .keyRemembered, .keysForgotten, .extendedProductCreated:
            nil
        }
    }
}
