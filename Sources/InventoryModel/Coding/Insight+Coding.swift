public import Bytes

/// What the first byte of an insight says it is.
///
/// Numbers are never given a second meaning.
public enum InsightTag: UInt8, CaseIterable, Sendable {
    case query = 1
    case named = 2
    case rows = 3
}

extension Insight {
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .query(let query):
            writer.writeCase(InsightTag.query)
            query.encode(into: &writer)
        case .named(let named):
            writer.writeCase(InsightTag.named)
            named.encode(into: &writer)
        case .rows(let selection, let insight):
            writer.writeCase(InsightTag.rows)
            selection.encode(into: &writer)
            insight.encode(into: &writer)
        }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readCase(InsightTag.self, "insight") {
        case .query: self = .query(try InsightQuery(from: &reader))
        case .named: self = .named(try NamedInsight(from: &reader))
        case .rows:
            let selection = try RowSelection(from: &reader)
            let offset = reader.offset
            let insight: Insight
            // Not of a selection again: so its depth is not left to the bytes.
            switch try reader.readCase(InsightTag.self, "insight") {
            case .query: insight = .query(try InsightQuery(from: &reader))
            case .named: insight = .named(try NamedInsight(from: &reader))
            case .rows:
                throw .unknownCode(
                    offset: offset,
                    code: UInt64(InsightTag.rows.rawValue),
                    what: "insight whose rows are selected"
                )
            }
            self = .rows(selection, of: insight)
        }
    }
}

extension NamedInsight {
    /// Enum name, window, text zone, filter, parameters, varint limit, as of.
    public func encode(into writer: inout ByteWriter) {
        writer.writeCase(self.name)
        self.window.encode(into: &writer)
        writer.writeText(self.zone)
        self.filter.encode(into: &writer)
        self.parameters.encode(into: &writer)
        writer.writeVarint(UInt64(self.limit))
        writer.writeOptional(self.asOf)
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            try reader.readCase(Name.self, "named insight"),
            window: try InsightWindow(from: &reader),
            zone: try reader.readText("zone"),
            filter: try InsightFilter(from: &reader),
            parameters: try NamedInsightParameters(from: &reader),
            limit: try reader.readLimit(),
            asOf: try reader.readOptionalAsOf()
        )
    }
}

extension NamedInsightParameters {
    /// A mask says which follow; what has no bit is left to the insight's default.
    private enum Part {
        static let by: UInt64 = 1
        static let measure: UInt64 = 2
        /// Says it all by itself.
        static let ascending: UInt64 = 4
        static let days: UInt64 = 8
        static let serviceLevel: UInt64 = 16
        static let count = 5
    }

    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(
            (self.by == nil ? 0 : Part.by)
                | (self.measure == nil ? 0 : Part.measure)
                | (self.isAscending ? Part.ascending : 0)
                | (self.days == nil ? 0 : Part.days)
                | (self.serviceLevel == nil ? 0 : Part.serviceLevel)
        )
        if let by { writer.writeCase(by) }
        if let measure { writer.writeCase(measure) }
        if let days { writer.writeVarint(UInt64(days)) }
        if let serviceLevel { writer.writeVarint(UInt64(serviceLevel)) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        let mask = try reader.readMask(bits: Part.count)
        self.isAscending = mask & Part.ascending != 0
        if mask & Part.by != 0 {
            self.by = try reader.readCase(InsightDimension.self, "dimension")
        }
        if mask & Part.measure != 0 {
            self.measure = try reader.readCase(InsightMeasure.self, "measure")
        }
        if mask & Part.days != 0 {
            self.days = try reader.readBoundedVarint("days", limit: NamedInsight.daysMax)
        }
        if mask & Part.serviceLevel != 0 {
            self.serviceLevel = try reader.readBoundedVarint(
                "serviceLevel",
                limit: NamedInsight.serviceLevels.upperBound
            )
        }
    }
}
