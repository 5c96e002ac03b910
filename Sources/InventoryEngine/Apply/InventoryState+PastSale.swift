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

    /// Checks all of a receipt except whether it is on record, and the balances that it would leave.
    ///
    /// - Returns: The amount of all lines.
    private func check(
        _ sale: PastSale,
        in draft: Draft,
        _ findings: inout Findings
    ) -> Money {
        let isArchived = self.isArchived(sale.location, draft)
        self.checkLines(sale.lineCount, reference: sale.reference, note: sale.note, &findings)
        self.checkMovements(2 * sale.lines.count, draft: draft, checks: &findings)
        self.check(terms: sale, isArchived: isArchived, at: draft.time, &findings)
        var total = Money.zero
        for (index, line) in sale.lines.enumerated() {
            Self.check(
                line,
                number: UInt32(index),
                isWriteOff: sale.isWriteOff,
                facts: self.facts(line.product, draft),
                adding: &total,
                &findings
            )
        }
        return total
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
    func isNew(_ sale: some PastSaleTerms) -> Bool {
        guard !sale.reference.isEmpty, let key = self.receiptKey(of: sale) else { return true }
        return !self.receipts.contains(key, in: self.tables.receipts)
    }

    /// What identifies the receipt; `nil` if its reference is not on record anywhere.
    private func receiptKey(of sale: some PastSaleTerms) -> ReceiptTable.Key? {
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
        var opening = Movement(openingFor: sale)
        var movement = Movement(past: sale)
        let numbers = sale.lines.indices.map { index in
            let line = sale.lines[index]
            let basis = self.facts(line.product, draft)?.price.basis ?? 1
            return PastLine(line, costing: costs[index], per: basis)
        }
        for (index, line) in numbers.enumerated() where line.quantity != 0 {
            opening.set(opening: line)
            var level = self.level(line.product, location: sale.location, draft: draft)
            level.add(opening)
            guard self.checkRange(of: level, line: UInt32(index), &findings) else { continue }
            draft.move(opening, leaving: level, isPast: true)
        }
        try findings.settle()
        var next = firstOpening
        for line in numbers {
            var level = self.level(line.product, location: sale.location, draft: draft)
            movement.set(past: line, isWriteOff: sale.isWriteOff)
            level.add(movement)
            movement.origin = nil
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
        guard let part = sale.part else { return }
        draft.append(.receiptRecorded(part))
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
            let number = UInt32(index)
            costs.append(
                Self.cost(of: line, number: number, &findings) { self.unitCost(of: level, draft) }
            )
        }
        return costs
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
