public import Bytes

/// Reads what a `ByteWriter` wrote; limits are checked by whoever answers.
extension ByteReader: QuestionVisitor {
    public mutating func term(_ name: StaticString, _ value: inout String) throws(Failure) {
        value = try self.readText(name)
    }

    public mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) throws(Failure) {
        let limit = UInt32(clamping: field.bounds.upperBound)
        value = try self.readBoundedVarint(field.name, limit: limit)
    }

    public mutating func signed(_ name: String, _ value: inout Int64) throws(Failure) {
        value = try self.readSignedVarint()
    }

    public mutating func optionalID<ID: EntityID>(
        _ name: String,
        _ value: inout ID?
    ) throws(Failure) {
        let offset = self.offset
        guard let wide = try self.readOptional() else { return value = nil }
        guard let number = ID.Value(exactly: wide) else {
            throw .unknownCode(offset: offset, code: wide, what: ID.numberTitle)
        }
        value = ID(number)
    }

    public mutating func coded<Value: CodedValue>(_ value: inout Value) throws(Failure) {
        value = try Value(from: &self)
    }

    public mutating func optional<Part: DescribedPart>(
        _ name: String,
        _ value: inout Part?
    ) throws(Failure) { value = try self.readBool() ? try Part(from: &self) : nil }

    public mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) throws(Failure) {
        value = try self.readList(limit: max) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Part in
            try Part(from: &reader)
        }
    }

    /// A mask announces exactly what is not empty: one value has one encoding.
    public mutating func masked<Part: MaskedPart>(
        _ name: String,
        _ value: inout Part
    ) throws(Failure) {
        let offset = self.offset
        var given = value.presence
        try self.mask(&given)
        try value.visit(&self, only: given)
        guard value.presence.rawValue == given.rawValue else {
            throw .unknownCode(offset: offset, code: given.rawValue, what: "presence mask")
        }
    }

    public mutating func announced(_ name: String, _ value: inout Bool) { value = true }
}

extension ByteWriter: QuestionVisitor {
    public mutating func term(_ name: StaticString, _ value: inout String) {
        self.writeText(value)
    }

    public mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) {
        self.writeVarint(UInt64(value))
    }

    public mutating func signed(_ name: String, _ value: inout Int64) { self.writeVarint(value) }

    public mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) {
        self.writeOptional(value.map { UInt64($0.value) })
    }

    public mutating func coded<Value: CodedValue>(_ value: inout Value) {
        value.encode(into: &self)
    }

    public mutating func optional<Part: DescribedPart>(_ name: String, _ value: inout Part?) {
        self.write(value != nil)
        value?.visit(&self)
    }

    public mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) {
        self.writeVarint(UInt64(value.count))
        for part in value { part.encode(into: &self) }
    }

    public mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) {
        var given = value.presence
        self.mask(&given)
        value.visit(&self, only: given)
    }

    public mutating func announced(_ name: String, _ value: inout Bool) {}
}
