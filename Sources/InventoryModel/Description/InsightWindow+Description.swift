public import Bytes

/// The first byte of an encoded window; numbers never change their meaning.
public enum WindowTag: UInt8, CaseIterable, Sendable {
    /// ``InsightWindow/all``.
    case all = 1
    /// ``InsightWindow/between(_:_:)``.
    case between = 2
    /// ``InsightWindow/last(_:_:)``.
    case last = 3
    /// ``InsightWindow/previous(_:_:)``.
    case previous = 4
}

extension InsightWindow {
    /// Writes the tag and the fields.
    public func encode(into writer: inout ByteWriter) { self.encodeTagged(into: &writer) }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(tagged: &reader)
    }
}

extension InsightWindow: TaggedQuery {
    /// The value's name in PROTOCOL.md and in decoding errors.
    public static var title: String { "window" }

    /// Creates the empty window of a tag, which a visitor fills.
    public init(_ tag: WindowTag) {
        self =
            switch tag {
            case .all: .all
            case .between: .between(nil, nil)
            case .last: .last(0, .day)
            case .previous: .previous(0, .day)
            }
    }

    /// The first byte of its encoding.
    public var tag: WindowTag {
        switch self {
        case .all: .all
        case .between: .between
        case .last: .last
        case .previous: .previous
        }
    }

    /// Visits the fields that follow the tag, in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        switch self {
        case .all: break
        case .between(var from, var to):
            try v.span(&from, &to)
            self = .between(from, to)
        case .last(var count, var unit):
            try v.units(&count, &unit)
            self = .last(count, unit)
        case .previous(var count, var unit):
            try v.units(&count, &unit)
            self = .previous(count, unit)
        }
    }
}

extension QueryVisitor where Self: ~Copyable {
    /// Visits a number of calendar units.
    fileprivate mutating func units(
        _ count: inout UInt32,
        _ unit: inout CalendarUnit
    ) throws(Failure) {
        try self.count(.named("units", in: 1...Int64(InsightLimits.windowUnitsMax)), &count)
        try self.choice(.named("unit"), &unit)
    }
}

extension ResolvedWindow: DescribedPart {
    /// Creates an unbounded window, which a visitor fills.
    public init() { self.init(from: nil, to: nil, zone: "") }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.span(&self.from, &self.to)
        try v.term("zone", &self.zone)
        try v.optionalInstant(.named("movesAt"), &self.movesAt)
    }
}
