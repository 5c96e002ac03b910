internal import Bytes

extension ByteReader {
    mutating func readReservationID() throws(ByteReaderError) -> ReservationID {
        ReservationID(try self.readVarint(as: UInt32.self, "reservation id"))
    }

    mutating func readTransferID() throws(ByteReaderError) -> TransferID {
        TransferID(try self.readVarint(as: UInt32.self, "transfer id"))
    }

    fileprivate mutating func readReservationLines() throws(ByteReaderError) -> [ReservationLine] {
        try self.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> ReservationLine in
            try ReservationLine(from: &reader)
        }
    }
}

extension Reserve {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines {
            writer.writePlace(line.product, line.location)
            writer.writeVarint(line.quantity)
            writer.writeOptional(line.ifRevision)
        }
        self.expiry.encode(into: &writer)
        writer.writeText(self.reference)
        writer.writeText(self.note)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lines = try reader.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> ReserveLine in
            ReserveLine(
                product: try reader.readProductID(),
                location: try reader.readLocationID(),
                quantity: try reader.readSignedVarint(),
                ifRevision: try reader.readOptional()
            )
        }
        self.init(
            lines: lines,
            expiry: try Expiry(from: &reader),
            reference: try reader.readCommandText(),
            note: try reader.readCommandText()
        )
    }
}

extension Expiry {
    /// 1 before an instant, 2 before seconds.
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .at(let instant):
            writer.write(1 as UInt8)
            writer.write(instant)
        case .after(let seconds):
            writer.write(2 as UInt8)
            writer.writeVarint(seconds)
        }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case 1: self = .at(try reader.readInstant())
        case 2: self = .after(seconds: try reader.readSignedVarint())
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "expiry")
        }
    }
}

extension ReservationLine {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.reservation.value))
        var mask: UInt64 = 0
        if self.quantity != nil { mask |= 1 << 0 }
        if self.price != nil { mask |= 1 << 1 }
        if self.ifRevision != nil { mask |= 1 << 2 }
        writer.writeVarint(mask)
        if let quantity { writer.writeVarint(quantity) }
        if let price { writer.writeVarint(price.minorUnits) }
        if let ifRevision { writer.writeVarint(ifRevision) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(reservation: try reader.readReservationID())
        let mask = try reader.readMask(bits: 3)
        if mask & 1 << 0 != 0 { self.quantity = try reader.readSignedVarint() }
        if mask & 1 << 1 != 0 { self.price = Money(try reader.readSignedVarint()) }
        if mask & 1 << 2 != 0 { self.ifRevision = try reader.readVarint() }
    }
}

extension ExtendReservation {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines { line.encode(into: &writer) }
        self.expiry.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            lines: try reader.readReservationLines(),
            expiry: try Expiry(from: &reader)
        )
    }
}

extension CommitReservation {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines { line.encode(into: &writer) }
        writer.writeText(self.reference)
        writer.writeText(self.note)
        writer.writeOptional(self.occurred)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            lines: try reader.readReservationLines(),
            reference: try reader.readCommandText(),
            note: try reader.readCommandText(),
            occurred: try reader.readOptionalOccurrence()
        )
    }
}

extension ReleaseReservation {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines { line.encode(into: &writer) }
        writer.writeText(self.note)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(lines: try reader.readReservationLines(), note: try reader.readCommandText())
    }
}
