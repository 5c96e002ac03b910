internal import InventoryModel

/// Which column of a file is which field: by `--map FIELD=COLUMN`, else the one of the same name, else
/// one whose name usually means it.
struct ColumnMapping {
    struct Field: Sendable {
        var name: String
        var isNeeded = false
        /// Names that usually mean it, in small letters and digits only.
        var synonyms: [String] = []
    }

    private(set) var columns: [String: Int] = [:]
    private var guessed: Set<String> = []
    private let header: [String]
    private let fields: [Field]

    /// Finds the columns of a file.
    ///
    /// `header`: The names of the file's columns. `flags`: `FIELD=COLUMN`, as they were typed.
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

    /// Takes columns that nobody named for fields that nobody mapped, by what they are usually called.
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

    /// What is taken from where, in one line: `sku ← StockCode (guessed), …; not used: Country`.
    var summary: String {
        let taken = self.fields.compactMap { field -> String? in
            guard let column = self.columns[field.name] else { return nil }
            let isGuess = self.guessed.contains(field.name)
            return "\(field.name) ← \(self.header[column])\(isGuess ? " (guessed)" : "")"
        }
        let unused = self.header.indices.filter { !self.columns.values.contains($0) }
        let rest =
            unused.isEmpty
            ? "" : "; not used: " + unused.map { self.header[$0] }.joined(separator: ", ")
        return "columns: " + taken.joined(separator: ", ") + rest
    }

    func has(_ field: String) -> Bool { self.columns[field] != nil }

    /// The field's column; one beyond every record where there is none.
    func column(_ field: String) -> Int { self.columns[field] ?? .max }
}

extension [ColumnMapping.Field] {
    /// What there is of a product: those that people know by other names, then any other field.
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
    ]

    /// What there is of a count, or of what came and went.
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

    /// What there is of a past sale.
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
