import ArgumentParser
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import Synchronization
import TerminalKit

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Imports products or past sales from CSV, JSON or a workbook, a file or a pipe.",
        discussion: """
            Columns are mapped to fields by --map FIELD=COLUMN, else by their names, else by common \
            names of such columns (not with --no-guess); the mapping and the first values of what was \
            guessed are shown first. --preset reads the files of another system by its own names. \
            Titles above the header, the header again, empty rows and totals are passed over.

            Fields are separated by commas, semicolons, tabs or bars, which is detected; or rows are \
            JSON objects, one a line or in an array; or they are the first sheet of an .xlsx file, \
            which xlsx2csv reads. Compressed files are accepted, from a pipe too: gzip, xz, lz4 and \
            zstd, which their own programs decompress.

            The encoding is detected and shown: UTF-8, UTF-16, else Windows-1252. A byte that belongs to no \
            character, or a line that is no JSON object, rejects its row alone; an unclosed quote the file. \
            Numbers may have a decimal comma, thousands and the database's currency. 1,250 alone in its column can be two \
            numbers and is rejected: --decimal says which. Times are ISO 8601, or as --date-format says.

            --as products: sku, name, category, price; barcode, unit, decimals, stock, cost, location, \
            priceBasis, \(ImportedFields.others), status. stock@CODE is the stock at a location. A row whose \
            product is already in the database with the same values is counted; one that differs is rejected.
            --mode set or add: sku, stock; cost, location, reference. The stock of existing products: \
            what was counted, or differences (a delivery if the row has a cost).
            --mode upsert: sku or barcode, and any of the fields of products. Changes the products that \
            exist, found by their SKU, or in rows without one by their barcode, and adds the others. \
            Only fields that the file has a column for change; an empty cell leaves a field as it is, \
            \\N clears it. stock is what is there. A dry run shows each field before and after.
            --as sales: sku or barcode, quantity, price or amount (of the line), occurredAt (with timeOfDay, if \
            that is a column of its own); name, reference, category, location, cost. They are history \
            and never change the stock of today; products that do not exist are created, with the name, \
            category, price and spelling of the latest sale with a price in any file. Without cost the goods have the unit \
            cost that is known when the sale is imported. A receipt is \
            its location, reference and local day in --zone, a line its number in it, wherever in the \
            file its rows are: a line that was imported before is counted and not recorded again, and \
            rejected if it says something else. A receipt across midnight has the day of its first line, so \
            lines of it in a file that begins at midnight are another receipt. Rows without a reference are not recognized. A \
            negative price is a discount; a negative quantity is what --negative says.

            Rejected rows are counted, and the first are listed with number, column and reason.

            An interrupted import is resumed by the same command, which imports no row twice: by --id, \
            by the file FILE\(ResumeFile.suffix) that is beside FILE until the run is finished, or, for \
            sales, by the file's content. Standard input has no such file. A finished run is not imported \
            again, and an interrupted one not resumed once it was undone (invctl undo --run). Without \
            --id, products and their stock are a new run each time: a file that was imported before is \
            reported with its date, and confirmed on a terminal (--yes skips the question). Sales of the \
            same file need a new --id, unless the run was undone: then they are another run. invctl \
            ledger imports lists all runs. With -o json the result is one object: the counts, rejectedRows with row and reason, and notes.

            Examples:
              invctl import catalog.csv
              invctl import stock.csv --mode set --dry-run
              xz -dc sales.csv.xz | invctl import - --as sales --map sku=StockCode
            """
    )

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case products, sales
    }

    /// What becomes of products that exist.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case set, add, upsert
    }

    @OptionGroup var global: GlobalOptions
    @OptionGroup var confirmation: ConfirmOptions
    @Argument(help: "The file, or - for standard input.") var file: String
    @Option(name: .customLong("as"), help: "What the rows are.") var kind: Kind = .products
    @Option(
        help: "Sets the stock of existing products or adds to it, or changes and adds products."
    )
    var mode: Mode?
    @Option(help: ArgumentHelp("The column of a field.", valueName: "field=column"))
    var map: [String] = []
    @Flag(help: "Takes only columns that are named like fields, or by --map.") var noGuess = false
    @Option(help: "The system that wrote the file.") var preset: Preset?
    @Option(
        help: ArgumentHelp(
            "The character encoding, such as utf-8, utf-16 or windows-1252.",
            valueName: "name"
        )
    )
    var encoding: String?
    @Option(help: ArgumentHelp("What separates fields: a character or tab.", valueName: "char"))
    var delimiter: String?
    @Option(help: "What separates decimals; the other one parts thousands.")
    var decimal: DecimalMark?
    @Option(
        help: ArgumentHelp(
            "The format of dates in Unicode's letters, such as 'dd.MM.yyyy HH:mm'.",
            valueName: "format"
        )
    )
    var dateFormat: String?
    @Option(help: "The IANA time zone of the file's times.") var zone = "UTC"
    @Option(help: ArgumentHelp("How many units a price or cost is for.", valueName: "units"))
    var per: Int64 = 1
    @Option(help: "What sales of a negative quantity are; without it they are rejected.")
    var negative: NegativeSale?
    @Option(help: "The prefix of references that are returns, if the quantity is negative.")
    var returnPrefix = ""
    @Option(help: "The category of products that have none.")
    var category = "Imported"
    @Option(help: "The location of the stock.") var at: String?
    @Option(help: "The file in which to list all rejected rows.")
    var rejects: String?
    @Flag(help: "Replaces the file of --rejects if it exists.") var force = false
    @Option(
        help: "How many rejected rows to list on standard error: a number or all."
    )
    var errors = "100"
    @Option(help: "How many changed rows a dry run of --mode upsert lists: a number or all.")
    var changes = "100"
    @Option(help: "Identifies this run of the import: it resumes, and is not imported again.")
    var id: String?
    @Flag(help: "Shows what it would do; changes nothing.") var dryRun = false

    func validate() throws {
        if let id { try RetryOptions.check(id) }
        if self.mode != nil, self.kind == .sales {
            throw ValidationError("--mode applies to products and their stock, not to sales")
        }
        if self.preset != nil, self.kind == .sales {
            throw ValidationError("--preset applies to products and their stock, not to sales")
        }
        guard FieldBounds.priceBases.contains(self.per) else {
            let highest = FieldBounds.priceBases.upperBound
            throw ValidationError("--per is \(self.per), not 1 to \(highest)")
        }
        _ = try self.reading()
        for (option, count) in [("--errors", self.errors), ("--changes", self.changes)] {
            guard count == "all" || Int(count).map({ $0 >= 0 }) == true else {
                throw ValidationError("\(option) is '\(count)', neither a number nor all")
            }
        }
    }

    func run() async throws {
        var options = try self.options()
        try options.checkRejects(of: self.file)
        let stream = try ByteStream(self.file, Subprocess.startFilter)
        if stream.head.starts(with: WholeExport.head) { throw Self.isExport }
        let isWorkbook = stream.head.starts(with: Workbook.head)
        var file = try stream.rest()
        if isWorkbook {
            let read = try Workbook.read(file, name: self.file, Subprocess.startFilter)
            file = read.csv
            options.reading.isWorkbook = true
            options.reading.problems = read.problems
        }
        try await self.run(options, file)
        Interruption.setMessage(nil)
    }

    private func run(_ options: ImportOptions, _ file: FileBytes) async throws {
        let identity = try await self.identity(file)
        var write = WriteRequest(id: SessionID(ofImport: identity.name).text)
        write.isDryRun = self.dryRun
        write.isDryRunOfMany = self.dryRun
        try await Shell.run(self.global, write: write, continuesSession: true) { shell in
            try shell.checkAnswerOptions()
            var shell = shell
            shell.importRun = identity.handle(for: shell, self.confirmation)
            guard shell.format.isJSON else {
                return try await self.run(options, file, host: shell)
            }
            let report = ImportReport(shell)
            do {
                try await self.run(options, file, host: report)
            } catch let status as ExitStatus where status == Exit.partlyDone {
                report.finish()
                throw status
            }
            report.finish()
        }
    }

    /// Decides which run the import is.
    ///
    /// The name of the run is that of its session, so the runs that were undone are queried before the session is
    /// opened.
    private func identity(_ file: FileBytes) async throws -> ImportIdentity {
        let identity = ImportIdentity(
            kind: self.runKind,
            content: SessionID(hashing: file.bytes).text,
            layout: SessionID(hashing: self.layout).text,
            id: self.id,
            file: self.file
        )
        guard identity.mayBeUndone else { return identity }
        var named = identity
        try await Shell.run(self.global, reportsTime: false) { shell in
            let query = ImportRunQuery(content: identity.content)
            named.pass(undone: try await shell.client.importRuns(query).rows)
        }
        return named
    }

    private func run(
        _ options: ImportOptions,
        _ file: FileBytes,
        host: any TransferHost
    ) async throws {
        do {
            try await self.importRows(options, file, host: host)
        } catch let error as ClientError {
            // Rows may be imported by now; the error of one request says nothing about them.
            guard let message = Interruption.state.withLock({ $0.message }) else { throw error }
            let done = message.prefix(1).uppercased() + message.dropFirst() + "."
            guard let refusal = error.refusal else {
                let name = error.code.description.replacing(" ", with: "_")
                throw Failure(name, error.message, hint: done, exit: Exit.code(for: error))
            }
            var failure = await host.failure(refusal)
            failure.hint = failure.hint.isEmpty ? done : "\(done)\n\(failure.hint)"
            throw failure
        }
    }

    private func importRows(
        _ options: ImportOptions,
        _ file: FileBytes,
        host: any TransferHost
    ) async throws {
        switch (self.kind, self.mode) {
        case (.sales, _):
            let sales = try await SalesImport(options, host: host, file: file)
            try await sales.run()
        case (.products, .none):
            var products = try await ProductImport(options, host: host, file: file)
            try await products.run()
        case (.products, .upsert):
            var products = try await UpsertImport(options, host: host, file: file)
            try await products.run()
        case (.products, .set):
            var stock = try await StockImport(options, host: host, mode: .set, file: file)
            try await stock.run()
        case (.products, .add):
            var stock = try await StockImport(options, host: host, mode: .add, file: file)
            try await stock.run()
        }
    }

    private var runKind: ImportKind {
        switch (self.kind, self.mode) {
        case (.sales, _): .sales
        case (.products, .none): .products
        case (.products, .set): .set
        case (.products, .add): .add
        case (.products, .upsert): .upsert
        }
    }

    /// The file is a full export, whose rows are not those of one kind.
    private static var isExport: Failure {
        Failure(
            "not_importable",
            "the file is an export of the whole ledger, which cannot be imported",
            hint: "A backup can be restored: invctl backup FILE, then invd restore DIR FILE.",
            exit: Exit.failed
        )
    }

    /// All options that decide which rows a request has.
    ///
    /// The number is the version of how rows are put into requests. Each kind of import has its own, so that a
    /// change of one does not make the sales that were imported before another run.
    private var layout: String {
        let how =
            "\(self.runKind) \(self.map) \(self.zone) \(self.returnPrefix) \(self.category)"
        let text = [
            self.encoding, self.delimiter, self.decimal?.rawValue, self.dateFormat,
            self.preset?.rawValue, self.negative?.rawValue, "\(self.per)", "\(self.noGuess)",
        ]
        let version = self.runKind == .products ? 8 : 7
        return "import \(version) \(how) \(self.at ?? "") \(text)"
    }

    private func options() throws -> ImportOptions {
        var options = ImportOptions()
        options.reading = try self.reading()
        options.returnPrefix = self.returnPrefix
        options.negative = self.negative
        options.category = self.category
        options.at = self.at
        options.rejects = self.rejects
        options.replacesRejects = self.force
        options.errorsMax = Int(self.errors) ?? .max
        options.changesMax = Int(self.changes) ?? .max
        options.dryRun = self.dryRun
        return options
    }

    /// Returns how the file is read.
    ///
    /// - Throws: `ValidationError` for a value that nothing is called by.
    private func reading() throws -> ReadOptions {
        var reading = ReadOptions()
        reading.map = self.map
        reading.guesses = !self.noGuess
        reading.preset = self.preset
        reading.decimal = self.decimal
        reading.per = self.per
        if let encoding {
            guard let known = TextEncoding(named: encoding) else {
                let names = TextEncoding.allCases.map { $0.rawValue }.joined(separator: ", ")
                throw ValidationError("--encoding is '\(encoding)'; there are \(names)")
            }
            reading.encoding = known
        }
        if let delimiter {
            guard let known = FieldDelimiter(named: delimiter) else {
                throw ValidationError(
                    "--delimiter is '\(delimiter)', neither one character nor tab"
                )
            }
            reading.delimiter = known
        }
        if let dateFormat {
            guard let known = DatePattern(dateFormat) else {
                throw ValidationError(
                    "--date-format is '\(dateFormat)', not a format such as dd.MM.yyyy HH:mm"
                )
            }
            reading.pattern = known
        }
        guard let zone = ZoneText.zone(self.zone) else {
            throw ValidationError(ZoneText.problem(self.zone, of: "--zone"))
        }
        reading.zone = zone
        return reading
    }
}

extension Preset: ExpressibleByArgument {}
extension DecimalMark: ExpressibleByArgument {}
extension NegativeSale: ExpressibleByArgument {}

/// The product fields of an import, for the help.
private enum ImportedFields {
    /// The fields that the help does not name itself.
    static var others: String {
        let named: Set = ["sku", "name", "category", "price", "barcode", "unit", "status"]
        return ProductFields.descriptions.map { $0.name }.filter { !named.contains($0) }
            .joined(separator: ", ")
    }
}
