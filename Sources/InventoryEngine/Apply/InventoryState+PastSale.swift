internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rule of sales of the past.
///
///     opening balance  + 9, at the start of the history ┐
///     sale             − 9, when it happened            ┴─▶ no balance changes
///
/// History is recorded beside the stock of today and never moves it: it is not refused for lack of stock, and
/// neither floors, reservations nor holds limit it. The costs of both movements are opposite as well, so the
/// value of the stock and its unit cost stay as they are.
extension InventoryState {
    /// Records the lines of a receipt, all or none.
    ///
    /// Lines that are on record already are not recorded again: the command is refused with
    /// `already_recorded`, or `receipt_differs` if the line on record has other content. The client then sends
    /// the others.
    func recordPastSale(
        _ sale: PastSale,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        let total = self.check(sale, in: draft, &findings)
        try findings.settle()
        if !sale.reference.isEmpty { try self.checkUnrecorded(sale, draft) }
        try self.record(sale, in: &draft)
        return self.done(amount: total, in: draft)
    }

    // MARK: - Checks

    /// Checks all of a receipt except whether it is on record, and the balances that it would leave.
    ///
    /// - Returns: The amount of all lines.
    func check(_ sale: PastSale, in draft: Draft, _ checks: inout some Checks) -> Money {
        self.checkLines(sale.lines.count, reference: sale.reference, note: sale.note, &checks)
        self.checkMovements(2 * sale.lines.count, draft: draft, checks: &checks)
        Self.checkTimes(sale, at: draft.time, &checks)
        Self.checkReceipt(sale, &checks)
        // A store that was closed meanwhile has a past, too.
        if self.isArchived(sale.location, draft) == nil {
            checks.add(Refusal(.locationNotFound, .id(UInt64(sale.location.value))))
        }
        var total = Money.zero
        for (index, line) in sale.lines.enumerated() {
            let number = UInt32(index)
            Self.check(line, of: sale, number: number, &checks)
            _ = checks.add(line.amount, to: &total, line: number)
            if self.facts(line.product, draft) == nil {
                let id = UInt64(line.product.value)
                checks.add(Refusal(.productNotFound, line: number, .id(id)))
            }
        }
        return total
    }

    private static func checkTimes(
        _ sale: PastSale,
        at time: Instant,
        _ checks: inout some Checks
    ) {
        let occurred = Occurrence(at: sale.occurredAt, isImported: true)
        _ = Self.occurrence(occurred, at: time, &checks)
        guard let openedAt = sale.openedAt else { return }
        if openedAt > sale.occurredAt || openedAt.microseconds < Limits.instantMin {
            checks.add(
                Refusal(
                    .occurredAtOutOfWindow,
                    .range(
                        "openedAt",
                        value: openedAt.microseconds,
                        lowest: Limits.instantMin,
                        highest: sale.occurredAt.microseconds
                    )
                )
            )
        }
    }

    private static func checkReceipt(_ sale: PastSale, _ checks: inout some Checks) {
        if let day = sale.day, !day.isInRange {
            checks.addInvalid("day", "is outside of the years 1 to 9999")
        }
        let end = Int(sale.firstLine) + sale.lines.count
        guard end > Limits.receiptLinesMax else { return }
        checks.add(Self.tooMany("receipt lines", end, limit: Limits.receiptLinesMax))
    }

    private static func tooMany(_ what: String, _ count: Int, limit: Int) -> Refusal {
        Refusal(
            .tooManyLines,
            .range(what, value: Int64(count), lowest: 1, highest: Int64(limit))
        )
    }

