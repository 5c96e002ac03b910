public import ColumnStore

/// A result goes out as its schema once, then blocks of rows, column by column.
///
///     schema   list of (name, kind)
///     block    varint rows, then for each column:
///              list of the rows without a value, each as its distance from the one before,
///              then a value for every row: signed varints, or texts
extension ResultTable {
    /// Rows of one block at most.
    public static let blockRowsMax = 8_192
    static let columnsMax = 256

    public func encodeSchema(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.columns.count))
        for column in self.columns {
            writer.writeText(column.field.name)
            writer.writeCase(column.field.kind)
        }
    }

    public static func schema(
        from reader: inout ByteReader
    ) throws(ByteReaderError) -> [ResultField] {
        try reader.readList(limit: Self.columnsMax) {
            (reader: inout ByteReader) throws(ByteReaderError) -> ResultField in
            ResultField(
                try reader.readText(),
                try reader.readCase(ResultKind.self, "result kind")
            )
        }
    }

    public func encodeBlock(into writer: inout ByteWriter) {
        precondition(self.rowCount <= Self.blockRowsMax, "a block of \(self.rowCount) rows")
        writer.writeVarint(UInt64(self.rowCount))
        for column in self.columns { column.encode(into: &writer) }
    }

    /// Reads a block of a result with that schema.
    public init(
        blockFrom reader: inout ByteReader,
        schema: [ResultField]
    ) throws(ByteReaderError) {
        let rowCount = try reader.readCount(limit: Self.blockRowsMax)
        var columns: [ResultColumn] = []
        columns.reserveCapacity(schema.count)
        for field in schema {
            columns.append(try ResultColumn(from: &reader, field, rowCount: rowCount))
        }
        self.init(columns: columns, rowCount: rowCount)
    }
}

extension ResultColumn {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.missing.count))
        var previous = 0
        for row in self.missing {
            writer.writeVarint(UInt64(row - previous))
            previous = row
        }
        for text in self.texts { writer.writeText(text) }
        for value in self.integers { writer.writeVarint(value) }
    }

    init(
        from reader: inout ByteReader,
        _ field: ResultField,
        rowCount: Int
    ) throws(ByteReaderError) {
        let offset = reader.offset
        let missingCount = try reader.readCount(limit: rowCount)
        var isMissing = [Bool](repeating: false, count: rowCount)
        var row = 0
        for _ in 0..<missingCount {
            row += Int(clamping: try reader.readVarint())
            guard row < rowCount else {
                throw .tooLong(offset: offset, length: UInt64(row), limit: rowCount)
            }
            isMissing[row] = true
        }
        self.init(field)
        for row in 0..<rowCount {
            if field.kind == .text {
                let text = try reader.readText()
                self.append(isMissing[row] ? .none : .text(text))
            } else {
                let value = try reader.readSignedVarint()
                self.append(isMissing[row] ? .none : .integer(value))
            }
        }
    }
}
