internal import Bytes

extension ReservationQuery {
    func encode(into writer: inout ByteWriter) {
        writer.writeOptional(self.id.map { UInt64($0.value) })
        writer.writeOptional(self.product.map { UInt64($0.value) })
        writer.writeOptional(self.location.map { UInt64($0.value) })
        writer.write(self.states.rawValue)
        writer.writeText(self.reference)
        writer.write(self.isNewestFirst)
        writer.writeOptional(self.after.map { UInt64($0.value) })
        writer.writeVarint(UInt64(self.limit))
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            id: try reader.readOptionalID("reservation id").map(ReservationID.init),
            product: try reader.readOptionalProduct(),
            location: try reader.readOptionalLocation(),
            states: ReservationStateSet(
                rawValue: try reader.readFlags(ReservationStateSet.all.rawValue, "states")
            ),
            reference: try reader.readText("reference"),
            isNewestFirst: try reader.readBool(),
            after: try reader.readOptionalID("reservation id").map(ReservationID.init),
            limit: try reader.readLimit()
        )
    }
}

extension TransferQuery {
    func encode(into writer: inout ByteWriter) {
        writer.writeOptional(self.id.map { UInt64($0.value) })
        writer.writeOptional(self.product.map { UInt64($0.value) })
        writer.writeOptional(self.location.map { UInt64($0.value) })
        writer.write(self.states.rawValue)
        writer.writeText(self.reference)
        writer.write(self.isNewestFirst)
        writer.writeOptional(self.after.map { UInt64($0.value) })
        writer.writeVarint(UInt64(self.limit))
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            id: try reader.readOptionalID("transfer id").map(TransferID.init),
            product: try reader.readOptionalProduct(),
            location: try reader.readOptionalLocation(),
            states: TransferStateSet(
                rawValue: try reader.readFlags(TransferStateSet.all.rawValue, "states")
            ),
            reference: try reader.readText("reference"),
            isNewestFirst: try reader.readBool(),
            after: try reader.readOptionalID("transfer id").map(TransferID.init),
            limit: try reader.readLimit()
        )
    }
}
