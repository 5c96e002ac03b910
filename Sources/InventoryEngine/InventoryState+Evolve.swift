public import Bytes
internal import ColumnStore
public import InventoryModel

extension InventoryState {
    /// Applies one decided step to the state, which is the only way the state changes.
    ///
    /// Recovery, replicas and the engine call it entry by entry, with consecutive LSNs. An entry that
    /// does not fit the state is a bug (the log's bytes were checked before) and stops the process.
    ///
    /// - Complexity: O(changes)
    public mutating func evolve(_ entry: Entry) {
        self.evolve(
            entry.changes,
            lsn: entry.lsn,
            time: entry.time,
            actor: entry.actor,
            remembering: nil
        )
    }

    /// Applies an entry of these changes, and remembers the outcome logged after them.
    ///
    /// - Complexity: O(changes)
    public mutating func evolve(
        _ changes: [Change],
        lsn: LSN,
        time: Instant,
        actor: String,
        remembering outcome: RememberedOutcome?
    ) {
        let rowCount = self.tables.ledger.rowCount
        self.begin(lsn, at: time)
        var line: UInt16 = 0
        for change in changes { self.apply(change, line: &line, by: actor) }
        if let outcome { self.remember(outcome) }
        self.assertEnded(lsn, rows: rowCount + Int(line))
    }

    /// ``evolve(_:)`` of an encoded entry; recovery and replicas call it millions of times.
    ///
    /// Movements, which make up nearly every entry, are applied without making a list of changes.
    ///
    /// - Throws: `ByteReaderError` if the bytes are not an entry. The state may then contain a part of
    ///   the entry and must be discarded.
    /// - Complexity: O(changes)
    public mutating func evolve(_ entry: EntryView) throws(ByteReaderError) {
        let rowCount = self.tables.ledger.rowCount
        self.begin(entry.lsn, at: entry.time)
        var line: UInt16 = 0
        var strings = EntryStrings()
        var changes = entry.changes
        for _ in 0..<entry.changeCount {
            let byteCount = Int(try changes.readUInt32())
            var reader = ByteReader(try changes.readBytes(byteCount))
            switch try reader.readCase(ChangeTag.self, "change") {
            case .moved:
                let movement = try Movement(from: &reader, recordedAt: self.time, &strings)
                let level = try Level.balances(
                    from: &reader,
                    movement.product,
                    movement.location,
                    at: self.lsn
                )
                self.move(movement, leaving: level, line: line, by: entry.actor)
                line += 1
            case .sessionAdvanced:
                self.remember(try RememberedOutcome(.sessionAdvanced, from: &reader))
            case .keyRemembered:
                self.remember(try RememberedOutcome(.keyRemembered, from: &reader))
            case let tag:
                let change = try Change(
                    tag,
                    from: &reader,
                    lsn: self.lsn,
                    time: self.time,
                    &strings
                )
                self.apply(change, line: &line, by: entry.actor)
            }
            try reader.finish()
        }
        try changes.finish()
        self.assertEnded(entry.lsn, rows: rowCount + Int(line))
    }

    /// Advances to the next step.
    mutating func begin(_ lsn: LSN, at time: Instant) {
        precondition(lsn == self.lsn + 1, "LSN \(lsn) does not follow \(self.lsn)")
        precondition(time > self.time, "\(time) is not after \(self.time)")
        self.lsn = lsn
        self.time = time
    }

    /// Asserts at the end of a step that its movements are in the ledger, under its LSN.
    @inline(__always)
    func assertEnded(_ lsn: LSN, rows: Int) {
        assert(self.lsn == lsn, "a step of LSN \(lsn) ended at \(self.lsn)")
        let found = self.tables.ledger.rowCount
        assert(found == rows, "LSN \(lsn) leaves \(found) rows, not \(rows)")
        assert(
            rows == 0 || self.tables.ledger.lsns[rows - 1] <= lsn.value,
            "LSN \(lsn) leaves a row of a later one"
        )
    }

    mutating func remember(_ remembered: RememberedOutcome) {
        switch remembered.name {
        case .session(let number, let sequence):
            let run = self.sessions.advance(
                number,
                to: sequence,
                digest: remembered.digest,
                outcome: remembered.outcome,
                at: self.time
            )
            guard let run else { return }
            let refused = Outcome.errorsOnlyRefusalCount(remembered.outcome)
            self.tables.importRuns.advance(run, to: sequence, refusing: refused)
        case .key(let fingerprint):
            self.keys.remember(
                fingerprint,
                digest: remembered.digest,
                at: self.time,
                remembered.outcome
            )
        }
    }

