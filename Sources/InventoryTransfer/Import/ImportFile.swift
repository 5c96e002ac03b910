/// A file whose text, records and columns are known, before its first row is read.
///
///     bytes ─▶ TextEncoding ─▶ RecordReader ─▶ ColumnMapping ─▶ NumberColumns, FileTimes ─▶ rows
///                                  ▲   │
///                                  └───┴ PresetReader, for the file of a known system
struct ImportFile: Sendable {
    let records: RecordReader
    /// The columns of the fields; `nil` for a file without a header.
    let mapping: ColumnMapping?
    let numberStyle: NumberColumns.Style
    /// What was detected, for people: the columns first.
    let notes: [String]
    /// Rows that a preset cannot import, with the reason.
    let refused: [(row: Int, reason: String)]
    /// The rows that a preset passes over.
    let passedCount: Int

    /// Decodes a file and finds its columns.
    ///
    /// - Parameters:
    ///   - file: The file's bytes, decompressed.
    ///   - options: How to read them.
    ///   - fields: The fields to find columns for.
    ///   - content: What a preset's rows are.
    ///   - locations: The locations that columns can name.
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    init(
        _ file: FileBytes,
        _ options: ReadOptions,
        fields: [ColumnMapping.Field],
        content: Preset.Content = .products,
        locations: ImportLocations? = nil
    ) throws {
        guard file.bytes.contains(where: { $0 > 0x20 }) else {
            throw Failure("malformed_file", "the file is empty", exit: Exit.failed)
        }
        let encoding = options.encoding ?? TextEncoding.detect(file.bytes)
        let text = encoding.decoded(file)
        let fields = locations.map { fields.with($0) } ?? fields
        let columns: @Sendable ([String]) throws(Failure) -> ColumnMapping = {
            names throws(Failure) in
            try ColumnMapping(names, options.map, fields: fields, guesses: options.guesses)
        }
        var layout = RecordLayout(
            delimiter: options.isWorkbook ? .comma : options.delimiter,
            problems: options.problems
        )
        if let preset = options.preset {
            let known = Set(preset.layout(content).columns.values.joined().map { $0.lowercased() })
            layout.isHeader = { names in names.count { known.contains($0.lowercased()) } > 1 }
        } else {
            layout.isHeader = { (try? columns($0)) != nil }
            layout.likeness = { ColumnMapping.likeness($0, options.map, fields: fields) }
        }
        let read = try RecordReader(text, layout)
        self.numberStyle = NumberColumns.Style(
            mark: options.decimal ?? (Self.hasPoints(read.header, options) ? .point : nil),
            isBinary: options.isWorkbook
        )
        var notes = [Self.note(encoding, read, of: file)].compactMap { $0 }
        guard let preset = options.preset, !read.header.isEmpty, let locations else {
            let mapping = read.header.isEmpty ? nil : try columns(read.header)
            var records = read
            records.exponentColumns = mapping?.columnsWithoutCodes ?? []
            self.records = records
            if locations != nil, let unknown = mapping?.unknownStock {
                throw Failure(
                    "unknown_location",
                    "the column \"\(unknown.column)\" is the stock at a location that does not exist",
                    hint:
                        "invctl location add \(unknown.location) creates it; or remove the column.",
                    exit: Exit.notFound
                )
            }
            self.mapping = mapping
            if let mapping { notes.insert(mapping.summary, at: 0) }
            if let guesses = mapping?.guesses(read) { notes.append(guesses) }
            (self.notes, self.refused, self.passedCount) = (notes, [], 0)
            return
        }
        var reader = try PresetReader(
            read,
            preset,
            content: content,
            flags: options.map,
            locations: locations
        )
        let result = try reader.read()
        self.records = try RecordReader(
            result.file,
            RecordLayout(delimiter: .comma, numbers: result.numbers)
        )
        self.mapping = try ColumnMapping(
            self.records.header,
            [],
            fields: fields + (content == .upserts ? .ofNewProducts : []),
            guesses: false
        )
        self.notes = [result.summary] + notes
        self.refused = result.refused
        self.passedCount = result.passedCount
    }

    /// Whether the system that wrote the file writes decimal points.
    private static func hasPoints(_ header: [String], _ options: ReadOptions) -> Bool {
        options.preset != nil || options.isWorkbook || ColumnMapping.isExport(header)
    }

    /// What was detected, unless it is UTF-8 with commas.
    private static func note(
        _ encoding: TextEncoding,
        _ records: RecordReader,
        of file: FileBytes
    ) -> String? {
        var parts: [String] = []
        let isPlain = encoding == .utf8 && UTF8Check(file.bytes).wideCount == 0
        if !isPlain { parts.append("encoding \(encoding.rawValue)") }
        if let name = records.delimiterName, name != "," {
            parts.append("fields separated by \(name)")
        }
        if records.titleCount > 0 { parts.append("header in row \(records.titleCount + 1)") }
        return parts.isEmpty ? nil : "read as: " + parts.joined(separator: ", ")
    }
}
