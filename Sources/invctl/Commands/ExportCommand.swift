import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Exports one kind of rows, or the whole ledger, to a file or standard output.",
        discussion: """
            Rows are written as CSV, or in the format of --format or the file name. --what all is NDJSON \
            with categories, locations, products, the ledger step by step, open reservations and all \
            levels, for other programs: invctl help export lists what it contains and omits. Without \
            --what a name with .ndjson exports that, any other name products.

            import reads what --what products, stock and sales write, in this order: all fields of the \
            products; what is on hand at each location and worth; each line of a receipt with its amount \
            and cost, oldest first, so that each keeps its number in the receipt, with the write-offs of \
            past sales. Sales that were undone on the same day are left out with their reversals, and \
            write-offs that were undone; sales undone later come back as returns. Stock on hold, reserved or expected, and archived products, do \
            not come back.

            An export is no backup, which is everything and can be restored: see invctl backup --help.

            --digest prints the state checksum, a hash of every table that is the same for equal \
            databases only; it writes no file.

            A file whose name ends in .gz, .xz, .lz4 or .zst is compressed by that program. A file \
            gets its name only once it is complete. One that exists is replaced only with --force.

            Examples:
              invctl export products.csv
              invctl export stock.csv --what stock
              invctl export sales.csv --what sales
              invctl export ledger.ndjson.gz
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
    @Flag(help: "Prints the state checksum; writes no file.") var digest = false
    @Flag(
        help: "Writes ' before text that a spreadsheet would take for a formula: = + - @ first."
    )
    var sanitizeFormulas = false
    @OptionGroup var target: ForceOptions

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
            throw ValidationError("--what all is ndjson; select rows with --what")
        }
    }

    func run() async throws {
        try await Shell.run(self.global) { shell in
            guard let file = self.file else { return try await self.printChecksum(shell) }
            let sink = try ExportSink(file, shell, replaces: self.target.force)
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
        guard !self.global.isQuiet else { return }
        func count(_ value: Int, _ noun: String) -> String {
            DecimalText.counted(Int64(value), noun)
        }
        Terminal.note(
            """
            \(count(export.productCount, "product")), \(count(export.stepCount, "step")) with \
            \(count(export.movementCount, "movement")); digest \(export.digest.text)
            """
        )
    }

    private func printChecksum(_ shell: Shell) async throws {
        let answer = try await shell.client.query(.stateChecksum)
        guard let column = answer.table.column(named: "checksum"),
            case .text(let checksum) = answer.table.cell(0, column)
        else { throw ClientError(.protocolViolation, "a state checksum without its value") }
        guard shell.format.isJSON else { return Terminal.print(checksum) }
        var object = JSONObject()
        object.add("digest", checksum)
        object.add("lsn", raw: String(answer.lsn.value))
        Terminal.print(object.text)
    }

    private func writeRows(_ shell: Shell, _ sink: ExportSink) async throws {
        let style = RowStyle(
            format: OutputFormat(rawValue: self.chosenFormat.rawValue) ?? .csv,
            currencyDecimals: shell.server.currencyDecimals,
            fields: shell.options.fieldNames,
            isForTerminal: self.file == "-" && Terminal.isOutput,
            isExport: true,
            sanitizesFormulas: self.sanitizeFormulas
        )
        let adding = try await self.adaptation(shell)
        var output = RowOutput(style, Listing())
        // Sales are answered newest first, but an import numbers the lines of a receipt in their order.
        let reversed = self.chosen == .sales ? try ReversedBlocks() : nil
        for try await part in shell.client.rows(of: self.query) {
            let table = try adding(part.table)
            if let reversed {
                try reversed.append(table)
            } else {
                try Self.write(table, through: &output, to: sink)
            }
        }
        while let table = try reversed?.popLast() {
            try Self.write(table, through: &output, to: sink)
        }
        output.finish()
        try sink.write(output.bytes)
        try sink.finish()
    }

    private static func write(
        _ table: ResultTable,
        through output: inout RowOutput,
        to sink: ExportSink
    ) throws {
        _ = try output.take(table)
        try sink.write(output.bytes)
        output.bytes.removeAll(keepingCapacity: true)
    }

    /// Returns what adds the columns that an import needs beside those of the answer, or removes rows.
    private func adaptation(_ shell: Shell) async throws -> (ResultTable) throws -> ResultTable {
        switch self.chosen {
        case .products: try await ExportedProducts(shell.client).adding
        case .stock: try await ExportedStock(shell.client).adding
        case .sales: try await ExportedSales(shell.client, zone: shell.settings.zone).removing
        default: { $0 }
        }
    }

    private var query: Query {
        switch self.chosen {
        case .all, .products: .products(ProductSearch())
        case .categories: .categories(includingArchived: true)
        case .locations: .locations(includingArchived: true)
        case .stock: .levels(LevelQuery())
        case .ledger: .ledger(LedgerQuery(isNewestFirst: false))
        case .sales: ExportedSales.query
        case .reservations: .reservations(ReservationQuery())
        case .transfers: .transfers(TransferQuery())
        }
    }
}
