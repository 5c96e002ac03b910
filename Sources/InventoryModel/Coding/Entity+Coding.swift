public import Bytes

extension DescribedEntity {
    func encode(into writer: inout ByteWriter) {
        writer.write(describing: self) { $0.visit(&$1) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        try self.visit(&reader)
    }
}

extension Level {
    /// The largest byte count of its encoding: eight integers, their mask, and the key.
    @inlinable package static var byteCountMax: Int { 12 * VarintCoding.byteCountMax }

    /// Writes product, location and balances.
    package func encode(into writer: inout ByteWriter, at lsn: LSN) {
        writer.append(atMost: Self.byteCountMax) { self.encode(into: &$0, at: lsn) }
    }

    @inlinable @inline(__always)
    package func encode(into cursor: inout ByteCursor, at lsn: LSN) {
        cursor.writeVarint(UInt64(self.product.value))
        cursor.writeVarint(UInt64(self.location.value))
        self.encodeBalances(into: &cursor, at: lsn)
    }

    init(from reader: inout ByteReader, at lsn: LSN) throws(ByteReaderError) {
        let product = try reader.readProductID()
        let location = try reader.readLocationID()
        self = try Level.balances(from: &reader, product, location, at: lsn)
    }

    func encodeBalances(into writer: inout ByteWriter, at lsn: LSN) {
        writer.append(atMost: Self.byteCountMax) { self.encodeBalances(into: &$0, at: lsn) }
    }

    /// Writes a mask of the non-zero balances, then these; the revision only if it is not `lsn`.
    @inlinable @inline(__always)
    package func encodeBalances(into cursor: inout ByteCursor, at lsn: LSN) {
        var mask: UInt64 = 0
        if self.onHand != 0 { mask |= 1 << 0 }
        if self.unavailable != 0 { mask |= 1 << 1 }
        if self.reserved != 0 { mask |= 1 << 2 }
        if self.incoming != 0 { mask |= 1 << 3 }
        if self.floor != 0 { mask |= 1 << 4 }
        if self.value != 0 { mask |= 1 << 5 }
        if self.alerts.rawValue != 0 { mask |= 1 << 6 }
        if self.revision != lsn { mask |= 1 << 7 }
        cursor.writeVarint(mask)
        if mask & 1 << 0 != 0 { cursor.writeVarint(self.onHand) }
        if mask & 1 << 1 != 0 { cursor.writeVarint(self.unavailable) }
        if mask & 1 << 2 != 0 { cursor.writeVarint(self.reserved) }
        if mask & 1 << 3 != 0 { cursor.writeVarint(self.incoming) }
        if mask & 1 << 4 != 0 { cursor.writeVarint(self.floor) }
        if mask & 1 << 5 != 0 { cursor.writeVarint(self.value) }
        if mask & 1 << 6 != 0 { cursor.write(self.alerts.rawValue) }
        if mask & 1 << 7 != 0 { cursor.writeVarint(self.revision) }
    }

