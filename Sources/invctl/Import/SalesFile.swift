import Foundation
import Inventory

/// The sales of a file, read and checked: what would be sent, and what cannot be taken and why.
///
/// Nothing here knows a server. The file alone decides every request, so that the same file read
/// again gives the same requests.
///
///     rows         a few numbers each: kind, product, quantity, price, time, where its reference is
///     references   the bytes of all references, one after another
///     codes        a code as it is typed ─▶ product
struct SalesFile {
    /// What a row becomes.
    enum Kind: Sendable {
        case sale
        /// The reference begins as returns do.
        case `return`
        /// A negative quantity that is no return.
        case writeOff
    }

    struct Row: Sendable {
        /// As an editor counts: the head is row 1.
        var number: Int
        var kind: Kind
        var product: Int
        var quantity: Int64
        var price: Money
        /// Where in ``references``; the same as the row's before it if it is the same text.
        var reference: Range<Int>
        var occurredAt: Instant
    }

    struct ProductLine: Sendable {
        /// As first typed.
        var sku: String
        /// The first name that is not empty; the SKU without one.
        var name: String
        /// Of the latest sale.
        var price: Money
        var pricedAt: Instant
        var category: String
        /// The first row that sells it.
        var firstRow: Int
        /// What has to be there first so that no sale of the file lacks stock.
        var opening: Int64 = 0
        fileprivate var balance: Int64 = 0
    }

    struct Options {
        var mapping: [String] = []
        var zone: TimeZone
        var decimals: UInt8
        var returnPrefix: String
        var category: String
    }

    private(set) var rows: [Row] = []
    private(set) var products: [ProductLine] = []
    /// The references of the rows, in UTF-8.
    private var references: [UInt8] = []
    /// Codes that differ from another's only in case or white space, with the one they are.
    private(set) var merged: [(code: String, sku: String)] = []
    private(set) var rowCount = 0
    private(set) var earliest = Instant(microseconds: .max)
    private(set) var saleCount = 0
    private(set) var returnCount = 0
    var writeOffCount: Int { self.rows.count - self.saleCount - self.returnCount }
    /// Products by their code as it was typed, and by their key.
    private var codes = NumberedTexts()
    private var keys: [String: Int] = [:]
    private var times: FileTimes
    private let options: Options

    /// What is taken from which column.
    private(set) var columns = ""

    /// Reads all of a file; `problems` gets the rows that cannot be taken.
    init(_ bytes: [UInt8], _ options: Options, _ problems: Problems) throws {
        self.options = options
        self.times = FileTimes(zone: options.zone)
        var reader = try RecordReader(bytes)
        guard !reader.header.isEmpty else { return }
        let mapping = try ColumnMapping(reader.header, options.mapping, fields: .ofSales)
        self.columns = mapping.summary
        let columns = Columns(mapping)
        while try reader.next() {
            self.rowCount += 1
            if let reason = self.take(reader, columns) { problems.add(reader.number, reason) }
        }
    }

    /// Where in a record each field is.
    private struct Columns {
        let sku, quantity, price, occurredAt, name, reference, category: Int

        init(_ mapping: ColumnMapping) {
            self.sku = mapping.column("sku")
            self.quantity = mapping.column("quantity")
            self.price = mapping.column("price")
            self.occurredAt = mapping.column("occurredAt")
            self.name = mapping.column("name")
            self.reference = mapping.column("reference")
            self.category = mapping.column("category")
        }
    }

    /// - Returns: Why the row cannot be taken; nothing if it can.
    private mutating func take(_ record: borrowing RecordReader, _ columns: Columns) -> String? {
        let codeCount = record.withBytes(columns.sku) { $0.count }
        guard codeCount > 0 else { return "sku: is empty" }
        guard codeCount <= Limits.skuByteCountMax else {
            return """
                sku: "\(record.text(columns.sku))" is longer than \(Limits.skuByteCountMax) bytes
                """
        }
        guard let quantity = record.number(columns.quantity, decimals: 0) else {
            return "quantity: \"\(record.text(columns.quantity))\" is not a whole number"
        }
        guard quantity != 0 else { return "quantity: is 0" }
        guard quantity.magnitude <= UInt64(Limits.quantityMax) else {
            return "quantity: \(quantity) is beyond \(Limits.quantityMax)"
        }
        guard let price = record.number(columns.price, decimals: self.options.decimals) else {
            return """
                price: "\(record.text(columns.price))" is not an amount with at most \
                \(self.options.decimals) decimals
                """
        }
        guard price >= 0 else { return "price: \(record.text(columns.price)) is below 0" }
        let occurredAt = record.withBytes(columns.occurredAt) { self.times.instant($0) }
        guard let occurredAt else {
            return """
                occurredAt: "\(record.text(columns.occurredAt))" is not a time such as \
                2026-03-01 12:30:00
                """
        }
        guard let reference = self.reference(record, columns.reference) else {
            return "reference: is longer than \(Limits.referenceByteCountMax) bytes"
        }
        let kind = self.kind(quantity, reference)
        let product = self.product(columns, record)
        let money = Money(price)
        self.note(product, record, columns.name, kind, money, occurredAt)
        // Only a return brings stock back; a write-off takes it, as a sale does.
        self.move(product, by: kind == .return ? abs(quantity) : -abs(quantity))
        self.earliest = min(self.earliest, occurredAt)
        if kind == .sale { self.saleCount += 1 }
        if kind == .return { self.returnCount += 1 }
        self.rows.append(
            Row(
                number: record.number,
                kind: kind,
                product: product,
                quantity: abs(quantity),
                price: money,
                reference: reference,
                occurredAt: occurredAt
            )
        )
        return nil
    }

