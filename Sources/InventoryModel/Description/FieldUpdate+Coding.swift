internal import Bytes

/// The encoding of a partial update: a mask of the given fields, then these.
extension FieldUpdate {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(self.given.rawValue)
        let given = self.given
        writer.write(describing: self.values) { $0.visit(&$1, only: given) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let mask = try reader.readMask(bits: Entity.FieldID.allCases.count)
        let given = FieldSet<Entity.FieldID>(rawValue: mask)
        var values = Entity()
        try values.visit(&reader, only: given)
        self.init(given, of: values)
    }
}
