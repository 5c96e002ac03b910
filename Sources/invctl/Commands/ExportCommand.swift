import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes everything, or one kind of rows, to a file or standard output.",
        discussion: """
            Everything is NDJSON that invctl import makes an equal database of: categories, locations, \
            products, the ledger step by step, what is promised and on its way, and all levels to \
            check against. invctl help export says what is in it and what is not. --digest tells \
            what it all comes to, and writes nothing: the same for equal databases.

            One kind of rows is CSV, or what --format or the name says. Without --what it is everything \
            into a name with .ndjson, and products otherwise.

            A name that ends in .gz, .xz, .lz4 or .zst is packed by that program. A file has its \
            name only once it is whole.

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
    @Option(help: "What to write.") var what: What?
    @Option(help: "How rows are written; else as the name says, else csv.") var format: Format?
    @Flag(help: "Tells the digest of everything, and writes nothing.") var digest = false

    /// What the file's name says of its format, a packing aside.
    private var named: Format? {
        var name = self.file ?? ""
        if let packing = ExportSink.ending(of: name), ExportSink.packings[packing] != nil {
            name = String(name.dropLast(packing.count + 1))
        }
        let ending = ExportSink.ending(of: name) ?? ""
        return ending == "jsonl" ? .ndjson : Format(rawValue: ending)
    }

    private var chosenFormat: Format { self.format ?? self.named ?? .csv }

    private var chosen: What {
        self.what ?? (self.digest || self.chosenFormat == .ndjson ? .all : .products)
    }

    func validate() throws {
        if self.digest {
            guard self.file == nil, self.chosen == .all else {
                throw ValidationError("--digest is of everything, and writes no file")
            }
        } else if self.file == nil {
            throw ValidationError("name a file, or - for standard output")
        }
        if self.chosen == .all, let format = self.format ?? self.named, format != .ndjson {
            throw ValidationError("everything is written as ndjson; name the rows with --what")
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
            try self.tell(export, shell)
        } else if !self.global.quiet {
            func count(_ value: Int) -> String { DecimalText.grouped(String(value)) }
            Terminal.note(
                """
                \(count(export.productCount)) products, \(count(export.stepCount)) steps with \
                \(count(export.movementCount)) movements; digest \(export.digest.text)
                """
            )
        }
    }

    private func tell(_ export: WholeExport, _ shell: Shell) throws {
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
            fields: shell.options.fieldNames
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