    private func kind(_ quantity: Int64, _ reference: Range<Int>) -> Kind {
        if quantity > 0 { return .sale }
        let prefix = self.options.returnPrefix.utf8
        let isReturn = !prefix.isEmpty && self.references[reference].starts(with: prefix)
        return isReturn ? .return : .writeOff
    }

    /// Keeps a row's reference; nothing if it is too long.
    private mutating func reference(
        _ record: borrowing RecordReader,
        _ column: Int
    ) -> Range<Int>? {
        record.withUTF8(column) { bytes in
            guard bytes.count <= Limits.referenceByteCountMax else { return nil }
            if let last = self.rows.last?.reference, last.count == bytes.count,
                self.references[last].elementsEqual(bytes)
            {
                return last
            }
            let start = self.references.count
            self.references.append(contentsOf: bytes)
            return start..<self.references.count
        }
    }

    private mutating func product(_ columns: Columns, _ record: borrowing RecordReader) -> Int {
        let known = record.withBytes(columns.sku) { self.codes.number(of: $0) }
        if let known { return known }
        let code = record.text(columns.sku)
        let key = NormalizedText.key(code)
        let index = self.keys[key] ?? self.products.count
        if index < self.products.count {
            if code != self.products[index].sku {
                self.merged.append((code, self.products[index].sku))
            }
        } else {
            let category = record.text(columns.category)
            self.keys[key] = index
            self.products.append(
                ProductLine(
                    sku: code,
                    name: "",
                    price: .zero,
                    pricedAt: Instant(microseconds: .min),
                    category: category.isEmpty ? self.options.category : category,
                    firstRow: record.number
                )
            )
        }
        // Bytes that are no text make no text that is found by them again.
        if self.codes.number(of: code) == nil { self.codes.insert(code, index) }
        return index
    }

    private mutating func note(
        _ index: Int,
        _ record: borrowing RecordReader,
        _ nameColumn: Int,
        _ kind: Kind,
        _ price: Money,
        _ occurredAt: Instant
    ) {
        if self.products[index].name.isEmpty {
            let name = record.text(nameColumn)
            self.products[index].name = String(name.prefix(Limits.nameByteCountMax / 4))
        }
        if kind == .sale, price.minorUnits > 0, occurredAt >= self.products[index].pricedAt {
            self.products[index].price = price
            self.products[index].pricedAt = occurredAt
        }
    }

    private mutating func move(_ index: Int, by delta: Int64) {
        self.products[index].balance += delta
        self.products[index].opening = max(
            self.products[index].opening,
            -self.products[index].balance
        )
    }
}

extension SalesFile {
    /// The rows from `start` on that make one command: neighbours with the same reference, kind and
    /// time, at most as many as a sale may have lines.
    func group(from start: Int) -> Range<Int> {
        let first = self.rows[start]
        var end = start + 1
        while end < self.rows.count, end - start < Limits.linesMax, first.kind != .writeOff,
            self.rows[end].reference == first.reference,
            self.rows[end].occurredAt == first.occurredAt, self.rows[end].kind == first.kind
        {
            end += 1
        }
        return start..<end
    }

    /// The rows from `start` on that one request brings in: whole groups of at most `linesMax` rows
    /// together, or one that is longer.
    func batch(from start: Int, linesMax: Int) -> Range<Int> {
        var end = start
        while end < self.rows.count {
            let group = self.group(from: end)
            if end > start, group.upperBound - start > linesMax { break }
            end = group.upperBound
        }
        return start..<end
    }

    /// The groups of a batch, in order.
    func groups(of batch: Range<Int>) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        while let start = groups.last?.upperBound ?? batch.first, start < batch.upperBound {
            groups.append(self.group(from: start))
        }
        return groups
    }

    /// The request of a batch, with the products' ids.
    func request(
        _ batch: Range<Int>,
        _ ids: [ProductID],
        _ location: LocationID
    ) -> EncodedCommand {
        var request = BatchEncoder(.brief)
        self.references.withUnsafeBytes { references in
            var start = batch.lowerBound
            while start < batch.upperBound {
                let group = self.group(from: start)
                let reference = UnsafeRawBufferPointer(
                    rebasing: references[self.rows[start].reference]
                )
                self.append(group, reference, ids, location, to: &request)
                start = group.upperBound
            }
        }
        return request.finish()
    }

    private func append(
        _ group: Range<Int>,
        _ reference: UnsafeRawBufferPointer,
        _ ids: [ProductID],
        _ location: LocationID,
        to request: inout BatchEncoder
    ) {
        let first = self.rows[group.lowerBound]
        let occurred = Occurrence(at: first.occurredAt, isImported: true)
        func line(_ index: Int) -> SaleLine {
            let row = self.rows[group.lowerBound + index]
            return SaleLine(
                product: ids[row.product],
                location: location,
                quantity: row.quantity,
                price: row.price
            )
        }
        switch first.kind {
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
                        delta: -first.quantity,
                        reason: .other,
                        reference: String(decoding: reference, as: UTF8.self),
                        occurred: occurred
                    )
                )
            )
        }
    }
}
