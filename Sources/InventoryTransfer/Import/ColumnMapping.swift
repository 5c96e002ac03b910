internal import InventoryModel

/// The mapping of a file's columns to fields: by `--map FIELD=COLUMN`, otherwise by equal names, otherwise
/// by a guess.
///
/// A field is guessed only from a column that can be nothing else: one with a usual name of the field, which
/// no second column has. Names are compared without case.
struct ColumnMapping: Sendable {
    struct Field: Sendable {
        var name: String
        /// The column of an export that has the field, if its name is not that of the field.
        var exported: String?
        var isNeeded = false
        /// Fields any of which makes this one unnecessary.
        var isNeededUnless: [String] = []
        /// Whether only exports have the field: a column of that name in another file is something else.
        var isOnlyExported = false
        /// Usual column names for the field, in lowercase letters and digits only.
        var synonyms: [String] = []
        /// Names that mean the field only if no column has one of ``better`` in its name.
        var weakSynonyms: [String] = []
        var better: [String] = []
    }

    private(set) var columns: [String: Int] = [:]
    private var guessed: Set<String> = []
    /// The columns of an export that are a field of another name.
    private var exported: Set<Int> = []
    private let header: [String]
    private let fields: [Field]

    /// The columns of all fields but SKUs and barcodes.
    var columnsWithoutCodes: Set<Int> {
        let others = self.columns.filter { field, _ in
            field != "sku" && field != "moreBarcodes" && !field.hasPrefix("barcode")
        }
        return Set(others.values)
    }

    /// Finds the columns of a file.
    ///
    /// - Parameters:
    ///   - header: The names of the file's columns.
    ///   - flags: `FIELD=COLUMN`, as typed.
    ///   - fields: The fields to find columns for.
    ///   - guesses: Whether to guess columns that are not named like a field.
    /// - Throws: ``Failure`` if a flag is invalid or a required field has no column.
    init(
        _ header: [String],
        _ flags: [String],
        fields: [Field],
        guesses: Bool = true
    ) throws(Failure) {
        self.header = header
        self.fields = fields
        for flag in flags { try self.take(flag) }
        if Self.isExport(header) { self.takeExported() }
        for field in fields where self.columns[field.name] == nil && !field.isOnlyExported {
            let index = Self.index(of: field.name, in: header)
            self.columns[field.name] = index.flatMap { self.exported.contains($0) ? nil : $0 }
        }
        // What an export has is named; a guess could only be wrong.
        if guesses, !Self.isExport(header) { self.guess() }
        let missing = fields.filter { self.isMissing($0) }
        guard missing.isEmpty else {
            let isKnown = Self.likeness(header, flags, fields: fields) > 0
            let list = isKnown ? Self.list(header) : Self.excerpt(Self.list(header))
            throw Failure.usage(
                """
                no column for \(missing.map { $0.name }.joined(separator: ", ")); the file has \
                \(list): use --map FIELD=COLUMN
                """
            )
        }
    }

    /// The most columns that a message names.
    private static let namedMax = 50

