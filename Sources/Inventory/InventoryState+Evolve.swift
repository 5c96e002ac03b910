internal import ColumnStore

extension InventoryState {
    /// Puts one decided step into the state: the only way it ever changes.
    ///
    /// What recovery, replicas and the engine itself call, entry by entry, each exactly one LSN
    /// after the other. An entry that does not fit the state is a mistake of ours, not of the
    /// world (the log's bytes were checked before), and stops the process.
    ///
    /// - Complexity: O(changes)
    public mutating func evolve(_ entry: Entry) {
        precondition(entry.lsn == self.lsn + 1, "LSN \(entry.lsn) does not follow \(self.lsn)")
        precondition(entry.time > self.time, "\(entry.time) is not after \(self.time)")
        self.lsn = entry.lsn
        self.time = entry.time
        var line: UInt16 = 0
        for change in entry.changes {
            switch change {
            case .moved(let movement, let level):
                self.move(movement, leaving: level, line: line, by: entry.actor)
                line += 1
            case .sessionAdvanced(let number, let sequence, let digest, let outcome):
                self.sessions.advance(
                    number,
                    to: sequence,
                    SessionTable.Remembered(digest: digest, outcome: outcome),
                    at: entry.time
                )
            case .alert(let kind, let isRaised, let product, let location, _, _):
                self.tables.levels.setAlert(product, location, kind, isRaised: isRaised)
            case .level(let level):
                self.tables.levels.put(level, revision: self.lsn)
                self.tables.products.setRevision(level.product, self.lsn)
            case .demandRefused(let refused):
                let reference = self.intern(refused.reference)
                let actor = self.intern(entry.actor)
                self.tables.refusals.append(
                    refused,
                    lsn: self.lsn,
                    recordedAt: self.time,
                    reference: reference,
                    actor: actor
                )
            case .productCreated, .productUpdated, .productArchived, .productDeleted, .category,
                .location, .databaseCreated:
                self.evolveCatalog(change)
            case .sessionOpened(let id, let number):
                self.sessions.open(id, number: number, at: entry.time)
            case .sessionsExpired(let numbers):
                self.sessions.expire(numbers)
            }
        }
    }

    private mutating func move(
        _ movement: Movement,
        leaving level: Level,
        line: UInt16,
        by actor: String
    ) {
        self.checkBalance(movement, level)
        let row = self.tables.ledger.rowCount
        let origin = movement.origin.map { id -> Int in
            guard let origin = self.tables.ledger.row(of: id) else {
                preconditionFailure("LSN \(self.lsn) refers to a movement that is not there: \(id)")
            }
            return origin
        }
        let texts = MovementLedger.TextCodes(
            reference: self.intern(movement.reference),
            note: self.intern(movement.note),
            actor: self.intern(actor)
        )
        self.tables.ledger.append(
            movement,
            id: MovementID(lsn: self.lsn, line: line),
            recordedAt: self.time,
            origin: origin,
            texts: texts
        )
        if let origin { self.links.note(row, origin: origin, in: self.tables.ledger) }
        self.tables.levels.put(level, revision: self.lsn)
        self.tables.products.setRevision(movement.product, self.lsn)
        self.tables.products.countMovement(movement.product)
    }

    /// A movement says both its deltas and the balances it leaves: they must agree.
    private func checkBalance(_ movement: Movement, _ level: Level) {
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

    private mutating func intern(_ text: String) -> UInt32 {
        self.indexes.intern(text, in: &self.tables.texts)
    }

    private mutating func evolveCatalog(_ change: Change) {
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
            precondition(product.id == self.tables.products.nextID, "\(product.id) leaves a gap")
            let unit = self.intern(product.unit.code)
            self.tables.products.append(product, unitCode: unit)
            self.indexes.insert(product.id, in: self.tables.products)
            self.tables.categories.addProduct(product.category)
        case .productUpdated(let id, let fields):
            self.update(id, fields)
        case .productArchived(let id):
            self.remove(id, leaving: .archived)
        case .productDeleted(let id):
            self.remove(id, leaving: nil)
        case .moved, .level, .demandRefused, .alert, .sessionOpened, .sessionAdvanced,
            .sessionsExpired:
            preconditionFailure("not a change of the catalog: \(change)")
        }
    }

    private mutating func update(_ id: ProductID, _ fields: [ProductFieldChange]) {
        self.indexes.remove(id, in: self.tables.products)
        for field in fields {
            var unitCode: UInt32 = 0
            if case .unit(_, let unit) = field {
                unitCode = self.intern(unit.code)
            }
            if case .category(let old, let new) = field {
                self.tables.categories.removeProduct(old)
                self.tables.categories.addProduct(new)
            }
            self.tables.products.apply(field, to: id, unitCode: unitCode)
        }
        self.indexes.insert(id, in: self.tables.products)
        self.tables.products.setUpdated(id, at: self.time)
        self.tables.products.setRevision(id, self.lsn)
    }

    private mutating func remove(_ id: ProductID, leaving status: ProductStatus?) {
        self.indexes.remove(id, in: self.tables.products)
        self.tables.categories.removeProduct(CategoryID(self.tables.products.categories[id.row]))
        self.tables.products.setStatus(id, status)
        self.tables.products.setUpdated(id, at: self.time)
        self.tables.products.setRevision(id, self.lsn)
    }
}
