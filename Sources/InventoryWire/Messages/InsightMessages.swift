public import Bytes
public import InventoryModel

/// The head of an insight's result.
public struct InsightHeader: Hashable, Sendable {
    /// The LSN of the state that the result reflects.
    public var lsn: LSN
    /// When that state's last step was recorded.
    public var time: Instant
    /// The window that the rows cover.
    public var window: ResolvedWindow
    /// The columns of the rows.
    public var schema: [ResultField]
    /// The number of leading columns that form the rows' unique key.
    public var keyColumnCount: Int

    /// Creates a head.
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

    /// Creates the head of a result.
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

/// The change of a live insight's result since the last message: rows to remove, then rows to insert.
///
/// Applying it yields the result of re-executing the insight at ``lsn``.
public struct InsightChanged: Hashable, Sendable {
    /// The LSN of the state that the new result reflects.
    public var lsn: LSN
    /// When the step at ``lsn`` was recorded.
    public var time: Instant
    /// The window that the new result covers.
    public var window: ResolvedWindow
    /// Indices of removed rows in the old result, ascending.
    public var removed: [Int]
    /// Indices of the block's rows in the new result, ascending.
    public var inserted: [Int]
    /// The inserted rows: a block as encoded by `InventoryModel/ResultTable`, to be decoded with the
    /// header's schema.
    public var block: [UInt8]

    /// Creates a change.
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

    /// Creates the message for the difference between the last published result and `answer`.
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

    /// Decodes the rows with the schema of the header.
    ///
    /// - Throws: `Bytes/ByteReaderError` if the block is invalid, or its rows are not as many as ``inserted``.
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
            throw .unknownCode(offset: 0, code: UInt64(rows.rowCount), what: "inserted rows")
        }
        return ResultDifference(removed: self.removed, inserted: self.inserted, rows: rows)
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(self.lsn)
        writer.write(self.time.microseconds)
        self.window.encode(into: &writer)
        writer.writeAscending(self.removed)
        writer.writeAscending(self.inserted)
        writer.write(bytes: self.block)
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            lsn: try reader.readLSN(),
            time: Instant(microseconds: try reader.readInt64()),
            window: try ResolvedWindow(from: &reader),
            removed: try reader.readAscending(),
            inserted: try reader.readAscending(),
            block: []
        )
        self.block = [UInt8](try reader.readBytes(reader.remaining))
    }
}

extension ByteWriter {
    /// Writes ascending numbers: the first, then each difference to the next.
    fileprivate mutating func writeAscending(_ numbers: [Int]) {
        self.writeVarint(UInt64(numbers.count))
        var previous = 0
        for number in numbers {
            self.writeVarint(UInt64(number - previous))
            previous = number
        }
    }
}

extension ByteReader {
    fileprivate mutating func readAscending() throws(ByteReaderError) -> [Int] {
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