    private mutating func apply(_ change: Change, line: inout UInt16, by actor: String) {
        switch change {
        case .moved(let movement, let level):
            self.move(movement, leaving: level, line: line, by: actor)
            line += 1
        case .sessionAdvanced(let number, let sequence, let digest, let outcome):
            outcome.withUnsafeBytes {
                let name = RememberedOutcome.Name.session(number, sequence: sequence)
                self.remember(RememberedOutcome(name, digest: digest, outcome: $0))
            }
        case .keyRemembered(let fingerprint, let digest, let outcome):
            outcome.withUnsafeBytes {
                self.remember(RememberedOutcome(.key(fingerprint), digest: digest, outcome: $0))
            }
        case .keysForgotten(let count):
            self.keys.forget(count)
        case .receiptRecorded(let part):
            self.record(part)
        case .alert(let kind, let isRaised, let product, let location, _, _):
            self.tables.levels.setAlert(product, location: location, as: kind, isRaised: isRaised)
        case .level(let level):
            self.tables.levels.put(level, revision: self.lsn)
            self.tables.products.setRevision(level.product, self.lsn)
        case .reorderPoint(let change):
            self.tables.levels.setReorderPoint(change)
        case .demandRefused(let refused):
            let reference = self.intern(refused.reference)
            let actor = self.intern(actor)
            self.tables.refusals.append(
                refused,
                lsn: self.lsn,
                recordedAt: self.time,
                reference: reference,
                actor: actor
            )
        case .reservation(let reservation):
            self.put(reservation)
        case .transfer(let transfer):
            self.put(transfer)
        case .importRun(let run):
            self.put(run, by: actor)
        case .importPart(let part):
            self.put(part)
        case .productInferred(let times):
            self.put(times)
        case .productCreated, .productUpdated, .productArchived, .productDeleted, .category,
            .location, .databaseCreated:
            self.evolveCatalog(change)
        case .sessionOpened(let id, let number):
            self.sessions.open(id, number: number, at: self.time, resuming: self.resumed(by: id))
        case .sessionsExpired(let numbers):
            self.sessions.expire(numbers)
        case .productLeft:
            // A subscription's filter changes nothing here.
            break
        }
    }

    /// Applies a movement, line `line` of the step, and the level that it leaves.
    ///
    /// Not inlined: in a loop of its caller, the compiler copies the ledger's columns for each movement.
    @inline(never)
    mutating func move(
        _ movement: Movement,
        leaving level: Level,
        line: UInt16,
        by actor: String
    ) {
        self.checkBalance(movement, level)
        let row = self.tables.ledger.rowCount
        let origin = movement.origin.map { id -> Int in
            let isOfStep = id.lsn == self.lsn && id.line < line
            if isOfStep { return row - Int(line - id.line) }
            guard let origin = self.tables.ledger.row(of: id) else {
                preconditionFailure("LSN \(self.lsn) refers to a movement that is not there: \(id)")
            }
            return origin
        }
        let strings = MovementLedger.StringCodes(
            reference: movement.reference.isEmpty
                ? 0
                : self.indexes.internReference(movement.reference, in: &self.tables.strings),
            note: movement.note.isEmpty ? 0 : self.intern(movement.note),
            actor: self.indexes.internActor(actor, in: &self.tables.strings)
        )
        self.tables.ledger.append(
            movement,
            id: MovementID(lsn: self.lsn, line: line),
            recordedAt: self.time,
            origin: origin,
            strings: strings,
            backordered: self.tables.ledger.backordered(
                by: movement.kind,
                of: movement.onHandDelta,
                leaving: level.onHand,
                returned: origin.map { ($0, self.links.returned($0)) }
            )
        )
        if let origin { self.links.note(row, origin: origin, in: self.tables.ledger) }
        if movement.incomingDelta != 0 { self.expectedGoods.note(row, in: self.tables.ledger) }
        self.tables.levels.put(level, revision: self.lsn)
        let isPast =
            movement.kind == .openingBalance || origin != nil && self.tables.ledger.isPast(row)
        if !isPast {
            self.tables.levels.noteCost(of: movement, leaving: level)
        }
        self.tables.products.setRevision(movement.product, self.lsn)
        self.tables.products.countMovement(movement.product)
        assert(self.hasBalances(of: level), "LSN \(self.lsn) did not leave \(level)")
    }

    /// Whether a level has the balances that a step says it leaves, whatever its alerts.
    func hasBalances(of level: Level) -> Bool {
        var expected = level
        let found = self.tables.levels.level(level.product, level.location)
        expected.alerts = found.alerts
        expected.revision = self.lsn
        return found == expected
    }

    /// Checks that a movement's deltas lead to the balances that it leaves.
    func checkBalance(_ movement: Movement, _ level: Level) {
        let old = self.tables.levels.level(movement.product, movement.location)
        precondition(
            level.onHand == old.onHand + movement.onHandDelta
                && level.unavailable == old.unavailable + movement.unavailableDelta
                && level.reserved == old.reserved + movement.reservedDelta
                && level.incoming == old.incoming + movement.incomingDelta
                && level.value == old.value + movement.cost,
            "LSN \(self.lsn) moves \(movement) from \(old) to \(level)"
        )
    }

    /// Records which lines of a receipt the latest movements are.
    mutating func record(_ part: ReceiptPart) {
        let row = self.tables.ledger.rowCount - Int(part.count)
        precondition(
            part.count > 0 && row >= 0 && self.tables.ledger.lsns[row] == self.lsn.value,
            "LSN \(self.lsn) has fewer movements than its receipt has lines: \(part)"
        )
        let key = ReceiptTable.Key(
            LocationID(self.tables.ledger.locations[row]),
            reference: self.tables.ledger.references[row],
            day: part.day
        )
        self.record(part, of: key, ledgerRow: row)
    }

