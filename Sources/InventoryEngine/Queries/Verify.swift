internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Recomputes every counter from the ledger and checks every invariant; each check is one row of the answer.
///
/// It shares no arithmetic with the rules it checks: sums are recomputed row by row.
struct Verification {
    let tables: InventoryTables
    private let view: ReadView
    private(set) var rows: [(check: String, checked: Int, failure: String?)] = []

    /// Runs all checks without a token.
    init(_ view: ReadView) {
        var view = view
        view.token = nil
        do throws(Refusal) {
            try self.init(within: view)
        } catch {
            preconditionFailure("checks without a token were cancelled: \(error)")
        }
    }

    /// Runs all checks, unless the view's token ends them.
    init(within view: ReadView) throws(Refusal) {
        self.tables = view.tables
        self.view = view
        try self.checkBalances()
        try self.checkLevels()
        try self.checkLedgerOrder()
        try self.checkReversals()
        try self.checkReservations()
        try self.checkTransfers()
        try self.checkReceipts()
        try self.checkKeys()
        try self.checkCategories()
    }

    /// A checkpoint at one of every 1,024 steps, where the token may end the checks.
    func checkpoint(at step: Int) throws(Refusal) { try self.view.checkpoint(at: step) }

    mutating func note(_ check: String, checked: Int, failure: String?) {
        self.rows.append((check, checked, failure))
    }

    /// Checks that every balance of every level is the sum of its movements' deltas.
    private mutating func checkBalances() throws(Refusal) {
        let levels = self.tables.levels
        let ledger = self.tables.ledger
        var sums = (0..<levels.rowCount).map { row in
            let level = levels.level(row)
            return Level(product: level.product, location: level.location)
        }
        var failure: String?
        var backorders: String?
        for row in 0..<ledger.rowCount {
            try self.checkpoint(at: row)
            let product = ProductID(ledger.products[row])
            let location = LocationID(ledger.locations[row])
            guard let index = levels.row(product, location) else {
                failure = failure ?? "LSN \(ledger.lsns[row]) moved a missing level"
                continue
            }
            sums[index].onHand += Quantity(ledger.onHandDeltas[row])
            sums[index].unavailable += Quantity(ledger.unavailableDeltas[row])
            sums[index].reserved += Quantity(ledger.reservedDeltas[row])
            sums[index].incoming += Quantity(ledger.incomingDeltas[row])
            sums[index].value += Money(ledger.costs[row])
            if let problem = self.backorderProblem(row, leaving: sums[index].onHand) {
                backorders = backorders ?? problem
            }
        }
        for (index, sum) in sums.enumerated() {
            try self.checkpoint(at: index)
            let level = levels.level(index)
            if level.onHand != sum.onHand || level.unavailable != sum.unavailable
                || level.reserved != sum.reserved || level.incoming != sum.incoming
                || level.value != sum.value
            {
                failure = failure ?? "\(self.name(level)): \(level) is not \(sum)"
            }
        }
        self.note("balances equal the ledger", checked: ledger.rowCount, failure: failure)
        self.note("backorders equal the ledger", checked: ledger.rowCount, failure: backorders)
    }

    private func backorderProblem(_ row: Int, leaving onHand: Quantity) -> String? {
        let ledger = self.tables.ledger
        let delta = Quantity(ledger.onHandDeltas[row])
        let units: Quantity
        switch ledger.kind(row) {
        case .sale where ledger.isPast(row), .adjust where ledger.isPast(row): units = 0
        case .sale: units = onHand < 0 ? min(-onHand, -delta) : 0
        case .restock, .adjust, .count:
            units = delta > 0 && onHand < delta ? min(delta, delta - onHand) : 0
        case .return: return nil
        default: units = 0
        }
        let recorded = ledger.backordered(row)
        if recorded == units { return nil }
        return "LSN \(ledger.lsns[row]): \(units) units were in backorder, not \(recorded)"
    }

    /// Checks each level by itself.
    private mutating func checkLevels() throws(Refusal) {
        let levels = self.tables.levels
        var negative: String?
        var worthless: String?
        var alerts: String?
        for row in 0..<levels.rowCount {
            try self.checkpoint(at: row)
            let level = levels.level(row)
            if level.unavailable < 0 || level.reserved < 0 || level.incoming < 0 {
                negative = negative ?? "\(self.name(level)): \(level)"
            }
            if level.onHand <= 0, level.value != 0 {
                worthless = worthless ?? "\(self.name(level)): worth \(level.value)"
            }
            if let problem = self.alertProblem(level, row) {
                alerts = alerts ?? "\(self.name(level)): \(problem)"
            }
        }
        self.note(
            "unavailable, reserved, incoming are not negative",
            checked: levels.rowCount,
            failure: negative
        )
        self.note("stock without units has no value", checked: levels.rowCount, failure: worthless)
        self.note("alerts match the balances", checked: levels.rowCount, failure: alerts)
    }

    private func alertProblem(_ level: Level, _ row: Int) -> String? {
        guard var facts = self.tables.products.facts(level.product),
            facts.status != .archived
        else {
            return level.alerts.isEmpty ? nil : "an alert of an archived product"
        }
        facts.reorderPoint = Quantity(self.tables.reorderPoint(ofLevel: row))
        let isLow = level.alerts.contains(.lowStock)
        if level.available <= facts.reorderPoint, !isLow { return "the low-stock alert is missing" }
        if level.available > facts.clearPoint, isLow {
            return "the low-stock alert was not cleared"
        }
        if level.alerts.contains(.stockout) != (level.available <= 0) { return "stock-out" }
        if level.alerts.contains(.oversold) != (level.available < level.floor) {
            return "oversold"
        }
        return nil
    }