    /// Checks the numbers of a line, and that the signs of quantity and amount agree.
    private static func check(
        _ line: PastSaleLine,
        of sale: PastSale,
        number: UInt32,
        _ checks: inout some Checks
    ) {
        func invalid(_ field: String, _ problem: String) {
            checks.add(Refusal(.invalidField, line: number, .field(field, problem: problem)))
        }
        let (quantity, amount) = (line.quantity.baseUnits, line.amount.minorUnits)
        checks.check("quantity", quantity, in: PastSaleLine.quantities, line: number)
        checks.check("amount", amount, in: PastSaleLine.amounts, line: number)
        if let cost = line.cost {
            checks.check("cost", cost.minorUnits, in: PastSaleLine.costs, line: number)
        }
        if sale.isWriteOff {
            if quantity <= 0 { invalid("quantity", "of a write-off must be above 0") }
            if amount != 0 { invalid("amount", "of a write-off must be 0") }
        } else if quantity > 0, amount < 0 {
            invalid("amount", "must not be below 0 if the quantity is above 0")
        } else if quantity < 0, amount > 0 {
            invalid("amount", "must not be above 0 if the quantity is below 0")
        } else if quantity == 0, amount == 0 {
            invalid("quantity", "and amount are both 0")
        }
        if quantity == 0, let cost = line.cost, cost != 0 {
            invalid("cost", "needs a quantity other than 0")
        }
    }

    // MARK: - Receipts

    /// Checks that no line of a receipt is on record, and that the receipt may have another part.
    private func checkUnrecorded(_ sale: PastSale, _ draft: Draft) throws(Refusal) {
        let stored = self.storedRows(sale, draft)
        let drafted = draft.receipts.isEmpty ? nil : draft.receipts[DraftReceipt.Key(sale)]
        guard stored != nil || drafted != nil else { return }
        /// Whether the line is on record, and with the same content.
        func isSame(_ index: Int) -> Bool? {
            let recorded =
                stored?.rows[index].map { self.tables.ledger.receiptLine($0) }
                ?? drafted?.lines[Int(sale.firstLine) + index]
            return recorded?.isSame(as: sale.lines[index], of: sale)
        }
        var first: Int?
        var differing: Int?
        for index in sale.lines.indices {
            switch isSame(index) {
            case true: if first == nil { first = index }
            case false: if differing == nil { differing = index }
            case nil: break
            }
        }
        if let first {
            let count = sale.lines.indices[first...].prefix { isSame($0) == true }.count
            let recorded = Refusal.Detail.recorded(lines: UInt32(count))
            throw Refusal(.alreadyRecorded, line: UInt32(first), recorded)
        }
        if let differing {
            let number = Refusal.Detail.receiptLine(sale.firstLine + UInt32(differing))
            throw Refusal(.receiptDiffers, line: UInt32(differing), number)
        }
        let parts = (stored?.partCount ?? 0) + (drafted?.partCount ?? 0)
        if parts >= Limits.receiptPartsMax {
            throw Self.tooMany("parts of the receipt", parts + 1, limit: Limits.receiptPartsMax)
        }
    }

    /// Returns the ledger's row of each line that is on record, and the number of the receipt's parts; `nil` if
    /// it has none.
    ///
    /// A line that was reversed is no longer on record.
    ///
    /// - Complexity: O(lines + log parts)
    private func storedRows(
        _ sale: PastSale,
        _ draft: Draft
    ) -> (rows: [Int?], partCount: Int)? {
        guard let key = self.receiptKey(of: sale) else { return nil }
        let first = Int(sale.firstLine)
        let wanted = first..<(first + sale.lines.count)
        guard let parts = self.receipts.parts(of: key, in: self.tables.receipts) else {
            return nil
        }
        var rows = [Int?](repeating: nil, count: wanted.count)
        parts.forEachRun(in: wanted) { lines, part in
            for line in lines {
                let row = self.tables.receipts.ledgerRow(ofLine: line, in: part)
                let isReversed = self.links.isReversed(row) || draft.reversed.contains(row)
                if !isReversed { rows[line - first] = row }
            }
        }
        return (rows, parts.count)
    }

    /// The number of `lines` of a receipt that are on record by something other than a run of an import: a run
    /// that was interrupted sends lines again.
    func countLines(_ lines: Range<Int>, of sale: PastSale, notOfRun number: UInt32) -> UInt64 {
        let draft = Draft(lsn: self.lsn.next, time: self.time, isBatch: false)
        let rows = self.storedRows(sale.trimmed, draft)?.rows ?? []
        return lines.reduce(into: 0) { count, line in
            guard rows.indices.contains(line), let row = rows[line] else { return }
            let lsn = LSN(self.tables.ledger.lsns[row])
            if !self.tables.importParts.contains(lsn, ofRun: number) { count += 1 }
        }
    }