    /// Reads what ``encodeBalances(into:at:)`` wrote; a field of ``Mask`` that is not in `fields` is an error.
    package static func balances(
        from reader: inout ByteReader,
        _ product: ProductID,
        _ location: LocationID,
        at lsn: LSN,
        accepting fields: UInt64 = Mask.all
    ) throws(ByteReaderError) -> Level {
        let mask = try reader.readMask(of: fields)
        var level = Level(product: product, location: location, revision: lsn)
        if mask & 1 << 0 != 0 { level.onHand = try reader.readPresentQuantity() }
        if mask & 1 << 1 != 0 { level.unavailable = try reader.readPresentQuantity() }
        if mask & 1 << 2 != 0 { level.reserved = try reader.readPresentQuantity() }
        if mask & 1 << 3 != 0 { level.incoming = try reader.readPresentQuantity() }
        if mask & 1 << 4 != 0 { level.floor = try reader.readPresentQuantity() }
        if mask & 1 << 5 != 0 { level.value = try reader.readPresentMoney() }
        if mask & 1 << 6 != 0 {
            let offset = reader.offset
            let alerts = try reader.readFlags(AlertSet.all.rawValue, "alerts")
            guard alerts != 0 else {
                throw .unknownCode(offset: offset, code: 0, what: "alerts that are present")
            }
            level.alerts = AlertSet(rawValue: alerts)
        }
        if mask & 1 << 7 != 0 {
            let offset = reader.offset
            level.revision = try reader.readVarintLSN()
            guard level.revision != lsn else {
                throw .unknownCode(
                    offset: offset,
                    code: lsn.value,
                    what: "revision that is present"
                )
            }
        }
        return level
    }
}

extension Movement {
    /// The largest byte count of its encoding: fourteen integers, and the strings.
    @inlinable @inline(__always)
    package var byteCountMax: Int {
        16 * VarintCoding.byteCountMax + self.reference.utf8.count + self.note.utf8.count
    }

    /// Writes the movement, without the strings that it shares with the previous one in its entry.
    func encode(
        into writer: inout ByteWriter,
        recordedAt time: Instant,
        _ strings: inout EntryStrings
    ) {
        var mask = self.presence(recordedAt: time)
        if !self.reference.isEmpty, EntryStrings.shares(self.reference, &strings.reference) {
            mask ^= 1 << 9 | 1 << 14
        }
        if !self.note.isEmpty, EntryStrings.shares(self.note, &strings.note) {
            mask ^= 1 << 10 | 1 << 15
        }
        writer.append(atMost: self.byteCountMax) {
            self.encode(into: &$0, recordedAt: time, mask)
        }
    }

    /// Returns the ``Mask`` of the fields that are present, ignoring shared strings.
    @inlinable @inline(__always)
    package func presence(recordedAt time: Instant) -> UInt64 {
        var mask: UInt64 = 0
        if self.onHandDelta != 0 { mask |= 1 << 0 }
        if self.unavailableDelta != 0 { mask |= 1 << 1 }
        if self.reservedDelta != 0 { mask |= 1 << 2 }
        if self.incomingDelta != 0 { mask |= 1 << 3 }
        if self.amount != 0 { mask |= 1 << 4 }
        if self.price.minorUnits != 0 { mask |= 1 << 5 }
        if self.price.basis != 1 { mask |= 1 << 6 }
        if self.cost != 0 { mask |= 1 << 7 }
        if self.reason != nil { mask |= 1 << 8 }
        if !self.reference.isEmpty { mask |= 1 << 9 }
        if !self.note.isEmpty { mask |= 1 << 10 }
        if self.origin != nil { mask |= 1 << 11 }
        if self.occurredAt != time { mask |= 1 << 12 }
        if self.isImported { mask |= 1 << 13 }
        return mask
    }

    /// Writes the first or only movement of an entry.
    @inlinable @inline(__always)
    package func encode(into cursor: inout ByteCursor, recordedAt time: Instant) {
        self.encode(into: &cursor, recordedAt: time, self.presence(recordedAt: time))
    }

