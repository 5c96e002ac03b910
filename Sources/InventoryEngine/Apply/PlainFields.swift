internal import Bytes
internal import InventoryModel

/// Reads described fields from the bytes of a request without creating strings: it decodes numbers into the
/// value, and records where the strings are.
struct PlainFields: FieldVisitor {
    typealias Failure = ByteReaderError

    static var isCodec: Bool { true }

    typealias Strings = InlineArray<8, UnsafeRawBufferPointer>

    var reader: ByteReader
    /// The strings in the order of their fields, without that of a unit.
    private(set) var strings: Strings
    /// The code of the last unit.
    private(set) var unitCode = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The place of the next string.
    private var stringCount = 0
    /// Whether the strings are in their stored form, and all values are within their bounds.
    private(set) var arePlain = true
    /// Whether extension fields are read, of which an empty text is not in its stored form.
    var isInExtensions = false

    init(_ reader: ByteReader) {
        self.reader = reader
        self.strings = Strings(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Leaves the place of the next string empty.
    mutating func skipString() { self.stringCount += 1 }

    /// Reads a string; one that is not UTF-8 is not plain.
    @inline(__always)
    private mutating func readText(
        in bounds: ClosedRange<Int>
    ) throws(Failure) -> UnsafeRawBufferPointer {
        let count = try self.reader.readCount(limit: ByteReader.textByteCountMax)
        let text = try self.reader.readBytes(count)
        if count == 0, bounds.lowerBound == 0, !self.isInExtensions { return text }
        self.note(count <= bounds.upperBound && NormalizedText.isPlain(text))
        return text
    }

    @inline(__always)
    private mutating func note(_ isPlain: Bool) { self.arePlain = self.arePlain && isPlain }

    @inline(__always)
    mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure) {
        precondition(self.stringCount < Strings.count, "\(self.stringCount) strings")
        self.strings[self.stringCount] = try self.readText(in: field.byteCount)
        self.stringCount += 1
    }

    @inline(__always)
    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure) {
        value = try self.reader.readBool()
    }

    @inline(__always)
    mutating func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) {
        value = try self.reader.readVarint(as: Value.self, field.name)
        self.note(field.bounds.contains(Int64(clamping: value)))
    }

    @inline(__always)
    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Failure)
    {
        value = try self.reader.readQuantity()
        self.note(field.bounds.contains(value.baseUnits))
    }

    @inline(__always)
    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure) {
        value = Money(try self.reader.readSignedVarint())
        self.note(field.bounds.contains(value.minorUnits))
    }

    @inline(__always)
    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure) {
        value = try self.reader.readPrice()
        self.note(FieldBounds.amounts.contains(value.minorUnits))
        self.note(FieldBounds.priceBases.contains(value.basis))
    }

    @inline(__always)
    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure) {
        self.unitCode = try self.readText(in: FieldBounds.unitCode)
        value = Unit(code: "", decimals: try self.reader.readUInt8())
        self.note(FieldBounds.unitDecimals.contains(Int64(value.decimals)))
    }

    @inline(__always)
    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) { value = try self.reader.readCase(Value.self, Value.title) }

    @inline(__always)
    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure) {
        value = ID(try self.reader.readVarint(as: ID.Value.self, ID.numberTitle))
    }

    @inline(__always)
    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure) {
        value = try self.reader.readInstant()
    }
}
