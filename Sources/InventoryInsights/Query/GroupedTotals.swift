internal import ColumnStore
package import InventoryEngine
package import InventoryModel

/// The totals of a query by group: rows can be added at any time, and a result shown at any time.
///
/// It serves append-only sources: sales, movements and unmet demand. Order, limit, derived measures and
/// empty buckets belong to the presentation (``table(of:)``), so that an added row costs only the groups it
/// affects.
package struct GroupedTotals: Sendable {
    package private(set) var plan: QueryPlan
    package var scanLimits = ScanLimits()
    private(set) var sets: [SetTotals]
    private var timeKeys: [TimeKey]
    /// The receipts of the rows being added, if transactions are counted.
    private var receipts: Receipts?

    package init(_ plan: QueryPlan) {
        self.plan = plan
        self.sets = plan.sets.map {
            SetTotals(sumCount: plan.sums.count, tracksUnits: plan.tracksUnits($0))
        }
        self.timeKeys = plan.sets.map { TimeKey($0) }
    }

    /// Returns the rows of a view that the query covers: all of its source, or those recorded up to the
    /// requested point.
    package static func rows(of plan: QueryPlan, in view: ReadView) throws(Refusal) -> Range<Int> {
        if plan.query.source == .refusals {
            guard let asOf = plan.query.asOf else { return 0..<view.tables.refusals.rowCount }
            return 0..<(try view.firstRefusal(after: asOf))
        }
        guard let asOf = plan.query.asOf else { return 0..<view.tables.ledger.rowCount }
        return 0..<(try view.firstMovement(after: asOf))
    }

    /// Adds rows of the source's table: newly appended ones, or a part of all of them.
    ///
    /// Each row must be added once. The plan's catalog must be that of the view; see ``QueryPlan``. If
    /// transactions are counted, no row may undo one that was added before; see ``canAdd(_:of:)``.
    ///
    /// `threads` is the maximum number of threads; the totals are the same for any number.
    ///
    /// - Throws: `out_of_range` if there are more groups than ``InsightLimits/groupsMax``.
    /// - Complexity: O(rows); segments without a matching row are skipped.
    package mutating func add(
        rows: Range<Int>,
        of view: ReadView,
        threads: Int = 1
    ) throws(Refusal) {
        self.plan.filter.refresh(for: view)
        if self.plan.filter.matchesNone { return }
        if self.plan.countsTransactions {
            self.receipts = Receipts(
                view,
                from: rows.lowerBound,
                upTo: try Self.rows(of: self.plan, in: view).upperBound,
                happenedBy: self.plan.happenedBy
            )
        }
        switch self.plan.query.source {
        case .sales, .movements:
            guard rows.count >= self.scanLimits.rowsMin else {
                try self.addLedger(rows, view)
                return
            }
            for left in try self.scan(rows, of: view, threads: threads) {
                try self.addLedger(left, view)
            }
        case .refusals: try self.addRefusals(rows, view)
        case .levels, .products:
            preconditionFailure("\(self.plan.query.source) has balances, not rows to add")
        }
    }

    /// Whether rows can be added to the existing ones: not if they undo a sale counted as a transaction.
    func canAdd(_ rows: Range<Int>, of view: ReadView) -> Bool {
        guard self.plan.countsTransactions else { return true }
        let undone = view.tables.ledger.undoneSales(by: rows)
        return undone.first.map { $0 >= rows.lowerBound } ?? true
    }

    /// Adds rows of the ledger by segments.
    ///
    /// - Returns: The rows that must be added one by one.
    private mutating func scan(
        _ rows: Range<Int>,
        of view: ReadView,
        threads: Int
    ) throws(Refusal) -> [Range<Int>] {
        guard
            var scan = try LedgerScan.run(
                self.plan,
                of: view,
                rows: rows,
                limits: self.scanLimits,
                receipts: self.receipts,
                threads: threads
            )
        else {
            return [rows]
        }
        for (index, totals) in try scan.finish().enumerated() {
            try self.sets[index].merge(totals)
        }
        return scan.left
    }

    // MARK: - The ledger

    private mutating func addLedger(_ rows: Range<Int>, _ view: ReadView) throws(Refusal) {
        let ledger = view.tables.ledger
        let span = self.plan.filter.span
        let isSales = self.plan.query.source == .sales
        var problem: Refusal?
        ledger.occurredAt.scanSegments(
            of: rows,
            mayContain: span.from...max(span.from, span.to - 1)
        ) { rows in
            do throws(Refusal) {
                try view.checkpoint()
                for row in rows where span.contains(ledger.occurredAt[row]) {
                    let kind = ledger.kinds[row]
                    guard
                        self.plan.filter.takes(
                            product: ledger.products[row],
                            location: ledger.locations[row]
                        ),
                        self.plan.filter.takes(kind: kind, reason: ledger.reasons[row]),
                        self.plan.filter.reference.takes(ledger.references[row]),
                        self.plan.filter.actor.takes(ledger.actors[row])
                    else { continue }
                    if isSales {
                        guard let saleRow = ledger.saleRow(row) else { continue }
                        try self.addSale(row, saleRow: saleRow, of: view)
                    } else {
                        try self.addMovement(row, view)
                    }
                }
                return true
            } catch {
                problem = error
                return false
            }
        }
        if let problem { throw problem }
    }

    private mutating func addSale(
        _ row: Int,
        saleRow: SaleRow,
        of view: ReadView
    ) throws(Refusal) {
        let ledger = view.tables.ledger
        let isSale = ledger.kinds[row] == MovementKind.sale.rawValue
        let receipt = isSale ? self.receipts?.receipt(row, ledger) : nil
        for index in self.sets.indices {
            let slot = try self.ledgerSlot(row, at: index, of: view)
            for (at, sum) in self.plan.sums.enumerated() where sum.takes(saleRow) {
                let value: Int64 =
                    switch sum {
                    case .soldUnits: -ledger.onHandDeltas[row]
                    case .returnedUnits: ledger.onHandDeltas[row]
                    case .gross, .lateCost: ledger.amounts[row]
                    case .returns: -ledger.amounts[row]
                    case .cost: -ledger.costs[row]
                    default: preconditionFailure("\(sum) is not of sales")
                    }
                self.sets[index].add(value, to: at, of: slot)
            }
            if let receipt { self.sets[index].addTransaction(receipt, to: slot) }
        }
    }

    private mutating func addMovement(_ row: Int, _ view: ReadView) throws(Refusal) {
        let ledger = view.tables.ledger
        for index in self.sets.indices {
            let slot = try self.ledgerSlot(row, at: index, of: view)
            for (at, sum) in self.plan.sums.enumerated() {
                switch sum {
                case .onHandChange:
                    self.sets[index].add(ledger.onHandDeltas[row], to: at, of: slot)
                case .valueChange:
                    self.sets[index].add(ledger.costs[row], to: at, of: slot)
                default: break
                }
            }
        }
    }

    private mutating func ledgerSlot(
        _ row: Int,
        at index: Int,
        of view: ReadView
    ) throws(Refusal) -> Int {
        let ledger = view.tables.ledger
        let product = ledger.products[row]
        let set = self.plan.sets[index]
        var key = self.key(
            index,
            product: product,
            location: ledger.locations[row],
            at: ledger.occurredAt[row],
            products: view.tables.products
        )
        if set.hasReason { key.reason = ledger.reasons[row] }
        if set.hasKind { key.kind = ledger.kinds[row] }
        return try self.slot(of: key, at: index, product: product, view: view)
    }

    // MARK: - Unmet demand

    private mutating func addRefusals(_ rows: Range<Int>, _ view: ReadView) throws(Refusal) {
        let refusals = view.tables.refusals
        let span = self.plan.filter.span
        for row in rows {
            try view.checkpoint(at: row)
            guard span.contains(refusals.recordedAt[row]) else { continue }
            let product = refusals.products[row]
            guard
                self.plan.filter.takes(product: product, location: refusals.locations[row]),
                self.plan.filter.reference.takes(refusals.references[row]),
                self.plan.filter.actor.takes(refusals.actors[row])
            else { continue }
            for index in self.sets.indices {
                let key = self.key(
                    index,
                    product: product,
                    location: refusals.locations[row],
                    at: refusals.recordedAt[row],
                    products: view.tables.products
                )
                let slot = try self.slot(of: key, at: index, product: product, view: view)
                for (at, sum) in self.plan.sums.enumerated() {
                    let asked = refusals.asked[row]
                    self.sets[index].add(
                        sum == .asked ? asked : asked - refusals.available[row],
                        to: at,
                        of: slot
                    )
                }
            }
        }
    }

    // MARK: - Balances

    /// Adds the stock of one product in one place.
    mutating func add(_ part: StockPart, _ view: ReadView) throws(Refusal) {
        let level = part.level
        let product = level.product.value
        let products = view.tables.products
        for index in self.sets.indices {
            var key = self.key(
                index,
                product: product,
                location: level.location.value,
                at: 0,
                products: products
            )
            if self.plan.sets[index].hasStage { key.stage = part.stage.rawValue }
            let slot = try self.slot(of: key, at: index, product: product, view: view)
            for (at, sum) in self.plan.sums.enumerated() {
                let value: Int128
                switch sum {
                case .onHand: value = Int128(level.onHand.baseUnits)
                case .unavailable: value = Int128(level.unavailable.baseUnits)
                case .reserved: value = Int128(level.reserved.baseUnits)
                case .incoming: value = Int128(level.incoming.baseUnits)
                case .value: value = Int128(level.value.minorUnits)
                case .retailValue: value = part.retailValue(in: products)
                default: value = 0
                }
                self.sets[index].add(value, to: at, of: slot)
            }
        }
    }

    // MARK: - Keys

    private mutating func key(
        _ index: Int,
        product: UInt32,
        location: UInt16,
        at time: Int64,
        products: ProductTable
    ) -> GroupKey {
        let set = self.plan.sets[index]
        var key = GroupKey()
        if set.hasProduct {
            key.entity = product
        } else if set.hasCategory {
            key.entity = products.categories[Int(product)]
        }
        if set.hasLocation { key.location = location }
        if set.cutsTime {
            if !self.timeKeys[index].span.contains(time) {
                self.timeKeys[index].move(to: time, self.plan.calendar)
            }
            key.time = self.timeKeys[index].time
            key.clock = self.timeKeys[index].clock
        }
        return key
    }

    /// Returns the slot of a row's group, after counting the row, its product and its unit in it.
    private mutating func slot(
        of key: GroupKey,
        at index: Int,
        product: UInt32,
        view: ReadView
    ) throws(Refusal) -> Int {
        let slot = try self.sets[index].slot(of: key)
        self.sets[index].countRow(slot)
        if self.plan.tracksUnits {
            self.sets[index].add(view.tables.products.unit(Int(product)), to: slot)
        }
        if self.plan.countsProducts { self.sets[index].addProduct(product, to: slot) }
        return slot
    }
}

extension GroupedTotals {
    /// Stops the process unless there are totals for each set of the plan, each group with all its sums.
    ///
    /// - Complexity: O(groups)
    package func checkInvariants() {
        precondition(self.sets.count == self.plan.sets.count, "\(self.sets.count) sets")
        precondition(self.timeKeys.count == self.plan.sets.count, "\(self.timeKeys.count) times")
        for set in self.sets { set.checkInvariants() }
        self.receipts?.checkInvariants()
    }
}
