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
/// The column `ownReorderPoint` sets the reorder point of the row's location; an empty cell leaves it.
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
    private let tally = Tally()

    /// The rows so far, and the results of a dry run.
    fileprivate final class Tally {
        var changed = 0
        var unchanged = 0
        /// The numbers of rows of totals.
        var totals: Set<Int> = []

        struct Place: Hashable {
            var product: ProductID
            var location: LocationID
        }

        /// The rows with the count of a product, which is named by its SKU in one and its barcode in another.
        private var counted: [Place: Int] = [:]

        /// Rejects a second count of a product at a location.
        func claim(
            _ product: Product,
            _ row: StockReader.Row,
            mode: Mode
        ) throws(ProductRow.Problem) {
            guard mode == .set else { return }
            let place = Place(product: product.id, location: row.location)
            guard let first = self.counted[place] else {
                self.counted[place] = row.number
                return
            }
            throw ProductRow.Problem(
                text: "sku: duplicate of row \(first) (\"\(row.sku)\" is \(product.sku))"
            )
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
            isQuiet: host.isQuiet
        )
    }

    /// Imports the rows, or reports what would change if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Exit/partlyDone`` if rows were rejected; otherwise as the client and the reader do.
    package mutating func run() async throws {
        let session = try await ImportSession.begin(
            self.options,
            self.host,
            problems: self.problems,
            notes: self.reader.notes
        )
        let sender = session.sender
        while let rows = try await self.nextRows() {
            try await self.send(rows, by: sender)
            // The levels of the next rows are shown as these leave them.
            if self.options.dryRun { try await sender.finish() }
        }
        try await session.end(self.progress) {
            self.counts
        } summarize: { counts in
            self.host.print(self.summary(counts))
            if self.options.dryRun { self.reportChanges() }
        }.checkAccepted()
    }

    private var counts: RowCounts {
        RowCounts(
            rows: self.reader.rowCount - self.tally.totals.count,
            rejected: self.problems.count,
            passed: self.reader.passedCount + self.tally.totals.count
        )
    }

    private func summary(_ counts: RowCounts) -> ImportSummary {
        var summary = ImportSummary(counts, isDryRun: self.options.dryRun)
        guard self.options.dryRun else { return summary }
        summary.beginLine()
        summary.add("changed", self.tally.changed, words: "would change")
        summary.add("unchanged", self.tally.unchanged, words: "would not")
        return summary
    }

    /// A row with its product.
    fileprivate struct Found {
        var row: StockReader.Row
        var product: StockedProduct
        var onHand: Quantity
        /// The row's stock in base units.
        var quantity: Quantity
        /// The row's cost of one price basis of the product.
        var cost: Money?
        /// The row's reorder point of the location, in base units.
        var reorderPoint: Quantity?
        /// What the stock gains in value, if the row says what all of it is worth.
        var gain: Money?
    }

    /// Returns the valid rows of the next request; `nil` at the end of the file.
    private mutating func nextRows() async throws -> [Found]? {
        let count = BatchSender.rowsMax / self.reader.rowsPerRecordMax
        guard let rows = try self.reader.next(max(1, count)) else { return nil }
        self.progress.advance(to: self.reader.bytesRead, rows: self.reader.rowCount)
        let products = try await ProductLookup.find(
            named: rows.map { $0.sku },
            self.host.client
        )
        // A record of several locations is executed as a whole, or rejected once.
        var rejected: Set<Int> = []
        func reject(_ row: StockReader.Row, _ reason: String) {
            if rejected.insert(row.number).inserted { self.problems.add(row.number, reason) }
        }
        let found = zip(rows, products).compactMap { row, product -> Found? in
            guard let product else {
                if row.mayBeTotal {
                    self.tally.totals.insert(row.number)
                    return nil
                }
                reject(
                    row,
                    "sku: there is no product \"\(row.sku)\"; import it first, without --mode"
                )
                return nil
            }
            do throws(ProductRow.Problem) {
                try self.tally.claim(product.product, row, mode: self.mode)
                return try self.found(row, product)
            } catch {
                reject(row, error.text)
                return nil
            }
        }
        return found.filter { !rejected.contains($0.row.number) }
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
            let perBaseUnit = FileQuantity.perBaseUnit(unit.decimals)
            cost = try ProductCells.cost(
                given,
                for: Int128(basis.millionths),
                to: Int128(product.product.price.basis) * Int128(perBaseUnit)
            )
        }
        let point = try row.reorderPoint.map { (point) throws(ProductRow.Problem) in
            guard let units = point.baseUnits(unit.decimals), units >= 0 else {
                throw ProductRow.Problem(
                    text: "ownReorderPoint: is below 0 or has too many decimals for the unit"
                )
            }
            return Quantity(units)
        }
        let level = product.levels.first { $0.location == row.location }
        return Found(
            row: row,
            product: product,
            onHand: level?.onHand ?? 0,
            quantity: Quantity(quantity),
            cost: cost,
            reorderPoint: point,
            gain: row.value.map { value in
                Money(value.minorUnits.subtractingSaturated(level?.value.minorUnits ?? 0))
            }
        )
    }

    // MARK: - Writing

    private func send(_ rows: [Found], by sender: BatchSender) async throws {
        // The commands of a record with several locations are a group: all are executed, or none.
        var groups: [(owner: Found, commands: [Command])] = []
        for row in rows {
            let commands = self.commands(row)
            if commands.isEmpty { continue }
            if groups.last?.owner.row.number == row.row.number {
                groups[groups.count - 1].commands += commands
            } else {
                groups.append((row, commands))
            }
        }
        let (owners, commands) = (groups.map { $0.owner }, groups.map { $0.commands })
        func request() -> EncodedCommand {
            var request = BatchEncoder(.errorsOnly)
            for group in commands {
                request.append(group.count == 1 ? group[0] : .batch(group, .atomicErrorsOnly))
            }
            return request.finish()
        }
        // Capturing self would copy the set of SKUs for each request in flight.
        let (problems, host) = (self.problems, self.host)
        let tally = self.options.dryRun ? self.tally : nil
        let mode = self.mode
        let row = rows.first?.row.number
        try await sender.send(request, mayBeEmpty: owners.isEmpty, row: row) { outcome in
            guard case .errorsOnly(let errorsOnly) = outcome else {
                tally?.note(rows, refused: [], mode)
                return
            }
            let refusedRows = errorsOnly.refused.compactMap {
                $0.index < owners.count ? owners[$0.index].row.number : nil
            }
            tally?.note(rows, refused: Set(refusedRows), mode)
            for refused in errorsOnly.refused where refused.index < owners.count {
                let row = owners[refused.index]
                let place = Refusal.Place(of: row.product.product)
                problems.add(row.row.number, host.sentence(refused.refusal, place))
            }
        }
    }

    /// The commands of a row; none for a change of 0, which is no movement, unless it has a reorder point.
    private func commands(_ found: Found) -> [Command] {
        guard let point = found.reorderPoint else { return self.movements(found) }
        let change = ReorderPointChange(
            product: found.product.product.id,
            location: found.row.location,
            reorderPoint: point
        )
        return self.movements(found) + [.setReorderPoint(change)]
    }

    private func movements(_ found: Found) -> [Command] {
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

    private func reportChanges() {
        for line in self.tally.shown { self.host.print(line) }
        let more = self.tally.changed - self.tally.shown.count
        if more > 0 { self.host.print("  … and \(more) more") }
    }
}