    /// Records which lines of a receipt the movements from `row` on are.
    mutating func record(_ part: ReceiptPart, of key: ReceiptTable.Key, ledgerRow row: Int) {
        precondition(key.reference != 0, "LSN \(self.lsn): a receipt without a reference")
        self.tables.receipts.append(key, firstLine: part.firstLine, count: part.count, row: row)
        self.receipts.insert(self.tables.receipts.rowCount - 1, in: self.tables.receipts)
    }

    private mutating func put(_ reservation: Reservation) {
        let row = reservation.id.row
        var dueBefore: Instant?
        if self.tables.reservations.contains(reservation.id) {
            precondition(
                self.tables.reservations.isOpen(row),
                "LSN \(self.lsn) changes reservation \(row), which is closed"
            )
            dueBefore = Instant(microseconds: self.tables.reservations.expiresAt[row])
        }
        let reference = dueBefore == nil ? self.intern(reservation.reference) : 0
        self.tables.reservations.put(reservation, reference: reference)
        self.deadlines.note(row, dueBefore: dueBefore, in: self.tables.reservations)
    }

    private mutating func put(_ transfer: Transfer) {
        let row = transfer.id.row
        let isKnown = self.tables.transfers.contains(transfer.id)
        let before = isKnown ? self.tables.transfers.items.remaining[row] : 0
        if isKnown {
            precondition(
                self.tables.transfers.isOpen(row),
                "LSN \(self.lsn) changes transfer \(row), which is closed"
            )
        }
        let reference = isKnown ? 0 : self.intern(transfer.reference)
        self.tables.transfers.put(transfer, reference: reference)
        self.openTransfers.note(
            row,
            wasInTransit: isKnown,
            remainingBefore: Quantity(before),
            in: self.tables.transfers
        )
    }

    mutating func intern(_ text: String) -> UInt32 {
        self.indexes.intern(text, in: &self.tables.strings)
    }

    private mutating func evolveCatalog(_ change: Change) {
        self.tables.catalogLSN = self.lsn
        switch change {
        case .databaseCreated(let currency):
            precondition(self.lsn == 1, "a database is created once, not at LSN \(self.lsn)")
            self.currency = currency
        case .category(let category):
            let old =
                self.tables.categories.contains(category.id)
                ? self.tables.categories.category(category.id) : nil
            self.indexes.replace(old, with: category)
            self.tables.categories.put(category)
        case .location(let location):
            let old =
                self.tables.locations.contains(location.id)
                ? self.tables.locations.location(location.id) : nil
            self.indexes.replace(old, with: location)
            self.tables.locations.put(location)
        case .productCreated(let product):
            self.create(product)
        case .productUpdated(let id, let difference):
            self.update(id, difference)
        case .productArchived(let id):
            self.remove(id, leaving: .archived)
        case .productDeleted(let id):
            self.remove(id, leaving: nil)
        case .moved, .level, .reorderPoint, .demandRefused, .alert, .sessionOpened,
            .sessionAdvanced,
            .sessionsExpired, .keyRemembered, .keysForgotten, .reservation, .transfer,
            .importRun, .importPart, .productInferred, .productLeft, .receiptRecorded:
            preconditionFailure("not a change of the catalog: \(change)")
        }
    }

    mutating func create(_ product: Product) {
        precondition(product.id == self.tables.products.nextID, "\(product.id) leaves a gap")
        self.tables.catalogLSN = self.lsn
        let unit = self.intern(product.unit.code)
        self.tables.products.append(product, unitCode: unit)
        self.indexes.insert(product.id, in: self.tables.products)
        self.tables.categories.addProduct(product.category)
    }

    private mutating func update(_ id: ProductID, _ difference: ProductDifference) {
        self.indexes.remove(id, in: self.tables.products)
        if difference.movesProduct { self.tables.movedLSN = self.lsn }
        if difference.contains(.category) {
            self.tables.categories.removeProduct(difference.before.category)
            self.tables.categories.addProduct(difference.after.category)
        }
        let unitCode =
            difference.contains(.unit) ? self.intern(difference.after.unit.code) : 0
        self.tables.products.apply(difference, to: id, unitCode: unitCode)
        self.endInference(of: id)
        self.indexes.insert(id, in: self.tables.products)
        self.tables.products.setUpdated(id, at: self.time)
        self.tables.products.setRevision(id, self.lsn)
    }

    private mutating func remove(_ id: ProductID, leaving status: ProductStatus?) {
        self.indexes.remove(id, in: self.tables.products)
        self.tables.categories.removeProduct(CategoryID(self.tables.products.categories[id.row]))
        self.tables.products.setStatus(id, status)
        self.endInference(of: id)
        self.tables.products.setUpdated(id, at: self.time)
        self.tables.products.setRevision(id, self.lsn)
    }
}
