internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rules of sales and returns.
extension InventoryState {
    /// Sells all lines or none.
    ///
    /// A line may not leave less available than the floor.
    func sell(_ sale: Sale, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(sale.lines.count, reference: sale.reference, note: sale.note, &findings)
        let occurredAt = Self.occurrence(sale.occurred, at: draft.time, &findings)

        var unmet = UnmetDemand()
        var total = Money.zero
        for (index, line) in sale.lines.enumerated() {
            let number = UInt32(index)
            let found = findings.count
            let place = self.checkLine(line, number: number, draft: draft, findings: &findings)
            guard let facts = place.facts else { continue }
            SaleRule.check(line.product, isForSale: facts, number: number, checks: &findings)
            let priced = SaleRule.priced(line.quantity, at: line.price, facts)
            let amount = findings.add(priced.amount, to: &total, line: number)
            guard let amount, let level = place.level, findings.count == found else { continue }
            let sellable = level.sellable
            guard let taken = SaleRule.take(line.quantity, from: level, sellable: sellable) else {
                unmet.add(
                    line.quantity,
                    of: level,
                    sellable: sellable,
                    line: number,
                    reference: sale.reference,
                    &findings
                )
                continue
            }
            var movement = Movement.unfilledSale
            SaleRule.record(
                line.quantity,
                taken,
                charged: amount,
                at: priced.price,
                reference: sale.reference,
                note: sale.note,
                occurredAt: occurredAt,
                isImported: sale.occurred?.isImported ?? false,
                in: &movement
            )
            draft.move(movement, leaving: taken.level)
        }
        try unmet.settle(findings, in: &draft)
        return self.done(amount: total, in: draft)
    }

    /// Checks one line of a sale or a return, except for its stock.
    ///
    /// - Returns: The product and level as far as they exist; without facts if the line cannot be checked
    ///   further.
    private func checkLine(
        _ line: SaleLine,
        number: UInt32,
        draft: Draft,
        findings: inout Findings
    ) -> Place {
        let isQuantity = SaleRule.check(line, number: number, checks: &findings)
        let place = self.place(
            line.product,
            location: line.location,
            ifRevision: line.ifRevision,
            line: number,
            draft: draft,
            findings: &findings
        )
        return isQuantity ? place : Place()
    }

    // MARK: - Returns

    /// Returns goods to stock.
    ///
    /// If the request names the sale, they come back at their share of what was charged and of what they
    /// cost; otherwise at the product's price and the current unit cost.
    func returnSale(
        _ command: SaleReturn,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            command.lines.count,
            reference: command.reference,
            note: command.note,
            &findings
        )
        let occurredAt = Self.occurrence(command.occurred, at: draft.time, &findings)

