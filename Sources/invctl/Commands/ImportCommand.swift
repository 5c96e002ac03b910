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
        abstract: "Brings in products, or past sales, from CSV or NDJSON, a file or a pipe.",
        discussion: """
            Which column is which field is said by --map FIELD=COLUMN, else by their names, else \
            guessed from what such columns are usually called; what was taken is shown first. \
            Commas or tabs, or one JSON object a line; gzip, xz, lz4 and zstd are unpacked by their \
            own programs, from a pipe too.

            --as products: sku, name, category, price; barcode, unit, decimals, stock, cost, \
            \(ImportedFields.others), status.
            --mode set or add: sku, stock; cost, reference. The stock of products that are there: \
            what was counted, or what came (a delivery where the row has a cost) and went.
            --as sales: sku, quantity, price, occurredAt; name, reference, category. It makes the \
            products, an opening stock that covers the file, and its sales and returns.

            What invctl export wrote of everything makes an equal database of an empty one: see invctl \
            help export.

            Every row that cannot be taken is counted, and the first are listed with number, \
            column and reason. Run again after it was stopped, the same import goes on, doubles \
            nothing, and lists again what was refused before.

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
        help: "Changes only the stock of products that are there: to what the rows say, or by it."
    )
    var mode: StockImport.Mode?
    @Option(help: ArgumentHelp("Which column a field is.", valueName: "field=column"))
    var map: [String] = []
    @Option(help: "The IANA time zone of the file's times.") var zone = "UTC"
    @Option(help: "References that begin so are returns, where the quantity is negative.")
    var returnPrefix = ""
    @Option(help: "The category of products that have none of their own.")
    var category = "Imported"
    @Option(help: "Where the stock is.") var at: String?
    @Option(help: "Lists rows that cannot be taken in this file, all of them.")
    var rejects: String?
    @Option(
        help: "How many rows that cannot be taken are listed on standard error: a number or all."
    )
    var errors = "100"
    @Option(help: "Names the import, so that it can go on; else its content does.")
    var id: String?
    @Flag(help: "Says what it would do, and writes nothing.") var dryRun = false

    func validate() throws {
        if let id { try RetryOptions.check(id) }
        if self.mode != nil, self.kind == .sales {
            throw ValidationError("--mode is for the stock of products; sales have none")
        }
        guard self.errors == "all" || Int(self.errors).map({ $0 >= 0 }) == true else {
            throw ValidationError("--errors is '\(self.errors)', neither a number nor all")
        }
    }

    func run() async throws {
        guard let zone = TimeZone(identifier: self.zone) else {
            throw ValidationError("--zone is '\(self.zone)', which is no IANA time zone")
        }
        let stream = try ByteStream(self.file, Subprocess.startFilter)
        if stream.head.starts(with: WholeExport.head) { return try await self.restore(stream) }
        let file = try stream.rest()
        let session = SessionID(naming: self.id ?? self.contentName(file))
        let write = WriteRequest(id: session.text)
        if !self.dryRun {
            Interruption.say(
                "what was taken stays; the same command goes on where this one stopped"
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
        Interruption.say(nil)
    }

    /// Brings in a whole export.
    private func restore(_ stream: ByteStream) async throws {
        // Its beginning names it: the whole is not there yet.
        let head = Array(stream.head.prefix(WholeImport.nameByteCount))
        let headName = "restore \(SessionID(hashing: head).text)"
        let name = self.id ?? headName
        let write = WriteRequest(id: SessionID(naming: name).text)
        try await Shell.run(self.global, write: write, continuesSession: true) { shell in
            try await self.claimID(headName, shell)
            var whole = WholeImport(shell, stream, name: name, isDry: self.dryRun)
            try await whole.run()
        }
    }

    /// Takes the id, if one is given: for this file, read in this way.
    private func claimID(_ name: String, _ shell: Shell) async throws {
        if let id, !self.dryRun { try await shell.claim(id, for: name) }
    }

    /// The same file read in the same way is the same import.
    ///
    /// The number in front is that of the way in which rows are put into requests.
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

/// The fields of products that a file may have, as the help lists them.
private enum ImportedFields {
    /// Those that the help does not name by itself.
    static var others: String {
        let named: Set = ["sku", "name", "category", "price", "barcode", "unit", "status"]
        return ProductFields.descriptions.map { $0.name }.filter { !named.contains($0) }
            .joined(separator: ", ")
    }
}
