public import Bytes

extension ByteWriter {
    /// Writes the key of a level.
    mutating func writePlace(_ product: ProductID, _ location: LocationID) {
        self.writeVarint(UInt64(product.value))
        self.writeVarint(UInt64(location.value))
    }

    /// Writes 0 for the time of recording, or 1, or 2 for imported history, before the instant.
    mutating func writeOptional(_ occurred: Occurrence?) {
        guard let occurred else {
            self.write(0 as UInt8)
            return
        }
        self.write(occurred.isImported ? 2 as UInt8 : 1)
        self.write(occurred.at)
    }
}

extension ByteReader {
    /// Reads when something happened; `nil` for the time of recording.
    @inlinable
    package mutating func readOptionalOccurrence() throws(ByteReaderError) -> Occurrence? {
        let offset = self.offset
        let tag = try self.readUInt8()
        switch tag {
        case 0: return nil
        case 1, 2: return Occurrence(at: try self.readInstant(), isImported: tag == 2)
        default: throw .unknownCode(offset: offset, code: UInt64(tag), what: "occurrence")
        }
    }

    mutating func readSaleLines() throws(ByteReaderError) -> [SaleLine] {
        try self.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> SaleLine in
            try SaleLine(from: &reader, accepting: SaleLine.Mask.all)
        }
    }
}

extension SaleLine {
    func encode(into writer: inout ByteWriter) {
        writer.writePlace(self.product, self.location)
        writer.writeVarint(self.quantity)
        var mask: UInt64 = 0
        if self.price != nil { mask |= Mask.price }
        if self.ifRevision != nil { mask |= Mask.ifRevision }
        writer.writeVarint(mask)
        if let price { writer.writeVarint(price.minorUnits) }
        if let ifRevision { writer.writeVarint(ifRevision) }
    }

    /// Reads a line.
    ///
    /// - Parameters:
    ///   - reader: Where the line begins.
    ///   - fields: The fields, of ``Mask``, that the caller accepts; any other is an error.
    /// - Throws: `Bytes/ByteReaderError` if the bytes end early or are invalid.
    @inlinable @inline(__always)
    package init(
        from reader: inout ByteReader,
        accepting fields: UInt64
    ) throws(ByteReaderError) {
        self.init(
            product: try reader.readProductID(),
            location: try reader.readLocationID(),
            quantity: try reader.readQuantity()
        )
        let mask = try reader.readMask(of: fields)
        if mask & Mask.price != 0 { self.price = try reader.readMoney() }
        if mask & Mask.ifRevision != 0 { self.ifRevision = try reader.readVarintLSN() }
    }
}

extension Sale {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines { line.encode(into: &writer) }
        writer.writeText(self.reference)
        writer.writeText(self.note)
        writer.writeOptional(self.occurred)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            lines: try reader.readSaleLines(),
            reference: try reader.readCommandText(),
            note: try reader.readCommandText(),
            occurred: try reader.readOptionalOccurrence()
        )
    }
}

extension Restock {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines { line.encode(into: &writer) }
        let unpriced = self.lines.indices.filter { self.lines[$0].unitCost == nil }
        var flags: UInt8 = 0
        if self.fromIncoming { flags |= Self.fromIncomingFlag }
        if !unpriced.isEmpty { flags |= Self.unpricedFlag }
        writer.write(flags)
        writer.writeText(self.reference)
        writer.writeText(self.note)
        writer.writeOptional(self.occurred)
        guard !unpriced.isEmpty else { return }
        writer.writeVarint(UInt64(unpriced.count))
        for index in unpriced { writer.writeVarint(UInt64(index)) }
    }

    private static let fromIncomingFlag: UInt8 = 1 << 0
    /// Some lines have no cost: their indices follow at the end.
    private static let unpricedFlag: UInt8 = 1 << 1

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lines = try reader.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> RestockLine in
            try RestockLine(from: &reader)
        }
        let flags = try reader.readFlags(
            Self.fromIncomingFlag | Self.unpricedFlag,
            "flags of a restock"
        )
        self.init(
            lines: lines,
            fromIncoming: flags & Self.fromIncomingFlag != 0,
            reference: try reader.readCommandText(),
            note: try reader.readCommandText(),
            occurred: try reader.readOptionalOccurrence()
        )
        if flags & Self.unpricedFlag != 0 { try self.readUnpriced(&reader) }
    }

    /// Reads the indices of the lines without a cost: at least one, ascending.
    private mutating func readUnpriced(_ reader: inout ByteReader) throws(ByteReaderError) {
        let count = try reader.readCount(limit: self.lines.count)
        var next = 0
        for _ in 0..<count {
            let offset = reader.offset
            let index = try reader.readVarint()
            guard index >= UInt64(next), index < UInt64(self.lines.count),
                self.lines[Int(index)].unitCost == .zero
            else { throw .unknownCode(offset: offset, code: index, what: "line without a cost") }
            self.lines[Int(index)].unitCost = nil
            next = Int(index) + 1
        }
        if count == 0 {
            throw .unknownCode(offset: reader.offset, code: 0, what: "lines without a cost")
        }
    }
}
