import Foundation
import Inventory

/// The sales of a file, read and checked: what would be sent, and what cannot be taken and why.
///
/// Nothing here knows a server. The file alone decides every request, so that the same file read
/// again gives the same requests.
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
        var reference: String
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
        /// What has to be there first so that no sale of the file lacks stock.
        var opening: Int64 = 0
        fileprivate var balance: Int64 = 0
    }

    struct Rejected: Sendable {
        var number: Int
        var reason: String
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
    private(set) var rejected: [Rejected] = []
    /// Codes that differ from another's only in case or white space, with the one they are.
    private(set) var merged: [(code: String, sku: String)] = []
    private(set) var rowCount = 0
    private(set) var earliest = Instant(microseconds: .max)
    private var indexes: [String: Int] = [:]
    private var seenCodes: Set<String> = []
    private var dayOffsets: [String: Instant?] = [:]
    private let options: Options

    /// What is taken from which column.
    private(set) var columns = ""

    init(_ bytes: [UInt8], _ options: Options) throws {
        self.options = options
        var reader = try RecordReader(bytes)
        guard !reader.header.isEmpty else { return }
        let mapping = try ColumnMapping(reader.header, options.mapping, fields: .ofSales)
        self.columns = mapping.summary
        while try reader.next() {
            self.rowCount += 1
            if let reason = self.take(reader, mapping) {
                self.rejected.append(Rejected(number: reader.number, reason: reason))
            }
        }
    }

    /// - Returns: Why the row cannot be taken; nothing if it can.
    private mutating func take(
        _ record: borrowing RecordReader,
        _ mapping: ColumnMapping
    ) -> String? {
        let code = record.text(mapping.column("sku"))
        guard !code.isEmpty else { return "sku: is empty" }
        guard code.utf8.count <= Limits.skuByteCountMax else {
            return "sku: \"\(code)\" is longer than \(Limits.skuByteCountMax) bytes"
        }
        let quantityText = record.text(mapping.column("quantity"))
        guard let quantity = DecimalText.parse(quantityText, decimals: 0) else {
            return "quantity: \"\(quantityText)\" is not a whole number"
        }
        guard quantity != 0 else { return "quantity: is 0" }
        guard quantity.magnitude <= UInt64(Limits.quantityMax) else {
            return "quantity: \(quantity) is beyond \(Limits.quantityMax)"
        }
        let priceText = record.text(mapping.column("price"))
        guard let price = DecimalText.parse(priceText, decimals: self.options.decimals) else {
            return
                "price: \"\(priceText)\" is not an amount with at most \(self.options.decimals) decimals"
        }
        guard price >= 0 else { return "price: \(priceText) is below 0" }
        let timeText = record.text(mapping.column("occurredAt"))
        guard let occurredAt = self.instant(timeText) else {
            return "occurredAt: \"\(timeText)\" is not a time such as 2026-03-01 12:30:00"
        }
        let reference = record.text(mapping.column("reference"))
        guard reference.utf8.count <= Limits.referenceByteCountMax else {
            return "reference: is longer than \(Limits.referenceByteCountMax) bytes"
        }
        let prefix = self.options.returnPrefix
        let isReturn = !prefix.isEmpty && reference.hasPrefix(prefix)
        let kind: Kind = quantity > 0 ? .sale : isReturn ? .return : .writeOff
        let product = self.product(code, mapping, record)
        let money = Money(price)
        self.note(product, name: record.text(mapping.column("name")), kind, money, occurredAt)
        // Only a return brings stock back; a write-off takes it, as a sale does.
        self.move(product, by: kind == .return ? abs(quantity) : -abs(quantity))
        self.earliest = min(self.earliest, occurredAt)
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

    /// Times repeat from line to line, so each is worked out once.
    private mutating func instant(_ text: String) -> Instant? {
        if let known = self.dayOffsets[text] { return known }
        let instant = TimeText.parse(text, zone: self.options.zone)
        self.dayOffsets[text] = .some(instant)
        return instant
    }

    private mutating func product(
        _ code: String,
        _ mapping: ColumnMapping,
        _ record: borrowing RecordReader
    ) -> Int {
        let key = NormalizedText.key(code)
        if let index = self.indexes[key] {
            if code != self.products[index].sku, self.seenCodes.insert(code).inserted {
                self.merged.append((code, self.products[index].sku))
            }
            return index
        }
        let category = record.text(mapping.column("category"))
        let index = self.products.count
        self.indexes[key] = index
        self.products.append(
            ProductLine(
                sku: code,
                name: "",
                price: .zero,
                pricedAt: Instant(microseconds: .min),
                category: category.isEmpty ? self.options.category : category
            )
        )
        return index
    }

    private mutating func note(
        _ index: Int,
        name: String,
        _ kind: Kind,
        _ price: Money,
        _ occurredAt: Instant
    ) {
        if self.products[index].name.isEmpty, !name.isEmpty {
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
    /// Rows that belong together: neighbours with the same reference, kind and time.
    struct Group: Sendable {
        var rows: Range<Int>
    }

    /// The rows as the commands they become; a group has at most as many lines as a sale may have.
    func groups() -> [Group] {
        var groups: [Group] = []
        var start = 0
        while start < self.rows.count {
            let first = self.rows[start]
            var end = start + 1
            while end < self.rows.count, end - start < Limits.linesMax, first.kind != .writeOff,
                self.rows[end].kind == first.kind, self.rows[end].reference == first.reference,
                self.rows[end].occurredAt == first.occurredAt
            {
                end += 1
            }
            groups.append(Group(rows: start..<end))
            start = end
        }
        return groups
    }

    /// The command of a group, with the products' ids.
    func command(_ group: Group, _ ids: [ProductID], _ location: LocationID) -> Command {
        let rows = self.rows[group.rows]
        let first = self.rows[group.rows.lowerBound]
        let occurred = Occurrence(at: first.occurredAt, isImported: true)
        let lines = rows.map { row in
            SaleLine(
                product: ids[row.product],
                location: location,
                quantity: row.quantity,
                price: row.price
            )
        }
        switch first.kind {
        case .sale:
            return .sell(Sale(lines: lines, reference: first.reference, occurred: occurred))
        case .return:
            return .returnSale(
                SaleReturn(lines: lines, reference: first.reference, occurred: occurred)
            )
        case .writeOff:
            return .adjust(
                Adjustment(
                    product: ids[first.product],
                    location: location,
                    delta: -first.quantity,
                    reason: .other,
                    reference: first.reference,
                    occurred: occurred
                )
            )
        }
    }
}