extension StockImport.Tally {
    /// Notes the rows of a request, of which the server refused some.
    fileprivate func note(_ rows: [StockImport.Found], refused: Set<Int>, _ mode: StockImport.Mode)
    {
        // The stock as earlier rows of the request leave it; the server's answer has that of earlier requests.
        var onHand: [Place: Quantity] = [:]
        for found in rows where !refused.contains(found.row.number) {
            let place = Place(product: found.product.product.id, location: found.row.location)
            let before = onHand[place] ?? found.onHand
            let after = mode == .set ? found.quantity : before.addingSaturated(found.quantity)
            onHand[place] = after
            self.note(found, before: before, after: after)
        }
    }

    private func note(_ found: StockImport.Found, before: Quantity, after: Quantity) {
        guard after != before || found.reorderPoint != nil else {
            self.unchanged += 1
            return
        }
        self.changed += 1
        guard self.shown.count < Self.shownMax else { return }
        let decimals = found.product.product.unit.decimals
        func text(_ value: Quantity) -> String { DecimalText.format(value, decimals: decimals) }
        let delta = after.subtractingSaturated(before)
        var changes: [String] = []
        if delta != 0 {
            let sign = delta > 0 ? "+" : ""
            changes.append("on hand \(text(before)) → \(text(after)) (\(sign)\(text(delta)))")
        }
        if let point = found.reorderPoint { changes.append("reorder point set to \(text(point))") }
        let sku = found.product.product.sku
        self.shown.append("  row \(found.row.number)  \(sku)  \(changes.joined(separator: ", "))")
    }
}