    private static func list(_ names: [String]) -> String {
        let more = names.count - Self.namedMax
        return names.prefix(Self.namedMax).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    /// The most characters that a message shows of a first line without any known name, which may be no header.
    private static let excerptMax = 60

    private static func excerpt(_ line: String) -> String {
        line.count <= Self.excerptMax ? line : "\(line.prefix(Self.excerptMax - 1))…"
    }

    /// The first column with the stock at a location that is not among the fields, and the location's name:
    /// `stock@moon`, `[Moon] - Quantity`.
    var unknownStock: (column: String, location: String)? {
        let used = Set(self.columns.values)
        let start = ImportLocations.stockField("")
        for (index, name) in self.header.enumerated() where !used.contains(index) {
            if name.lowercased().hasPrefix(start) {
                return (name, String(name.dropFirst(start.count)))
            }
            if name.hasPrefix("["), let end = name.firstIndex(of: "]"),
                Self.plain(String(name[end...])) == "quantity"
            {
                return (name, String(name[name.index(after: name.startIndex)..<end]))
            }
        }
        return nil
    }

    private mutating func take(_ flag: String) throws(Failure) {
        let parts = flag.split(separator: "=", maxSplits: 1).map { String($0) }
        guard parts.count == 2 else {
            throw Failure.usage("--map is '\(flag)', not FIELD=COLUMN")
        }
        let names = self.fields.map { $0.name }
        guard let field = Self.index(of: parts[0], in: names) else {
            throw Failure.usage(
                "--map names the field '\(parts[0])'; there are \(names.joined(separator: ", "))"
            )
        }
        guard let column = Self.index(of: parts[1], in: self.header) else {
            throw Failure.usage(
                """
                --map names the column '\(parts[1])'; the file has \
                \(Self.list(self.header))
                """
            )
        }
        self.columns[names[field]] = column
    }

    /// Returns the position of a name; one that is equal in case too comes first.
    private static func index(of name: String, in names: [String]) -> Int? {
        names.firstIndex(of: name)
            ?? names.firstIndex { $0.lowercased() == name.lowercased() }
    }

    private func isMissing(_ field: Field) -> Bool {
        field.isNeeded && self.columns[field.name] == nil
            && field.isNeededUnless.allSatisfy { self.columns[$0] == nil }
    }

    // MARK: - Exports

    /// Whether the columns are those of an export of rows, or of the lists that it exports.
    ///
    /// Their numbers have a decimal point, whatever other columns say.
    static func isExport(_ header: [String]) -> Bool {
        header.contains("unitDecimals") || (header.contains("lsn") && header.contains("priceBasis"))
    }

    /// Maps fields to the columns that an export has them in.
    private mutating func takeExported() {
        for field in self.fields where self.columns[field.name] == nil {
            guard let name = field.exported, let index = self.header.firstIndex(of: name) else {
                continue
            }
            self.columns[field.name] = index
            self.exported.insert(index)
        }
    }

    // MARK: - Guessing

    /// Maps remaining fields to remaining columns by the fields' synonyms.
    private mutating func guess() {
        let names = self.header.map { Self.plain($0) }
        var free = Set(self.header.indices).subtracting(self.columns.values)
        for field in self.fields where self.columns[field.name] == nil {
            let isOnlyOne = !names.contains { name in field.better.contains { name.contains($0) } }
            for synonym in field.synonyms + (isOnlyOne ? field.weakSynonyms : []) {
                let found = free.filter { names[$0] == synonym }
                guard let column = found.first, found.count == 1 else { continue }
                self.columns[field.name] = column
                self.guessed.insert(field.name)
                free.remove(column)
                break
            }
        }
    }

    static func plain(_ name: String) -> String { ColumnNames.plain(name) }

    /// Returns how much a record looks like the header: how many of its values name a column that a flag or a
    /// field is mapped to, or is usually mapped to.
    static func likeness(_ names: [String], _ flags: [String], fields: [Field]) -> Int {
        let wanted = flags.compactMap { $0.split(separator: "=", maxSplits: 1).last }
            .map { $0.lowercased() }
        let known = Set(fields.flatMap { $0.synonyms + $0.weakSynonyms + [$0.name.lowercased()] })
        return names.count { name in
            wanted.contains(name.lowercased()) || known.contains(Self.plain(name))
        }
    }

    // MARK: - The result

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

    /// The guessed columns with their first values; `nil` if none was guessed.
    func guesses(_ records: RecordReader) -> String? {
        guard !self.guessed.isEmpty else { return nil }
        var records = records.fromStart
        var samples: [String: [String]] = [:]
        for _ in 0..<Self.samplesMax {
            guard (try? records.next()) == true else { break }
            for name in self.guessed {
                let text = records.text(self.column(name)).prefix(Self.sampleLengthMax)
                samples[name, default: []].append("\"\(text)\"")
            }
        }
        let lines = self.fields.filter { self.guessed.contains($0.name) }.map { field in
            "\(field.name): \(samples[field.name, default: []].joined(separator: ", "))"
        }
        return "guessed: " + lines.joined(separator: "; ") + "; --no-guess takes none of them"
    }

    private static let samplesMax = 3
    private static let sampleLengthMax = 24

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
        return (known + others.map { ColumnMapping.Field(name: $0) })
            .named(ColumnNames.ofProducts)
    }()

