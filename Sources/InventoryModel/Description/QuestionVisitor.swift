public import Bytes

/// What reads the description of a question: a query, an insight or a subscription.
///
///     LedgerQuery.visit ──▶ ByteWriter, ByteReader      network
///                       ──▶ FieldList                   the field column of PROTOCOL.md
///
/// A question has kinds of fields of its own: what restricts nothing is empty, or not there. What is shown to
/// a visitor that reads is a question that restricts nothing.
public protocol QuestionVisitor: FieldVisitor, ~Copyable {
    /// A text of at most ``Limits/textByteCountMax`` bytes.
    mutating func term(_ name: StaticString, _ value: inout String) throws(Failure)

    /// A number; one that does not fit 32 bits is refused with the bound of the field.
    mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) throws(Failure)

    mutating func signed(_ name: String, _ value: inout Int64) throws(Failure)

    mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) throws(Failure)

    mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) throws(Failure)

    mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) throws(Failure)

    /// What has bytes of its own.
    mutating func coded<Value: CodedValue>(_ value: inout Value) throws(Failure)

    /// What has fields of its own, and may be left out.
    mutating func optional<Part: DescribedPart>(
        _ name: String,
        _ value: inout Part?
    ) throws(Failure)

    mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) throws(Failure)

    /// What has fields of its own behind a mask.
    mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) throws(Failure)

    /// What is true where the mask announces it.
    mutating func announced(_ name: String, _ value: inout Bool) throws(Failure)
}

/// A value that has bytes of its own, and a name for them.
public protocol CodedValue: Hashable, Sendable {
    /// What PROTOCOL.md calls it, and an error of decoding.
    static var title: String { get }
    func encode(into writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws(ByteReaderError)
}

/// A question, or a part of one, that has a description: see ``QuestionVisitor``.
public protocol DescribedQuestion: Hashable, Sendable {
    /// Shows `v` each field, in the order of their bytes.
    ///
    /// The visitor may change them.
    mutating func visit<V: QuestionVisitor & ~Copyable>(_ v: inout V) throws(V.Failure)
}

/// A part that there may be none of, or many.
public protocol DescribedPart: DescribedQuestion {
    init()
}

/// A part whose fields are behind a mask, which announces those that restrict something.
public protocol MaskedPart: Hashable, Sendable {
    /// Which of its fields are not empty.
    var presence: OptionalFields { get }

    /// Shows `v` the fields in `given`, in the order of their bytes.
    mutating func visit<V: QuestionVisitor & ~Copyable>(
        _ v: inout V,
        only given: OptionalFields
    ) throws(V.Failure)
}

/// A question of several kinds, of which the first byte says which.
public protocol TaggedQuestion: DescribedQuestion, CodedValue {
    associatedtype Tag: RawRepresentable<UInt8>
    /// The question of a kind that restricts nothing.
    init(_ tag: Tag)
    var tag: Tag { get }
}

extension DescribedQuestion {
    /// Writes its fields, without a tag.
    func encodeFields(into writer: inout ByteWriter) {
        var question = self
        question.visit(&writer)
    }

    /// As `visitor` shows or makes it.
    fileprivate func visited<V: QuestionVisitor & ~Copyable>(
        by visitor: inout V
    ) throws(V.Failure) -> Self {
        var question = self
        try question.visit(&visitor)
        return question
    }
}

extension DescribedPart {
    public func encode(into writer: inout ByteWriter) { self.encodeFields(into: &writer) }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        try self.visit(&reader)
    }
}

/// Whoever has a tag calls these, so that they are specialized for it.
extension TaggedQuestion {
    func encodeTagged(into writer: inout ByteWriter) {
        writer.writeCase(self.tag)
        self.encodeFields(into: &writer)
    }

    init(tagged reader: inout ByteReader) throws(ByteReaderError) {
        self.init(try reader.readCase(Tag.self, Self.title))
        try self.visit(&reader)
    }
}

extension QuestionVisitor where Self: ~Copyable {
    /// What this visitor makes of a question.
    mutating func visit<Question: DescribedQuestion>(
        _ question: Question
    ) throws(Failure) -> Question { try question.visited(by: &self) }

    /// Rows at most; 0 for all.
    mutating func limit(_ value: inout UInt32) throws(Failure) {
        try self.count(.named("limit", in: 0...Int64(Limits.queryRowsMax)), &value)
    }

    /// The id of what rows are of.
    mutating func optionalID<ID: EntityID>(_ value: inout ID?) throws(Failure) {
        try self.optionalID(ID.title, &value)
    }

    /// What happened at or after one instant and before another.
    mutating func span(_ from: inout Instant?, _ to: inout Instant?) throws(Failure) {
        try self.optionalInstant(.named("from"), &from)
        try self.optionalInstant(.named("before"), &to)
    }
}

// MARK: - Parts that are one value

extension DescribedPart where Self: EntityID {
    public init() { self.init(0) }

    public mutating func visit<V: QuestionVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.id(.named(Self.title), &self)
    }
}

extension ProductID: DescribedPart {}
extension CategoryID: DescribedPart {}
extension LocationID: DescribedPart {}

extension DescribedPart where Self: FieldChoice {
    public init() {
        guard let first = Self.allCases.first else { preconditionFailure("no \(Self.title)") }
        self = first
    }

    public mutating func visit<V: QuestionVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.choice(.named(Self.title), &self)
    }
}

extension Reason: DescribedPart {}
extension InsightDimension: DescribedPart {}
extension InsightMeasure: DescribedPart {}

extension Array: DescribedQuestion where Element: DescribedPart {
    public mutating func visit<V: QuestionVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.list("", of: &self, max: InsightQuery.listCountMax)
    }
}

extension Array: DescribedPart where Element: DescribedPart {}
