package import Bytes

/// The encoding of the fields that were added to an entity after its first layout.
///
///     … first layout … │ mask │ the extension fields in the mask
///
/// They are written only if a field differs from its default: any other value has the bytes of its first
/// layout, which older programs read. A tag of its own announces them, or their place at the end of a frame.
extension Described {
    /// The extension fields that differ from their defaults.
    package var extensions: FieldSet<FieldID> {
        var given = FieldSet<FieldID>()
        if Self.extensionFields.isEmpty { return given }
        let standard = Self()
        var rest = Self.extensionFields.rawValue
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest - 1
            if !Self.paths[index].isSame(self, standard) { given.rawValue |= 1 << UInt64(index) }
        }
        return given
    }

    /// Appends the extension fields that differ from their defaults, if there are any.
    package func encodeExtensions(into writer: inout ByteWriter) {
        let given = self.extensions
        if !given.isEmpty { FieldUpdate(given, of: self).encode(into: &writer) }
    }

    /// Reads what ``encodeExtensions(into:)`` wrote for at least one field.
    package mutating func readExtensions(from reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        let update = try FieldUpdate<Self>(from: &reader)
        guard !update.isEmpty, update.given.isSubset(of: Self.extensionFields) else {
            throw .unknownCode(
                offset: offset,
                code: update.given.rawValue,
                what: "mask of extension fields"
            )
        }
        self.take(update.given, from: update.values)
    }
}

// MARK: - Products

extension ProductDraft {
    /// Writes the tag of the command that creates it, and the fields.
    func encodeTagged(into writer: inout ByteWriter) {
        let isExtended = !self.fields.extensions.isEmpty
        writer.writeCase(isExtended ? CommandTag.createExtendedProduct : .createProduct)
        self.encode(into: &writer)
        self.fields.encodeExtensions(into: &writer)
    }

    /// Reads the fields and the extension fields behind them.
    package init(extended reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(from: &reader)
        try self.fields.readExtensions(from: &reader)
    }
}

extension Product {
    /// Writes the tag of the change that creates it, and the fields.
    func encodeTagged(into writer: inout ByteWriter) {
        let isExtended = !self.fields.extensions.isEmpty
        writer.writeCase(isExtended ? ChangeTag.extendedProductCreated : .productCreated)
        self.encode(into: &writer)
        self.fields.encodeExtensions(into: &writer)
    }

    /// Reads the fields and the extension fields behind them.
    init(extended reader: inout ByteReader) throws(ByteReaderError) {
        try self.init(from: &reader)
        try self.fields.readExtensions(from: &reader)
    }
}
