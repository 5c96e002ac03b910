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
    private var row: ProductRow
    /// Where their stock is.
    var location = LocationID.main
    private let problems: Problems
    /// SKUs by their keys, with the row each is first in.
    private var seen = NumberedStrings()
    private var categories: FileCategories
    /// The part that is being read.
    private let part = ProductPart()
    private var pending: [PendingRow] = []
    private var keys = TextRun()
    /// What is taken from which column.
    let columns: String

    var rowCount: Int { self.row.records.recordCount }
    var bytesRead: Int { self.row.records.bytesRead }

    /// `problems`: Gets the rows that cannot be taken.
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
        while self.pending.count < count, try self.row.records.next() { self.readRow() }
        if self.pending.isEmpty { return nil }
        self.takeUnseen()
        return self.part
    }

    /// Puts what can be encoded of a record into the part.
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
            self.part.products.append(self.row.bytes, categoryAt: offset, opening: opening)
            pending.category = self.row.withCategory { self.categories.number(of: $0) }
        } catch {
            pending.problem = (error.text, self.row.skuText)
        }
        self.pending.append(pending)
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
}