    /// Checks that LSNs and recording times ascend, and that lines count from 0.
    private mutating func checkLedgerOrder() throws(Refusal) {
        let ledger = self.tables.ledger
        var failure: String?
        for row in 1..<max(ledger.rowCount, 1) {
            try self.checkpoint(at: row)
            let isSameStep = ledger.lsns[row] == ledger.lsns[row - 1]
            let isInOrder =
                isSameStep
                ? ledger.lines[row] == ledger.lines[row - 1] + 1
                    && ledger.recordedAt[row] == ledger.recordedAt[row - 1]
                : ledger.lsns[row] > ledger.lsns[row - 1] && ledger.lines[row] == 0
                    && ledger.recordedAt[row] > ledger.recordedAt[row - 1]
            if !isInOrder { failure = failure ?? "row \(row), LSN \(ledger.lsns[row])" }
        }
        self.note("the ledger is in order", checked: ledger.rowCount, failure: failure)
    }

    /// Checks that a movement is reversed at most once, and that no more is returned than was sold.
    private mutating func checkReversals() throws(Refusal) {
        let ledger = self.tables.ledger
        var reversed: Set<UInt64> = []
        var returned: [UInt64: Int64] = [:]
        var failure: String?
        for row in 0..<ledger.rowCount {
            try self.checkpoint(at: row)
            guard ledger.origins[row] > 0 else { continue }
            let origin = ledger.origins[row]
            switch ledger.kind(row) {
            case .reversal:
                if !reversed.insert(origin).inserted {
                    failure = failure ?? "LSN \(ledger.lsns[row]) reverses a movement again"
                }
                if ledger.kind(Int(origin) - 1) == .return, ledger.origins[Int(origin) - 1] > 0,
                    !ledger.isPast(Int(origin) - 1)
                {
                    returned[ledger.origins[Int(origin) - 1], default: 0] -=
                        ledger.onHandDeltas[Int(origin) - 1]
                }
            case .sale where ledger.isPast(row), .adjust where ledger.isPast(row),
                .return where ledger.isPast(row):
                break
            case .return:
                returned[origin, default: 0] += ledger.onHandDeltas[row]
            case .commit, .release, .expire, .transferIn:
                break
            default:
                failure = failure ?? "LSN \(ledger.lsns[row]) has an origin"
            }
        }
        for (origin, quantity) in returned {
            let sold = -ledger.onHandDeltas[Int(origin) - 1]
            if quantity > sold || quantity < 0 {
                failure = failure ?? "\(quantity) of \(sold) were returned"
            }
        }
        self.note(
            "reversals and returns match what they undo",
            checked: reversed.count,
            failure: failure
        )
    }

    /// Checks that SKUs and barcodes are unique among what is not archived.
    private mutating func checkKeys() throws(Refusal) {
        let products = self.tables.products
        var skus: Set<String> = []
        var barcodes: Set<String> = []
        var failure: String?
        for row in 1..<max(products.rowCount, 1) {
            try self.checkpoint(at: row << 2)
            switch products.status(ProductID(UInt32(row))) {
            case .active, .inactive:
                let sku = products.skus[row]
                if !skus.insert(NormalizedText.key(sku)).inserted {
                    failure = failure ?? "two products have the SKU \(sku)"
                }
                let first = products.barcodes[row]
                let more = ProductFields.split(products.moreBarcodes[row])
                for barcode in (first.isEmpty ? [] : [first]) + more
                where !barcodes.insert(NormalizedText.barcodeKey(barcode)).inserted {
                    failure = failure ?? "two products have the barcode \(barcode)"
                }
            case .archived, nil:
                break
            }
        }
        self.note("SKUs and barcodes are unique", checked: skus.count, failure: failure)
    }

    /// Checks that every product has an existing category, and that categories count their products right.
    private mutating func checkCategories() throws(Refusal) {
        let products = self.tables.products
        let categories = self.tables.categories
        var counts = [UInt32](repeating: 0, count: categories.rowCount)
        for row in 1..<max(products.rowCount, 1) {
            try self.checkpoint(at: row)
            switch products.status(ProductID(UInt32(row))) {
            case .active, .inactive: counts[Int(products.categories[row])] += 1
            case .archived, nil: break
            }
        }
        var failure: String?
        for row in 1..<max(categories.rowCount, 1)
        where counts[row] != categories.productCounts[row] {
            failure = failure ?? "category \(row) has \(counts[row]) products"
        }
        self.note(
            "the product counts of categories match",
            checked: categories.rowCount - 1,
            failure: failure
        )
    }

    private func name(_ level: Level) -> String {
        let sku = self.tables.products.skus[level.product.row]
        return "\(sku) at \(self.tables.locations.codes[level.location.row])"
    }
}

extension ReadView {
    /// The failed checks of the state with their details; empty if all pass.
    ///
    /// - Complexity: O(rows of the ledger)
    public func violations() -> [String] {
        Verification(self).rows.compactMap { row in
            row.failure.map { "\(row.check): \($0)" }
        }
    }

    func verify() throws(Refusal) -> Answer {
        let verification = try Verification(within: self)
        var rows: [[ResultCell]] = verification.rows.map { row in
            [
                .text(row.check), .number(row.checked), .text(row.failure == nil ? "ok" : "FAILED"),
                row.failure.map { .text($0) } ?? .none,
            ]
        }
        let checksum = try self.stateChecksum()
        rows.append([
            .text("state checksum"), .number(self.lsn), .text("ok"), .text("\(checksum)"),
        ])
        let schema = [
            ResultField("check", .text), ResultField("checked", .integer),
            ResultField("status", .text), ResultField("detail", .text),
        ]
        return Answer(schema, over: rows) { $0 }
    }
}
