internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The invariants of the state: its tables, indexes and derived counters agree.
///
/// `verify` recomputes balances from the ledger; this checks the rest, which no query sees. Tests and the
/// simulation call it after steps. A step itself only asserts, in debug builds, what it has at hand.
extension InventoryState {
    /// Stops the process if an invariant does not hold.
    ///
    /// - Complexity: O(rows of all tables)
    public func checkInvariants() {
        self.tables.checkInvariants()
        self.indexes.checkInvariants(for: self.tables)
        self.links.checkInvariants(for: self.tables.ledger)
        self.sessions.checkInvariants()
        self.keys.checkInvariants()
        self.deadlines.checkInvariants(for: self.tables.reservations)
        self.openTransfers.checkInvariants(for: self.tables.transfers)
        self.expectedGoods.checkInvariants(for: self.tables.ledger)
        self.importRuns.checkInvariants(for: self.tables.importRuns)
        self.checkImportRuns()
        self.checkInferredProducts()
        self.receipts.checkInvariants(for: self.tables.receipts)
        let last = max(self.tables.catalogLSN, self.tables.movedLSN)
        precondition(last <= self.lsn, "the catalog is at LSN \(last), the state at \(self.lsn)")
        let rowCount = self.tables.ledger.rowCount
        guard rowCount > 0 else { return }
        let lsn = LSN(self.tables.ledger.lsns[rowCount - 1])
        precondition(lsn <= self.lsn, "the ledger is at LSN \(lsn), the state at \(self.lsn)")
        let recordedAt = self.tables.ledger.recordedAt[rowCount - 1]
        precondition(
            recordedAt <= self.time.microseconds,
            "the ledger is at \(recordedAt), the state at \(self.time)"
        )
    }
}

extension InventoryState {
    /// Stops the process unless exactly the sessions of runs are bound to them, and have decided as many
    /// requests.
    private func checkImportRuns() {
        for session in self.sessions.sessions {
            let row = self.importRuns.row(of: session.id, in: self.tables.importRuns)
            precondition(session.run == row, "session \(session.number) is not of run \(row ?? -1)")
            guard let row else { continue }
            let requests = self.tables.importRuns.requests[row]
            precondition(
                requests == session.sequence,
                "run \(row + 1) has \(requests) requests, its session \(session.sequence)"
            )
        }
    }
}

extension InventoryState {
    /// Stops the process unless exactly the inferred products of the table are found by their ids.
    private func checkInferredProducts() {
        let table = self.tables.inferredProducts
        self.inferredProducts.checkInvariants()
        self.inferredProducts.forEach { id, row in
            precondition(table.times(row)?.product == id, "product \(id) is not in row \(row)")
        }
        let count = (0..<table.rowCount).count { table.times($0) != nil }
        precondition(
            count == self.inferredProducts.count,
            "\(count) products are inferred, \(self.inferredProducts.count) are found"
        )
    }
}

extension InventoryTables {
    /// - Complexity: O(rows)
    func checkInvariants() {
        self.categories.checkInvariants()
        self.locations.checkInvariants()
        self.products.checkInvariants()
        self.levels.checkInvariants()
        self.ledger.checkInvariants()
        self.refusals.checkInvariants()
        self.reservations.checkInvariants()
        self.transfers.checkInvariants()
        self.importRuns.checkInvariants(in: self.strings)
        self.importParts.checkInvariants(for: self.importRuns)
        self.inferredProducts.checkInvariants(for: self.products)
        self.receipts.checkInvariants(in: self.ledger)
        precondition(
            self.strings.count > 0 && self.strings.isEmpty(0),
            "code 0 is not the empty string"
        )
        for row in 0..<self.levels.rowCount {
            let product = ProductID(self.levels.products[row])
            let location = LocationID(self.levels.locations[row])
            precondition(product.row < self.products.rowCount, "no product of level \(product)")
            precondition(self.locations.contains(location), "no location of level \(location)")
        }
        for row in 0..<self.ledger.rowCount {
            let product = ProductID(self.ledger.products[row])
            let location = LocationID(self.ledger.locations[row])
            let level = self.levels.row(product, location)
            precondition(level != nil, "row \(row) of the ledger moves a missing level")
            for text in [
                self.ledger.references[row], self.ledger.notes[row], self.ledger.actors[row],
            ] {
                precondition(
                    Int(text) < self.strings.count,
                    "row \(row) has the unknown string \(text)"
                )
            }
        }
    }
}

extension CategoryTable {
    /// - Complexity: O(1)
    func checkInvariants() {
        self.checkColumns("categories")
    }
}

extension LocationTable {
    /// - Complexity: O(1)
    func checkInvariants() {
        self.checkColumns("locations")
    }
}

extension ProductTable {
    /// - Complexity: O(products)
    func checkInvariants() {
        self.checkColumns("products")
        for row in 1..<max(self.rowCount, 1) {
            precondition(
                self.skuKeys[row] == NormalizedText.key(self.skus[row])
                    && self.barcodeKeys[row] == NormalizedText.barcodeKey(self.barcodes[row]),
                "product \(row) has keys that do not match its SKU or barcode"
            )
        }
    }
}

