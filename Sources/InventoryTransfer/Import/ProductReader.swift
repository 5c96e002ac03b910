internal import ColumnStore
internal import InventoryModel

/// The products of a file, read and checked part by part, encoded as they are read.
///
/// Nothing here knows a server: the file alone decides what is sent.
///
///     record ─▶ encoded, or a problem ─▶ its SKU is looked for ─▶ ProductPart
///
/// The SKUs of a part are looked for once it is read: a file's million are found in a table far larger than the
/// cache, and that way many places of it can be asked for at once.
///
/// Not copyable: a closure that looks at it would else take a copy of all of it along, for each field of each row.
struct ProductReader: ~Copyable {
    private var records: RecordReader
    private let fields: Fields
    private let currencyDecimals: UInt8
    /// Where their stock is.
    var location = LocationID.main
    private let problems: Problems
    /// SKUs by their keys, with the row each is first in.
    private var seen = NumberedTexts()
    private var categories: FileCategories
    /// The part that is being read.
    private let part = ProductPart()
    private var pending: [PendingRow] = []
    private var keys = TextRun()
    /// What is taken from which column.
    let columns: String

    var rowCount: Int { self.records.recordCount }
    var bytesRead: Int { self.records.bytesRead }

    /// `problems`: Gets the rows that cannot be taken.
    init(
        _ file: FileBytes,
        _ options: ImportOptions,
        currencyDecimals: UInt8,
        _ problems: Problems
    ) throws {
        let records = try RecordReader(file)
        let mapping =
            records.header.isEmpty
            ? nil : try ColumnMapping(records.header, options.map, fields: .ofProducts)
        self.init(records, mapping, options, currencyDecimals: currencyDecimals, problems)
    }

    private init(
        _ records: RecordReader,
        _ mapping: ColumnMapping?,
        _ options: ImportOptions,
        currencyDecimals: UInt8,
        _ problems: Problems
    ) {
        self.records = records
        self.fields = mapping.map { Fields($0) } ?? Fields()
        self.columns = mapping?.summary ?? ""
        self.categories = FileCategories(or: options.category)
        self.currencyDecimals = currencyDecimals
        self.problems = problems
    }

    /// Where in a record each field is.
    private struct Fields {
        var sku = Int.max, name = Int.max, price = Int.max, category = Int.max
        var barcode = Int.max, unit = Int.max, decimals = Int.max, stock = Int.max
        var cost = Int.max, reorderPoint = Int.max, reorderTarget = Int.max
        var packSize = Int.max, leadTimeDays = Int.max, status = Int.max

        init() {}

        init(_ mapping: ColumnMapping) {
            self.sku = mapping.column("sku")
            self.name = mapping.column("name")
            self.price = mapping.column("price")
            self.category = mapping.column("category")
            self.barcode = mapping.column("barcode")
            self.unit = mapping.column("unit")
            self.decimals = mapping.column("decimals")
            self.stock = mapping.column("stock")
            self.cost = mapping.column("cost")
            self.reorderPoint = mapping.column("reorderPoint")
            self.reorderTarget = mapping.column("reorderTarget")
            self.packSize = mapping.column("packSize")
            self.leadTimeDays = mapping.column("leadTimeDays")
            self.status = mapping.column("status")
        }
    }

    private struct Problem: Error {
        var text: String
    }

    /// A row whose SKU was not looked for yet.
    private struct PendingRow {
        var number: Int
        var category: Int
        /// Where its key is among ``keys``.
        var key: Int
        var hash: UInt64
        /// What is wrong with it, and its SKU then; a duplicate comes first.
        var problem: (text: String, sku: String)?
    }

    /// The rows that can be sent among the next `count` of the file; nothing at its end.
    ///
    /// It is the one part there is, filled again.
    mutating func next(_ count: Int) throws -> ProductPart? {
        self.part.removeAll()
        self.pending.removeAll(keepingCapacity: true)
        self.keys.removeAll()
        while self.pending.count < count, try self.records.next() { self.readRow() }
        if self.pending.isEmpty { return nil }
        self.takeUnseen()
        return self.part
    }

    /// Puts what can be encoded of a record into the part.
    private mutating func readRow() {
        let key = self.keys.count
        self.records.withUTF8(self.fields.sku) { self.keys.append(keyOf: $0) }
        var row = PendingRow(
            number: self.records.number,
            category: 0,
            key: key,
            hash: self.keys.withText(key) { KeyIndex.hash($0) }
        )
        do throws(Problem) {
            try self.encode()
            row.category = self.records.withUTF8(self.fields.category) {
                self.categories.number(of: $0)
            }
        } catch {
            row.problem = (error.text, self.records.text(self.fields.sku))
        }
        self.pending.append(row)
    }

