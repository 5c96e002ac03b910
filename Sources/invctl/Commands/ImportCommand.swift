import ArgumentParser
import Foundation
import Inventory
import InventoryClient
import InventoryWire

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Brings in products, or past sales, from CSV or NDJSON, a file or a pipe.",
        discussion: """
            Which column is which field is said by --map FIELD=COLUMN, else by their names, else \
            guessed from what such columns are usually called; what was taken is shown first. \
            Commas or tabs, or one JSON object a line; gzip, xz and lz4 are unpacked by their own \
            programs.

            --as products: sku, name, category, price; barcode, unit, decimals, stock, cost, \
            reorderPoint, reorderTarget, packSize, leadTimeDays, status.
            --as sales: sku, quantity, price, occurredAt; name, reference, category. It makes the \
            products, an opening stock that covers the file, and its sales and returns.

            What invctl export wrote of everything makes an equal database of an empty one: see invctl \
            help export.

            Every row that cannot be taken is listed with its number and the reason. Run again \
            after it was stopped, the same import goes on and doubles nothing.

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
    @Option(help: ArgumentHelp("Which column a field is.", valueName: "field=column"))
    var map: [String] = []
    @Option(help: "The IANA time zone of the file's times.") var zone = "UTC"
    @Option(help: "References that begin so are returns, where the quantity is negative.")
    var returnPrefix = ""
    @Option(help: "The category of products that have none of their own.")
    var category = "Imported"
    @Option(help: "Where the stock is.") var at: String?
    @Option(help: "Lists rows that cannot be taken in this file instead of on standard error.")
    var rejects: String?
    @Option(help: "Names the import, so that it can go on; else its content does.")
    var id: String?
    @Flag(help: "Says what it would do, and writes nothing.") var dryRun = false

    func run() async throws {
        guard let zone = TimeZone(identifier: self.zone) else {
            throw ValidationError("--zone is '\(self.zone)', which is no IANA time zone")
        }
        let stream = try ByteStream(self.file)
        if stream.head.starts(with: WholeExport.head) { return try await self.restore(stream) }
        let bytes = try stream.rest()
        let name = self.id ?? self.contentName(bytes)
        let session = SessionID(naming: name)
        var write = WriteOptions()
        write.id = session.text
        try await Shell.run(self.global, write, continuesSession: true) { shell in
            switch self.kind {
            case .sales:
                try await SalesImport(self, shell, bytes, zone).run()
            case .products:
                try await ProductImport(self, shell, bytes).run()
            }
        }
    }

    /// Brings in a whole export.
    private func restore(_ stream: ByteStream) async throws {
        // Its beginning names it: the whole is not there yet.
        let head = Array(stream.head.prefix(WholeImport.nameByteCount))
        let name = self.id ?? "restore \(SessionID(hashing: head).text)"
        var write = WriteOptions()
        write.id = SessionID(naming: name).text
        try await Shell.run(self.global, write, continuesSession: true) { shell in
            var whole = WholeImport(shell, stream, name: name, isDry: self.dryRun)
            try await whole.run()
        }
    }

    /// The same file read in the same way is the same import.
    private func contentName(_ bytes: [UInt8]) -> String {
        let how = "\(self.kind) \(self.map) \(self.zone) \(self.returnPrefix) \(self.category)"
        let content = SessionID(hashing: bytes)
        return "import \(content.text) \(how) \(self.at ?? "")"
    }

    /// Lists a row that cannot be taken.
    func reject(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        let text = lines.map { "  " + $0 + "\n" }.joined()
        guard let rejects else {
            Terminal.write(text, to: 2)
            return
        }
        do {
            try text.write(toFile: rejects, atomically: true, encoding: .utf8)
        } catch {
            Terminal.note("error: cannot write \(rejects): \(error.localizedDescription)")
            throw Exit.failed
        }
    }
}

/// Brings in past sales: products first, then every row in the file's order.
struct SalesImport {
    private let options: ImportCommand
    private let shell: Shell
    private let file: SalesFile
    /// Lines of one request at most; a sale is never divided.
    private static let linesPerBatch = 2_000

    init(_ options: ImportCommand, _ shell: Shell, _ bytes: [UInt8], _ zone: TimeZone) throws {
        self.options = options
        self.shell = shell
        self.file = try SalesFile(
            bytes,
            SalesFile.Options(
                mapping: options.map,
                zone: zone,
                decimals: shell.server.currencyDecimals,
                returnPrefix: options.returnPrefix,
                category: options.category
            )
        )
    }

    func run() async throws {
        if !self.shell.options.quiet { Terminal.note(self.file.columns) }
        let rejected = self.file.rejected.map { "row \($0.number)  \($0.reason)" }
        if self.options.dryRun {
            self.summarize(taken: self.file.rows.count, rejected.count, "nothing written")
            try self.options.reject(rejected)
            self.noteMerged()
            return
        }
        let location = try await self.shell.location(self.options.at)
        let standing = try await self.shell.client.openSession()
        let sender = BatchSender(self.shell.client, done: standing.lastSequence)
        var problems = rejected
        let categories = try await self.createCategories(sender)
        problems += try await self.createProducts(sender, categories, location)
        let ids = try await self.productIDs()
        let (taken, refused) = try await self.sendRows(sender, ids, location)
        problems += refused
        Terminal.endProgress()
        let earlier = standing.lastSequence == 0 ? "" : "went on where an earlier run stopped"
        self.summarize(taken: taken, self.file.rowCount - taken, earlier)
        try self.options.reject(problems)
        self.noteMerged()
    }

    private func summarize(taken: Int, _ rejected: Int, _ more: String) {
        func count(_ kind: SalesFile.Kind) -> Int { self.file.rows.count { $0.kind == kind } }
        let parts = [
            "\(self.file.rowCount) rows: \(taken) taken, \(rejected) not",
            "\(self.file.products.count) products", "\(count(.sale)) sales",
            "\(count(.return)) returns", "\(count(.writeOff)) write-offs",
        ]
        Terminal.print(parts.joined(separator: ", ") + (more.isEmpty ? "" : "; \(more)"))
    }

    private func noteMerged() {
        guard !self.shell.options.quiet else { return }
        let merged = self.file.merged
        guard !merged.isEmpty else { return }
        let shown = merged.prefix(3).map { "\"\($0.code)\" = \"\($0.sku)\"" }
        let more = merged.count > shown.count ? ", …" : ""
        Terminal.note(
            "  note  \(merged.count) codes differ from another in case or white space only: "
                + shown.joined(separator: ", ") + more
        )
    }

    /// Makes the categories that are not there.
    private func createCategories(_ sender: BatchSender) async throws -> [String: CategoryID] {
        var names: [String] = []
        var keys: Set<String> = []
        for product in self.file.products
        where keys.insert(NormalizedText.key(product.category)).inserted {
            names.append(product.category)
        }
        let commands = names.map { Command.createCategory(name: $0) }
        for start in stride(from: 0, to: commands.count, by: 500) {
            let batch = Array(commands[start..<min(start + 500, commands.count)])
            // A name that is taken is one that is there, which is all that is wanted.
            try await sender.send([{ batch }]) { _, _ in }
        }
        let table = try await self.shell.client.query(.categories(includingArchived: false)).table
        var ids: [String: CategoryID] = [:]
        for row in 0..<table.rowCount {
            ids[NormalizedText.key(table.text(row, "name"))] = CategoryID(
                UInt32(clamping: table.integer(row, "id") ?? 0)
            )
        }
        return ids
    }

    private func createProducts(
        _ sender: BatchSender,
        _ categories: [String: CategoryID],
        _ location: LocationID
    ) async throws -> [String] {
        let openedAt = self.file.earliest.advanced(bySeconds: -1)
        let products = self.file.products
        let starts = Array(stride(from: 0, to: products.count, by: 1_000))
        let batches = starts.map { start in
            {
                products[start..<min(start + 1_000, products.count)].map { product in
                    Command.createProduct(
                        ProductDraft(
                            sku: product.sku,
                            name: product.name.isEmpty ? product.sku : product.name,
                            category: categories[NormalizedText.key(product.category)]
                                ?? CategoryID(0),
                            price: Price(product.price.minorUnits),
                            opening: OpeningStock(
                                location: location,
                                quantity: product.opening,
                                occurredAt: openedAt
                            )
                        )
                    )
                }
            }
        }
        let tally = Tally()
        try await sender.send(batches) { index, outcomes in
            Terminal.progress("products  \(min((index + 1) * 1_000, products.count))")
            for (offset, outcome) in (outcomes ?? []).enumerated() {
                guard case .refused(let refusal) = outcome, refusal.code != .skuTaken else {
                    continue
                }
                let sku = products[starts[index] + offset].sku
                tally.problems.append("product \(sku)  \(self.shell.sentence(refusal))")
            }
        }
        return tally.problems
    }

    /// The products' ids in the file's order; 0 where one is not there.
    private func productIDs() async throws -> [ProductID] {
        var byKey: [String: ProductID] = [:]
        for try await part in self.shell.client.rows(of: .products(ProductSearch())) {
            for row in 0..<part.table.rowCount {
                let info = ProductInfo(part.table, row)
                byKey[NormalizedText.key(info.sku)] = info.id
            }
        }
        return self.file.products.map { byKey[NormalizedText.key($0.sku)] ?? ProductID(0) }
    }

    /// - Returns: How many rows were taken, and what was wrong with the others.
    private func sendRows(
        _ sender: BatchSender,
        _ ids: [ProductID],
        _ location: LocationID
    ) async throws -> (taken: Int, problems: [String]) {
        let groups = self.file.groups()
        var batches: [Range<Int>] = []
        var start = 0
        var lines = 0
        for (index, group) in groups.enumerated() {
            if index > start, lines + group.rows.count > Self.linesPerBatch {
                batches.append(start..<index)
                (start, lines) = (index, 0)
            }
            lines += group.rows.count
        }
        if start < groups.count { batches.append(start..<groups.count) }

        let tally = Tally()
        let progress = ProgressBar(
            "import",
            total: self.file.rows.count,
            unit: "rows",
            isQuiet: self.shell.options.quiet
        )
        let makers = batches.map { batch in
            { groups[batch].map { self.file.command($0, ids, location) } }
        }
        try await sender.send(makers) { index, outcomes in
            for (offset, groupIndex) in batches[index].enumerated() {
                let rows = groups[groupIndex].rows
                guard let outcomes, offset < outcomes.count,
                    case .refused(let refusal) = outcomes[offset]
                else {
                    tally.taken += rows.count
                    continue
                }
                let reason = self.shell.sentence(refusal)
                for row in rows {
                    tally.problems.append("row \(self.file.rows[row].number)  \(reason)")
                }
            }
            progress.advance(to: tally.taken + tally.problems.count)
        }
        progress.end()
        return (tally.taken, tally.problems)
    }
}

/// What an import has come to so far, told row by row as answers come in.
final class Tally {
    var taken = 0
    var problems: [String]

    init(problems: [String] = []) { self.problems = problems }
}
