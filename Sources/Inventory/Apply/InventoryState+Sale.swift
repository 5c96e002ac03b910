internal import ColumnStore

/// The rules of selling and taking back.
extension InventoryState {
    /// All lines or none.
    ///
    /// A line may not leave less available than the floor.
    func sell(_ sale: Sale, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(sale.lines.count, reference: sale.reference, note: sale.note, &findings)
        let occurredAt = self.occurrence(sale.occurred, draft, &findings)
        // A request with too many lines is not worth looking at line by line.
        try findings.settle()

        var short: [RefusedDemand] = []
        var total = Money.zero
        for (index, line) in sale.lines.enumerated() {
            let number = UInt32(index)
            guard let facts = self.checkLine(line, number, draft, &findings) else { continue }
            if facts.status == .inactive {
                findings.add(
                    Refusal(.productInactive, line: number, .id(UInt64(line.product.value)))
                )
            }
            var level = self.level(line.product, line.location, draft)
            let price = Price(
                line.price?.minorUnits ?? facts.price.minorUnits,
                per: facts.price.basis
            )
            guard let amount = price.amount(of: line.quantity), let sum = total.adding(amount)
            else {
                findings.add(Refusal(.amountOverflow, line: number, .field("amount", problem: "")))
                continue
            }
            if level.sellable < line.quantity {
                findings.add(
                    Refusal(
                        .insufficientStock,
                        line: number,
                        .shortage(Refusal.Shortage(of: level, asked: line.quantity))
                    )
                )
                short.append(
                    RefusedDemand(
                        product: line.product,
                        location: line.location,
                        asked: line.quantity,
                        available: level.sellable,
                        reference: sale.reference
                    )
                )
                continue
            }
            total = sum
            let cost = StockMath.cost(ofTaking: line.quantity, from: level)
            level.onHand -= line.quantity
            level.value -= cost
            draft.move(
                Movement(
                    kind: .sale,
                    product: line.product,
                    location: line.location,
                    onHandDelta: -line.quantity,
                    amount: amount.minorUnits,
                    price: price,
                    cost: -cost,
                    reference: sale.reference,
                    note: sale.note,
                    occurredAt: occurredAt,
                    isImported: sale.occurred?.isImported ?? false
                ),
                leaving: level
            )
        }
        if let first = findings.first {
            if first.code == .insufficientStock { draft.refusedDemand += short }
            throw first
        }
        return self.done(amount: total.minorUnits, in: draft)
    }