        var total = Money.zero
        for (index, line) in command.lines.enumerated() {
            let number = UInt32(index)
            let found = findings.count
            let place = self.checkLine(line, number: number, draft: draft, findings: &findings)
            guard let facts = place.facts else { continue }
            let parts = self.parts(
                of: line,
                number: number,
                facts: facts,
                command: command,
                draft: draft,
                findings: &findings
            )
            self.checkMovements(parts.count, draft: draft, checks: &findings)
            for part in parts {
                let negative = part.amount.map { Money(-$0.minorUnits) }
                _ = findings.add(negative, to: &total, line: number)
            }
            guard place.level != nil else { continue }
            let isSound = findings.count == found
            for part in parts {
                var movement = self.movement(of: part, line: line, command: command)
                movement.occurredAt = occurredAt
                let taken = self.taken(
                    part,
                    movement: movement,
                    number: number,
                    draft: draft,
                    findings: &findings
                )
                guard isSound, let taken else { continue }
                if let origin = part.origin { draft.addReturned(taken.sums, to: origin) }
                draft.move(taken.movement, leaving: taken.level)
            }
        }
        try findings.settle()
        return self.done(amount: total, in: draft)
    }

    /// The movement of a part of a returned line, without its cost and its time.
    private func movement(of part: ReturnPart, line: SaleLine, command: SaleReturn) -> Movement {
        Movement(
            kind: .return,
            product: line.product,
            location: line.location,
            onHandDelta: part.quantity,
            unavailableDelta: command.target == .unavailable ? part.quantity : 0,
            amount: -(part.amount ?? 0),
            price: part.price,
            reason: .customerReturn,
            reference: command.reference,
            note: command.note,
            origin: part.origin.map { self.tables.ledger.movementID($0) },
            occurredAt: .zero,
            isImported: command.occurred?.isImported ?? false
        )
    }

    /// A part of a returned line applied to its level, with its cost.
    private struct TakenPart {
        var movement: Movement
        var level: Level
        /// What it adds to the returned sums of the sale, if one was named.
        var sums: ReturnedSums
    }

    /// Applies a part of a returned line to its level.
    ///
    /// - Returns: `nil` if a finding was added.
    private func taken(
        _ part: ReturnPart,
        movement: Movement,
        number: UInt32,
        draft: Draft,
        findings: inout Findings
    ) -> TakenPart? {
        var movement = movement
        var level = self.level(movement.product, location: movement.location, draft: draft)
        let unit = self.unitCost(of: level, draft)
        let sums = self.sums(of: part, movement, draft)
        // Without a sale, all units have the current unit cost.
        let returned = StockMath.Returned(
            quantity: part.quantity,
            backordered: part.origin == nil ? part.quantity : sums.backordered,
            cost: sums.cost
        )
        guard let value = StockMath.value(of: returned, at: unit, onto: level) else {
            findings.add(.overflow("value", line: number))
            return nil
        }
        movement.cost = value
        level.onHand += part.quantity
        level.unavailable += movement.unavailableDelta
        level.value += movement.cost
        let isInRange = self.checkRange(of: level, line: number, &findings)
        guard isInRange else { return nil }
        return TakenPart(movement: movement, level: level, sums: sums)
    }

    /// What a part returns of its sale; without a sale, only its units and their amount.
    private func sums(
        of part: ReturnPart,
        _ movement: Movement,
        _ draft: Draft
    ) -> ReturnedSums {
        var sums = ReturnedSums(quantity: part.quantity, amount: -movement.amount)
        guard let row = part.origin else { return sums }
        let (ledger, returned) = (self.tables.ledger, self.returned(row, draft))
        sums.backordered = ledger.backordered(of: part.quantity, soldIn: row, after: returned)
        let others = part.quantity - sums.backordered
        sums.cost = ledger.cost(of: others, soldIn: row, after: returned)
        return sums
    }

    /// The part of a returned line that belongs to one line of the sale.
    private struct ReturnPart {
        var quantity: Quantity
        var price: Price
        /// What is refunded for it, in minor units; `nil` if out of the range of money.
        var amount: Money?
        /// The ledger row of the sale; `nil` if none was named.
        var origin: Int?
    }

    /// Splits a returned line over the lines of its sale that are not fully returned.
    ///
    /// - Returns: One part at the product's price if no sale is named.
    private func parts(
        of line: SaleLine,
        number: UInt32,
        facts: ProductTable.Facts,
        command: SaleReturn,
        draft: Draft,
        findings: inout Findings
    ) -> [ReturnPart] {
        guard let original = command.original else {
            let priced = SaleRule.priced(line.quantity, at: line.price, facts)
            let (price, amount) = (priced.price, priced.amount)
            return [ReturnPart(quantity: line.quantity, price: price, amount: amount)]
        }
        let ledger = self.tables.ledger
        let sales = ledger.rows(of: original).filter { ledger.kind($0) == .sale }
        var parts: [ReturnPart] = []
        var rest = line.quantity
        var remaining: Quantity = 0
        for row in sales where ledger.products[row] == line.product.value {
            let left = self.remaining(of: row, draft)
            guard left.quantity > 0 else { continue }
            remaining += left.quantity
            let quantity = min(left.quantity, rest)
            guard quantity > 0 else { continue }
            rest -= quantity
            parts.append(self.part(quantity, of: left, soldIn: row, for: line.price))
        }
        if rest > 0 {
            let detail = Refusal.Detail.sold(asked: line.quantity, remaining: remaining)
            findings.add(
                sales.isEmpty
                    ? Refusal(.movementNotFound, line: number, .id(original.value))
                    : Refusal(.exceedsSold, line: number, detail)
            )
            // An overflow of the amount, however much was sold, has a lower code.
            let basis = parts.first?.price.basis ?? facts.price.basis
            if let price = line.price, Price(price.minorUnits, per: basis).amount(of: rest) == nil {
                findings.add(.overflow("amount", line: number))
            }
        }
        return parts
    }

    /// The part of the sale in `row` that is not yet returned.
    private func remaining(of row: Int, _ draft: Draft) -> ReturnedSums {
        if self.links.isReversed(row) || draft.reversed.contains(row) { return ReturnedSums() }
        let ledger = self.tables.ledger
        let sold = ReturnedSums(
            quantity: Quantity(-ledger.onHandDeltas[row]),
            amount: Money(ledger.amounts[row])
        )
        return sold + -self.returned(row, draft)
    }

    /// The returned part of the sale in `row`, as the step has left it so far.
    func returned(_ row: Int, _ draft: Draft) -> ReturnedSums {
        self.links.returned(row) + (draft.returned[row] ?? ReturnedSums())
    }

    /// A part of a sale that is returned: its share of what was charged and not yet refunded, so that all
    /// parts together equal the whole.
    ///
    /// `price` is refunded instead of what was charged; the sale's own price counts as none.
    private func part(
        _ quantity: Quantity,
        of left: ReturnedSums,
        soldIn row: Int,
        for price: Money?
    ) -> ReturnPart {
        let ledger = self.tables.ledger
        let sold = Price(ledger.prices[row], per: ledger.priceBases[row])
        let own = Price(price?.minorUnits ?? sold.minorUnits, per: sold.basis)
        let share = StockMath.share(
            of: max(0, left.amount),
            quantity,
            of: left.quantity,
            rounding: .halfAwayFromZero
        )
        return ReturnPart(
            quantity: quantity,
            price: own,
            amount: own == sold ? share : own.amount(of: quantity),
            origin: row
        )
    }
}