    /// Whether no part of the receipt is on record, not even a reversed one.
    func isNew(_ sale: PastSale) -> Bool {
        guard !sale.reference.isEmpty, let key = self.receiptKey(of: sale) else { return true }
        return !self.receipts.contains(key, in: self.tables.receipts)
    }

    /// What identifies the receipt; `nil` if its reference is not on record anywhere.
    private func receiptKey(of sale: PastSale) -> ReceiptTable.Key? {
        self.indexes.code(of: sale.reference, in: self.tables.strings).map {
            ReceiptTable.Key(sale.location, reference: $0, day: sale.receiptDay)
        }
    }

    // MARK: - Movements

    /// Makes the movements of all lines: first the opening balances, then the lines, in order.
    private func record(_ sale: PastSale, in draft: inout Draft) throws(Refusal) {
        var findings = Findings()
        let costs = self.costs(of: sale, draft, &findings)
        try findings.settle()
        let firstOpening = draft.movementCount
        draft.reserve(2 * sale.lines.count + 1)
        for (index, line) in sale.lines.enumerated() where line.quantity != 0 {
            let opening = Self.opening(line, of: sale, costing: costs[index])
            var level = self.level(line.product, location: sale.location, draft: draft)
            level.add(opening)
            guard self.checkRange(of: level, line: UInt32(index), &findings) else { continue }
            draft.move(opening, leaving: level, isPast: true)
        }
        try findings.settle()
        var next = firstOpening
        for (index, line) in sale.lines.enumerated() {
            var level = self.level(line.product, location: sale.location, draft: draft)
            var movement = self.movement(line, of: sale, costing: costs[index], draft)
            level.add(movement)
            if line.quantity != 0 {
                movement.origin = MovementID(lsn: draft.lsn, line: UInt16(next))
                next += 1
            }
            draft.move(movement, leaving: level, isPast: true)
        }
        self.noteReceipt(sale, costing: costs, in: &draft)
    }

    private func noteReceipt(
        _ sale: PastSale,
        costing costs: [Money],
        in draft: inout Draft
    ) {
        if sale.reference.isEmpty { return }
        draft.append(.receiptRecorded(sale.part))
        guard draft.isBatch else { return }
        draft.receipts[DraftReceipt.Key(sale), default: DraftReceipt()].add(sale, costing: costs)
    }

    /// The cost of each line, with the sign of its quantity: its own, or by the unit cost that is known for
    /// the level as the step has found it; 0 if none is.
    private func costs(
        of sale: PastSale,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> [Money] {
        var costs: [Money] = []
        costs.reserveCapacity(sale.lines.count)
        for (index, line) in sale.lines.enumerated() {
            let level = self.level(line.product, location: sale.location, draft: draft)
            costs.append(self.cost(of: line, number: UInt32(index), at: level, draft, &findings))
        }
        return costs
    }

    /// The cost of one line; `level` is its level as the step has found it.
    func cost(
        of line: PastSaleLine,
        number: UInt32,
        at level: Level,
        _ draft: Draft,
        _ checks: inout some Checks
    ) -> Money {
        var cost = line.cost
        if cost == nil, line.quantity != 0 {
            let quantity = Quantity(abs(line.quantity.baseUnits))
            cost = StockMath.cost(of: quantity, at: self.unitCost(of: level, draft))
            if cost == nil { checks.add(.overflow("cost", line: number)) }
        }
        return line.quantity < 0 ? -(cost ?? 0) : cost ?? 0
    }

    /// The opening balance of a line.
    static func opening(
        _ line: PastSaleLine,
        of sale: PastSale,
        costing cost: Money
    ) -> Movement {
        Movement(
            kind: .openingBalance,
            product: line.product,
            location: sale.location,
            onHandDelta: line.quantity,
            cost: cost,
            note: sale.note,
            occurredAt: sale.openedAt ?? sale.occurredAt,
            isImported: true
        )
    }

    /// The movement of a line that consumes its opening balance.
    func movement(
        _ line: PastSaleLine,
        of sale: PastSale,
        costing cost: Money,
        _ draft: Draft
    ) -> Movement {
        let kind: MovementKind = sale.isWriteOff ? .adjust : line.quantity < 0 ? .return : .sale
        let basis = self.facts(line.product, draft)?.price.basis ?? 1
        return Movement(
            kind: kind,
            product: line.product,
            location: sale.location,
            onHandDelta: -line.quantity,
            amount: line.amount,
            price: line.price(preferring: basis),
            cost: -cost,
            reason: sale.isWriteOff ? .other : kind == .return ? .customerReturn : nil,
            reference: sale.reference,
            note: sale.note,
            occurredAt: sale.occurredAt,
            isImported: true
        )
    }
}

extension Level {
    /// Changes the balances as a movement of the past does.
    mutating func add(_ movement: borrowing Movement) {
        self.onHand += movement.onHandDelta
        self.value += movement.cost
    }
}

extension PastSale {
    /// Which lines of the receipt these are.
    var part: ReceiptPart {
        ReceiptPart(
            day: self.receiptDay,
            firstLine: self.firstLine,
            count: UInt16(self.lines.count)
        )
    }

