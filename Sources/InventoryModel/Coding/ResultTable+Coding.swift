public import Bytes

/// The encoding of a result: its schema once, then blocks of rows, column by column.
///
///     schema   list of (name, kind)
///     block    varint rows, then for each column:
///              list of the rows without a value, each as its distance from the one before,
///              then a value for every row: signed varints, strings, or 8 bytes a number;
///              0 or "" where there is none
extension ResultTable {
    /// The largest number of rows of a block.
    public static let blockRowsMax = 8_192
    /// The largest number of columns.
    static let columnsMax = 256

    /// Writes the columns' names and kinds.
    public func encodeSchema(into writer: inout ByteWriter) {
        writer.writeVarint(UInt64(self.columns.count))
        for column in self.columns {
            writer.writeText(column.field.name)
            writer.writeCase(column.field.kind)
        }
    }

    /// Reads a schema of at most 256 columns.
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

    /// Writes the rows as one block; traps if there are more than ``blockRowsMax``.
    public func encodeBlock(into writer: inout ByteWriter) {
        precondition(self.rowCount <= Self.blockRowsMax, "a block of \(self.rowCount) rows")
        writer.writeVarint(UInt64(self.rowCount))
        for column in self.columns { column.encode(into: &writer) }
    }

    /// Reads a block of a result with the given schema.
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
        for text in self.strings { writer.writeText(text) }
        if self.field.kind == .number {
            for bits in self.integers { writer.write(bits) }
        } else {
            for value in self.integers { writer.writeVarint(value) }
        }
    }

    init(
        from reader: inout ByteReader,
        _ field: ResultField,
        rowCount: Int
    ) throws(ByteReaderError) {
        self.init(field)
        let missing = try Self.readMissing(&reader, rowCount: rowCount)
        var next = missing.startIndex
        for row in 0..<rowCount {
            let isMissing = next < missing.endIndex && missing[next] == row
            if isMissing { next += 1 }
            let offset = reader.offset
            let cell: ResultCell =
                switch field.kind {
                case .text: .text(try reader.readText())
                case .number: .number(try Self.readNumber(&reader))
                default: .integer(try reader.readSignedVarint())
                }
            if isMissing, cell != .integer(0), cell != .text(""), cell != .number(0.0) {
                throw .unknownCode(offset: offset, code: UInt64(row), what: "value of an empty row")
            }
            self.append(isMissing ? .none : cell)
        }
    }

    /// Reads a finite number; a negative zero is invalid.
    private static func readNumber(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> Double {
        let offset = reader.offset
        let bits = try reader.readUInt64()
        let number = Double(bitPattern: bits)
        guard number.isFinite, bits != (-0.0).bitPattern else {
            throw .unknownCode(offset: offset, code: bits, what: "number")
        }
        return number
    }

    /// Reads the indices of the rows without a value, in strictly ascending order.
    private static func readMissing(
        _ reader: inout ByteReader,
        rowCount: Int
    ) throws(ByteReaderError) -> [Int] {
        let count = try reader.readCount(limit: rowCount)
        var rows: [Int] = []
        rows.reserveCapacity(count)
        for _ in 0..<count {
            let offset = reader.offset
            let distance = try reader.readCount(limit: rowCount)
            let row = (rows.last ?? 0) + distance
            guard row < rowCount else {
                throw .tooLong(offset: offset, length: UInt64(row), limit: rowCount - 1)
            }
            guard distance > 0 || rows.isEmpty else {
                throw .unknownCode(offset: offset, code: 0, what: "distance to the next empty row")
            }
            rows.append(row)
        }
        return rows
    }
}
