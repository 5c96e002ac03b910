import ArgumentParser
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Imports products or past sales from CSV or NDJSON, a file or a pipe.",
        discussion: """
            Columns are mapped to fields by --map FIELD=COLUMN, else by their names, else by common \
            names of such columns; the mapping is shown first. Rows are separated by commas or tabs, \
            or are one JSON object per line. Compressed files are accepted, from a pipe too: gzip, \
            xz, lz4 and zstd, which their own programs decompress.

            --as products: sku, name, category, price; barcode, unit, decimals, stock, cost, \
            \(ImportedFields.others), status.
            --mode set or add: sku, stock; cost, reference. The stock of existing products: what was \
            counted, or differences (a delivery if the row has a cost).
            --as sales: sku, quantity, price, occurredAt; name, reference, category. It creates the \
            products, an opening stock that covers the file, and its sales and returns.

            Rejected rows are counted, and the first are listed with number, column and reason. If \
            an import was interrupted, the same command resumes it, imports no row twice, and lists \
            earlier rejected rows again.

            invctl import stock.csv --mode set --dry-run

            xz -dc sales.csv.xz | invctl import - --as sales --map sku=StockCode \
            --map occurredAt=InvoiceDate --map reference=InvoiceNo --zone Europe/London \
            --return-prefix C --dry-run
            """
    )

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case products, sales
    }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file, or - for standard input.") var file: String
    @Option(name: .customLong("as"), help: "What the rows are.") var kind: Kind = .products
    @Option(
        help: "Changes only the stock of existing products: sets it, or adds to it."
    )
    var mode: StockImport.Mode?
    @Option(help: ArgumentHelp("The column of a field.", valueName: "field=column"))
    var map: [String] = []
    @Option(help: "The IANA time zone of the file's times.") var zone = "UTC"
    @Option(help: "The prefix of references that are returns, if the quantity is negative.")
    var returnPrefix = ""
    @Option(help: "The category of products that have none.")
    var category = "Imported"
    @Option(help: "The location of the stock.") var at: String?
    @Option(help: "The file in which to list all rejected rows.")
    var rejects: String?
    @Option(
        help: "How many rejected rows to list on standard error: a number or all."
    )
    var errors = "100"
    @Option(help: "Identifies the import, so that it can resume; default: its content.")
    var id: String?
    @Flag(help: "Shows what it would do; changes nothing.") var dryRun = false

    func validate() throws {
        if let id { try RetryOptions.check(id) }
        if self.mode != nil, self.kind == .sales {
            throw ValidationError("--mode applies to the stock of products, not to sales")
        }
        guard self.errors == "all" || Int(self.errors).map({ $0 >= 0 }) == true else {
            throw ValidationError("--errors is '\(self.errors)', neither a number nor all")
        }
    }

    func run() async throws {
        guard let zone = TimeZone(identifier: self.zone) else {
            throw ValidationError("--zone is '\(self.zone)', not an IANA time zone")
        }
        let stream = try ByteStream(self.file, Subprocess.startFilter)
        if stream.head.starts(with: WholeExport.head) { throw Self.isExport }
        let file = try stream.rest()
        let session = SessionID(naming: self.id ?? self.contentName(file))
        let write = WriteRequest(id: session.text)
        if !self.dryRun {
            Interruption.setMessage(
                "imported rows stay; the same command resumes the import"
            )
        }
        try await Shell.run(self.global, write: write, continuesSession: true) { shell in
            try await self.claimID(self.contentName(file), shell)
            switch (self.kind, self.mode) {
            case (.sales, _):
                let sales = try await SalesImport(self.options, host: shell, file: file, zone: zone)
                try await sales.run()
            case (.products, .none):
                var products = try ProductImport(self.options, host: shell, file: file)
                try await products.run()
            case (.products, .some(let mode)):
                var stock = try StockImport(self.options, host: shell, mode: mode, file: file)
                try await stock.run()
            }
        }
        Interruption.setMessage(nil)
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

    /// Claims the `--id`, if there is one, for this file and these options.
    private func claimID(_ name: String, _ shell: Shell) async throws {
        if let id, !self.dryRun { try await shell.claim(id, for: name) }
    }

    /// Returns the identity of the import: the same file with the same options is the same import.
    ///
    /// The number is the version of how rows are put into requests.
    private func contentName(_ file: FileBytes) -> String {
        let mode = self.mode.map { " \($0)" } ?? ""
        let how =
            "\(self.kind)\(mode) \(self.map) \(self.zone) \(self.returnPrefix) \(self.category)"
        let content = SessionID(hashing: file.bytes)
        return "import 5 \(content.text) \(how) \(self.at ?? "")"
    }

    private var options: ImportOptions {
        ImportOptions(
            map: self.map,
            returnPrefix: self.returnPrefix,
            category: self.category,
            at: self.at,
            rejects: self.rejects,
            errorsMax: Int(self.errors) ?? .max,
            dryRun: self.dryRun
        )
    }
}

extension StockImport.Mode: ExpressibleByArgument {}

/// The product fields of an import, for the help.
private enum ImportedFields {
    /// The fields that the help does not name itself.
    static var others: String {
        let named: Set = ["sku", "name", "category", "price", "barcode", "unit", "status"]
        return ProductFields.descriptions.map { $0.name }.filter { !named.contains($0) }
            .joined(separator: ", ")
    }
}
