internal import InventoryModel

/// Groups the rows of a file of sales into the batches that requests record.
///
///     rows      1 2 3 | 4 | 5 6 | 7 …        groups: neighbours of one receipt that make one command
///     batches   [ 1 2 3   4 ] [ 5 6   7 …    whole groups, together at most linesMax rows
///
/// It is the second pass over the file; ``SalesFile`` decided which rows are sent.
struct SalesBatches {
    private var reader: SalesReader
    private var times: FileTimes
    private var receipts: ReceiptLines
    private let linesMax: Int
    /// The number of the product of each readable row, by part of the file.
    private let productsOfRows: [[UInt32]]
    private var part = 0
    private var rowOfPart = 0
    private var next = SalesBatch()
    /// The reference of the row read last.
    private var reference: [UInt8] = []
    /// The number of the receipt of the last group; `nil` if it has no reference.
    private var receipt: Int?
    /// The rows without a reference, which are not recognized when they are imported again.
    private(set) var unnamedCount = 0

    /// Creates batches of at most `linesMax` rows.
    init(_ file: SalesFile, linesMax: Int) {
        self.reader = file.reader
        self.times = FileTimes(file.reader.options.reading.times)
        self.receipts = ReceiptLines(zone: file.reader.options.reading.zone)
        self.productsOfRows = file.productsOfRows
        self.linesMax = linesMax
    }

    /// Returns the next batch; `nil` at the end of the file.
    mutating func batch() throws -> SalesBatch? {
        while let reading = try self.reader.next(&self.times) {
            switch reading {
            case .passed: continue
            case .problem: self.passProblem()
            case .row(let row):
                let full = self.append(row, product: self.takeProduct())
                if let full { return full }
            }
        }
        guard !self.next.isEmpty else { return nil }
        defer { self.next = SalesBatch() }
        return self.next
    }

    /// Appends a row, and returns the batch before it if that is full.
    private mutating func append(_ row: SalesReader.Row, product: Int) -> SalesBatch? {
        let line = self.line(at: row.location, row.occurredAt)
        if line == nil { self.unnamedCount += 1 }
        let continues = line != nil && line?.receipt == self.receipt && self.next.continues(row)
        var full: SalesBatch?
        if self.next.lineCount == self.linesMax {
            full = self.next
            self.next = SalesBatch()
        }
        if continues, full == nil {
            self.next.append(row, product: product)
        } else {
            self.next.begin(row, product: product, reference: self.reference, line)
        }
        self.receipt = line?.receipt
        return full
    }

    /// Numbers the row read last, and reads its reference.
    private mutating func line(
        at location: LocationID,
        _ occurredAt: Instant?
    ) -> ReceiptLines.Line? {
        // A copy of a few bytes: the reader cannot lend them while this changes.
        self.reference.removeAll(keepingCapacity: true)
        self.reader.appendReference(to: &self.reference)
        return self.receipts.line(of: self.reference, at: location, occurredAt)
    }

    /// Counts the line of a receipt that a rejected row is.
    private mutating func passProblem() {
        let occurredAt = self.reader.readableTime(&self.times)
        guard let location = self.reader.readableLocation else { return }
        _ = self.line(at: location, occurredAt)
        // The lines of a group are consecutive.
        self.receipt = nil
    }

    /// Returns the number of the product of the next readable row.
    private mutating func takeProduct() -> Int {
        while self.rowOfPart == self.productsOfRows[self.part].count {
            self.part += 1
            self.rowOfPart = 0
        }
        defer { self.rowOfPart += 1 }
        return Int(self.productsOfRows[self.part][self.rowOfPart])
    }
}

/// The rows of a file that one request records.
struct SalesBatch {
    struct Line {
        var row: SalesReader.Row
        var product: Int
    }

    /// The lines of one command: consecutive lines of one receipt, or a row without a reference.
    struct Group {
        /// Indexes of the batch's lines.
        var lines: Range<Int>
        /// A range of ``references``; empty for none.
        var reference: Range<Int>
        /// The day that identifies the receipt; `nil` without a reference.
        var day: CalendarDay?
        /// The number of the first line in the receipt.
        var firstLine: UInt32
    }

    private(set) var lines: [Line] = []
    private(set) var groups: [Group] = []
    private(set) var references: [UInt8] = []
    /// The total amount of the last group.
    private var amount = Money.zero

    var isEmpty: Bool { self.lines.isEmpty }
    var lineCount: Int { self.lines.count }

    /// Whether a row of the same receipt can be another line of the last group: one command has one time, and
    /// either sells its goods or writes them off.
    func continues(_ row: SalesReader.Row) -> Bool {
        guard let last = self.lines.last else { return false }
        return row.occurredAt == last.row.occurredAt
            && (row.kind == .writeOff) == (last.row.kind == .writeOff)
            && self.amount.adding(row.lineAmount) != nil
    }

    /// Appends a line to the last group.
    mutating func append(_ row: SalesReader.Row, product: Int) {
        self.lines.append(Line(row: row, product: product))
        let last = self.groups.count - 1
        self.groups[last].lines = self.groups[last].lines.lowerBound..<self.lines.count
        self.amount = self.amount.adding(row.lineAmount) ?? self.amount
    }

    /// Appends a group of one line.
    mutating func begin(
        _ row: SalesReader.Row,
        product: Int,
        reference: [UInt8],
        _ line: ReceiptLines.Line?
    ) {
        let start = self.references.count
        if line != nil { self.references.append(contentsOf: reference) }
        self.groups.append(
            Group(
                lines: self.lines.count..<(self.lines.count + 1),
                reference: start..<self.references.count,
                day: line?.day,
                firstLine: line?.number ?? 0
            )
        )
        self.lines.append(Line(row: row, product: product))
        self.amount = row.lineAmount
    }

    /// Appends some lines of a group of another batch, as a group of their own.
    mutating func append(_ lines: Range<Int>, of group: Group, in batch: SalesBatch) {
        if lines.isEmpty { return }
        let start = self.references.count
        self.references += batch.references[group.reference]
        self.groups.append(
            Group(
                lines: self.lines.count..<(self.lines.count + lines.count),
                reference: start..<self.references.count,
                day: group.day,
                firstLine: group.firstLine + UInt32(lines.lowerBound - group.lines.lowerBound)
            )
        )
        self.lines += batch.lines[lines]
    }
}

extension SalesReader.Row {
    /// The amount with its sign: below 0 for a return and for a discount.
    var lineAmount: Money {
        switch self.kind {
        case .sale: self.amount
        case .return, .discount: -self.amount
        case .writeOff: 0
        }
    }
}
