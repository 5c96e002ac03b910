public import Bytes

/// The encoding of a condition.
///
///     condition   1 or, condition, condition · 2 and, condition, condition · 3 not, condition
///                 4 test: text column, u8 comparison, operand
///     operand     0 none · 1 svarint millionths · 2 instant · 3 text
extension RowCondition: CodedValue {
    /// The value's name in PROTOCOL.md and in decoding errors.
    public static var title: String { "condition" }

    private static let orTag: UInt8 = 1
    private static let andTag: UInt8 = 2
    private static let notTag: UInt8 = 3
    private static let testTag: UInt8 = 4

    /// Writes the operators and tests in prefix order.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .or(let a, let b):
            writer.write(Self.orTag)
            a.encode(into: &writer)
            b.encode(into: &writer)
        case .and(let a, let b):
            writer.write(Self.andTag)
            a.encode(into: &writer)
            b.encode(into: &writer)
        case .not(let a):
            writer.write(Self.notTag)
            a.encode(into: &writer)
        case .test(let test):
            writer.write(Self.testTag)
            writer.writeText(test.column)
            writer.writeCase(test.comparison)
            test.operand.encode(into: &writer)
        }
    }

    /// Reads a condition of at most ``InsightLimits/conditionPartsMax`` parts.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        var rest = InsightLimits.conditionPartsMax
        try self.init(from: &reader, rest: &rest, depth: 0)
    }

    /// Reads a condition of at most `rest` parts; this bounds its memory and the depth of its tree.
    private init(
        from reader: inout ByteReader,
        rest: inout Int,
        depth: Int
    ) throws(ByteReaderError) {
        let offset = reader.offset
        rest -= 1
        guard rest >= 0, depth < InsightLimits.conditionDepthMax else {
            throw .outOfRange(
                offset: offset,
                value: UInt64(rest < 0 ? InsightLimits.conditionPartsMax : depth) + 1,
                limit: UInt64(
                    rest < 0 ? InsightLimits.conditionPartsMax : InsightLimits.conditionDepthMax
                ),
                what: "condition"
            )
        }
        func part(_ reader: inout ByteReader) throws(ByteReaderError) -> RowCondition {
            try RowCondition(from: &reader, rest: &rest, depth: depth + 1)
        }
        switch try reader.readUInt8() {
        case Self.orTag: self = .or(try part(&reader), try part(&reader))
        case Self.andTag: self = .and(try part(&reader), try part(&reader))
        case Self.notTag: self = .not(try part(&reader))
        case Self.testTag:
            self = .test(
                Test(
                    try reader.readText("condition"),
                    comparison: try reader.readCase(Comparison.self, "comparison"),
                    operand: try Operand(from: &reader)
                )
            )
        case let tag: throw .unknownCode(offset: offset, code: UInt64(tag), what: "condition")
        }
    }
}

extension RowCondition.Operand {
    private static let noneTag: UInt8 = 0
    private static let numberTag: UInt8 = 1
    private static let instantTag: UInt8 = 2
    private static let textTag: UInt8 = 3

    fileprivate func encode(into writer: inout ByteWriter) {
        switch self {
        case .none: writer.write(Self.noneTag)
        case .number(let millionths):
            writer.write(Self.numberTag)
            writer.writeVarint(millionths)
        case .instant(let instant):
            writer.write(Self.instantTag)
            writer.write(instant)
        case .text(let text):
            writer.write(Self.textTag)
            writer.writeText(text)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        switch try reader.readUInt8() {
        case Self.noneTag: self = .none
        case Self.numberTag: self = .number(try reader.readSignedVarint())
        case Self.instantTag: self = .instant(try reader.readInstant())
        case Self.textTag: self = .text(try reader.readText("condition"))
        case let tag: throw .unknownCode(offset: offset, code: UInt64(tag), what: "operand")
        }
    }
}
