public import Bytes

/// The primitives of this module's encodings, in addition to those of `ByteWriter`.
///
/// The log, the outcomes that a session remembers, snapshots and the network share one encoding of each
/// value. PROTOCOL.md documents it byte by byte.
///
///     enumeration   its raw value in a byte
///     optional n    varint 0 for none, else n + 1
///     list          varint count, then the elements
extension ByteWriter {
    package mutating func writeCase<Value: RawRepresentable>(_ value: Value)
    where Value.RawValue == UInt8 {
        self.write(value.rawValue)
    }

    /// Writes 0 for `nil`, otherwise the value plus one.
    ///
    /// The largest value has no successor and is written like the one below it; neither is ever an LSN.
    package mutating func writeOptional(_ value: UInt64?) {
        self.writeVarint(value.map { $0 == .max ? $0 : $0 + 1 } ?? 0)
    }

    package mutating func writeOptional(_ lsn: LSN?) { self.writeOptional(lsn?.value) }

    package mutating func write(_ instant: Instant) { self.write(instant.microseconds) }

    package mutating func writeOptional(_ instant: Instant?) {
        self.write(instant != nil)
        if let instant { self.write(instant) }
    }

    mutating func write(_ price: Price) {
        self.writeVarint(UInt64(bitPattern: price.minorUnits))
        self.writeVarint(UInt64(bitPattern: price.basis))
    }

    mutating func write(_ unit: Unit) {
        self.writeText(unit.code)
        self.write(unit.decimals)
    }
}

extension ByteReader {
    @inlinable
    package mutating func readCase<Value: RawRepresentable>(
        _ type: Value.Type,
        _ what: String
    ) throws(ByteReaderError) -> Value where Value.RawValue == UInt8 {
        let offset = self.offset
        let raw = try self.readUInt8()
        guard let value = Value(rawValue: raw) else {
            throw .unknownCode(offset: offset, code: UInt64(raw), what: what)
        }
        return value
    }

    mutating func readOptional() throws(ByteReaderError) -> UInt64? {
        let value = try self.readVarint()
        return value == 0 ? nil : value - 1
    }

    mutating func readOptionalLSN() throws(ByteReaderError) -> LSN? {
        try self.readOptional().map { LSN($0) }
    }

    /// Reads a varint that must fit a narrower integer.
    @inlinable @inline(__always)
    package mutating func readVarint<Value: FixedWidthInteger>(
        as type: Value.Type,
        _ what: String
    ) throws(ByteReaderError) -> Value {
        let offset = self.offset
        let wide = try self.readVarint()
        guard let value = Value(exactly: wide) else {
            throw .unknownCode(offset: offset, code: wide, what: what)
        }
        return value
    }

    /// Reads a varint whose field has a lower limit than its type.
    ///
    /// A value that fits the type is compared with the limit when the request is executed, in the order
    /// of its fields. One that does not fit is refused here, with the same limit and the same code.
    package mutating func readBoundedVarint(
        _ what: String,
        limit: UInt32
    ) throws(ByteReaderError) -> UInt32 {
        let offset = self.offset
        let wide = try self.readVarint()
        guard let value = UInt32(exactly: wide) else {
            throw .outOfRange(offset: offset, value: wide, limit: UInt64(limit), what: what)
        }
        return value
    }

    @inlinable
    package mutating func readInstant() throws(ByteReaderError) -> Instant {
        Instant(microseconds: try self.readInt64())
    }

    package mutating func readOptionalInstant() throws(ByteReaderError) -> Instant? {
        try self.readBool() ? try self.readInstant() : nil
    }

    @inlinable @inline(__always)
    package mutating func readProductID() throws(ByteReaderError) -> ProductID {
        ProductID(try self.readVarint(as: UInt32.self, "product id"))
    }

    @inlinable @inline(__always)
    package mutating func readLocationID() throws(ByteReaderError) -> LocationID {
        LocationID(try self.readVarint(as: UInt16.self, "location id"))
    }

    package mutating func readPrice() throws(ByteReaderError) -> Price {
        let minorUnits = Int64(bitPattern: try self.readVarint())
        let basis = Int64(bitPattern: try self.readVarint())
        return Price(minorUnits, per: basis)
    }

    /// Reads a unit whose code is checked later, as in ``readCommandText()``.
    mutating func readCommandUnit() throws(ByteReaderError) -> Unit {
        let code = try self.readCommandText()
        return Unit(code: code, decimals: try self.readUInt8())
    }

    mutating func readUnit() throws(ByteReaderError) -> Unit {
        let code = try self.readText(limit: Self.textByteCountMax)
        return Unit(code: code, decimals: try self.readUInt8())
    }

