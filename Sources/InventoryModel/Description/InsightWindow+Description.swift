public import Bytes

/// What the first byte of a window says it is.
///
/// Numbers are never given a second meaning.
public enum WindowTag: UInt8, CaseIterable, Sendable {
    case all = 1
    case between = 2
    case last = 3
    case previous = 4
}

extension InsightWindow {
    public func encode(into writer: inout ByteWriter) { self.encodeTagged(into: &writer) }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(tagged: &reader)
    }
}

extension InsightWindow: TaggedQuestion {
    public static var title: String { "window" }

    public init(_ tag: WindowTag) {
        self =
            switch tag {
            case .all: .all
            case .between: .between(nil, nil)
            case .last: .last(0, .day)
            case .previous: .previous(0, .day)
            }
    }

    public var tag: WindowTag {
        switch self {
        case .all: .all
        case .between: .between
        case .last: .last
        case .previous: .previous
        }
    }

    public mutating func visit<V: QuestionVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
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

extension QuestionVisitor where Self: ~Copyable {
    /// A number of units of the calendar.
    fileprivate mutating func units(
        _ count: inout UInt32,
        _ unit: inout CalendarUnit
    ) throws(Failure) {
        try self.count(.named("units", in: 1...Int64(InsightLimits.windowUnitsMax)), &count)
        try self.choice(.named("unit"), &unit)
    }
}

extension ResolvedWindow: DescribedPart {
    public init() { self.init(from: nil, to: nil, zone: "") }

    public mutating func visit<V: QuestionVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.span(&self.from, &self.to)
        try v.term("zone", &self.zone)
        try v.optionalInstant(.named("movesAt"), &self.movesAt)
    }
}
