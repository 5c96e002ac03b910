public import Bytes

/// Reads what a `ByteWriter` wrote; bounds are checked by whoever runs the request.
extension ByteReader: FieldVisitor {
    public typealias Failure = ByteReaderError

    @inline(__always)
    public mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure) {
        value = try self.readCommandText()
    }

    @inline(__always)
    public mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure) {
        value = try self.readBool()
    }

    @inline(__always)
    public mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) { value = try self.readVarint(as: Value.self, field.name) }

    @inline(__always)
    public mutating func quantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity
    ) throws(Failure) {
        value = try self.readQuantity()
    }

    @inline(__always)
    public mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure) {
        value = try self.readMoney()
    }

    @inline(__always)
    public mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure) {
        value = try self.readPrice()
    }

    @inline(__always)
    public mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure) {
        value = try self.readCommandUnit()
    }

    @inline(__always)
    public mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) { value = try self.readCase(Value.self, Value.title) }

    @inline(__always)
    public mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure) {
        value = ID(try self.readVarint(as: ID.Value.self, ID.numberTitle))
    }

    @inline(__always)
    public mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure) {
        value = try self.readInstant()
    }
}

/// What only commands have.
extension ByteReader: CommandVisitor {
    public mutating func revision(_ value: inout LSN?) throws(Failure) {
        value = try self.readOptionalLSN()
    }

    public mutating func occurrence(_ value: inout Occurrence?) throws(Failure) {
        value = try self.readOptionalOccurrence()
    }

    public mutating func expiry(_ value: inout Expiry) throws(Failure) {
        value = try Expiry(from: &self)
    }

    public mutating func optionalInstant(
        _ field: Field<Instant>,
        _ value: inout Instant?
    ) throws(Failure) { value = try self.readOptionalInstant() }

    public mutating func optionalLSN(
        _ field: Field<LSN>,
        _ value: inout LSN?
    ) throws(Failure) { value = try self.readOptionalLSN() }

    public mutating func optionalMoney(
        _ field: Field<Money>,
        _ value: inout Money?
    ) throws(Failure) { value = try self.readMoney() }

    public mutating func update<Entity: Described>(
        _ value: inout FieldUpdate<Entity>
    ) throws(Failure) { value = try FieldUpdate(from: &self) }

    public mutating func part<Part: DescribedCommand>(
        _ name: String,
        _ value: inout Part?
    ) throws(Failure) { value = try self.readBool() ? try Part(from: &self) : nil }

    public mutating func lines<Line: DescribedCommand>(
        _ list: LineList,
        _ value: inout [Line]
    ) throws(Failure) {
        value = try self.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Line in
            try Line(from: &reader)
        }
    }

    public mutating func mask(_ given: inout OptionalFields) throws(Failure) {
        given.rawValue = try self.readMask(bits: given.count)
    }

    public mutating func maskedQuantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity?
    ) throws(Failure) { value = try self.readQuantity() }

    public mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure) {
        value = try self.readMoney()
    }

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
