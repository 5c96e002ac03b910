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
    private let problems: Problems
    /// The keys of SKUs, with the first row of each.
    private var seen = NumberedStrings()
    private var categories: FileCategories
    /// The part that is being read.
    private let part = ProductPart()
    private var pending: [PendingRow] = []
    private var keys = TextRun()
    /// The columns of the fields and what was detected, for people.
    let notes: [String]
    /// The rows that a preset refused or passed over.
    private let refusedCount: Int
    private let presetPassedCount: Int

    /// The rows so far, without those that were passed over.
    var rowCount: Int {
        self.row.records.recordCount - self.row.records.passedCount + self.refusedCount
    }
    var passedCount: Int { self.row.records.passedCount + self.presetPassedCount }
    var bytesRead: Int { self.row.records.bytesRead }

    /// Opens a file and maps its columns; rejected rows are added to `problems`.
    init(
        _ file: FileBytes,
        options: ImportOptions,
        currency: FileCurrency,
        locations: ImportLocations,
        problems: Problems
    ) throws {
        let file = try ImportFile(
            file,
            options.reading,
            fields: .ofProducts,
            locations: locations
        )
        // Rows before a malformed record must not be imported: the mended file would repeat them.
        try file.records.checkRecords()
        self.row = ProductRow(
            file,
            currency: currency,
            per: options.reading.per,
            locations: locations
        )
        self.notes = file.notes
        self.refusedCount = file.refused.count
        self.presetPassedCount = file.passedCount
        self.categories = FileCategories(or: options.category)
        self.problems = problems
        for refused in file.refused { problems.add(refused.row, refused.reason) }
    }

    /// A row whose SKU was not looked up yet.
    private struct PendingRow {
        var number: Int
        var category: Int
        /// The index of its key in ``keys``.
        var key: Int
        var hash: UInt64
        /// Its stock at further locations.
        var stock: [OpeningStock] = []
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
            let stock = try self.row.encode()
            let offset = self.row.categoryOffset
            pending.stock = stock.others
            self.part.products.append(
                self.row.bytes,
                categoryAt: offset,
                extensions: self.row.extensions,
                opening: stock.first
            )
            pending.category = self.row.withCategory { self.categories.number(of: $0) }
        } catch {
            if self.row.isBesideRows { return self.row.records.pass() }
            pending.problem = (error.text, self.row.skuText)
        }
        self.pending.append(pending)
    }

    private static let lookahead = 16

    /// Appends the rows that are the first with their SKU, and reports the others.
    private mutating func appendFirstOccurrences() {
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
                if !row.stock.isEmpty {
                    let sku = self.part.products.sku(product)
                    self.part.furtherStock += row.stock.map {
                        ProductPart.FurtherStock(number: row.number, sku: sku, stock: $0)
                    }
                }
                self.part.rows.append(
                    ProductPart.Row(number: row.number, product: product, category: row.category)
                )
                self.categories.note(row.category, in: self.part)
            }
            if row.problem == nil { product += 1 }
        }
    }
}
