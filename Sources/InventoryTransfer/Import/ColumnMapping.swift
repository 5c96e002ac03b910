internal import InventoryModel

/// The mapping of a file's columns to fields: by `--map FIELD=COLUMN`, otherwise by equal names, otherwise
/// by synonyms.
struct ColumnMapping {
    struct Field: Sendable {
        var name: String
        var isNeeded = false
        /// Usual column names for the field, in lowercase letters and digits only.
        var synonyms: [String] = []
    }

    private(set) var columns: [String: Int] = [:]
    private var guessed: Set<String> = []
    private let header: [String]
    private let fields: [Field]

    /// Finds the columns of a file.
    ///
    /// - Parameters:
    ///   - header: The names of the file's columns.
    ///   - flags: `FIELD=COLUMN`, as typed.
    ///   - fields: The fields to find columns for.
    /// - Throws: ``Failure`` if a flag is invalid or a required field has no column.
    init(_ header: [String], _ flags: [String], fields: [Field]) throws {
        self.header = header
        self.fields = fields
        let names = fields.map { $0.name }
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1).map { String($0) }
            guard parts.count == 2 else {
                throw Failure.usage("--map is '\(flag)', not FIELD=COLUMN")
            }
            guard names.contains(parts[0]) else {
                throw Failure.usage(
                    "--map names the field '\(parts[0])'; there are \(names.joined(separator: ", "))"
                )
            }
            guard let column = header.firstIndex(of: parts[1]) else {
                throw Failure.usage(
                    """
                    --map names the column '\(parts[1])'; the file has \
                    \(header.joined(separator: ", "))
                    """
                )
            }
            self.columns[parts[0]] = column
        }
        for name in names where self.columns[name] == nil {
            self.columns[name] = header.firstIndex { $0.lowercased() == name.lowercased() }
        }
        self.guess()
        let missing = fields.filter { $0.isNeeded && self.columns[$0.name] == nil }
        guard missing.isEmpty else {
            throw Failure.usage(
                """
                no column for \(missing.map { $0.name }.joined(separator: ", ")); the file has \
                \(header.joined(separator: ", ")): use --map FIELD=COLUMN
                """
            )
        }
    }

    /// Maps remaining fields to remaining columns by the fields' synonyms.
    private mutating func guess() {
        var free = Set(self.header.indices).subtracting(self.columns.values)
        for field in self.fields where self.columns[field.name] == nil {
            for synonym in field.synonyms {
                let column = free.sorted().first { Self.plain(self.header[$0]) == synonym }
                guard let column else { continue }
                self.columns[field.name] = column
                self.guessed.insert(field.name)
                free.remove(column)
                break
            }
        }
    }

    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }

    /// The mapping in one line: `sku ← StockCode (guessed), …; not used: Country`.
    var summary: String {
        let mapped = self.fields.compactMap { field -> String? in
            guard let column = self.columns[field.name] else { return nil }
            let isGuess = self.guessed.contains(field.name)
            return "\(field.name) ← \(self.header[column])\(isGuess ? " (guessed)" : "")"
        }
        let unused = self.header.indices.filter { !self.columns.values.contains($0) }
        let rest =
            unused.isEmpty
            ? "" : "; not used: " + unused.map { self.header[$0] }.joined(separator: ", ")
        return "columns: " + mapped.joined(separator: ", ") + rest
    }

    func has(_ field: String) -> Bool { self.columns[field] != nil }

    /// Returns the column of a field; `Int.max`, beyond every record, if there is none.
    func column(_ field: String) -> Int { self.columns[field] ?? .max }
}

extension [ColumnMapping.Field] {
    /// The fields of a product: those with synonyms, then all others.
    static let ofProducts: Self = {
        let known = Self.knownOfProducts
        let others = ProductFields.descriptions.map { $0.name }
            .filter { name in !known.contains { $0.name == name } }
        return known + others.map { ColumnMapping.Field(name: $0) }
    }()

    private static let knownOfProducts: Self = [
        .init(
            name: "sku",
            isNeeded: true,
            synonyms: ["stockcode", "itemcode", "productcode", "articleno", "code", "item", "id"]
        ),
        .init(name: "name", synonyms: ["description", "title", "productname", "product"]),
        .init(name: "price", synonyms: ["unitprice", "saleprice", "retailprice"]),
        .init(name: "category", synonyms: ["group", "department", "type"]),
        .init(name: "barcode", synonyms: ["gtin", "ean", "upc"]),
        .init(name: "unit", synonyms: ["uom"]), .init(name: "decimals"),
        .init(name: "stock", synonyms: ["onhand", "quantity", "qty", "counted", "count"]),
        .init(name: "cost", synonyms: ["unitcost", "purchaseprice"]),
        .init(name: "reorderPoint", synonyms: ["threshold", "minstock", "lowstock"]),
        .init(name: "reorderTarget", synonyms: ["maxstock"]), .init(name: "packSize"),
        .init(name: "leadTimeDays", synonyms: ["leadtime"]),
        .init(name: "brand", synonyms: ["manufacturer"]),
    ]

    /// The fields of a count or a stock change.
    static let ofStock: Self = [
        .init(
            name: "sku",
            isNeeded: true,
            synonyms: ["stockcode", "itemcode", "productcode", "articleno", "code", "item", "id"]
        ),
        .init(
            name: "stock",
            isNeeded: true,
            synonyms: ["onhand", "quantity", "qty", "counted", "count", "delta", "units"]
        ),
        .init(name: "cost", synonyms: ["unitcost", "purchaseprice"]),
        .init(
            name: "reference",
            synonyms: ["deliveryno", "delivery", "orderno", "order", "receipt", "ref"]
        ),
    ]

    /// The fields of a past sale.
    static let ofSales: Self = [
        .init(
            name: "sku",
            isNeeded: true,
            synonyms: ["stockcode", "itemcode", "productcode", "articleno", "code", "item"]
        ),
        .init(name: "quantity", isNeeded: true, synonyms: ["qty", "units", "count"]),
        .init(name: "price", isNeeded: true, synonyms: ["unitprice", "saleprice"]),
        .init(
            name: "occurredAt",
            isNeeded: true,
            synonyms: ["invoicedate", "date", "time", "timestamp", "soldat", "orderdate"]
        ),
        .init(name: "name", synonyms: ["description", "title", "productname", "product"]),
        .init(
            name: "reference",
            synonyms: ["invoiceno", "invoice", "orderno", "order", "receipt", "ref"]
        ),
        .init(name: "category", synonyms: ["group", "department"]),
    ]
}
