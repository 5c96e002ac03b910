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
    /// The number of the product of each readable row, by part of the file.
    private let products: [[UInt32]]
    private var part = 0
    private var rowOfPart = 0
    private var next = SalesBatch()

    /// Creates batches of at most `linesMax` rows, except for a single longer group.
    init(_ file: SalesFile, linesMax: Int) {
        self.reader = file.reader
        self.times = FileTimes(zone: file.reader.options.zone)
        self.products = file.productsOfRows
        self.linesMax = linesMax
    }

    /// Returns the next batch; `nil` at the end of the file.
    mutating func batch() throws -> SalesBatch? {
        while let reading = try self.reader.next(&self.times) {
            guard case .row(let row) = reading, let product = self.product() else { continue }
            let isNewGroup = self.reader.withReference { reference in
                !self.next.continues(row, reference)
            }
            // The group that ends here may exceed the limit.
            let full = isNewGroup ? self.next.cut(linesMax: self.linesMax) : nil
            self.reader.withReference {
                self.next.append(row, product: product, reference: $0, isNewGroup: isNewGroup)
            }
            if let full { return full }
        }
        if let full = self.next.cut(linesMax: self.linesMax) { return full }
        guard !self.next.isEmpty else { return nil }
        defer { self.next = SalesBatch() }
        return self.next
    }

    /// Returns the product of the next readable row; `nil` if the row is not sent.
    private mutating func product() -> Int? {
        while self.rowOfPart == self.products[self.part].count {
            self.part += 1
            self.rowOfPart = 0
        }
        defer { self.rowOfPart += 1 }
        let product = self.products[self.part][self.rowOfPart]
        return product == SalesFile.noProduct ? nil : Int(product)
    }
}

/// The rows of a file that one request imports.
struct SalesBatch {
    private struct Line {
        var row: SalesReader.Row
        var product: Int
        /// A range of ``references``; the previous line's range if the reference is the same.
        var reference: Range<Int>
    }

    private var lines: [Line] = []
    /// The indexes of the first lines of the groups.
    private var starts: [Int] = []
    /// The total amount of the last group.
    private var amount = Money.zero
    private var references: [UInt8] = []

    var isEmpty: Bool { self.lines.isEmpty }
    var lineCount: Int { self.lines.count }
    var groupCount: Int { self.starts.count }

    /// Returns the row numbers of a group.
    func rows(ofGroup index: Int) -> [Int] {
        self.group(index).map { self.lines[$0].row.number }
    }

    private func group(_ index: Int) -> Range<Int> {
        let end = index + 1 < self.starts.count ? self.starts[index + 1] : self.lines.count
        return self.starts[index]..<end
    }

    /// Returns whether a row belongs to the last group.
    ///
    /// Neighbours with the same reference, kind and time make one command, up to the line limit of a sale and
    /// while their total is within the range of money.
    func continues(_ row: SalesReader.Row, _ reference: UnsafeRawBufferPointer) -> Bool {
        guard let last = self.lines.last, let start = self.starts.last else { return false }
        return row.kind != .writeOff && row.kind == last.row.kind
            && row.occurredAt == last.row.occurredAt
            && self.lines.count - start < Limits.linesMax
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
        if isNewGroup { self.starts.append(self.lines.count) }
        self.amount = isNewGroup ? row.amount : self.amount.adding(row.amount) ?? self.amount
        var range = self.references.count..<self.references.count + reference.count
        if let last = self.lines.last, self.isSame(last, reference) {
            range = last.reference
        } else {
            self.references.append(contentsOf: reference)
        }
        self.lines.append(Line(row: row, product: product, reference: range))
    }

    /// Removes and returns all groups but the last if there are more than `linesMax` rows; otherwise `nil`.
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

// MARK: - The request

extension SalesBatch {
    /// Encodes the batch's request, with the ids of products by the file's numbers.
    func request(_ ids: [ProductID], _ location: LocationID) -> EncodedCommand {
        var request = BatchEncoder(.errorsOnly)
        self.references.withUnsafeBytes { references in
            for index in self.starts.indices {
                let group = self.group(index)
                let reference = UnsafeRawBufferPointer(
                    rebasing: references[self.lines[group.lowerBound].reference]
                )
                self.append(group, reference: reference, ids: ids, location: location, to: &request)
            }
        }
        return request.finish()
    }

    private func append(
        _ group: Range<Int>,
        reference: UnsafeRawBufferPointer,
        ids: [ProductID],
        location: LocationID,
        to request: inout BatchEncoder
    ) {
        let first = self.lines[group.lowerBound]
        let occurred = Occurrence(at: first.row.occurredAt, isImported: true)
        func line(_ index: Int) -> SaleLine {
            let line = self.lines[group.lowerBound + index]
            return SaleLine(
                product: ids[line.product],
                location: location,
                quantity: Quantity(line.row.quantity),
                price: line.row.price
            )
        }
        switch first.row.kind {
        case .sale:
            request.appendSale(
                lineCount: group.count,
                reference: reference,
                occurred: occurred,
                line
            )
        case .return:
            request.append(
                .returnSale(
                    SaleReturn(
                        lines: group.indices.map { line($0 - group.lowerBound) },
                        reference: String(decoding: reference, as: UTF8.self),
                        occurred: occurred
                    )
                )
            )
        case .writeOff:
            request.append(
                .adjust(
                    Adjustment(
                        product: ids[first.product],
                        location: location,
                        delta: -Quantity(first.row.quantity),
                        reason: .other,
                        reference: String(decoding: reference, as: UTF8.self),
                        occurred: occurred
                    )
                )
            )
        }
    }
}
