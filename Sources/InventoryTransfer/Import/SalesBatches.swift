internal import InventoryModel

/// Groups the rows of a file of sales into the batches that requests import.
///
///     rows      1 2 3 | 4 | 5 6 | 7 …        groups: neighbours that make one command
///     batches   [ 1 2 3   4 ] [ 5 6   7 …    whole groups, together at most linesMax rows
///
/// It is the second pass over the file; ``SalesFile`` decided which rows are sent.
struct SalesBatches {
    private var reader: SalesReader
    private var times: FileTimes
    private let linesMax: Int
    private let products: SoldProducts
    /// The number of the product of each readable row, by part of the file.
    private let productsOfRows: [[UInt32]]
    private var part = 0
    private var rowOfPart = 0
    private var next = SalesBatch()
    /// Discounts that no sale of their receipt can bear.
    private(set) var problems: [(row: Int, reason: String)] = []

    /// Creates batches of at most `linesMax` rows, except for a single longer group.
    init(_ file: SalesFile, linesMax: Int) {
        self.reader = file.reader
        self.times = FileTimes(file.reader.options.reading.times)
        self.products = file.products
        self.productsOfRows = file.productsOfRows
        self.linesMax = linesMax
    }

    /// Returns the next batch; `nil` at the end of the file.
    mutating func batch() throws -> SalesBatch? {
        while let reading = try self.reader.next(&self.times) {
            guard case .row(let row) = reading, let product = self.product(of: row) else {
                continue
            }
            let isNewGroup = self.reader.withReference { reference in
                !self.next.continues(row, reference)
            }
            // The group that ends here may exceed the limit.
            if isNewGroup { self.problems += self.next.endGroup() }
            let full = isNewGroup ? self.next.cut(linesMax: self.linesMax) : nil
            self.reader.withReference {
                self.next.append(row, product: product, reference: $0, isNewGroup: isNewGroup)
            }
            if let full { return full }
        }
        self.problems += self.next.endGroup()
        if let full = self.next.cut(linesMax: self.linesMax) { return full }
        guard !self.next.isEmpty else { return nil }
        defer { self.next = SalesBatch() }
        return self.next
    }

    /// Returns the product of the next readable row; `nil` if the row is not sent.
    ///
    /// A discount has the product with its code, or -1 if there is none.
    private mutating func product(of row: SalesReader.Row) -> Int? {
        while self.rowOfPart == self.productsOfRows[self.part].count {
            self.part += 1
            self.rowOfPart = 0
        }
        defer { self.rowOfPart += 1 }
        let product = self.productsOfRows[self.part][self.rowOfPart]
        if product == SalesFile.discount { return self.products.number(of: self.reader.code) ?? -1 }
        return product == SalesFile.noProduct ? nil : Int(product)
    }
}

/// The rows of a file that one request imports.
struct SalesBatch {
    struct Line {
        var row: SalesReader.Row
        var product: Int
        /// A range of ``references``; the previous line's range if the reference is the same.
        var reference: Range<Int>
    }

    private(set) var lines: [Line] = []
    /// The indexes of the first lines of the groups.
    private var starts: [Int] = []
    /// The total amount of the last group.
    private var amount = Money.zero
    /// Whether the last group has a discount.
    private var hasDiscount = false
    private(set) var references: [UInt8] = []

    var isEmpty: Bool { self.lines.isEmpty }
    var lineCount: Int { self.lines.count }
    var groupCount: Int { self.starts.count }

    /// The most rows of a group: a row can become two lines of its command.
    private static let groupRowsMax = Limits.linesMax / 2

    /// Returns the row numbers of a group.
    func rows(ofGroup index: Int) -> [Int] {
        self.group(index).map { self.lines[$0].row.number }
    }

    func group(_ index: Int) -> Range<Int> {
        let end = index + 1 < self.starts.count ? self.starts[index + 1] : self.lines.count
        return self.starts[index]..<end
    }

