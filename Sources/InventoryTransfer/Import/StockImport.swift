import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports stock of existing products: counts or changes.
///
///     --mode set    stock is the quantity on hand: a count, recorded as its difference
///     --mode add    stock is the difference: a delivery if the row has a cost, otherwise an adjustment
///
/// A request has 250 rows of the file, rejected ones included, so that a retry assigns the same rows to the
/// same sequence numbers.
package struct StockImport {
    /// The meaning of the stock column.
    package enum Mode: String, CaseIterable, Sendable {
        /// The quantity on hand.
        case set
        /// The change of the quantity on hand.
        case add
    }

    private let options: ImportOptions
    private let host: any TransferHost
    private let mode: Mode
    private let problems: Problems
    private var reader: StockReader
    private let progress: ProgressBar
    private var tally = Tally()

    /// The results of a dry run.
    private final class Tally {
        var changed = 0
        var unchanged = 0
        /// The stock of products after earlier rows, in ``Mode/add``.
        var onHand: [ProductID: Quantity] = [:]
        /// The first changes, for people.
        var shown: [String] = []
        static let shownMax = 20
    }

    /// Opens the file and maps its columns.
    ///
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    package init(
        _ options: ImportOptions,
        host: any TransferHost,
        mode: Mode,
        file: FileBytes
    ) throws {
        self.options = options
        self.host = host
        self.mode = mode
        self.problems = options.problems()
        self.reader = try StockReader(
            file,
            options: options,
            currencyDecimals: host.server.currencyDecimals,
            mayRepeat: mode == .add,
            problems: self.problems
        )
        self.progress = ProgressBar(
            host,
            "import",
            total: file.count,
            unit: "rows",
            isQuiet: host.isQuiet || options.dryRun
        )
    }

    /// Imports the rows, or reports what would change if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Exit/partlyDone`` if rows were rejected; otherwise as the client and the reader do.
    package mutating func run() async throws {
        if !self.host.isQuiet, !self.reader.columns.isEmpty {
            self.host.note(self.reader.columns)
        }
        let location = try await self.host.location(self.options.at)
        guard !self.options.dryRun else {
            while let rows = try await self.nextRows(location) { self.preview(rows) }
            try self.reportChanges()
            return
        }
        let status = try await self.host.client.openSession()
        let sender = BatchSender(self.host.client, status)
        while let rows = try await self.nextRows(location) {
            try await self.send(rows, location, by: sender)
        }
        try await sender.finish()
        self.progress.end()
        let (count, rejected) = (self.reader.rowCount, self.problems.count)
        self.host.print("\(count) rows: \(count - rejected) accepted, \(rejected) rejected")
        sender.noteForgotten(self.host)
        try self.options.list(self.problems, self.host)
        if rejected > 0 { throw Exit.partlyDone }
    }

    /// A row with its product.
    private struct Found {
        var row: StockReader.Row
        var product: StockedProduct
        var onHand: Quantity
        /// The row's stock in base units.
        var quantity: Quantity
    }

    /// Returns the valid rows of the next request; `nil` at the end of the file.
    private mutating func nextRows(_ location: LocationID) async throws -> [Found]? {
        guard let rows = try self.reader.next(BatchSender.rowsMax) else { return nil }
        self.progress.advance(to: self.reader.bytesRead, rows: self.reader.rowCount)
        let products = try await ProductLookup.find(rows.map { $0.sku }, self.host.client)
        return zip(rows, products).compactMap { row, product in
            guard let product else {
                self.problems.add(
                    row.number,
                    "sku: there is no product \"\(row.sku)\"; import it first, without --mode"
                )
                return nil
            }
            let decimals = product.product.unit.decimals
            guard let quantity = row.quantity(decimals) else {
                let kind =
                    decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
                self.problems.add(row.number, "stock: \"\(row.stock)\" is not \(kind)")
                return nil
            }
            if self.mode == .set, quantity < 0 {
                self.problems.add(row.number, "stock: \(row.stock) is below 0")
                return nil
            }
            let level = product.levels.first { $0.location == location }
            return Found(
                row: row,
                product: product,
                onHand: level?.onHand ?? 0,
                quantity: Quantity(quantity)
            )
        }
    }

    // MARK: - Writing

    private func send(
        _ rows: [Found],
        _ location: LocationID,
        by sender: BatchSender
    ) async throws {
        // A change of 0 is not a movement.
        let rows = self.mode == .add ? rows.filter { $0.quantity != 0 } : rows
        func request() -> EncodedCommand {
            var request = BatchEncoder(.errorsOnly)
            for row in rows { request.append(self.command(row, location)) }
            return request.finish()
        }
        // Capturing self would copy the set of SKUs for each request in flight.
        let (problems, host) = (self.problems, self.host)
        let numbers = rows.map { $0.row.number }
        let places = rows.map { Refusal.Place(of: $0.product.product) }
        try await sender.send(request, mayBeEmpty: rows.isEmpty) { outcome in
            guard case .errorsOnly(let errorsOnly) = outcome else { return }
            for refused in errorsOnly.refused where refused.index < numbers.count {
                problems.add(
                    numbers[refused.index],
                    host.sentence(refused.refusal, places[refused.index])
                )
            }
        }
    }

    private func command(_ found: Found, _ location: LocationID) -> Command {
        let (product, reference) = (found.product.product.id, found.row.reference)
        switch self.mode {
        case .set:
            return .count(
                StockCount(
                    product: product,
                    location: location,
                    counted: found.quantity,
                    reference: reference
                )
            )
        case .add:
            if let cost = found.row.cost, found.quantity > 0 {
                let line = RestockLine(
                    product: product,
                    location: location,
                    quantity: found.quantity,
                    unitCost: cost
                )
                return .restock(Restock(lines: [line], reference: reference))
            }
            return .adjust(
                Adjustment(
                    product: product,
                    location: location,
                    delta: found.quantity,
                    reason: .correction,
                    reference: reference
                )
            )
        }
    }

    // MARK: - Dry run

    private func preview(_ rows: [Found]) {
        for found in rows {
            let id = found.product.product.id
            let before = self.tally.onHand[id] ?? found.onHand
            let after = self.mode == .set ? found.quantity : before.addingSaturated(found.quantity)
            if self.mode == .add { self.tally.onHand[id] = after }
            guard after != before else {
                self.tally.unchanged += 1
                continue
            }
            self.tally.changed += 1
            guard self.tally.shown.count < Tally.shownMax else { continue }
            let decimals = found.product.product.unit.decimals
            func text(_ value: Quantity) -> String { DecimalText.format(value, decimals: decimals) }
            let delta = after.subtractingSaturated(before)
            self.tally.shown.append(
                """
                  row \(found.row.number)  \(found.product.product.sku)  on hand \
                \(text(Quantity(before.baseUnits))) → \(text(after)) (\(delta > 0 ? "+" : "")\(text(delta)))
                """
            )
        }
    }

    private func reportChanges() throws {
        self.progress.end()
        let (count, invalid) = (self.reader.rowCount, self.problems.count)
        self.host.print(
            "\(count) rows: \(count - invalid) valid, \(invalid) invalid, nothing written"
        )
        self.host.print("\(self.tally.changed) would change, \(self.tally.unchanged) would not")
        for line in self.tally.shown { self.host.print(line) }
        let more = self.tally.changed - self.tally.shown.count
        if more > 0 { self.host.print("  … and \(more) more") }
        try self.options.list(self.problems, self.host)
    }
}