    /// The fields of products to change or to add: none is needed but one that identifies them.
    static let ofUpserts: Self = Self.ofProducts.map { field in
        var field = field
        field.isNeeded = field.name == "sku"
        if field.isNeeded { field.isNeededUnless = ["barcode"] }
        return field
    }

    /// What a preset says of new products, for which its files have no column.
    static let ofNewProducts: Self = [
        .init(name: UpsertColumns.newPrice), .init(name: UpsertColumns.newDecimals),
    ]

    private static let skus = [
        "variantsku", "productsku", "itemsku", "stockcode", "itemcode", "productcode", "articleno",
        "articlenumber", "itemnumber", "itemno", "partnumber", "partno", "ipn", "partipn", "code",
    ]

    private static let barcodes = ["gtin", "ean", "ean13", "upc"]

    private static let sku = ColumnMapping.Field(
        name: "sku",
        isNeeded: true,
        synonyms: Self.skus,
        weakSynonyms: ["item"],
        better: ["sku", "code", "number"]
    )

    private static let name = ColumnMapping.Field(
        name: "name",
        synonyms: ["itemname", "productname", "articlename", "partname", "title", "product"],
        weakSynonyms: [
            "description", "itemdescription", "productdescription", "beschreibung",
            "artikelbeschreibung", "descripcion",
        ],
        better: ["name", "title", "bezeichnung", "designation", "libelle"]
    )

    private static let location = ColumnMapping.Field(
        name: "location",
        synonyms: ["warehouse", "shop", "store", "branch", "outlet", "locationcode", "storecode"]
    )

    private static let priceBasis = ColumnMapping.Field(name: "priceBasis", synonyms: ["priceper"])

    private static let knownOfProducts: Self =
        [
            Self.sku,
            {
                var name = Self.name
                name.isNeeded = true
                return name
            }(),
            .init(
                name: "price",
                isNeeded: true,
                synonyms: [
                    "unitprice", "retailprice", "regularprice", "sellingprice", "salesprice",
                    "listprice",
                ]
            ),
            .init(
                name: "category",
                synonyms: ["categories", "productcategory", "categoryname", "group", "department"]
            ),
            .init(name: "barcode", synonyms: Self.barcodes),
            .init(
                name: "moreBarcodes",
                synonyms: ["barcodes", "additionalbarcodes", "alternatebarcodes", "otherbarcodes"]
            ),
            .init(name: "unit", synonyms: ["uom", "unitofmeasure"]),
            .init(name: "decimals", exported: "unitDecimals", synonyms: ["unitdecimals"]),
            .init(
                name: "stock",
                synonyms: ["onhand", "quantityonhand", "quantity", "qty", "counted", "count"]
            ),
            .init(name: "cost", synonyms: ["unitcost", "purchaseprice", "costprice"]),
            .init(
                name: "reorderPoint",
                synonyms: ["threshold", "minstock", "minimumstock", "lowstock"]
            ),
            .init(name: "reorderTarget", synonyms: ["maxstock", "maximumstock"]),
            .init(name: "packSize"), .init(name: "leadTimeDays", synonyms: ["leadtime"]),
            .init(name: "brand", synonyms: ["manufacturer", "vendor"]),
            Self.location, Self.priceBasis,
        ] + Self.furtherBarcodes

