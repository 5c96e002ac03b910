public import Bytes

/// The bytes of described fields, one after the other: those of PROTOCOL.md.
extension ByteWriter: FieldVisitor {
    public typealias Failure = Never

    /// Writes `value` by its description without copying it, which would cost a fifth of writing a product.
    ///
    /// What a visitor is shown it may change; this one does not, which debug builds check.
    @inline(__always)
    mutating func write<Value: Equatable>(
        describing value: Value,
        _ visit: (inout Value, inout ByteWriter) -> Void
    ) {
        #if DEBUG
            let before = value
            defer { assert(value == before, "\(Value.self) was changed by writing it") }
        #endif
        withUnsafePointer(to: value) {
            visit(&UnsafeMutablePointer(mutating: $0).pointee, &self)
        }
    }

    @inline(__always)
    public mutating func text(_ field: Field<String>, _ value: inout String) {
        self.writeText(value)
    }

    @inline(__always)
    public mutating func flag(_ field: Field<Bool>, _ value: inout Bool) { self.write(value) }

    @inline(__always)
    public mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) { self.writeVarint(UInt64(value)) }

    @inline(__always)
    public mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) {
        self.writeVarint(value)
    }

    @inline(__always)
    public mutating func money(_ field: Field<Money>, _ value: inout Money) {
        self.writeVarint(value.minorUnits)
    }

    @inline(__always)
    public mutating func price(_ field: Field<Price>, _ value: inout Price) { self.write(value) }

    @inline(__always)
    public mutating func unit(_ field: Field<Unit>, _ value: inout Unit) { self.write(value) }

    @inline(__always)
    public mutating func choice<Value: FieldChoice>(_ field: Field<Value>, _ value: inout Value) {
        self.write(value.rawValue)
    }

    @inline(__always)
    public mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.writeVarint(UInt64(value.value))
    }

    @inline(__always)
    public mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        self.write(value)
    }
}

/// What only commands have.
extension ByteWriter: CommandVisitor {
    public mutating func revision(_ value: inout LSN?) { self.writeOptional(value) }

    public mutating func occurrence(_ value: inout Occurrence?) { self.writeOptional(value) }

    public mutating func expiry(_ value: inout Expiry) { value.encode(into: &self) }

    public mutating func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) {
        self.writeOptional(value)
    }

    public mutating func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) {
        self.writeOptional(value)
    }

    public mutating func optionalMoney(_ field: Field<Money>, _ value: inout Money?) {
        self.writeVarint(value?.minorUnits ?? 0)
    }

    public mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) {
        value.encode(into: &self)
    }

    public mutating func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) {
        self.write(value != nil)
        value?.visit(&self)
    }

    public mutating func lines<Line: DescribedCommand>(_ list: LineList, _ value: inout [Line]) {
        self.writeVarint(UInt64(value.count))
        for line in value { line.encode(into: &self) }
    }

    public mutating func mask(_ given: inout OptionalFields) { self.writeVarint(given.rawValue) }

    public mutating func maskedQuantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity?) {
        if let value { self.writeVarint(value) }
    }

    public mutating func maskedMoney(_ field: Field<Money>, _ value: inout Money?) {
        if let value { self.writeVarint(value.minorUnits) }
    }

    public mutating func maskedRevision(_ value: inout LSN?) {
        if let value { self.writeVarint(value) }
    }
}

extension DescribedCommand {
    package func encode(into writer: inout ByteWriter) {
        writer.write(describing: self) { $0.visit(&$1) }
    }
}
