internal import ColumnStore
internal import InventoryModel

/// Reads, validates and encodes the products of a file, part by part.
///
/// It does not depend on the server: only the file decides what is sent.
///
///     record ─▶ encoded, or a problem ─▶ SKU lookup ─▶ ProductPart
///
/// The SKUs of a part are looked up together once it is read: the table of a million SKUs is far larger than
/// the CPU cache, and a batch of lookups can prefetch.
///
/// Not copyable: a closure that captures it would otherwise copy all of it for each field of each row.
struct ProductReader: ~Copyable {
    private var row: ProductRow
    /// The location of the opening stock.
    var location = LocationID.main
    private let problems: Problems
    /// The keys of SKUs, with the first row of each.
    private var seen = NumberedStrings()
    private var categories: FileCategories
    /// The part that is being read.
    private let part = ProductPart()
    private var pending: [PendingRow] = []
    private var keys = TextRun()
    /// The mapping of columns to fields, for people.
    let columns: String

    var rowCount: Int { self.row.records.recordCount }
    var bytesRead: Int { self.row.records.bytesRead }

    /// Opens a file and maps its columns; rejected rows are added to `problems`.
    init(
        _ file: FileBytes,
        options: ImportOptions,
        currencyDecimals: UInt8,
        problems: Problems
    ) throws {
        let records = try RecordReader(file)
        let mapping =
            records.header.isEmpty
            ? nil : try ColumnMapping(records.header, options.map, fields: .ofProducts)
        self.init(
            records,
            mapping: mapping,
            options: options,
            currencyDecimals: currencyDecimals,
            problems: problems
        )
    }

    private init(
        _ records: RecordReader,
        mapping: ColumnMapping?,
        options: ImportOptions,
        currencyDecimals: UInt8,
        problems: Problems
    ) {
        self.row = ProductRow(records, mapping, currencyDecimals: currencyDecimals)
        self.columns = mapping?.summary ?? ""
        self.categories = FileCategories(or: options.category)
        self.problems = problems
    }

    /// A row whose SKU was not looked up yet.
    private struct PendingRow {
        var number: Int
        var category: Int
        /// The index of its key in ``keys``.
        var key: Int
        var hash: UInt64
        /// Why the row is invalid, and its SKU; being a duplicate takes precedence.
        var problem: (text: String, sku: String)?
    }

    /// Returns the valid rows among the next `count` rows; `nil` at the end of the file.
    ///
    /// The result is the reader's only part, refilled.
    mutating func next(_ count: Int) throws -> ProductPart? {
        self.part.removeAll()
        self.pending.removeAll(keepingCapacity: true)
        self.keys.removeAll()
        while self.pending.count < count, try self.row.records.next() { self.readRow() }
        if self.pending.isEmpty { return nil }
        self.appendFirstOccurrences()
        return self.part
    }

    /// Encodes a record into the part.
    private mutating func readRow() {
        let key = self.keys.count
        self.row.withSKU { self.keys.append(keyOf: $0) }
        var pending = PendingRow(
            number: self.row.records.number,
            category: 0,
            key: key,
            hash: self.keys.withText(key) { KeyIndex.hash($0) }
        )
        do throws(ProductRow.Problem) {
            let opening = try self.row.encode(stockAt: self.location)
            let offset = self.row.categoryOffset
            self.part.products.append(
                self.row.bytes,
                categoryAt: offset,
                extensions: self.row.extensions,
                opening: opening
            )
            pending.category = self.row.withCategory { self.categories.number(of: $0) }
        } catch {
            pending.problem = (error.text, self.row.skuText)
        }
        self.pending.append(pending)
    }

    private static let lookahead = 16

    /// Appends the rows that are the first with their SKU, and reports the others.
    private mutating func appendFirstOccurrences() {
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
}
