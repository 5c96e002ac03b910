import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports stock of existing products: counts or changes.
///
///     --mode set    stock is the quantity on hand: a count, recorded as its difference; what a row with a
///                   cost has more than there is on hand comes in at that cost first, or at what is missing
///                   to the value of the whole stock, if the row has that
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
        var onHand: [Place: Quantity] = [:]

        struct Place: Hashable {
            var product: ProductID
            var location: LocationID
        }

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
    ) async throws {
        self.options = options
        self.host = host
        self.mode = mode
        self.problems = options.problems()
        self.reader = try StockReader(
            file,
            options: options,
            currency: host.currency,
            locations: try await host.importLocations(at: options.at),
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
        if !self.host.isQuiet { for note in self.reader.notes { self.host.note(note) } }
        guard !self.options.dryRun else {
            while let rows = try await self.nextRows() { self.preview(rows) }
            try self.reportChanges()
            return
        }
        let status = try await self.host.client.openSession()
        let sender = BatchSender(self.host.client, status)
        while let rows = try await self.nextRows() { try await self.send(rows, by: sender) }
        try await sender.finish()
        self.progress.end()
        self.host.print(self.summary)
        sender.noteForgotten(self.host)
        try self.options.list(self.problems, self.host)
        if self.problems.count > 0 { throw Exit.partlyDone }
    }

    private var summary: ImportSummary {
        ImportSummary(
            rows: self.reader.rowCount,
            rejected: self.problems.count,
            passed: self.reader.passedCount,
            isDryRun: self.options.dryRun
        )
    }

    /// A row with its product.
    private struct Found {
        var row: StockReader.Row
        var product: StockedProduct
        var onHand: Quantity
        /// The row's stock in base units.
        var quantity: Quantity
        /// The row's cost of one price basis of the product.
        var cost: Money?
        /// What the stock gains in value, if the row says what all of it is worth.
        var gain: Money?
    }

    /// Returns the valid rows of the next request; `nil` at the end of the file.
    private mutating func nextRows() async throws -> [Found]? {
        let count = BatchSender.rowsMax / self.reader.rowsPerRecordMax
        guard let rows = try self.reader.next(max(1, count)) else { return nil }
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
            do throws(ProductRow.Problem) {
                return try self.found(row, product)
            } catch {
                self.problems.add(row.number, error.text)
                return nil
            }
        }
    }

    private func found(
        _ row: StockReader.Row,
        _ product: StockedProduct
    ) throws(ProductRow.Problem) -> Found {
        let unit = product.product.unit
        guard let quantity = row.stock.baseUnits(unit.decimals) else {
            let problem = NumberColumns.problem(row.written, row.stock, decimals: unit.decimals)
            throw ProductRow.Problem(text: "stock: \(problem)")
        }
        if self.mode == .set, quantity < 0 {
            throw ProductRow.Problem(text: "stock: \(row.written) is below 0")
        }
        var cost = row.cost
        if let given = row.cost, let basis = row.costBasis {
            cost = given.exact(per: basis, of: unit, basis: product.product.price.basis)
            guard cost != nil else {
                throw ProductRow.Problem(
                    text:
                        "cost: is no whole amount for the quantity that the product's price is for"
                )
            }
        }
        let level = product.levels.first { $0.location == row.location }
        return Found(
            row: row,
            product: product,
            onHand: level?.onHand ?? 0,
            quantity: Quantity(quantity),
            cost: cost,
            gain: row.value.map { value in
                Money(value.minorUnits.subtractingSaturated(level?.value.minorUnits ?? 0))
            }
        )
    }

    // MARK: - Writing

    private func send(_ rows: [Found], by sender: BatchSender) async throws {
        let commands = rows.map { self.commands($0) }
        func request() -> EncodedCommand {
            var request = BatchEncoder(.errorsOnly)
            for command in commands.joined() { request.append(command) }
            return request.finish()
        }
        // Capturing self would copy the set of SKUs for each request in flight.
        let (problems, host) = (self.problems, self.host)
        let owners = zip(rows, commands).flatMap { row, commands in commands.map { _ in row } }
        try await sender.send(request, mayBeEmpty: owners.isEmpty) { outcome in
            guard case .errorsOnly(let errorsOnly) = outcome else { return }
            var last: Int?
            for refused in errorsOnly.refused where refused.index < owners.count {
                let row = owners[refused.index]
                // A row is rejected once, however many of its commands are refused.
                guard last != row.row.number else { continue }
                last = row.row.number
                let place = Refusal.Place(of: row.product.product)
                problems.add(row.row.number, host.sentence(refused.refusal, place))
            }
        }
    }

    /// The commands of a row; none for a change of 0, which is no movement.
    private func commands(_ found: Found) -> [Command] {
        switch self.mode {
        case .set:
            let count = StockCount(
                product: found.product.product.id,
                location: found.row.location,
                counted: found.quantity,
                reference: found.row.reference
            )
            let more = found.quantity.subtractingSaturated(found.onHand)
            return self.delivery(of: more, found) + [.count(count)]
        case .add:
            if found.quantity == 0 { return [] }
            let delivery = self.delivery(of: found.quantity, found)
            guard delivery.isEmpty else { return delivery }
            return [
                .adjust(
                    Adjustment(
                        product: found.product.product.id,
                        location: found.row.location,
                        delta: found.quantity,
                        reason: .correction,
                        reference: found.row.reference
                    )
                )
            ]
        }
    }

    /// The delivery of a quantity at the row's cost; none without a cost, or of nothing.
    ///
    /// If the row says what all of the stock is worth, and this much more of it can be worth the difference,
    /// the delivery costs exactly that.
    private func delivery(of quantity: Quantity, _ found: Found) -> [Command] {
        guard quantity > 0 else { return [] }
        if self.mode == .set, let gain = found.gain,
            let exact = ExactDelivery(
                quantity,
                costing: gain,
                per: found.product.product.price.basis
            )
        {
            let lines = exact.lines.map { line in
                RestockLine(
                    product: found.product.product.id,
                    location: found.row.location,
                    quantity: line.quantity,
                    unitCost: line.unitCost
                )
            }
            return [.restock(Restock(lines: lines, reference: found.row.reference))]
        }
        guard let cost = found.cost else { return [] }
        let line = RestockLine(
            product: found.product.product.id,
            location: found.row.location,
            quantity: quantity,
            unitCost: cost
        )
        return [.restock(Restock(lines: [line], reference: found.row.reference))]
    }

    // MARK: - Dry run

    private func preview(_ rows: [Found]) {
        for found in rows {
            let id = Tally.Place(
                product: found.product.product.id,
                location: found.row.location
            )
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
        var summary = self.summary
        summary.beginLine()
        summary.add("changed", self.tally.changed, "would change")
        summary.add("unchanged", self.tally.unchanged, "would not")
        self.host.print(summary)
        for line in self.tally.shown { self.host.print(line) }
        let more = self.tally.changed - self.tally.shown.count
        if more > 0 { self.host.print("  … and \(more) more") }
        try self.options.list(self.problems, self.host)
        if self.problems.count > 0 { throw Exit.partlyDone }
    }
}

extension Money {
    /// Returns what `basis` base units cost if `quantity` units of a unit cost this; `nil` if that is no
    /// whole number of minor units.
    func exact(per quantity: FileQuantity, of unit: Unit, basis: Int64) -> Money? {
        let perBaseUnit = FileQuantity.perBaseUnit(unit.decimals)
        let product = Int128(self.minorUnits) * Int128(basis) * Int128(perBaseUnit)
        let (amount, rest) = product.quotientAndRemainder(dividingBy: Int128(quantity.millionths))
        return rest == 0 ? Int64(exactly: amount).map { Money($0) } : nil
    }
}
