public import Bytes
public import InventoryModel

/// What goes before the rows of an insight's answer: what the rows are of, and how to read them.
public struct InsightHeader: Hashable, Sendable {
    /// The state that the answer reflects.
    public var lsn: LSN
    /// When that state's last step was recorded.
    public var time: Instant
    public var window: ResolvedWindow
    public var schema: [ResultField]
    /// The first so many columns tell each row from every other.
    public var keyColumnCount: Int

    public init(
        lsn: LSN,
        time: Instant,
        window: ResolvedWindow,
        schema: [ResultField],
        keyColumnCount: Int
    ) {
        self.lsn = lsn
        self.time = time
        self.window = window
        self.schema = schema
        self.keyColumnCount = keyColumnCount
    }

    public init(of answer: InsightAnswer) {
        self.init(
            lsn: answer.lsn,
            time: answer.time,
            window: answer.window,
            schema: answer.table.schema,
            keyColumnCount: answer.keyColumnCount
        )
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(self.lsn)
        writer.write(self.time.microseconds)
        self.window.encode(into: &writer)
        ResultTable(self.schema).encodeSchema(into: &writer)
        writer.writeVarint(UInt64(self.keyColumnCount))
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lsn = try reader.readLSN()
        let time = Instant(microseconds: try reader.readInt64())
        let window = try ResolvedWindow(from: &reader)
        let schema = try ResultTable.schema(from: &reader)
        self.init(
            lsn: lsn,
            time: time,
            window: window,
            schema: schema,
            keyColumnCount: try reader.readCount(limit: schema.count)
        )
    }
}

/// What became of an insight's result since the version that was told before: rows to take out of
/// it, then rows to put in, so that it is what the same question asked anew at `lsn` would give.
public struct InsightChanged: Hashable, Sendable {
    public var lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public var time: Instant
    public var window: ResolvedWindow
    /// Rows of the result as it was, ascending.
    public var removed: [Int]
    /// Where the rows of the block stand in the result as it is then, ascending.
    public var inserted: [Int]
    /// As many rows: a block as `InventoryModel/ResultTable` encodes it, to be read with the header's
    /// schema.
    public var block: [UInt8]

    public init(
        lsn: LSN,
        time: Instant,
        window: ResolvedWindow,
        removed: [Int],
        inserted: [Int],
        block: [UInt8]
    ) {
        self.lsn = lsn
        self.time = time
        self.window = window
        self.removed = removed
        self.inserted = inserted
        self.block = block
    }

    /// The difference between the answer that was told before and this one.
    public init(_ difference: ResultDifference, to answer: InsightAnswer) {
        var writer = ByteWriter()
        difference.rows.encodeBlock(into: &writer)
        self.init(
            lsn: answer.lsn,
            time: answer.time,
            window: answer.window,
            removed: difference.removed,
            inserted: difference.inserted,
            block: writer.array()
        )
    }

    /// Reads the rows with the schema of the header.
    public func difference(_ schema: [ResultField]) throws(ByteReaderError) -> ResultDifference {
        let result = self.block.withUnsafeBytes { bytes -> Result<ResultTable, ByteReaderError> in
            var reader = ByteReader(bytes)
            do throws(ByteReaderError) {
                let rows = try ResultTable(blockFrom: &reader, schema: schema)
                try reader.finish()
                return .success(rows)
            } catch {
                return .failure(error)
            }
        }
        let rows = try result.get()
        guard rows.rowCount == self.inserted.count else {
            throw .unknownCode(offset: 0, code: UInt64(rows.rowCount), what: "rows to put in")
        }
        return ResultDifference(removed: self.removed, inserted: self.inserted, rows: rows)
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(self.lsn)
        writer.write(self.time.microseconds)
        self.window.encode(into: &writer)
        writer.writeRising(self.removed)
        writer.writeRising(self.inserted)
        writer.write(bytes: self.block)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            lsn: try reader.readLSN(),
            time: Instant(microseconds: try reader.readInt64()),
            window: try ResolvedWindow(from: &reader),
            removed: try reader.readRising(),
            inserted: try reader.readRising(),
            block: []
        )
        self.block = [UInt8](try reader.readBytes(reader.remaining))
    }
}

extension ByteWriter {
    /// The first number, then each distance to the next.
    fileprivate mutating func writeRising(_ numbers: [Int]) {
        self.writeVarint(UInt64(numbers.count))
        var previous = 0
        for number in numbers {
            self.writeVarint(UInt64(number - previous))
            previous = number
        }
    }
}

extension ByteReader {
    fileprivate mutating func readRising() throws(ByteReaderError) -> [Int] {
        let count = try self.readCount(limit: InsightLimits.liveInsightRowsMax)
        var numbers: [Int] = []
        numbers.reserveCapacity(min(count, self.remaining))
        for _ in 0..<count {
            let offset = self.offset
            let distance = try self.readCount(limit: InsightLimits.liveInsightRowsMax)
            guard distance > 0 || numbers.isEmpty else {
                throw .unknownCode(offset: offset, code: 0, what: "distance to the next row")
            }
            let number = (numbers.last ?? 0) + distance
            guard number < InsightLimits.liveInsightRowsMax else {
                throw .tooLong(
                    offset: offset,
                    length: UInt64(number),
                    limit: InsightLimits.liveInsightRowsMax - 1
                )
            }
            numbers.append(number)
        }
        return numbers
    }
}
