import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Exports everything, or one kind of rows, to a file or standard output.",
        discussion: """
            A full export is NDJSON from which invctl import recreates an equal database: categories, \
            locations, products, the ledger step by step, open reservations and transfers, and all \
            levels for verification. invctl help export lists what it contains and omits. --digest \
            prints a digest of everything, which is the same for equal databases; it writes no file.

            One kind of rows is written as CSV, or in the format of --format or the file name. Without \
            --what a name with .ndjson exports everything, any other name products.

            A file whose name ends in .gz, .xz, .lz4 or .zst is compressed by that program. A file \
            gets its name only once it is complete.

            Examples:
              invctl export backup.ndjson.gz
              invctl export - --what all | ssh other invctl import -
              invctl export sales.csv --what sales
              invctl export --digest
            """
    )

    enum What: String, ExpressibleByArgument, CaseIterable {
        case all, products, categories, locations, stock, ledger, sales, reservations, transfers
    }

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv, tsv, ndjson
    }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file, or - for standard output.") var file: String?
    @Option(help: "What to export.") var what: What?
    @Option(help: "The format of rows; default: by the file name, else csv.") var format: Format?
    @Flag(help: "Prints the digest of everything; writes no file.") var digest = false
    @Flag(
        help: "Writes ' before text that a spreadsheet would take for a formula: = + - @ first."
    )
    var sanitizeFormulas = false

    /// Endings of formats that a name may promise and that are not written.
    private static let unwritten: Set = ["xlsx", "xls", "ods", "parquet", "arrow"]

    /// The format by the file's name, ignoring the ending of a compression.
    private var named: Format? {
        var name = self.file ?? ""
        if let ending = ExportSink.ending(of: name),
            ExportSink.compressionPrograms[ending] != nil
        {
            name = String(name.dropLast(ending.count + 1))
        }
        let ending = ExportSink.ending(of: name) ?? ""
        return ending == "jsonl" ? .ndjson : Format(rawValue: ending)
    }

    /// `--format`, or `-o` of rows.
    private var typed: Format? {
        self.format ?? (self.digest ? nil : self.global.output.flatMap { Format(rawValue: $0) })
    }

    private var chosenFormat: Format { self.typed ?? self.named ?? .csv }

    private var chosen: What {
        self.what ?? (self.digest || self.chosenFormat == .ndjson ? .all : .products)
    }

    func validate() throws {
        if self.digest {
            guard self.file == nil, self.chosen == .all else {
                throw ValidationError("--digest covers everything and writes no file")
            }
        } else if self.file == nil {
            throw ValidationError("name a file, or - for standard output")
        }
        if let output = self.global.output, !self.digest, Format(rawValue: output) == nil {
            throw ValidationError("-o is '\(output)'; an export is csv, tsv or ndjson")
        }
        let ending = self.file.flatMap { ExportSink.ending(of: $0) } ?? ""
        if self.typed == nil, Self.unwritten.contains(ending) {
            throw ValidationError(
                ".\(ending) files are not written: export csv, or say the format with --format"
            )
        }
        if self.sanitizeFormulas, self.chosen == .all || self.chosenFormat == .ndjson {
            throw ValidationError("--sanitize-formulas is for rows as csv or tsv")
        }
        if self.chosen == .all, let format = self.typed ?? self.named, format != .ndjson {
            throw ValidationError("a full export is ndjson; select rows with --what")
        }
    }

    func run() async throws {
        try await Shell.run(self.global) { shell in
            let sink = try self.file.map { try ExportSink($0, shell) } ?? ExportSink()
            do {
                if self.chosen == .all {
                    try await self.writeAll(shell, sink)
                } else {
                    try await self.writeRows(shell, sink)
                }
            } catch {
                sink.abandon()
                throw error
            }
        }
    }

    private func writeAll(_ shell: Shell, _ sink: ExportSink) async throws {
        var export = WholeExport(shell, sink)
        try await export.write()
        try sink.finish()
        if self.digest {
            try self.printDigest(export, shell)
        } else if !self.global.isQuiet {
            func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
            Terminal.note(
                """
                \(count(export.productCount)) products, \(count(export.stepCount)) steps with \
                \(count(export.movementCount)) movements; digest \(export.digest.text)
                """
            )
        }
    }

    private func printDigest(_ export: WholeExport, _ shell: Shell) throws {
        guard shell.format.isJSON else { return Terminal.print(export.digest.text) }
        var object = JSONObject()
        object.add("digest", export.digest.text)
        object.add("products", raw: String(export.productCount))
        object.add("steps", raw: String(export.stepCount))
        object.add("movements", raw: String(export.movementCount))
        Terminal.print(object.text)
    }

    private func writeRows(_ shell: Shell, _ sink: ExportSink) async throws {
        let style = RowStyle(
            format: OutputFormat(rawValue: self.chosenFormat.rawValue) ?? .csv,
            currencyDecimals: shell.server.currencyDecimals,
            fields: shell.options.fieldNames,
            isForTerminal: self.file == "-" && Terminal.isOutput,
            sanitizesFormulas: self.sanitizeFormulas
        )
        var output = RowOutput(style, Listing())
        for try await part in shell.client.rows(of: self.query) {
            _ = try output.take(part.table)
            try sink.write(output.bytes)
            output.bytes.removeAll(keepingCapacity: true)
        }
        output.finish()
        try sink.write(output.bytes)
        try sink.finish()
    }

    private var query: Query {
        switch self.chosen {
        case .all, .products: .products(ProductSearch())
        case .categories: .categories(includingArchived: true)
        case .locations: .locations(includingArchived: true)
        case .stock: .levels(LevelQuery())
        case .ledger: .ledger(LedgerQuery(isNewestFirst: false))
        case .sales: .sales(SalesQuery())
        case .reservations: .reservations(ReservationQuery())
        case .transfers: .transfers(TransferQuery())
        }
    }
}