    /// A column for each further barcode, such as `barcode2`, also called `ean2`.
    private static let furtherBarcodes: Self = BarcodeCells.furtherFields.map { name in
        let number = name.suffix(1)
        return ColumnMapping.Field(
            name: name,
            synonyms: ["gtin", "ean", "upc"].map { "\($0)\(number)" }
        )
    }

    /// The fields of a count or a stock change.
    static let ofStock: Self = Self.knownOfStock.named(ColumnNames.ofStock)

    private static let knownOfStock: Self = [
        {
            var sku = Self.sku
            // A count may be scanned: products are found by barcode too.
            sku.synonyms += ["barcode"] + Self.barcodes
            return sku
        }(),
        .init(
            name: "stock",
            exported: "onHand",
            isNeeded: true,
            synonyms: [
                "onhand", "quantityonhand", "quantity", "qty", "counted", "count", "delta", "units",
            ]
        ),
        .init(name: "cost", synonyms: ["unitcost", "purchaseprice", "costprice"]),
        .init(
            name: "reference",
            synonyms: ["deliveryno", "delivery", "orderno", "order", "receipt", "ref"]
        ),
        // Without synonyms: a column of that of the product must not set it for the location.
        .init(name: "ownReorderPoint"),
        Self.location, Self.priceBasis, .init(name: "stockValue", exported: "value"),
    ]

    /// The fields of a past sale.
    static let ofSales: Self = Self.knownOfSales.named(ColumnNames.ofSales)

    private static let knownOfSales: Self = [
        {
            var sku = Self.sku
            // A line may name its product by a barcode instead.
            sku.isNeededUnless = ["barcode"]
            return sku
        }(),
        .init(name: "barcode", synonyms: Self.barcodes),
        .init(name: "quantity", isNeeded: true, synonyms: ["qty", "units", "count"]),
        .init(
            name: "price",
            isNeeded: true,
            isNeededUnless: ["amount"],
            synonyms: ["unitprice", "sellingprice", "salesprice", "saleprice"]
        ),
        .init(
            name: "amount",
            synonyms: ["lineamount", "linetotal", "extendedprice"],
            weakSynonyms: ["summe"],
            better: ["preis", "betrag", "price", "vk"]
        ),
        .init(name: "lineCost", exported: "cost"),
        .init(name: "cost", synonyms: ["unitcost", "costprice"]),
        .init(name: "kind", exported: "kind", isOnlyExported: true),
        .init(
            name: "occurredAt",
            isNeeded: true,
            synonyms: [
                "invoicedate", "date", "datetime", "timestamp", "soldat", "orderdate", "saledate",
                "transactiondate", "postingdate", "receiptdate", "time",
            ]
        ),
        .init(
            name: "timeOfDay",
            synonyms: ["time", "saletime", "transactiontime", "postingtime", "receipttime"]
        ),
        Self.name,
        .init(
            name: "reference",
            synonyms: ["invoiceno", "invoice", "orderno", "order", "receipt", "receiptno", "ref"]
        ),
        .init(name: "category", synonyms: ["categoryname", "group", "department"]),
        Self.location, Self.priceBasis,
    ]

    /// Returns the fields with one more for the stock at each location, such as `stock@depot`.
    func with(_ locations: ImportLocations) -> Self {
        let words = ["quantity", "qty", "stock", "onhand", "instock", "inventory"]
        let more = locations.all.map { location in
            let names = Set([location.code, location.name].map { ColumnMapping.plain($0) })
            let synonyms = names.sorted().flatMap { name in
                words.flatMap { [name + $0, $0 + name] }
            }
            return ColumnMapping.Field(
                name: ImportLocations.stockField(location.code),
                synonyms: synonyms
            )
        }
        var fields = self
        for index in fields.indices where fields[index].name == "stock" {
            fields[index].isNeededUnless = more.map { $0.name }
        }
        return fields + more
    }
}