    private static let lookahead = 16

    /// Keeps the rows whose SKU comes first.
    private mutating func takeUnseen() {
        self.seen.reserve(self.pending.count)
        var product = 0
        for index in self.pending.indices {
            if index + Self.lookahead < self.pending.count {
                self.seen.prefetch(hash: self.pending[index + Self.lookahead].hash)
            }
            let row = self.pending[index]
            let first = self.keys.withText(row.key) { key -> Int? in
                if let first = self.seen.number(of: key, hash: row.hash) { return first }
                if row.problem == nil { self.seen.insert(key, hash: row.hash, row.number) }
                return nil
            }
            if let first {
                let sku = row.problem?.sku ?? self.part.products.sku(product)
                self.problems.add(row.number, "sku: duplicate of row \(first) (\"\(sku)\")")
            } else if let problem = row.problem {
                self.problems.add(row.number, problem.text)
            } else {
                self.part.rows.append(
                    ProductPart.Row(number: row.number, product: product, category: row.category)
                )
                self.categories.note(row.category, in: self.part)
            }
            if row.problem == nil { product += 1 }
        }
    }

    // MARK: - One record

    @inline(__always)
    private func number(
        _ column: Int,
        _ field: StaticString,
        _ decimals: UInt8,
        or standard: Int64
    ) throws(Problem) -> Int64 {
        if column == .max { return standard }
        if let value = self.records.number(column, decimals: decimals) { return value }
        let written = self.records.text(column)
        if written.isEmpty { return standard }
        let kind = decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
        throw Problem(text: "\(field): \"\(written)\" is not \(kind)")
    }

    /// Encodes the record's product, or says what is wrong with it.
    private func encode() throws(Problem) {
        let fields = self.fields
        let numbers = try self.numbers()
        self.records.withUTF8(fields.sku) { sku in
            self.records.withUTF8(fields.name) { name in
                self.records.withUTF8(fields.barcode) { barcode in
                    self.records.withUTF8(fields.unit) { unit in
                        var pieces = Self.pieces
                        pieces.withUTF8 { pieces in
                            self.part.products.append(
                                sku: sku,
                                name: name,
                                barcode: barcode,
                                unit: unit.isEmpty ? UnsafeRawBufferPointer(pieces) : unit,
                                numbers
                            )
                        }
                    }
                }
            }
        }
    }

    private static let pieces = Unit.piece.code

    /// What a record says beside its texts.
    private func numbers() throws(Problem) -> EncodedProducts.Numbers {
        let fields = self.fields
        guard self.records.withUTF8(fields.sku, { $0.count <= Limits.skuByteCountMax }) else {
            let sku = self.records.text(fields.sku)
            throw Problem(
                text: "sku: \"\(sku)\" is longer than \(Limits.skuByteCountMax) bytes"
            )
        }
        let decimals = UInt8(clamping: try self.number(fields.decimals, "decimals", 0, or: 0))
        var one: Int64 = 1
        for _ in 0..<min(decimals, Limits.unitDecimalsMax) { one *= 10 }
        guard self.records.withBytes(fields.price, { !$0.isEmpty }) else {
            throw Problem(text: "price: is empty")
        }
        let money = self.currencyDecimals
        var numbers = EncodedProducts.Numbers(
            price: Price(try self.number(fields.price, "price", money, or: 0), per: one)
        )
        numbers.decimals = decimals
        numbers.reorderPoint = try self.number(
            fields.reorderPoint,
            "reorderPoint",
            decimals,
            or: Limits.defaultReorderUnits * one
        )
        numbers.reorderTarget = try self.number(
            fields.reorderTarget,
            "reorderTarget",
            decimals,
            or: 0
        )
        numbers.packSize = try self.number(fields.packSize, "packSize", decimals, or: 1)
        numbers.leadTimeDays = UInt16(
            clamping: try self.number(fields.leadTimeDays, "leadTimeDays", 0, or: 0)
        )
        if fields.status != .max { numbers.status = try self.status() }
        numbers.opening = OpeningStock(
            location: self.location,
            quantity: try self.number(fields.stock, "stock", decimals, or: 0),
            unitCost: Money(try self.number(fields.cost, "cost", money, or: 0))
        )
        return numbers
    }

    private func status() throws(Problem) -> ProductStatus {
        switch self.records.text(self.fields.status) {
        case "", "active": return .active
        case "inactive": return .inactive
        case let other: throw Problem(text: "status: \"\(other)\" is not active or inactive")
        }
    }
}
