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
        if self.onHand != 0 { mask |= Mask.onHand }
        if self.unavailable != 0 { mask |= Mask.unavailable }
        if self.reserved != 0 { mask |= Mask.reserved }
        if self.incoming != 0 { mask |= Mask.incoming }
        if self.floor != 0 { mask |= Mask.floor }
        if self.value != 0 { mask |= Mask.value }
        if self.alerts.rawValue != 0 { mask |= Mask.alerts }
        if self.revision != lsn { mask |= Mask.revision }
        cursor.writeVarint(mask)
        if mask & Mask.onHand != 0 { cursor.writeVarint(self.onHand) }
        if mask & Mask.unavailable != 0 { cursor.writeVarint(self.unavailable) }
        if mask & Mask.reserved != 0 { cursor.writeVarint(self.reserved) }
        if mask & Mask.incoming != 0 { cursor.writeVarint(self.incoming) }
        if mask & Mask.floor != 0 { cursor.writeVarint(self.floor) }
        if mask & Mask.value != 0 { cursor.writeVarint(self.value) }
        if mask & Mask.alerts != 0 { cursor.write(self.alerts.rawValue) }
        if mask & Mask.revision != 0 { cursor.writeVarint(self.revision) }
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
        if mask & Mask.onHand != 0 { level.onHand = try reader.readPresentQuantity() }
        if mask & Mask.unavailable != 0 { level.unavailable = try reader.readPresentQuantity() }
        if mask & Mask.reserved != 0 { level.reserved = try reader.readPresentQuantity() }
        if mask & Mask.incoming != 0 { level.incoming = try reader.readPresentQuantity() }
        if mask & Mask.floor != 0 { level.floor = try reader.readPresentQuantity() }
        if mask & Mask.value != 0 { level.value = try reader.readPresentMoney() }
        if mask & Mask.alerts != 0 {
            let offset = reader.offset
            let alerts = try reader.readFlags(AlertSet.all.rawValue, "alerts")
            guard alerts != 0 else {
                throw .unknownCode(offset: offset, code: 0, what: "alerts that are present")
            }
            level.alerts = AlertSet(rawValue: alerts)
        }
        if mask & Mask.revision != 0 {
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
            mask ^= Mask.reference | Mask.sharedReference
        }
        if !self.note.isEmpty, EntryStrings.shares(self.note, &strings.note) {
            mask ^= Mask.note | Mask.sharedNote
        }
        writer.append(atMost: self.byteCountMax) {
            self.encode(into: &$0, recordedAt: time, mask)
        }
    }

    /// Returns the ``Mask`` of the fields that are present, ignoring shared strings.
    @inlinable @inline(__always)
    package func presence(recordedAt time: Instant) -> UInt64 {
        var mask: UInt64 = 0
        if self.onHandDelta != 0 { mask |= Mask.onHandDelta }
        if self.unavailableDelta != 0 { mask |= Mask.unavailableDelta }
        if self.reservedDelta != 0 { mask |= Mask.reservedDelta }
        if self.incomingDelta != 0 { mask |= Mask.incomingDelta }
        if self.amount != 0 { mask |= Mask.amount }
        if self.price.minorUnits != 0 { mask |= Mask.price }
        if self.price.basis != 1 { mask |= Mask.priceBasis }
        if self.cost != 0 { mask |= Mask.cost }
        if self.reason != nil { mask |= Mask.reason }
        if !self.reference.isEmpty { mask |= Mask.reference }
        if !self.note.isEmpty { mask |= Mask.note }
        if self.origin != nil { mask |= Mask.origin }
        if self.occurredAt != time { mask |= Mask.occurredAt }
        if self.isImported { mask |= Mask.isImported }
        return mask
    }

    /// Writes the first or only movement of an entry.
    @inlinable @inline(__always)
    package func encode(into cursor: inout ByteCursor, recordedAt time: Instant) {
        self.encode(into: &cursor, recordedAt: time, self.presence(recordedAt: time))
    }

    /// Writes kind, product, location, a mask of the present fields, then these.
    ///
    /// `occurredAt` is relative to the recording time of the step, and absent if they are equal. One copy of the
    /// code: inlined beside ``presence(recordedAt:)`` it retains the strings that most movements do not have.
    @usableFromInline @inline(never)
    func encode(into cursor: inout ByteCursor, recordedAt time: Instant, _ mask: UInt64) {
        cursor.write(self.kind.rawValue)
        cursor.writeVarint(UInt64(self.product.value))
        cursor.writeVarint(UInt64(self.location.value))
        cursor.writeVarint(mask)
        if mask & Mask.onHandDelta != 0 { cursor.writeVarint(self.onHandDelta) }
        if mask & Mask.unavailableDelta != 0 { cursor.writeVarint(self.unavailableDelta) }
        if mask & Mask.reservedDelta != 0 { cursor.writeVarint(self.reservedDelta) }
        if mask & Mask.incomingDelta != 0 { cursor.writeVarint(self.incomingDelta) }
        if mask & Mask.amount != 0 { cursor.writeVarint(self.amount) }
        if mask & Mask.price != 0 { cursor.writeVarint(self.price.minorUnits) }
        if mask & Mask.priceBasis != 0 { cursor.writeVarint(self.price.basis) }
        if mask & Mask.cost != 0 { cursor.writeVarint(self.cost) }
        if let reason { cursor.write(reason.rawValue) }
        if mask & Mask.reference != 0 { cursor.writeText(self.reference) }
        if mask & Mask.note != 0 { cursor.writeText(self.note) }
        if let origin {
            cursor.writeVarint(origin.lsn)
            cursor.writeVarint(UInt64(origin.line))
        }
        if mask & Mask.occurredAt != 0 {
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
        guard mask & mask >> 5 & (Mask.reference | Mask.note) == 0 else {
            throw .unknownCode(
                offset: maskOffset,
                code: mask,
                what: "text that is present and shared"
            )
        }
        if mask & Mask.onHandDelta != 0 { self.onHandDelta = try reader.readPresentQuantity() }
        if mask & Mask.unavailableDelta != 0 {
            self.unavailableDelta = try reader.readPresentQuantity()
        }
        if mask & Mask.reservedDelta != 0 { self.reservedDelta = try reader.readPresentQuantity() }
        if mask & Mask.incomingDelta != 0 { self.incomingDelta = try reader.readPresentQuantity() }
        if mask & Mask.amount != 0 { self.amount = try reader.readPresentMoney() }
        let minorUnits = mask & Mask.price != 0 ? try reader.readNonZero() : 0
        let basisOffset = reader.offset
        let basis = mask & Mask.priceBasis != 0 ? try reader.readSignedVarint() : 1
        if mask & Mask.priceBasis != 0, basis == 1 {
            throw .unknownCode(offset: basisOffset, code: 1, what: "basis that is present")
        }
        self.price = Price(minorUnits, per: basis)
        if mask & Mask.cost != 0 { self.cost = try reader.readPresentMoney() }
        if mask & Mask.reason != 0 { self.reason = try reader.readCase(Reason.self, "reason") }
        if mask & Mask.reference != 0 {
            self.reference = try reader.readNonEmptyText()
            strings.reference = self.reference
        } else if mask & Mask.sharedReference != 0 {
            self.reference = try strings.shared(strings.reference, reader)
        }
        if mask & Mask.note != 0 {
            self.note = try reader.readNonEmptyText()
            strings.note = self.note
        } else if mask & Mask.sharedNote != 0 {
            self.note = try strings.shared(strings.note, reader)
        }
        if mask & Mask.origin != 0 {
            let lsn = try reader.readVarintLSN()
            self.origin = MovementID(lsn: lsn, line: try reader.readVarint(as: UInt16.self, "line"))
        }
        if mask & Mask.occurredAt != 0 {
            let distance = try reader.readNonZero()
            self.occurredAt = Instant(microseconds: time.microseconds &+ distance)
        }
        self.isImported = mask & Mask.isImported != 0
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
