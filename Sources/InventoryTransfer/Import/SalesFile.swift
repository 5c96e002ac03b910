import Foundation
internal import InventoryModel

/// The sales of a file, read in two passes.
///
/// The first pass reads all of it, in parallel parts: the products and the rejected rows. The second pass,
/// ``SalesBatches``, reads batch by batch what is sent. Between them only the products and the product number of
/// each row stay in memory.
///
///     bytes  [ part 0 | part 1 | part 2 ]     each begins after the end of a line
///               │        │        │
///               ▼        ▼        ▼
///            products, problems, numbers      joined in the file's order
///
/// A part may begin inside a quoted field with line ends. The part before it then ends after that start, and
/// everything from there on is read again. Nothing here depends on the server: only the file decides the
/// requests, so that a retry with the same file sends the same requests.
///
/// A rejected row does not affect its product's price, name and category. A row too far ahead
/// of the server's clock is sent anyway and refused by the server: which rows those are changes from day to
/// day, and a retry has to send the same rows with the same numbers.
struct SalesFile: Sendable {
    private(set) var reader: SalesReader
    private(set) var products = SoldProducts()
    private(set) var problems: ProblemList
    /// The product number of each readable row, by part.
    private(set) var productsOfRows: [[UInt32]] = []
    /// The rows, without those that were passed over.
    private(set) var rowCount = 0
    private(set) var passedCount = 0
    /// The records and empty lines read so far, which rows are numbered by.
    private var recordCount = 0
    /// The earliest time of a row that is not ahead of the server's clock; the maximum if there is none.
    private(set) var earliest = Instant(microseconds: .max)
    private(set) var saleCount = 0
    private(set) var returnCount = 0
    private(set) var writeOffCount = 0
    private(set) var discountCount = 0
    /// The rows at local times that come twice or not at all.
    private(set) var clockChanges = ClockChangeRows()

    /// The number of rows that are sent.
    var acceptedCount: Int {
        self.saleCount + self.returnCount + self.writeOffCount + self.discountCount
    }

    /// The fewest bytes of a part.
    private static let partByteCountMin = 4 << 20

    /// Reads all of a file.
    ///
    /// - Parameters:
    ///   - file: The file's bytes.
    ///   - options: How to read the rows.
    ///   - listedMax: The most rejected rows that are listed.
    ///   - partCount: The number of parallel parts; by default one per processor, but none below 4 MiB.
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    init(
        _ file: FileBytes,
        _ options: SalesReader.Options,
        listedMax: Int,
        partCount: Int? = nil
    ) async throws {
        self.reader = try SalesReader(file, options)
        self.problems = ProblemList(listedMax: listedMax)
        let bytes = self.reader.records.bytes
        let partCountMax = bytes.count / Self.partByteCountMin
        let most = partCount ?? min(ProcessInfo.processInfo.activeProcessorCount, partCountMax)
        let count = self.reader.records.isSplittable ? most : 1
        let ranges = Self.ranges(of: bytes, from: self.reader.records.bytesRead, count: count)
        let parts = await self.parts(ranges)
        for (index, part) in parts.enumerated() {
            let part = try part.get()
            self.append(part)
            let nextStart = ranges[index].upperBound
            if index + 1 < parts.count, part.end > nextStart {
                self.append(try self.part(part.end..<bytes.count))
                break
            }
        }
    }

    /// Splits the bytes from `start` into `count` ranges at line ends.
    private static func ranges(
        of bytes: UnsafeRawBufferPointer,
        from start: Int,
        count: Int
    ) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var begin = start
        for number in 1..<max(count, 1) {
            let about = start + (bytes.count - start) / count * number
            guard about > begin, let line = bytes[about...].firstIndex(of: 0x0A) else { continue }
            ranges.append(begin..<(line + 1))
            begin = line + 1
        }
        return ranges + [begin..<bytes.count]
    }

    // MARK: - Parts

    /// The results of a part of the file.
    private struct Part: Sendable {
        var products = SoldProducts()
        var problems: ProblemList
        var numbers: [UInt32] = []
        var rowCount = 0
        var passedCount = 0
        var recordCount = 0
        /// The offset of the end of the last record.
        var end: Int
        var earliest = Instant(microseconds: .max)
        var saleCount = 0
        var returnCount = 0
        var writeOffCount = 0
        var discountCount = 0
        var clockChanges = ClockChangeRows()

        mutating func add(
            _ reading: SalesReader.Reading,
            _ change: ClockChange?,
            of reader: borrowing SalesReader
        ) {
            self.rowCount += 1
            switch reading {
            case .problem(let reason): self.problems.add(reader.records.number, reason)
            case .passed:
                self.rowCount -= 1
                self.passedCount += 1
            case .row(let row):
                self.numbers.append(UInt32(self.products.add(row, reader)))
                if let change { self.clockChanges.add(change, row: row.number) }
                if !row.isAhead { self.earliest = min(self.earliest, row.occurredAt) }
                switch row.kind {
                case .sale: self.saleCount += 1
                case .return: self.returnCount += 1
                case .writeOff: self.writeOffCount += 1
                case .discount: self.discountCount += 1
                }
            }
        }
    }

    private func part(_ range: Range<Int>) throws -> Part {
        var reader = self.reader.reader(of: range)
        var times = FileTimes(self.reader.options.reading.times)
        var part = Part(
            problems: ProblemList(listedMax: self.problems.listedMax),
            end: range.lowerBound
        )
        while let reading = try reader.next(&times) { part.add(reading, times.change, of: reader) }
        part.end = max(part.end, reader.records.recordEnd)
        part.recordCount = reader.records.positionCount
        part.passedCount += reader.records.passedCount
        return part
    }

    /// Reads the ranges in parallel.
    private func parts(_ ranges: [Range<Int>]) async -> [Result<Part, any Error>] {
        await withTaskGroup(of: (Int, Result<Part, any Error>).self) { group in
            for (index, range) in ranges.enumerated() {
                group.addTask { (index, Result { try self.part(range) }) }
            }
            var parts: [Int: Result<Part, any Error>] = [:]
            for await (index, part) in group { parts[index] = part }
            return ranges.indices.compactMap { parts[$0] }
        }
    }

    /// Appends the results of the next part.
    private mutating func append(_ part: Part) {
        let numbers = self.products.merge(part.products, rowsBefore: self.recordCount)
        self.productsOfRows.append(part.numbers.map { numbers[Int($0)] })
        self.problems.add(part.problems, rowsBefore: self.recordCount)
        self.clockChanges.add(part.clockChanges, rowsBefore: self.recordCount)
        self.rowCount += part.rowCount
        self.passedCount += part.passedCount
        self.recordCount += part.recordCount
        self.earliest = min(self.earliest, part.earliest)
        self.saleCount += part.saleCount
        self.returnCount += part.returnCount
        self.writeOffCount += part.writeOffCount
        self.discountCount += part.discountCount
    }
}