    /// Returns whether a row belongs to the last group.
    ///
    /// Neighbours with the same reference, kind and time make one command, up to the line limit of a sale and
    /// while their total is within the range of money. Discounts are of the kind of sales.
    func continues(_ row: SalesReader.Row, _ reference: UnsafeRawBufferPointer) -> Bool {
        guard let last = self.lines.last, let start = self.starts.last else { return false }
        return row.kind != .writeOff && row.kind.command == last.row.kind.command
            && row.occurredAt == last.row.occurredAt
            && self.lines.count - start < Self.groupRowsMax
            && self.amount.adding(row.amount) != nil && self.isSame(last, reference)
    }

    private func isSame(_ line: Line, _ reference: UnsafeRawBufferPointer) -> Bool {
        line.reference.count == reference.count
            && self.references[line.reference].elementsEqual(reference)
    }

    mutating func append(
        _ row: SalesReader.Row,
        product: Int,
        reference: UnsafeRawBufferPointer,
        isNewGroup: Bool
    ) {
        if isNewGroup {
            self.starts.append(self.lines.count)
            self.hasDiscount = false
        }
        if row.kind == .discount { self.hasDiscount = true }
        self.amount = isNewGroup ? row.amount : self.amount.adding(row.amount) ?? self.amount
        var range = self.references.count..<self.references.count + reference.count
        if let last = self.lines.last, self.isSame(last, reference) {
            range = last.reference
        } else {
            self.references.append(contentsOf: reference)
        }
        self.lines.append(Line(row: row, product: product, reference: range))
    }

    /// Takes the discounts of the last group off its sales.
    ///
    /// - Returns: The discounts that its sales cannot bear, which are removed.
    mutating func endGroup() -> [(row: Int, reason: String)] {
        guard self.hasDiscount, let start = self.starts.last else { return [] }
        self.hasDiscount = false
        let group = self.lines[start...]
        var sales = group.filter { $0.row.kind != .discount }
        var refused: [(row: Int, reason: String)] = []
        for discount in group where discount.row.kind == .discount {
            let isBorne = !discount.reference.isEmpty && sales.take(discount)
            guard !isBorne else { continue }
            let why =
                discount.reference.isEmpty ? "has no reference" : "exceeds what its receipt has"
            refused.append((discount.row.number, "price: a discount \(why)"))
        }
        self.lines.replaceSubrange(start..., with: sales)
        if sales.isEmpty { self.starts.removeLast() }
        return refused
    }

    /// Removes and returns all groups but the last if there are more than `linesMax` rows; otherwise `nil`.
    ///
    /// The last group is one that has ended.
    mutating func cut(linesMax: Int) -> SalesBatch? {
        guard self.lines.count > linesMax, self.starts.count > 1, let last = self.starts.last else {
            return nil
        }
        var rest = SalesBatch()
        for line in self.lines[last...] {
            self.references[line.reference].withUnsafeBytes {
                rest.append(
                    line.row,
                    product: line.product,
                    reference: $0,
                    isNewGroup: rest.isEmpty
                )
            }
        }
        self.lines.removeSubrange(last...)
        self.starts.removeLast()
        swap(&self, &rest)
        return rest
    }
}

extension SalesReader.Kind {
    /// The kind of the command that the row is part of.
    fileprivate var command: SalesReader.Kind { self == .discount ? .sale : self }
}

extension [SalesBatch.Line] {
    /// Takes a discount off the sales of its product or, without such or if it is more than they are worth,
    /// off all, each in proportion to its amount.
    ///
    /// - Returns: Whether the sales are worth as much.
    fileprivate mutating func take(_ discount: SalesBatch.Line) -> Bool {
        let own = self.indices.filter { self[$0].product == discount.product }
        for indexes in [own, Array<Int>(self.indices)] {
            var worth = indexes.reduce(0) { $0 + self[$1].row.amount.minorUnits }
            var rest = discount.row.amount.minorUnits
            guard rest <= worth, !indexes.isEmpty else { continue }
            for index in indexes where worth > 0 {
                let amount = self[index].row.amount.minorUnits
                // The last sale with an amount takes all that is left.
                let share = Price.proportion(rest, times: amount, over: worth) ?? 0
                self[index].row.amount = Money(amount - share)
                self[index].row.isAmountGiven = true
                (worth, rest) = (worth - amount, rest - share)
            }
            return true
        }
        return false
    }
}
