internal import ColumnStore
internal import InventoryModel

/// Checks of the receipts of the past.
extension Verification {
    /// Checks that each line of a receipt is in the ledger under its reference and location, and that the
    /// movements of the past leave every balance as it was.
    mutating func checkReceipts() throws(Refusal) {
        let receipts = self.tables.receipts
        var failure: String?
        for part in 0..<receipts.rowCount {
            try self.checkpoint(at: part)
            if let problem = self.problem(ofPart: part) { failure = failure ?? problem }
        }
        self.note("receipts are in the ledger", checked: receipts.rowCount, failure: failure)
        try self.checkPast()
    }

    private func problem(ofPart part: Int) -> String? {
        let (receipts, ledger) = (self.tables.receipts, self.tables.ledger)
        for line in receipts.lines(part) {
            let row = receipts.ledgerRow(ofLine: line, in: part)
            guard row < ledger.rowCount else { return "line \(line) has no movement" }
            let isLine: Bool =
                switch ledger.kind(row) {
                case .sale, .return, .adjust: true
                default: false
                }
            if !isLine || ledger.references[row] != receipts.references[part]
                || ledger.locations[row] != receipts.locations[part]
            {
                return "LSN \(ledger.lsns[row]) is not line \(line) of its receipt"
            }
        }
        return nil
    }

    /// Checks that each line of the past is the opposite of its opening balance.
    private mutating func checkPast() throws(Refusal) {
        let ledger = self.tables.ledger
        var failure: String?
        var checked = 0
        for row in 0..<ledger.rowCount {
            try self.checkpoint(at: row)
            guard ledger.origins[row] > 0, ledger.kind(row) != .reversal else { continue }
            let origin = Int(ledger.origins[row]) - 1
            guard ledger.kind(origin) == .openingBalance else { continue }
            checked += 1
            let isOpposite =
                ledger.onHandDeltas[row] == -ledger.onHandDeltas[origin]
                && ledger.costs[row] == -ledger.costs[origin]
                && ledger.products[row] == ledger.products[origin]
                && ledger.locations[row] == ledger.locations[origin]
            if !isOpposite {
                failure = failure ?? "LSN \(ledger.lsns[row]) differs from its opening balance"
            }
        }
        self.note("the past changes no stock", checked: checked, failure: failure)
    }
}
