internal import ColumnStore
package import Inventory

/// What a question adds up, group by group: it can be fed more rows as they come, and shown at any
/// time.
///
/// For the sources whose rows are appended: sales, movements and refusals. Order, limit, derived
/// measures and empty buckets belong to showing (``table(of:)``), so that a further row costs the
/// groups it touches.
package struct GroupedTotals: Sendable {
    package private(set) var plan: QueryPlan
    package var scanLimits = ScanLimits()
    private(set) var sets: [SetTotals]
    private var timeKeys: [TimeKey]

    package init(_ plan: QueryPlan) {
        self.plan = plan
        self.sets = plan.sets.map { _ in SetTotals(sumCount: plan.sums.count) }
        self.timeKeys = plan.sets.map { TimeKey($0) }
    }

    /// The rows of a view that the question is about: all of its source, or those recorded up to the
    /// point it asks for.
    package static func rows(of plan: QueryPlan, in view: ReadView) throws(Refusal) -> Range<Int> {
        if plan.query.source == .refusals {
            guard let asOf = plan.query.asOf else { return 0..<view.tables.refusals.rowCount }
            return 0..<(try view.firstRefusal(after: asOf))
        }
        guard let asOf = plan.query.asOf else { return 0..<view.tables.ledger.rowCount }
        return 0..<(try view.firstMovement(after: asOf))
    }

    /// Adds rows of the source's table: those appended since, or a part of all of them.
    ///
    /// Each row must be added once. The plan's catalog must be that of the view; see ``QueryPlan``.
    ///
    /// `threads`: How many may share the work; the totals are the same for any number.
    ///
    /// - Throws: `out_of_range` if there are more groups than ``InsightLimits/groupsMax``.
    /// - Complexity: O(rows); segments that no row can count of are passed over.
    package mutating func add(
        rows: Range<Int>,
        of view: ReadView,
        threads: Int = 1
    ) throws(Refusal) {
        self.plan.filter.refresh(for: view)
        if self.plan.filter.takesNothing { return }
        switch self.plan.query.source {
        case .sales, .movements:
            guard rows.count >= self.scanLimits.rowsMin else {
                try self.addLedger(rows, view)
                return
            }
            for left in try self.scan(rows, view, threads) { try self.addLedger(left, view) }
        case .refusals: try self.addRefusals(rows, view)
        case .levels, .products:
            preconditionFailure("\(self.plan.query.source) has balances, not rows to add")
        }
    }

    /// Adds rows of the ledger a segment at a time.
    ///
    /// - Returns: The rows that have to be added one by one.
    private mutating func scan(
        _ rows: Range<Int>,
        _ view: ReadView,
        _ threads: Int
    ) throws(Refusal) -> [Range<Int>] {
        guard
            var scan = try LedgerScan.run(
                self.plan,
                view,
                rows,
                self.scanLimits,
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
                        guard let isReturn = ledger.isReturn(row) else { continue }
                        try self.addSale(row, isReturn: isReturn, view)
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
        isReturn: Bool,
        _ view: ReadView
    ) throws(Refusal) {
        let ledger = view.tables.ledger
        let isSale = ledger.kinds[row] == MovementKind.sale.rawValue
        for index in self.sets.indices {
            let slot = try self.ledgerSlot(row, index, view)
            for (at, sum) in self.plan.sums.enumerated() {
                switch sum {
                case .soldUnits where !isReturn:
                    self.sets[index].add(-ledger.onHandDeltas[row], to: at, of: slot)
                case .returnedUnits where isReturn:
                    self.sets[index].add(ledger.onHandDeltas[row], to: at, of: slot)
                case .gross where !isReturn:
                    self.sets[index].add(ledger.amounts[row], to: at, of: slot)
                case .returns where isReturn:
                    self.sets[index].add(-ledger.amounts[row], to: at, of: slot)
                case .cost:
                    self.sets[index].add(-ledger.costs[row], to: at, of: slot)
                default: break
                }
            }
            if isSale, self.plan.countsTransactions {
                self.sets[index].addTransaction(ledger.transaction(row), to: slot)
            }
        }
    }

    private mutating func addMovement(_ row: Int, _ view: ReadView) throws(Refusal) {
        let ledger = view.tables.ledger
        for index in self.sets.indices {
            let slot = try self.ledgerSlot(row, index, view)
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
        _ index: Int,
        _ view: ReadView
    ) throws(Refusal) -> Int {
        let ledger = view.tables.ledger
        let product = ledger.products[row]
        let set = self.plan.sets[index]
        var key = self.key(
            index,
            product,
            ledger.locations[row],
            ledger.occurredAt[row],
            view.tables.products
        )
        if set.hasReason { key.reason = ledger.reasons[row] }
        if set.hasKind { key.kind = ledger.kinds[row] }
        return try self.slot(of: key, index, product)
    }

    // MARK: - Refused demand

    private mutating func addRefusals(_ rows: Range<Int>, _ view: ReadView) throws(Refusal) {
        let refusals = view.tables.refusals
        let span = self.plan.filter.span
        for row in rows where span.contains(refusals.recordedAt[row]) {
            let product = refusals.products[row]
            guard
                self.plan.filter.takes(product: product, location: refusals.locations[row]),
                self.plan.filter.reference.takes(refusals.references[row]),
                self.plan.filter.actor.takes(refusals.actors[row])
            else { continue }
            for index in self.sets.indices {
                let key = self.key(
                    index,
                    product,
                    refusals.locations[row],
                    refusals.recordedAt[row],
                    view.tables.products
                )
                let slot = try self.slot(of: key, index, product)
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

    /// Adds one level, or one product at one location.
    mutating func add(_ level: Level, _ view: ReadView) throws(Refusal) {
        let product = level.product.value
        let products = view.tables.products
        for index in self.sets.indices {
            let key = self.key(index, product, level.location.value, 0, products)
            let slot = try self.slot(of: key, index, product)
            for (at, sum) in self.plan.sums.enumerated() {
                let value: Int64
                switch sum {
                case .onHand: value = level.onHand
                case .unavailable: value = level.unavailable
                case .reserved: value = level.reserved
                case .incoming: value = level.incoming
                case .value: value = level.value
                case .retailValue:
                    let price = Price(
                        products.prices[level.product.row],
                        per: products.priceBases[level.product.row]
                    )
                    guard let amount = price.amount(of: level.onHand) else {
                        throw Refusal(
                            .amountOverflow,
                            .field("retailValue", problem: "of product \(product)")
                        )
                    }
                    value = amount.minorUnits
                default: value = 0
                }
                self.sets[index].add(value, to: at, of: slot)
            }
        }
    }

    // MARK: - Keys

    private mutating func key(
        _ index: Int,
        _ product: UInt32,
        _ location: UInt16,
        _ time: Int64,
        _ products: ProductTable
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

    /// The slot of the group of a row, in which the row and its product are counted.
    private mutating func slot(
        of key: GroupKey,
        _ index: Int,
        _ product: UInt32
    ) throws(Refusal) -> Int {
        let slot = try self.sets[index].slot(of: key)
        self.sets[index].countRow(slot)
        if self.plan.countsProducts { self.sets[index].addProduct(product, to: slot) }
        return slot
    }
}

extension MovementLedger {
    /// Whether a row is a return, or undoes one; nothing if it is neither that nor a sale nor undoes
    /// one.
    func isReturn(_ row: Int) -> Bool? {
        var kind = self.kinds[row]
        if kind == MovementKind.reversal.rawValue { kind = self.kinds[Int(self.origins[row]) - 1] }
        switch kind {
        case MovementKind.sale.rawValue: return false
        case MovementKind.return.rawValue: return true
        default: return nil
        }
    }

    /// What a row of a sale belongs to: all that has its reference, or its step.
    func transaction(_ row: Int) -> UInt64 {
        let reference = self.references[row]
        return reference != 0 ? UInt64(reference) : 1 << 63 | self.lsns[row]
    }
}
