public import Bytes

/// Decodes what a `ByteWriter` encoded; limits are checked when the query is executed.
extension ByteReader: QueryVisitor {
    /// Reads a text.
    public mutating func term(_ name: StaticString, _ value: inout String) throws(Failure) {
        value = try self.readText(name)
    }

    /// Reads a text if there are bytes left; throws if it is empty.
    public mutating func lastTerm(_ name: StaticString, _ value: inout String) throws(Failure) {
        value = self.remaining > 0 ? try self.readNonEmptyText() : ""
    }

    /// Reads a boolean if there are bytes left; throws if it is false.
    public mutating func lastFlag(_ name: StaticString, _ value: inout Bool) throws(Failure) {
        let offset = self.offset
        value = self.remaining > 0
        if value, try !self.readBool() {
            throw .unknownCode(offset: offset, code: 0, what: "boolean that is present")
        }
    }

    /// Reads a number; throws if it exceeds the upper limit of the field.
    public mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) throws(Failure) {
        let limit = UInt32(clamping: field.bounds.upperBound)
        value = try self.readBoundedVarint(field.name, limit: limit)
    }

    /// Reads a signed number.
    public mutating func signed(_ name: String, _ value: inout Int64) throws(Failure) {
        value = try self.readSignedVarint()
    }

    /// Reads an id, or its absence; throws if it does not fit its type.
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

    /// Reads a value by its own decoder.
    public mutating func coded<Value: CodedValue>(_ value: inout Value) throws(Failure) {
        value = try Value(from: &self)
    }

    /// Reads a boolean and, if true, the part.
    public mutating func optional<Part: DescribedPart>(
        _ name: String,
        _ value: inout Part?
    ) throws(Failure) { value = try self.readBool() ? try Part(from: &self) : nil }

    /// Reads a list of at most `max` parts.
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

    /// Reads a mask and the fields that it announces.
    ///
    /// A mask must announce exactly the non-empty fields, so that each value has a single encoding.
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

    /// Sets the boolean, which has no bytes.
    public mutating func announced(_ name: String, _ value: inout Bool) { value = true }
}

extension ByteWriter: QueryVisitor {
    /// Writes a text.
    public mutating func term(_ name: StaticString, _ value: inout String) {
        self.writeText(value)
    }

    /// Writes a text unless it is empty.
    public mutating func lastTerm(_ name: StaticString, _ value: inout String) {
        if !value.isEmpty { self.writeText(value) }
    }

    /// Writes a boolean unless it is false.
    public mutating func lastFlag(_ name: StaticString, _ value: inout Bool) {
        if value { self.write(true) }
    }

    /// Writes a number.
    public mutating func count(_ field: Field<UInt32>, _ value: inout UInt32) {
        self.writeVarint(UInt64(value))
    }

    /// Writes a signed number.
    public mutating func signed(_ name: String, _ value: inout Int64) { self.writeVarint(value) }

    /// Writes an id, or its absence.
    public mutating func optionalID<ID: EntityID>(_ name: String, _ value: inout ID?) {
        self.writeOptional(value.map { UInt64($0.value) })
    }

    /// Writes a value by its own encoder.
    public mutating func coded<Value: CodedValue>(_ value: inout Value) {
        value.encode(into: &self)
    }

    /// Writes whether there is a part, and the part.
    public mutating func optional<Part: DescribedPart>(_ name: String, _ value: inout Part?) {
        self.write(value != nil)
        value?.visit(&self)
    }

    /// Writes the count and the parts.
    public mutating func list<Part: DescribedPart>(
        _ name: String,
        of value: inout [Part],
        max: Int
    ) {
        self.writeVarint(UInt64(value.count))
        for part in value { part.encode(into: &self) }
    }

    /// Writes a mask of the non-empty fields, and these.
    public mutating func masked<Part: MaskedPart>(_ name: String, _ value: inout Part) {
        var given = value.presence
        self.mask(&given)
        value.visit(&self, only: given)
    }

    /// Writes no bytes: the mask has the value.
    public mutating func announced(_ name: String, _ value: inout Bool) {}
}