    /// The day that identifies the receipt.
    var receiptDay: CalendarDay { self.day ?? CalendarDay(ofUTC: self.occurredAt) }
}

extension PastSaleLine {
    /// The exact price: for `basis` base units if it is a whole number of minor units then, otherwise for the
    /// line's quantity; none without one.
    fileprivate func price(preferring basis: Int64) -> Price {
        let quantity = abs(self.quantity.baseUnits)
        let amount = abs(self.amount.minorUnits)
        guard quantity > 0 else { return Price(0) }
        let (price, rest) = (Int128(amount) * Int128(basis)).quotientAndRemainder(
            dividingBy: Int128(quantity)
        )
        guard rest == 0, price <= Int128(Limits.moneyMax) else {
            return Price(amount, per: quantity)
        }
        return Price(Int64(price), per: basis)
    }
}

/// What a line of a receipt on record says.
struct ReceiptLine {
    fileprivate var product: ProductID
    fileprivate var quantity: Quantity
    fileprivate var amount: Money
    /// With the sign of the quantity.
    fileprivate var cost: Money
    fileprivate var occurredAt: Instant
    fileprivate var isWriteOff: Bool

    /// Whether a line that is sent again says the same.
    ///
    /// A line without a cost says nothing about it.
    fileprivate func isSame(as line: PastSaleLine, of sale: PastSale) -> Bool {
        let cost = line.cost.map { line.quantity < 0 ? -$0 : $0 }
        return self.product == line.product && self.quantity == line.quantity
            && self.amount == line.amount && (cost == nil || self.cost == cost)
            && self.occurredAt == sale.occurredAt && self.isWriteOff == sale.isWriteOff
    }
}

extension MovementLedger {
    /// The line of a receipt that a row is.
    fileprivate func receiptLine(_ row: Int) -> ReceiptLine {
        ReceiptLine(
            product: ProductID(self.products[row]),
            quantity: Quantity(-self.onHandDeltas[row]),
            amount: Money(self.amounts[row]),
            cost: Money(-self.costs[row]),
            occurredAt: Instant(microseconds: self.occurredAt[row]),
            isWriteOff: self.kind(row) == .adjust
        )
    }
}

/// What earlier commands of an atomic batch record of a receipt.
struct DraftReceipt {
    /// What identifies the receipt, whose reference may be new.
    struct Key: Hashable {
        private let location: LocationID
        private let reference: String
        private let day: CalendarDay

        init(_ sale: PastSale) {
            self.location = sale.location
            self.reference = sale.reference
            self.day = sale.receiptDay
        }
    }

    /// By the numbers of the lines in the receipt.
    fileprivate private(set) var lines: [Int: ReceiptLine] = [:]
    fileprivate private(set) var partCount = 0

    fileprivate mutating func add(_ sale: PastSale, costing costs: [Money]) {
        self.partCount += 1
        for (index, line) in sale.lines.enumerated() {
            self.lines[Int(sale.firstLine) + index] = ReceiptLine(
                product: line.product,
                quantity: line.quantity,
                amount: line.amount,
                cost: costs[index],
                occurredAt: sale.occurredAt,
                isWriteOff: sale.isWriteOff
            )
        }
    }
}
