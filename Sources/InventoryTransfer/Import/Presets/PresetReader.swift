/// Rewrites a file of a known layout as one with our fields, row by row.
///
///     records ─▶ values by column ─▶ layout's rule ─▶ values by field ─▶ CSV that the importers read
///
/// The rows keep the numbers that they have in the file. Values are copied as they are written: what is no
/// number is refused where every import refuses it.
struct PresetReader {
    /// The rewritten file.
    struct Result: Sendable {
        var file = FileBytes()
        /// The row in the original file of each record.
        var numbers: [Int] = []
        /// Rows that cannot be imported, with the reason.
        var refused: [(row: Int, reason: String)] = []
        /// The rows that are none, such as those of pictures.
        var passedCount = 0
        /// The columns that are read, for people.
        var summary = ""
    }

    private let preset: Preset
    private let content: Preset.Content
    private var layout: PresetLayout
    private var records: RecordReader
    /// The names of the columns in lowercase.
    private let header: [String]
    /// Columns of a location: the field of it and the column's name.
    private var shops: [(field: String, column: String)] = []
    private let fields: [String]
    private let memory = PresetMemory()

    /// Finds the layout's columns.
    ///
    /// - Parameters:
    ///   - records: The file's records.
    ///   - preset: The system that wrote them.
    ///   - content: What they are.
    ///   - flags: `FIELD=COLUMN`, as typed, which take precedence over the layout's columns.
    ///   - locations: The locations that columns and rows can name.
    /// - Throws: ``Failure`` if the file has another layout.
    init(
        _ records: RecordReader,
        _ preset: Preset,
        content: Preset.Content,
        flags: [String],
        locations: ImportLocations
    ) throws(Failure) {
        self.records = records.fromStart
        self.preset = preset
        self.content = content
        self.layout = preset.layout(content)
        self.header = records.header.map { $0.lowercased() }
        let own: [ColumnMapping.Field] =
            switch content {
            case .products: .ofProducts
            case .upserts: .ofUpserts + .ofNewProducts
            case .stock: .ofStock
            }
        let names = own.map { $0.name }
        for flag in flags {
            let mapping = try ColumnMapping(
                records.header,
                [flag],
                fields: names.map { ColumnMapping.Field(name: $0) },
                guesses: false
            )
            let field = String(flag.prefix { $0 != "=" })
            guard let name = names.first(where: { $0.lowercased() == field.lowercased() }) else {
                continue
            }
            self.layout.columns[name] = [records.header[mapping.column(name)]]
        }
        let shops = try Self.shops(
            self.layout,
            content: content,
            header: records.header,
            locations: locations
        )
        let all = names.filter { $0 != "stock" || shops.isEmpty }
        self.shops = shops
        self.fields = all + shops.map { $0.field }.unique.filter { !all.contains($0) }
        try self.check()
    }

    private func check() throws(Failure) {
        let missing = self.layout.needed(self.content).filter { field in
            !self.names(of: field).contains { self.header.contains($0.lowercased()) }
        }
        guard let field = missing.first else { return }
        throw Failure.usage(
            """
            no column for \(field): a file of \(self.preset.rawValue) has \
            '\(self.names(of: field).joined(separator: "' or '"))'; this one has \
            \(self.records.header.joined(separator: ", "))
            """
        )
    }

    private func names(of field: String) -> [String] { self.layout.columns[field] ?? [] }

    /// Finds the columns of locations; a location that does not exist is an error before the first row.
    private static func shops(
        _ layout: PresetLayout,
        content: Preset.Content,
        header: [String],
        locations: ImportLocations
    ) throws(Failure) -> [(field: String, column: String)] {
        var found: [(field: String, column: String)] = []
        for shop in layout.shops {
            if shop.field != "stock", content == .stock { continue }
            for column in header where column.lowercased().hasPrefix(shop.prefix.lowercased()) {
                let name = String(column.dropFirst(shop.prefix.count))
                guard let place = locations.place(name) else {
                    if shop.prefix.isEmpty { continue }
                    throw Failure.usage(
                        "the column '\(column)' is of a location that does not exist",
                        hint: "Create it first: invctl location add \(name)"
                    )
                }
                let isStock = shop.field == "stock"
                let field = isStock ? ImportLocations.stockField(place.code) : shop.field
                found.append((field, column.lowercased()))
            }
        }
        return found
    }

    // MARK: - Reading