    /// Writes kind, product, location, a mask of the present fields, then these.
    ///
    /// `occurredAt` is relative to the recording time of the step, and absent if they are equal.
    @inlinable @inline(__always)
    func encode(into cursor: inout ByteCursor, recordedAt time: Instant, _ mask: UInt64) {
        cursor.write(self.kind.rawValue)
        cursor.writeVarint(UInt64(self.product.value))
        cursor.writeVarint(UInt64(self.location.value))
        cursor.writeVarint(mask)
        if mask & 1 << 0 != 0 { cursor.writeVarint(self.onHandDelta) }
        if mask & 1 << 1 != 0 { cursor.writeVarint(self.unavailableDelta) }
        if mask & 1 << 2 != 0 { cursor.writeVarint(self.reservedDelta) }
        if mask & 1 << 3 != 0 { cursor.writeVarint(self.incomingDelta) }
        if mask & 1 << 4 != 0 { cursor.writeVarint(self.amount) }
        if mask & 1 << 5 != 0 { cursor.writeVarint(self.price.minorUnits) }
        if mask & 1 << 6 != 0 { cursor.writeVarint(self.price.basis) }
        if mask & 1 << 7 != 0 { cursor.writeVarint(self.cost) }
        if let reason { cursor.write(reason.rawValue) }
        if mask & 1 << 9 != 0 { cursor.writeText(self.reference) }
        if mask & 1 << 10 != 0 { cursor.writeText(self.note) }
        if let origin {
            cursor.writeVarint(origin.lsn)
            cursor.writeVarint(UInt64(origin.line))
        }
        if mask & 1 << 12 != 0 {
            cursor.writeVarint(self.occurredAt.microseconds &- time.microseconds)
        }
    }

    package init(
        from reader: inout ByteReader,
        recordedAt time: Instant,
        _ strings: inout EntryStrings
    ) throws(ByteReaderError) {
        let kind = try reader.readCase(MovementKind.self, "movement kind")
        let product = try reader.readProductID()
        let location = try reader.readLocationID()
        self.init(kind: kind, product: product, location: location, occurredAt: time)
        let maskOffset = reader.offset
        let mask = try reader.readMask(of: Mask.all)
        guard mask & mask >> 5 & (1 << 9 | 1 << 10) == 0 else {
            throw .unknownCode(
                offset: maskOffset,
                code: mask,
                what: "text that is present and shared"
            )
        }
        if mask & 1 << 0 != 0 { self.onHandDelta = try reader.readPresentQuantity() }
        if mask & 1 << 1 != 0 { self.unavailableDelta = try reader.readPresentQuantity() }
        if mask & 1 << 2 != 0 { self.reservedDelta = try reader.readPresentQuantity() }
        if mask & 1 << 3 != 0 { self.incomingDelta = try reader.readPresentQuantity() }
        if mask & 1 << 4 != 0 { self.amount = try reader.readPresentMoney() }
        let minorUnits = mask & 1 << 5 != 0 ? try reader.readNonZero() : 0
        let basisOffset = reader.offset
        let basis = mask & 1 << 6 != 0 ? try reader.readSignedVarint() : 1
        if mask & 1 << 6 != 0, basis == 1 {
            throw .unknownCode(offset: basisOffset, code: 1, what: "basis that is present")
        }
        self.price = Price(minorUnits, per: basis)
        if mask & 1 << 7 != 0 { self.cost = try reader.readPresentMoney() }
        if mask & 1 << 8 != 0 { self.reason = try reader.readCase(Reason.self, "reason") }
        if mask & 1 << 9 != 0 {
            self.reference = try reader.readNonEmptyText()
            strings.reference = self.reference
        } else if mask & 1 << 14 != 0 {
            self.reference = try strings.shared(strings.reference, reader)
        }
        if mask & 1 << 10 != 0 {
            self.note = try reader.readNonEmptyText()
            strings.note = self.note
        } else if mask & 1 << 15 != 0 {
            self.note = try strings.shared(strings.note, reader)
        }
        if mask & 1 << 11 != 0 {
            let lsn = try reader.readVarintLSN()
            self.origin = MovementID(lsn: lsn, line: try reader.readVarint(as: UInt16.self, "line"))
        }
        if mask & 1 << 12 != 0 {
            let distance = try reader.readNonZero()
            self.occurredAt = Instant(microseconds: time.microseconds &+ distance)
        }
        self.isImported = mask & 1 << 13 != 0
    }
}

extension SessionID {
    /// Writes 16 bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.write(self.high)
        writer.write(self.low)
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(high: try reader.readUInt64(), low: try reader.readUInt64())
    }
}
