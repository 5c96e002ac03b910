public import Bytes

/// The description of one field as a value: for help, and for clients in other languages.
public struct FieldDescription: Hashable, Sendable {
    /// The kind of a field's value, which determines its encoding and its JSON form.
    public enum Kind: Hashable, Sendable {
        /// A text, a boolean, a number, base units, minor units, a price, a unit, or an instant.
        case text, flag, integer, quantity, money, price, unit, instant
        /// An enumeration, by its name.
        case choice(String)
        /// An id, by the name of its entity.
        case id(String)
        /// `ifRevision`, `occurredAt` with `imported`, or the expiry of a reservation.
        case revision, occurrence, expiry
        /// An instant, an LSN or an amount that may be absent.
        case optionalInstant, optionalLSN, optionalMoney
        /// A day that may be absent.
        case optionalDay
        /// A partial update: any of these fields.
        case update([FieldDescription])
        /// An optional part: all of these fields, or none.
        case part([FieldDescription])
        /// A list of these, and the name of an element in PROTOCOL.md, if it has one.
        case lines([FieldDescription], String?)
        /// A text that may refer to that of an earlier change.
        case sharedText
        /// A text of a query, a text and a boolean at the end of its encoding, and a signed number.
        case term, lastTerm, lastFlag, signed
        /// An optional id, by the name of its entity.
        case optionalID(String)
        /// A value with an encoding of its own, by its name in PROTOCOL.md.
        case coded(String)
        /// The fields of these that a mask announces.
        case masked([FieldDescription])
        /// A boolean that is true if a mask announces it.
        case announced
    }

    /// The name in JSON, in camel case.
    public let name: String
    /// The kind of its value.
    public let kind: Kind
    /// The limits of input: UTF-8 bytes, base units, minor units, or a plain number.
    public var bounds: ClosedRange<Int64> = .min ... .max
    /// Whether it has no default.
    public var isRequired = false
    /// Whether a mask announces it.
    public var isMasked = false
    /// Whether it was added after the first layout of its entity, and so is encoded behind it.
    public var isExtension = false
}

extension Described {
    /// The fields, in the order of their encoding.
    public static var descriptions: [FieldDescription] {
        FieldList.fields(of: Self()) { $0.visit(&$1, only: .all) }
    }
}

extension DescribedCommand {
    /// The fields, in the order of their encoding.
    public static var descriptions: [FieldDescription] {
        FieldList.fields(of: Self()) { $0.visit(&$1) }
    }
}

extension DescribedEntity {
    /// The fields, in the order of their encoding.
    package static var descriptions: [FieldDescription] {
        FieldList.fields(of: Self()) { $0.visit(&$1) }
    }
}

extension DescribedQuery {
    /// The fields, in the order of their encoding.
    public var descriptions: [FieldDescription] { FieldList.fields(of: self) { $0.visit(&$1) } }
}

/// A visitor that collects the descriptions of the fields it visits; it ignores their values.
public struct FieldList: CommandVisitor {
    /// Collecting never fails.
    public typealias Failure = Never
    /// The fields visited so far, in order.
    public private(set) var fields: [FieldDescription] = []
    private var isMasked = false

    /// Creates an empty list.
    public init() {}

    /// Returns the fields that `visit` visits in a value.
    static func fields<Value>(
        of value: Value,
        _ visit: (inout Value, inout FieldList) -> Void
    ) -> [FieldDescription] {
        var (value, list) = (value, FieldList())
        visit(&value, &list)
        return list.fields
    }

    private mutating func add<Value>(_ field: Field<Value>, _ kind: FieldDescription.Kind) {
        let isRequired = field.standard == nil
        self.add(field.name, kind, in: field.bounds, isRequired: isRequired)
        self.fields[self.fields.count - 1].isExtension = field.isExtension
    }

    private mutating func add(
        _ name: String,
        _ kind: FieldDescription.Kind,
        in bounds: ClosedRange<Int64> = .min ... .max,
        isRequired: Bool = false
    ) {
        let description = FieldDescription(
            name: name,
            kind: kind,
            bounds: bounds,
            isRequired: isRequired,
            isMasked: self.isMasked
        )
        self.fields.append(description)
    }

    /// Adds a text.
    public mutating func text(_ field: Field<String>, _ value: inout String) {
        self.add(field, .text)
    }

    /// Adds a boolean.
    public mutating func flag(_ field: Field<Bool>, _ value: inout Bool) { self.add(field, .flag) }