    /// Reads all rows.
    ///
    /// - Throws: ``Failure`` if the file is malformed.
    mutating func read() throws -> Result {
        var result = Result()
        result.summary = self.summary
        var lines = self.fields.map { CSV.quoted($0) }.joined(separator: ",") + "\n"
        while try self.records.next() {
            if let problem = self.records.problem {
                result.refused.append((self.records.number, problem))
                continue
            }
            var fields = self.ownFields()
            switch self.verdict(&fields) {
            case .passed: result.passedCount += 1
            case .refused(let reason): result.refused.append((self.records.number, reason))
            case .row:
                lines += self.fields.map { CSV.quoted(fields[$0]) }.joined(separator: ",") + "\n"
                result.numbers.append(self.records.number)
            }
            if lines.utf8.count > Self.pendingMax {
                result.file.append(Array(lines.utf8))
                lines = ""
            }
        }
        result.file.append(Array(lines.utf8))
        result.passedCount += self.records.passedCount
        return result
    }

    private static let pendingMax = 1 << 16

    private var row = PresetRow(values: [:], memory: PresetMemory())

    private mutating func ownFields() -> PresetFields {
        let values = self.header.enumerated().map { ($0.element, self.records.text($0.offset)) }
        self.row = PresetRow(
            values: Dictionary(values) { first, second in first.isEmpty ? second : first },
            memory: self.memory
        )
        var fields = PresetFields()
        for (field, columns) in self.layout.columns {
            for column in columns { fields.fill(field, self.row[column]) }
        }
        for shop in self.shops { fields.fill(shop.field, self.row[shop.column]) }
        return fields
    }

    private func verdict(_ fields: inout PresetFields) -> PresetLayout.Verdict {
        let verdict = self.layout.rule(self.row, &fields)
        guard verdict == .row else { return verdict }
        if let lot = self.layout.lots.first(where: { !self.row[$0].isEmpty }) {
            return .refused(
                "\(lot): \"\(self.row[lot])\" is a lot or a serial number; none are kept"
            )
        }
        guard self.content != .stock else { return .row }
        for column in self.layout.nameParts { fields.extendName(self.row[column]) }
        // What the file has no column for must not change a product that exists.
        let isUpsert = self.content == .upserts
        if isUpsert, !self.layout.statusColumns.contains(where: { self.hasColumn($0) }) {
            fields["status"] = ""
        }
        if let price = self.layout.standardPrice {
            fields.fill(isUpsert ? UpsertColumns.newPrice : "price", price)
        }
        let numbers = self.fields.filter { $0.hasPrefix("stock") || $0.hasPrefix("reorder") }
        let unit = MeasuredUnit(fields["unit"], numbers: numbers.map { fields[$0] })
        fields["unit"] = unit.code
        fields.fill(isUpsert ? UpsertColumns.newDecimals : "decimals", String(unit.decimals))
        return .row
    }

    private func hasColumn(_ name: String) -> Bool { self.header.contains(name.lowercased()) }

    private var summary: String {
        let used = self.fields.compactMap { field -> String? in
            let names =
                self.names(of: field) + self.shops.filter { $0.field == field }.map { $0.column }
            let column = names.compactMap { name in
                self.records.header.first { $0.lowercased() == name.lowercased() }
            }.first
            return column.map { "\(field) ← \($0)" }
        }
        return "columns of \(self.preset.rawValue): " + used.joined(separator: ", ")
    }
}

/// A unit by the names that systems have for it, with the decimals of its quantities.
private struct MeasuredUnit {
    let code: String
    let decimals: Int

    private static let pieces: Set<String> = [
        "", "unit", "units", "unit(s)", "nos", "each", "ea", "pc", "pcs", "piece", "pieces",
    ]
    private static let decimals: [String: Int] = [
        "kg": 3, "t": 3, "lb": 3, "lbs": 3, "l": 3, "litre": 3, "liter": 3, "ltr": 3, "gal": 3,
        "m3": 3, "m³": 3, "m": 2, "meter": 2, "metre": 2, "ft": 2, "yd": 2, "m2": 2, "m²": 2,
        "h": 2, "hour": 2, "hours": 2,
    ]

    /// Creates the unit with a name; it has as many decimals as usual, or as the row's numbers need.
    init(_ name: String, numbers: [String]) {
        let key = name.lowercased()
        self.code = Self.pieces.contains(key) ? "" : name
        let used = numbers.map { number in
            number.split(separator: ".", maxSplits: 1).dropFirst().first.map { fraction in
                fraction.reversed().drop { $0 == "0" }.count
            } ?? 0
        }
        self.decimals = min(6, max(Self.decimals[key] ?? 0, used.max() ?? 0))
    }
}

extension [String] {
    /// The strings without repetitions, in their order.
    fileprivate var unique: [String] {
        var known: Set<String> = []
        return self.filter { known.insert($0).inserted }
    }
}
