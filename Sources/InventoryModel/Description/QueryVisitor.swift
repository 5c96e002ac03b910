public import Bytes

/// A reader of the description of a query, an insight or a subscription.
///
///     LedgerQuery.visit ──▶ ByteWriter, ByteReader      network
///                       ──▶ FieldList                   the field column of PROTOCOL.md
///
/// Queries have kinds of fields of their own: a field that does not restrict is empty or absent. A decoder
/// visits a query that does not restrict.
public protocol QueryVisitor: FieldVisitor, ~Copyable {
    /// Visits a text of at most ``Limits/textByteCountMax`` bytes.
    mutating func term(_ name: StaticString, _ value: inout String) throws(Failure)

    /// Visits a text that was added later: it ends the encoding, and has no bytes if it is empty.
    mutating func lastTerm(_ name: StaticString, _ value: inout String) throws(Failure)

    /// Visits a boolean that was added later: it ends the encoding, and has no bytes if it is false.
    mutating func lastFlag(_ name: StaticString, _ value: inout Bool) throws(Failure)

    /// Visits a number; a decoder reports one that does not fit 32 bits with the upper limit of the field.
    mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) throws(Failure)

    /// Visits a signed number.
    mutating func signed(_ name: String, _ value: inout Int64) throws(Failure)

    /// Visits an id that may be absent.
    mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) throws(Failure)

    /// Visits an instant that may be absent.
    mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) throws(Failure)

    /// Visits an LSN that may be absent.
    mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) throws(Failure)

    /// Visits a value with an encoding of its own.
    mutating func coded<Value: CodedValue>(_ value: inout Value) throws(Failure)

    /// Visits an optional part with fields of its own.
    mutating func optional<Part: DescribedPart>(
        _ name: String,
        _ value: inout Part?
    ) throws(Failure)

    /// Visits a list of at most `max` parts.
    mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) throws(Failure)

    /// Visits a part whose fields follow a mask.
    mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) throws(Failure)

    /// Visits a boolean that is true if the mask announces it.
    mutating func announced(_ name: String, _ value: inout Bool) throws(Failure)
}

/// A value with an encoding of its own, and a name for it.
public protocol CodedValue: Hashable, Sendable {
    /// The value's name in PROTOCOL.md and in decoding errors.
    static var title: String { get }
    /// Writes the value's encoding.
    func encode(into writer: inout ByteWriter)
    /// Reads what ``encode(into:)`` wrote.
    init(from reader: inout ByteReader) throws(ByteReaderError)
}

/// A query, or a part of one, that has a description: see ``QueryVisitor``.
public protocol DescribedQuery: Hashable, Sendable {
    /// Visits each field, in the order of the encoding; the visitor may change it.
    mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure)
}

/// A part that may be absent or repeated.
public protocol DescribedPart: DescribedQuery {
    /// Creates an empty part, which a visitor fills.
    init()
}

/// A part whose fields follow a mask, which announces those that restrict.
public protocol MaskedPart: Hashable, Sendable {
    /// The fields that are not empty.
    var presence: OptionalFields { get }

    /// Visits the fields in `given`, in the order of their encoding.
    mutating func visit<V: QueryVisitor & ~Copyable>(
        _ v: inout V,
        only given: OptionalFields
    ) throws(V.Failure)
}

/// A query of several kinds; the first byte of the encoding is its tag.
public protocol TaggedQuery: DescribedQuery, CodedValue {
    /// The kinds.
    associatedtype Tag: RawRepresentable<UInt8>
    /// Creates the query of a kind that does not restrict.
    init(_ tag: Tag)
    /// The kind.
    var tag: Tag { get }
}

extension DescribedQuery {
    /// Writes the fields without a tag.
    func encodeFields(into writer: inout ByteWriter) {
        var query = self
        query.visit(&writer)
    }

    /// Returns the query after a visit, which may have changed it.
    fileprivate func visited<V: QueryVisitor & ~Copyable>(
        by visitor: inout V
    ) throws(V.Failure) -> Self {
        var query = self
        try query.visit(&visitor)
        return query
    }
}

extension DescribedPart {
    /// Writes the fields in order.
    public func encode(into writer: inout ByteWriter) { self.encodeFields(into: &writer) }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        try self.visit(&reader)
    }
}

/// Conforming types call these methods, so that they are specialized.
extension TaggedQuery {
    func encodeTagged(into writer: inout ByteWriter) {
        writer.writeCase(self.tag)
        self.encodeFields(into: &writer)
    }

    init(tagged reader: inout ByteReader) throws(ByteReaderError) {
        self.init(try reader.readCase(Tag.self, Self.title))
        try self.visit(&reader)
    }
}

extension QueryVisitor where Self: ~Copyable {
    /// Returns the query after this visitor's visit.
    mutating func visit<Described: DescribedQuery>(
        _ query: Described
    ) throws(Failure) -> Described { try query.visited(by: &self) }

    /// Visits the largest number of rows; 0 for all.
    mutating func limit(_ value: inout UInt32) throws(Failure) {
        try self.count(.named("limit", in: 0...Int64(Limits.queryRowsMax)), &value)
    }

    /// Visits the optional id of an entity that rows belong to.
    mutating func optionalID<ID: EntityID>(_ value: inout ID?) throws(Failure) {
        try self.optionalID(ID.title, &value)
    }

    /// Visits a span of time: from one instant, inclusive, to another, exclusive.
    mutating func span(_ from: inout Instant?, _ to: inout Instant?) throws(Failure) {
        try self.optionalInstant(.named("from"), &from)
        try self.optionalInstant(.named("before"), &to)
    }
}

// MARK: - Parts that are one value

extension DescribedPart where Self: EntityID {
    /// Creates id 0, which a visitor replaces.
    public init() { self.init(0) }

    /// Visits the id as one field.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named(Self.title), &self)
    }
}

extension ProductID: DescribedPart {}
extension CategoryID: DescribedPart {}
extension LocationID: DescribedPart {}

extension DescribedPart where Self: FieldChoice {
    /// Creates the first case, which a visitor replaces.
    public init() {
        guard let first = Self.allCases.first else { preconditionFailure("no \(Self.title)") }
        self = first
    }

    /// Visits the case as one field.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.choice(.named(Self.title), &self)
    }
}

extension Reason: DescribedPart {}
extension InsightDimension: DescribedPart {}
extension InsightMeasure: DescribedPart {}

extension Array: DescribedQuery where Element: DescribedPart {
    /// Visits the array as one list.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.list("", of: &self, max: InsightQuery.listCountMax)
    }
}

extension Array: DescribedPart where Element: DescribedPart {}
