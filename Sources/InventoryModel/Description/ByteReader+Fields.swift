public import Bytes

/// Decodes what a `ByteWriter` encoded; limits are checked when the request is executed.
extension ByteReader: FieldVisitor {
    /// Thrown if the bytes end early or are invalid.
    public typealias Failure = ByteReaderError

    /// It decodes bytes.
    @inlinable public static var isCodec: Bool { true }

    /// Reads a text.
    @inline(__always)
    public mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure) {
        value = try self.readCommandText()
    }

    /// Reads a boolean.
    @inline(__always)
    public mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure) {
        value = try self.readBool()
    }

    /// Reads a number; throws if it does not fit its type.
    @inline(__always)
    public mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) { value = try self.readVarint(as: Value.self, field.name) }

    /// Reads base units.
    @inline(__always)
    public mutating func quantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity
    ) throws(Failure) {
        value = try self.readQuantity()
    }

    /// Reads minor units.
    @inline(__always)
    public mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure) {
        value = try self.readMoney()
    }

    /// Reads minor units and the basis.
    @inline(__always)
    public mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure) {
        value = try self.readPrice()
    }

    /// Reads a unit's code and decimals.
    @inline(__always)
    public mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure) {
        value = try self.readCommandUnit()
    }

    /// Reads a case; throws if its number is unknown.
    @inline(__always)
    public mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) { value = try self.readCase(Value.self, Value.title) }

    /// Reads an id; throws if it does not fit its type.
    @inline(__always)
    public mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure) {
        value = ID(try self.readVarint(as: ID.Value.self, ID.numberTitle))
    }

    /// Reads microseconds since 1970-01-01 UTC.
    @inline(__always)
    public mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure) {
        value = try self.readInstant()
    }
}

/// The kinds of fields that only commands have.
extension ByteReader: CommandVisitor {
    /// Reads `ifRevision`, or its absence.
    public mutating func revision(_ value: inout LSN?) throws(Failure) {
        value = try self.readOptionalLSN()
    }

    /// Reads when it happened, or its absence.
    public mutating func occurrence(_ value: inout Occurrence?) throws(Failure) {
        value = try self.readOptionalOccurrence()
    }

    /// Reads an expiry.
    public mutating func expiry(_ value: inout Expiry) throws(Failure) {
        value = try Expiry(from: &self)
    }

    /// Reads an instant, or its absence.
    public mutating func optionalInstant(
        _ field: Field<Instant>,
        _ value: inout Instant?
    ) throws(Failure) { value = try self.readOptionalInstant() }

    /// Reads the number of a day, or its absence.
    public mutating func optionalDay(
        _ name: String,
        _ value: inout CalendarDay?
    ) throws(Failure) {
        let offset = self.offset
        guard let number = try self.readOptional() else {
            value = nil
            return
        }
        guard let ordinal = UInt32(exactly: number) else {
            throw .unknownCode(offset: offset, code: number, what: name)
        }
        value = CalendarDay(ordinal: ordinal)
    }

    /// Reads an LSN, or its absence.
    public mutating func optionalLSN(
        _ field: Field<LSN>,
        _ value: inout LSN?
    ) throws(Failure) { value = try self.readOptionalLSN() }

    /// Reads minor units, which are never absent.
    public mutating func optionalMoney(
        _ field: Field<Money>,
        _ value: inout Money?
    ) throws(Failure) { value = try self.readMoney() }

    /// Reads a mask and the fields that it announces.
    public mutating func update<Entity: Described>(
        _ value: inout FieldUpdate<Entity>
    ) throws(Failure) { value = try FieldUpdate(from: &self) }

    /// Reads a boolean and, if true, the part.
    public mutating func part<Part: DescribedCommand>(
        _ name: String,
        _ value: inout Part?
    ) throws(Failure) { value = try self.readBool() ? try Part(from: &self) : nil }

    /// Reads a list of at most ``Limits/batchLinesMax`` lines.
    public mutating func lines<Line: DescribedCommand>(
        _ list: LineList,
        _ value: inout [Line]
    ) throws(Failure) {
        value = try self.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Line in
            try Line(from: &reader)
        }
    }

    /// Reads a mask; throws if it has unknown bits.
    public mutating func mask(_ given: inout OptionalFields) throws(Failure) {
        given.rawValue = try self.readMask(bits: given.count)
    }

    /// Reads base units that the mask announced.
    public mutating func maskedQuantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity?
    ) throws(Failure) { value = try self.readQuantity() }

    /// Reads minor units that the mask announced.
    public mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure) {
        value = try self.readMoney()
    }

    /// Reads a revision that the mask announced.
    public mutating func maskedRevision(_ value: inout LSN?) throws(Failure) {
        value = try self.readVarintLSN()
    }
}

extension DescribedCommand {
    package init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        try self.visit(&reader)
    }
}
