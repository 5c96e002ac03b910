internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// A product as a value and as bytes, read from its row.
extension ProductTable {
    /// The product with that id, which must exist.
    func product(_ id: ProductID, strings: TextColumn) -> Product {
        precondition(self.statuses[id.row] != 0, "product \(id.row) was deleted")
        return self.row(id, strings: strings)
    }

    /// The product with that id, which was deleted, as archived.
    func deletedProduct(_ id: ProductID, strings: TextColumn) -> Product {
        precondition(self.wasDeleted(id), "product \(id.row) was not deleted")
        return self.row(id, strings: strings)
    }

    /// Reads a row, also that of a deleted product, as archived.
    private func row(_ id: ProductID, strings: TextColumn) -> Product {
        let row = id.row
        var reader = ProductRowReader(row: row)
        self.readFirstLayout(&reader, strings: strings)
        self.readExtensions(&reader)
        return Product(
            id: id,
            reader.fields,
            createdAt: Instant(microseconds: self.createdAt[row]),
            updatedAt: Instant(microseconds: self.updatedAt[row]),
            revision: LSN(self.revisions[row])
        )
    }

    // Both encodings are inlined into their callers: a call would copy the headers of all columns to the
    // stack, more than the encoding itself costs.

    /// Appends the product with that id, which must exist, encoded as ``Product`` is.
    @inline(__always)
    func encode(_ id: ProductID, strings: TextColumn, into writer: inout ByteWriter) {
        let row = id.row
        var byteCount = ProductByteCount(row: row)
        self.readFirstLayout(&byteCount, strings: strings)
        // Beside the fields: the id, two times and the revision.
        writer.append(atMost: 4 * VarintCoding.byteCountMax + byteCount.most) { cursor in
            cursor.writeVarint(UInt64(id.value))
            var encoder = ProductEncoder(row: row, given: .all, cursor: cursor)
            self.readFirstLayout(&encoder, strings: strings)
            cursor = encoder.cursor
            cursor.write(self.createdAt[row])
            cursor.write(self.updatedAt[row])
            cursor.writeVarint(self.revisions[row])
        }
    }

    /// Appends the extension fields of the product with that id as ``Described/encodeExtensions(into:)`` does.
    @inline(__always)
    func encodeExtensions(_ id: ProductID, into writer: inout ByteWriter) {
        let row = id.row
        var extensions = GivenExtensions(row: row)
        self.readExtensions(&extensions)
        let given = extensions.fields
        if given.isEmpty { return }
        var byteCount = ProductByteCount(row: row)
        self.readExtensions(&byteCount)
        writer.append(atMost: VarintCoding.byteCountMax + byteCount.most) { cursor in
            cursor.writeVarint(given.rawValue)
            var encoder = ProductEncoder(row: row, given: given, cursor: cursor)
            self.readExtensions(&encoder)
            cursor = encoder.cursor
        }
    }

    /// Returns the keys of the product's barcodes beside the first one.
    func moreBarcodeKeys(_ id: ProductID) -> [String] {
        if self.moreBarcodes.isEmpty(id.row) { return [] }
        return ProductFields.split(self.moreBarcodes[id.row]).map { NormalizedText.barcodeKey($0) }
    }
}
