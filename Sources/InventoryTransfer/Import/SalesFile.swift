import Foundation
internal import InventoryModel

/// The sales of a file, read twice.
///
/// The first time all of it, in parts side by side: which products there are, what stock has to be there
/// first, and which rows cannot be taken. The second time batch by batch, as they are sent; of the first
/// only the number of each row's product is kept beside the products.
///
///     bytes  [ part 0 | part 1 | part 2 ]     each begins behind the end of a line
///               │        │        │
///               ▼        ▼        ▼
///            products, problems, numbers      joined in the file's order
///
/// A part may begin inside a quoted field that has lines of its own. The part before it then ends behind
/// that beginning, and all from there on is read again. Nothing here knows a server: the file alone decides
/// every request of rows, so that the same file read again gives the same requests.
///
/// A row that is refused has no part in what its product is opened with, nor in its price, name and category.
/// One that is too far ahead of the server's clock is sent all the same and refused there: which rows those
/// are changes from day to day, and a second run has to send the same rows under the same numbers.
struct SalesFile: Sendable {
    private(set) var reader: SalesReader
    private(set) var products = SoldProducts()
    private(set) var problems: ProblemList
    /// The rows that are too far ahead of the server's clock, which are sent all the same.
    private(set) var ahead: ProblemList
    /// For each row that could be read the number of its product, ``noProduct`` for one that is not sent:
    /// those of a part together.
    private(set) var productsOfRows: [[UInt32]] = []
    private(set) var rowCount = 0
    /// When the first row happened that is not ahead of the server's clock; beyond all times if there is none.
    private(set) var earliest = Instant(microseconds: .max)
    private(set) var saleCount = 0
    private(set) var returnCount = 0
    private(set) var writeOffCount = 0

    static let noProduct = UInt32.max

    /// Rows that are sent.
    var takenCount: Int { self.saleCount + self.returnCount + self.writeOffCount }

    /// Bytes that are worth a part of their own.
    private static let partByteCountMin = 4 << 20

    /// Reads all of a file.
    ///
    /// `listedMax`: As many rows that cannot be taken are listed. `partCount` is as many as there are
    /// processors, if nothing is said.
    init(
        _ file: FileBytes,
        _ options: SalesReader.Options,
        listedMax: Int,
        partCount: Int? = nil
    ) async throws {
        self.reader = try SalesReader(file, options)
        self.problems = ProblemList(listedMax: listedMax)
        self.ahead = ProblemList(listedMax: listedMax)
        let worthwhile = file.count / Self.partByteCountMin
        let count = partCount ?? min(ProcessInfo.processInfo.activeProcessorCount, worthwhile)
        let ranges = Self.ranges(of: file.bytes, from: self.reader.records.bytesRead, count: count)
        let parts = await self.parts(ranges)
        for (index, part) in parts.enumerated() {
            let part = try part.get()
            self.take(part)
            let begunAt = ranges[index].upperBound
            if index + 1 < parts.count, part.end > begunAt {
                self.take(try self.part(part.end..<file.count))
                break
            }
        }
        if self.products.isBeyondStock, ranges.count > 1 {
            self = try await SalesFile(file, options, listedMax: listedMax, partCount: 1)
        }
    }

    /// Cuts what lies behind `start` into `count` ranges, each but the first behind the end of a line.
    private static func ranges(
        of bytes: UnsafeRawBufferPointer,
        from start: Int,
        count: Int
    ) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var begun = start
        for number in 1..<max(count, 1) {
            let about = start + (bytes.count - start) / count * number
            guard about > begun, let line = bytes[about...].firstIndex(of: 0x0A) else { continue }
            ranges.append(begun..<(line + 1))
            begun = line + 1
        }
        return ranges + [begun..<bytes.count]
    }

    // MARK: - Parts

    /// What a part of the file comes to.
    private struct Part: Sendable {
        var products = SoldProducts()
        var problems: ProblemList
        var ahead: ProblemList
        var numbers: [UInt32] = []
        var rowCount = 0
        /// Where its last record ends.
        var end: Int
        var earliest = Instant(microseconds: .max)
        var saleCount = 0
        var returnCount = 0
        var writeOffCount = 0

        mutating func take(_ reading: SalesReader.Reading, _ reader: borrowing SalesReader) {
            self.rowCount += 1
            switch reading {
            case .problem(let reason): self.problems.add(reader.records.number, reason)
            case .row(let row):
                guard let product = self.products.take(row, reader) else {
                    self.numbers.append(SalesFile.noProduct)
                    self.problems.add(row.number, Self.tooMuchStock)
                    return
                }
                self.numbers.append(UInt32(product))
                if row.isAhead {
                    self.ahead.add(row.number, Self.aheadOfClock)
                } else {
                    self.earliest = min(self.earliest, row.occurredAt)
                }
                switch row.kind {
                case .sale: self.saleCount += 1
                case .return: self.returnCount += 1
                case .writeOff: self.writeOffCount += 1
                }
            }
        }

        private static var tooMuchStock: String {
            "quantity: its product would have more than \(Limits.quantityMax) in stock"
        }

        private static var aheadOfClock: String {
            let hours = Limits.occurredAtFutureSeconds / 3_600
            return "occurredAt: is more than \(hours) hours ahead of the server's clock"
        }
    }

    private func part(_ range: Range<Int>) throws -> Part {
        var reader = self.reader.reader(of: range)
        var times = FileTimes(zone: self.reader.options.zone)
        var part = Part(
            problems: ProblemList(listedMax: self.problems.listedMax),
            ahead: ProblemList(listedMax: self.problems.listedMax),
            end: range.lowerBound
        )
        while let reading = try reader.next(&times) {
            part.end = reader.records.bytesRead
            part.take(reading, reader)
        }
        return part
    }

    /// Reads the ranges side by side.
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

    /// Goes on with the next part.
    private mutating func take(_ part: Part) {
        let numbers = self.products.take(part.products, rowsBefore: self.rowCount)
        self.productsOfRows.append(
            part.numbers.map { $0 == Self.noProduct ? $0 : numbers[Int($0)] }
        )
        self.problems.add(part.problems, rowsBefore: self.rowCount)
        self.ahead.add(part.ahead, rowsBefore: self.rowCount)
        self.rowCount += part.rowCount
        self.earliest = min(self.earliest, part.earliest)
        self.saleCount += part.saleCount
        self.returnCount += part.returnCount
        self.writeOffCount += part.writeOffCount
    }
}
