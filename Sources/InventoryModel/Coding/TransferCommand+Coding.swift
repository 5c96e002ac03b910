internal import Bytes

extension DispatchTransfer {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.source.value))
        writer.writeVarint(UInt64(self.destination.value))
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines {
            writer.writeVarint(UInt64(line.product.value))
            writer.writeVarint(line.quantity)
            writer.writeOptional(line.ifRevision)
        }
        writer.writeText(self.reference)
        writer.writeText(self.note)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let source = try reader.readLocationID()
        let destination = try reader.readLocationID()
        let lines = try reader.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> DispatchLine in
            DispatchLine(
                product: try reader.readProductID(),
                quantity: try reader.readSignedVarint(),
                ifRevision: try reader.readOptional()
            )
        }
        self.init(
            from: source,
            to: destination,
            lines: lines,
            reference: try reader.readCommandText(),
            note: try reader.readCommandText()
        )
    }
}

extension TransferSettlement {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.lines.count))
        for line in self.lines { line.encode(into: &writer) }
        writer.writeText(self.note)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lines = try reader.readList(limit: Limits.batchLinesMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> TransferLine in
            try TransferLine(from: &reader)
        }
        self.init(lines: lines, note: try reader.readCommandText())
    }
}

extension TransferLine {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.transfer.value))
        var mask: UInt64 = 0
        if self.quantity != nil { mask |= 1 << 0 }
        if self.ifRevision != nil { mask |= 1 << 1 }
        writer.writeVarint(mask)
        if let quantity { writer.writeVarint(quantity) }
        if let ifRevision { writer.writeVarint(ifRevision) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(transfer: try reader.readTransferID())
        let mask = try reader.readMask(bits: 2)
        if mask & 1 << 0 != 0 { self.quantity = try reader.readSignedVarint() }
        if mask & 1 << 1 != 0 { self.ifRevision = try reader.readVarint() }
    }
}