    /// Adds a number.
    public mutating func integer<Value>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field, .integer)
    }

    /// Adds a quantity.
    public mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.add(field, .quantity)
    }

    /// Adds an amount.
    public mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.add(field, .money)
    }

    /// Adds a price.
    public mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.add(field, .price)
    }

    /// Adds a unit.
    public mutating func unit(_ field: Field<Unit>, _ value: inout Unit) { self.add(field, .unit) }

    /// Adds an enumeration.
    public mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field, .choice(Value.title))
    }

    /// Adds an id.
    public mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field, .id(ID.title))
    }

    /// Adds an instant.
    public mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.add(field, .instant)
    }

    // MARK: - Fields of commands

    /// Adds `ifRevision`.
    public mutating func revision(_ value: inout LSN?) { self.add("ifRevision", .revision) }

    /// Adds `occurredAt`.
    public mutating func occurrence(_ value: inout Occurrence?) {
        self.add("occurredAt", .occurrence)
    }

    /// Adds the expiry, which is required.
    public mutating func expiry(_ value: inout Expiry) {
        self.add("expiry", .expiry, in: FieldBounds.expirySeconds, isRequired: true)
    }

    /// Adds an optional instant.
    public mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) {
        self.add(field.name, .optionalInstant, in: field.bounds)
    }

    /// Adds an optional day.
    public mutating func optionalDay(_ name: String, _ value: inout CalendarDay?) {
        self.add(name, .optionalDay)
    }

    /// Adds an optional LSN.
    public mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) {
        self.add(field.name, .optionalLSN, in: field.bounds)
    }

    /// Adds an optional amount.
    public mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.add(field.name, .optionalMoney, in: field.bounds)
    }

    /// Adds a partial update with all fields of its entity.
    public mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) {
        self.add("fields", .update(Entity.descriptions))
    }

    /// Adds an optional part with its fields.
    public mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) {
        self.add(name, .part(Part.descriptions))
    }

    /// Adds the lines with the fields that the command uses.
    public mutating func lines<Line: DescribedCommand>(_ list: LineList, _ value: inout [Line]) {
        let fields = Line.descriptions.filter { !list.unused.contains($0.name) }
        let kind = FieldDescription.Kind.lines(fields, list.title)
        self.add("lines", kind, in: FieldBounds.lines, isRequired: true)
    }

    /// Marks all following fields as masked, and announces every one.
    public mutating func mask(_ given: inout OptionalFields) {
        self.isMasked = true
        given.insertAll()
    }

    /// Adds a masked quantity.
    public mutating func maskedQuantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity?) {
        self.add(field.name, .quantity, in: field.bounds)
    }

    /// Adds a masked amount.
    public mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.add(field.name, .money, in: field.bounds)
    }

    /// Adds a masked `ifRevision`.
    public mutating func maskedRevision(_ value: inout LSN?) { self.revision(&value) }
}

extension FieldList: ChangeVisitor {
    package mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of strings: inout EntryStrings
    ) { self.add("reference", .sharedText) }
}

/// The kinds of fields that only queries have.
extension FieldList: QueryVisitor {
    /// Adds a text of a query.
    public mutating func term(_ name: StaticString, _ value: inout String) {
        self.add("\(name)", .term)
    }

    /// Adds a text at the end of a query.
    public mutating func lastTerm(_ name: StaticString, _ value: inout String) {
        self.add("\(name)", .lastTerm)
    }

    /// Adds a boolean at the end of a query.
    public mutating func lastFlag(_ name: StaticString, _ value: inout Bool) {
        self.add("\(name)", .lastFlag)
    }

    /// Adds a number with its limits.
    public mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) {
        self.add(field.name, .integer, in: field.bounds)
    }

    /// Adds a signed number.
    public mutating func signed(_ name: String, _ value: inout Int64) { self.add(name, .signed) }

    /// Adds an optional id.
    public mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) {
        self.add(name, .optionalID(ID.title))
    }

    /// Adds a value with an encoding of its own.
    public mutating func coded<Value: CodedValue>(_ value: inout Value) {
        self.add(Value.title, .coded(Value.title))
    }

    /// Adds an optional part with its fields.
    public mutating func optional<Part: DescribedPart>(_ name: String, _ value: inout Part?) {
        self.add(name, .part(Part().descriptions))
    }

    /// Adds a list with the fields of an element.
    public mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) { self.add(name, .lines(Part().descriptions, nil), in: 0...Int64(max)) }

    /// Adds a masked part with all its fields.
    public mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) {
        var given = value.presence
        given.insertAll()
        self.add(name, .masked(Self.fields(of: value) { $0.visit(&$1, only: given) }))
    }

    /// Adds a boolean that a mask announces.
    public mutating func announced(_ name: String, _ value: inout Bool) {
        self.add(name, .announced)
    }
}