    /// What must hold of one line of a sale or a return, whatever the stock is.
    ///
    /// - Returns: What is known of the product; nothing where the line cannot be followed further.
    private func checkLine(
        _ line: SaleLine,
        _ number: UInt32,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> ProductTable.Facts? {
        let isQuantity = (1...Limits.quantityMax).contains(line.quantity)
        findings.check("quantity", line.quantity, in: 1...Limits.quantityMax, line: number)
        if let price = line.price {
            findings.check("price", price.minorUnits, in: 0...Limits.moneyMax, line: number)
        }
        let facts = self.checkPlace(line.product, line.location, line: number, draft, &findings)
        if let expected = line.ifRevision, facts != nil {
            let level = self.tables.levels.level(line.product, line.location)
            self.check(revision: level.revision, is: expected, line: number, &findings)
        }
        return isQuantity ? facts : nil
    }

    // MARK: - Returns

    /// Takes goods back: at the price and cost of the sale they come from where it is named, else
    /// at the product's price and the stock's average cost.
    func returnSale(
        _ wanted: SaleReturn,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            wanted.lines.count,
            reference: wanted.reference,
            note: wanted.note,
            &findings
        )
        let occurredAt = self.occurrence(wanted.occurred, draft, &findings)
        try findings.settle()

        var total = Money.zero
        for (index, line) in wanted.lines.enumerated() {
            let number = UInt32(index)
            guard let facts = self.checkLine(line, number, draft, &findings) else { continue }
            var parts: [ReturnPart] = []
            if let original = wanted.original {
                do throws(Refusal) {
                    parts = try self.parts(of: line, number, soldAt: original, draft)
                } catch {
                    findings.add(error)
                    continue
                }
            } else {
                let price = Price(facts.price.minorUnits, per: facts.price.basis)
                parts = [ReturnPart(quantity: line.quantity, price: price, cost: nil, origin: nil)]
            }
            for part in parts {
                let price = Price(
                    line.price?.minorUnits ?? part.price.minorUnits,
                    per: part.price.basis
                )
                var level = self.level(line.product, line.location, draft)
                guard let amount = price.amount(of: part.quantity),
                    let sum = total.adding(Money(-amount.minorUnits)),
                    let cost = part.cost ?? StockMath.cost(ofAdding: part.quantity, to: level)
                else {
                    findings.add(
                        Refusal(.amountOverflow, line: number, .field("amount", problem: ""))
                    )
                    continue
                }
                total = sum
                let gained = StockMath.receiving(part.quantity, costing: cost, onto: level)
                let held = wanted.target == .unavailable ? part.quantity : 0
                level.onHand += part.quantity
                level.unavailable += held
                level.value += gained.value
                self.checkRange(of: level, line: number, &findings)
                if let origin = part.origin {
                    draft.returned[origin, default: 0] += part.quantity
                }
                let movement = Movement(
                    kind: .return,
                    product: line.product,
                    location: line.location,
                    onHandDelta: part.quantity,
                    unavailableDelta: held,
                    amount: -amount.minorUnits,
                    price: price,
                    cost: gained.value,
                    reason: .customerReturn,
                    reference: wanted.reference,
                    note: wanted.note,
                    origin: part.origin.map { self.tables.ledger.movementID($0) },
                    occurredAt: occurredAt,
                    isImported: wanted.occurred?.isImported ?? false
                )
                // What the stock could not take stays in the cost of what was sold, where it is.
                draft.move(movement, leaving: level)
            }
        }
        try findings.settle()
        return self.done(amount: total.minorUnits, in: draft)
    }

    /// A share of a returned line that belongs to one line of the sale.
    private struct ReturnPart {
        var quantity: Int64
        var price: Price
        /// What the units cost when they were sold; nothing if no sale was named.
        var cost: Int64?
        var origin: Int?
    }

    /// Spreads a returned line over the lines of the sale at `lsn` that have something left.
    private func parts(
        of line: SaleLine,
        _ number: UInt32,
        soldAt lsn: UInt64,
        _ draft: Draft
    ) throws(Refusal) -> [ReturnPart] {
        let ledger = self.tables.ledger
        let sales = ledger.rows(of: lsn).filter { ledger.kind($0) == .sale }
        guard !sales.isEmpty else {
            throw Refusal(.movementNotFound, line: number, .id(lsn))
        }
        var parts: [ReturnPart] = []
        var rest = line.quantity
        var remaining: Int64 = 0
        for row in sales where ledger.products[row] == line.product.value {
            guard !self.links.isReversed(row), !draft.reversed.contains(row) else { continue }
            let sold = -ledger.onHandDeltas[row]
            let back = self.links.returnedQuantity(row) + (draft.returned[row] ?? 0)
            let left = sold - back
            remaining += left
            let quantity = min(left, rest)
            guard quantity > 0 else { continue }
            rest -= quantity
            // The quotient is at most the sale's own cost, so it is in range.
            let cost = Price.proportion(-ledger.costs[row], times: quantity, over: sold)
            parts.append(
                ReturnPart(
                    quantity: quantity,
                    price: Price(ledger.prices[row], per: ledger.priceBases[row]),
                    cost: cost ?? 0,
                    origin: row
                )
            )
        }
        guard rest == 0 else {
            throw Refusal(
                .exceedsSold,
                line: number,
                .sold(asked: line.quantity, remaining: remaining)
            )
        }
        return parts
    }
}
