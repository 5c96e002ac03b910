public import Bytes

/// What a description says of one field, as a value: for people, and for the clients of other languages.
public struct FieldDescription: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case text, flag, integer, quantity, money, price, unit, instant
        /// What the enumeration is called.
        case choice(String)
        /// What the id names.
        case id(String)
        case revision, occurrence, expiry
        case optionalInstant, optionalLSN, optionalMoney
        /// Any of these fields.
        case update([FieldDescription])
        /// All of these fields, or none.
        case part([FieldDescription])
        /// A list of these, and what PROTOCOL.md calls one.
        case lines([FieldDescription], String?)
        /// A text that may be that of the change before.
        case sharedText
        /// A text that a question has, and a number with a sign.
        case term, signed
        /// What the id names, if any.
        case optionalID(String)
        /// What PROTOCOL.md calls a value with bytes of its own.
        case coded(String)
        /// Those of these fields that a mask announces.
        case masked([FieldDescription])
        /// True where the mask announces it.
        case announced
    }

    /// As JSON has it.
    public let name: String
    public let kind: Kind
    /// What comes in must be within: bytes of UTF-8, base units, minor units, a number.
    public var bounds: ClosedRange<Int64> = .min ... .max
    /// Whether it has no default.
    public var isRequired = false
    /// Whether a mask announces it.
    public var isMasked = false
}

extension Described {
    /// Its fields, in the order of their bytes.
    public static var descriptions: [FieldDescription] {
        FieldList.fields(of: Self()) { $0.visit(&$1, only: .all) }
    }
}

extension DescribedCommand {
    /// Its fields, in the order of their bytes.
    public static var descriptions: [FieldDescription] {
        FieldList.fields(of: Self()) { $0.visit(&$1) }
    }
}

extension DescribedEntity {
    /// Its fields, in the order of their bytes.
    package static var descriptions: [FieldDescription] {
        FieldList.fields(of: Self()) { $0.visit(&$1) }
    }
}

extension DescribedQuestion {
    /// Its fields, in the order of their bytes.
    public var descriptions: [FieldDescription] { FieldList.fields(of: self) { $0.visit(&$1) } }
}

/// Collects what a description says.
public struct FieldList: CommandVisitor {
    public typealias Failure = Never
    public private(set) var fields: [FieldDescription] = []
    private var isMasked = false

    public init() {}

    /// What `visit` shows of a value.
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

    public mutating func text(_ field: Field<String>, _ value: inout String) {
        self.add(field, .text)
    }

    public mutating func flag(_ field: Field<Bool>, _ value: inout Bool) { self.add(field, .flag) }

    public mutating func integer<Value>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field, .integer)
    }

    public mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.add(field, .quantity)
    }

    public mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.add(field, .money)
    }

    public mutating func price(_ field: Field<Price>, _ value: inout Price) {
        self.add(field, .price)
    }

    public mutating func unit(_ field: Field<Unit>, _ value: inout Unit) { self.add(field, .unit) }

    public mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.add(field, .choice(Value.title))
    }

    public mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.add(field, .id(ID.title))
    }

    public mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.add(field, .instant)
    }

    // MARK: - Fields of commands

    public mutating func revision(_ value: inout LSN?) { self.add("ifRevision", .revision) }

    public mutating func occurrence(_ value: inout Occurrence?) {
        self.add("occurredAt", .occurrence)
    }

    public mutating func expiry(_ value: inout Expiry) {
        self.add("expiry", .expiry, isRequired: true)
    }

    public mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) {
        self.add(field.name, .optionalInstant)
    }

    public mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) {
        self.add(field.name, .optionalLSN, in: field.bounds)
    }

    public mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.add(field.name, .optionalMoney, in: field.bounds)
    }

    public mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) {
        self.add("fields", .update(Entity.descriptions))
    }

    public mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) {
        self.add(name, .part(Part.descriptions))
    }

    public mutating func lines<Line: DescribedCommand>(_ list: LineList, _ value: inout [Line]) {
        let fields = Line.descriptions.filter { !list.unused.contains($0.name) }
        self.add("lines", .lines(fields, list.title), isRequired: true)
    }

    public mutating func mask(_ given: inout OptionalFields) {
        self.isMasked = true
        given.insertAll()
    }

    public mutating func maskedQuantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity?) {
        self.add(field.name, .quantity, in: field.bounds)
    }

    public mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.add(field.name, .money, in: field.bounds)
    }

    public mutating func maskedRevision(_ value: inout LSN?) { self.revision(&value) }
}

extension FieldList: ChangeVisitor {
    package mutating func sharedReference(
        _ value: inout String,
        last: WritableKeyPath<EntryStrings, String>,
        of texts: inout EntryStrings
    ) { self.add("reference", .sharedText) }
}

/// What only questions have.
extension FieldList: QuestionVisitor {
    public mutating func term(_ name: StaticString, _ value: inout String) {
        self.add("\(name)", .term)
    }

    public mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) {
        self.add(field.name, .integer, in: field.bounds)
    }

    public mutating func signed(_ name: String, _ value: inout Int64) { self.add(name, .signed) }

    public mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) {
        self.add(name, .optionalID(ID.title))
    }

    public mutating func coded<Value: CodedValue>(_ value: inout Value) {
        self.add(Value.title, .coded(Value.title))
    }

    public mutating func optional<Part: DescribedPart>(_ name: String, _ value: inout Part?) {
        self.add(name, .part(Part().descriptions))
    }

    public mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) { self.add(name, .lines(Part().descriptions, nil), in: 0...Int64(max)) }

    public mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) {
        var given = value.presence
        given.insertAll()
        self.add(name, .masked(Self.fields(of: value) { $0.visit(&$1, only: given) }))
    }

    public mutating func announced(_ name: String, _ value: inout Bool) {
        self.add(name, .announced)
    }
}