extension MovementLedger {
    /// - Complexity: O(movements)
    func checkInvariants() {
        self.checkColumns("ledger", except: Self.backorderParts)
        precondition(self.backorderRows.count == self.backorderUnits.count, "backorders")
        for index in 0..<self.backorderRows.count {
            let row = Int(self.backorderRows[index])
            let isAscending =
                index == 0 || self.backorderRows[index - 1] < self.backorderRows[index]
            precondition(row < self.rowCount && isAscending, "backorder \(index) is of row \(row)")
            precondition(self.backorderUnits[index] > 0, "backorder \(index) has no units")
        }
        var reversals = 0
        for row in 0..<self.rowCount {
            precondition(self.origins[row] <= UInt64(row), "row \(row) has a later origin")
            if self.kind(row) == .reversal {
                precondition(
                    reversals < self.reversals.count && self.reversals[reversals] == UInt64(row),
                    "row \(row) is not among the reversals"
                )
                reversals += 1
            }
        }
        precondition(self.reversals.count == reversals, "\(reversals) reversals")
    }
}

extension RefusedDemandTable {
    /// - Complexity: O(1)
    func checkInvariants() {
        self.checkColumns("unmet demand")
    }
}

extension ReservationTable {
    /// - Complexity: O(reservations)
    func checkInvariants() {
        self.checkColumns("reservations")
        self.items.checkInvariants(Reservation.terms)
    }
}

extension TransferTable {
    /// - Complexity: O(transfers)
    func checkInvariants() {
        self.checkColumns("transfers")
        self.items.checkInvariants(Transfer.terms)
        for row in 1..<max(self.rowCount, 1) {
            let value = self.values[row]
            precondition(
                value >= 0 && (self.items.remaining[row] > 0 || value == 0),
                "transfer \(row) is worth \(value)"
            )
        }
    }
}

extension ImportRunTable {
    /// - Complexity: O(runs)
    func checkInvariants(in strings: TextColumn) {
        self.checkColumns("import runs")
        for row in 0..<self.rowCount {
            let run = self.run(row)
            precondition(IdempotencyKey(run.name) != nil, "run \(row + 1) is named \(run.name)")
            precondition(
                self.finished[row] <= 1,
                "run \(row + 1) is finished \(self.finished[row])"
            )
            precondition(
                run.isFinished || run.counts == ImportCounts() && run.endedAt == run.begunAt,
                "run \(row + 1) has counts before its end"
            )
            precondition(
                run.begunAt <= run.endedAt && run.revision > 0,
                "run \(row + 1) ended at \(run.endedAt), with revision \(run.revision)"
            )
            precondition(
                row == 0 || self.begunAt[row - 1] <= self.begunAt[row],
                "run \(row + 1) began before the one before it"
            )
            precondition(
                Int(self.actors[row]) < strings.count,
                "run \(row + 1) has the unknown actor \(self.actors[row])"
            )
        }
    }
}

extension ImportPartTable {
    /// - Complexity: O(parts)
    func checkInvariants(for runs: ImportRunTable) {
        self.checkColumns("import parts")
        for row in 0..<self.rowCount {
            precondition(
                (1...runs.rowCount).contains(Int(self.runs[row])),
                "part \(row) is of run \(self.runs[row]), there are \(runs.rowCount)"
            )
            precondition(
                self.firsts[row] <= self.lasts[row],
                "part \(row) has the steps \(self.firsts[row]) to \(self.lasts[row])"
            )
            precondition(
                row == 0 || self.lasts[row - 1] <= self.lasts[row],
                "part \(row) ends before the one before it"
            )
        }
    }
}

extension InferredProductTable {
    /// - Complexity: O(rows)
    func checkInvariants(for products: ProductTable) {
        self.checkColumns("inferred products")
        var seen: Set<ProductID> = []
        for row in 0..<self.rowCount {
            guard let id = self.times(row)?.product else { continue }
            precondition(id.row < products.rowCount, "row \(row) infers a missing product \(id)")
            precondition(seen.insert(id).inserted, "product \(id) is inferred twice")
        }
    }
}

extension ReceiptTable {
    /// - Complexity: O(lines)
    func checkInvariants(in ledger: MovementLedger) {
        self.checkColumns("receipts")
        for part in 0..<self.rowCount {
            let lines = self.lines(part)
            precondition(!lines.isEmpty, "part \(part) of a receipt has no lines")
            for line in lines {
                let row = self.ledgerRow(ofLine: line, in: part)
                precondition(
                    row < ledger.rowCount && self.references[part] == ledger.references[row]
                        && self.locations[part] == ledger.locations[row],
                    "line \(line) of part \(part) is not in row \(row)"
                )
            }
        }
    }
}

extension MovementLinks {
    /// - Complexity: O(movements)
    func checkInvariants(for ledger: MovementLedger) {
        self.returned.checkInvariants()
        self.reversed.checkInvariants()
        let expected = MovementLinks(for: ledger)
        precondition(self.reversed == expected.reversed, "reversed rows differ from the ledger's")
        precondition(self.returned == expected.returned, "returned sums differ from the ledger's")
    }
}