    /// Reads a list of at most `limit` elements.
    ///
    /// Memory is reserved for as many as the bytes could hold, and for at most a thousand: an element
    /// is larger in memory than on the wire, so a longer list grows as its bytes are read.
    package mutating func readList<Element>(
        limit: Int,
        _ read: (inout ByteReader) throws(ByteReaderError) -> Element
    ) throws(ByteReaderError) -> [Element] {
        let count = try self.readCount(limit: limit)
        var list: [Element] = []
        list.reserveCapacity(min(count, self.remaining, 1_024))
        for _ in 0..<count { list.append(try read(&self)) }
        return list
    }

    /// Reads a presence mask of which only the lowest `bits` may be set.
    @inlinable @inline(__always)
    package mutating func readMask(bits: Int) throws(ByteReaderError) -> UInt64 {
        try self.readMask(of: 1 << UInt64(bits) - 1)
    }

    /// Reads a presence mask of which only the bits in `known` may be set.
    @inlinable @inline(__always)
    package mutating func readMask(of known: UInt64) throws(ByteReaderError) -> UInt64 {
        let offset = self.offset
        let mask = try self.readVarint()
        guard mask & ~known == 0 else {
            throw .unknownCode(offset: offset, code: mask, what: "presence mask")
        }
        return mask
    }

    /// Reads a value that a presence mask announced; since zero is omitted, zero is an error.
    @inlinable @inline(__always)
    package mutating func readNonZero() throws(ByteReaderError) -> Int64 {
        let offset = self.offset
        let value = try self.readSignedVarint()
        guard value != 0 else {
            throw .unknownCode(offset: offset, code: 0, what: "value that is present")
        }
        return value
    }

    /// Reads a text that a presence mask announced; since an empty text is omitted, it is an error.
    package mutating func readNonEmptyText() throws(ByteReaderError) -> String {
        let offset = self.offset
        let text = try self.readText()
        guard !text.isEmpty else {
            throw .unknownCode(offset: offset, code: 0, what: "text that is present")
        }
        return text
    }

    /// Reads a byte of flags of which only those in `known` may be set.
    mutating func readFlags(_ known: UInt8, _ what: String) throws(ByteReaderError) -> UInt8 {
        let offset = self.offset
        let flags = try self.readUInt8()
        guard flags & ~known == 0 else {
            throw .unknownCode(offset: offset, code: UInt64(flags), what: what)
        }
        return flags
    }

    /// Bytes of a text other than a command's: part of the log format.
    @inlinable package static var textByteCountMax: Int { Limits.textByteCountMax }

    /// Reads a text; `what` is the field's name in an error.
    @inlinable @inline(__always)
    package mutating func readText(
        _ what: StaticString = "text"
    ) throws(ByteReaderError) -> String {
        try self.readText(limit: Self.textByteCountMax, what)
    }

    /// Reads a text of a command of any length, which is validated later by its field and limit.
    ///
    /// Therefore, of many commands in a request, only the one with the text is refused.
    mutating func readCommandText() throws(ByteReaderError) -> String {
        try self.readText(limit: .max)
    }
}

// MARK: - Quantities and amounts are signed varints

extension ByteWriter {
    @inlinable
    package mutating func writeVarint(_ quantity: Quantity) { self.writeVarint(quantity.baseUnits) }

    @inlinable
    package mutating func writeVarint(_ money: Money) { self.writeVarint(money.minorUnits) }
}

extension ByteCursor {
    @inlinable @inline(__always)
    package mutating func writeVarint(_ quantity: Quantity) { self.writeVarint(quantity.baseUnits) }

    @inlinable @inline(__always)
    package mutating func writeVarint(_ money: Money) { self.writeVarint(money.minorUnits) }
}

extension ByteReader {
    @inlinable @inline(__always)
    package mutating func readQuantity() throws(ByteReaderError) -> Quantity {
        Quantity(try self.readSignedVarint())
    }

    @inlinable @inline(__always)
    package mutating func readMoney() throws(ByteReaderError) -> Money {
        Money(try self.readSignedVarint())
    }

    /// As ``readNonZero()``, of a quantity.
    @inlinable @inline(__always)
    package mutating func readPresentQuantity() throws(ByteReaderError) -> Quantity {
        Quantity(try self.readNonZero())
    }

    /// As ``readNonZero()``, of an amount.
    @inlinable @inline(__always)
    package mutating func readPresentMoney() throws(ByteReaderError) -> Money {
        Money(try self.readNonZero())
    }
}
