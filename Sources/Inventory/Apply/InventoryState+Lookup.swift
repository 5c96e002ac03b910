internal import ColumnStore

/// How rules find things: first what the step itself did, then the tables.
extension InventoryState {
    // MARK: - Products

    /// What selling needs to know of a product.
    func facts(_ id: ProductID, _ draft: Draft) -> ProductTable.Facts? {
        if !draft.products.isEmpty || !draft.deletedProducts.isEmpty {
            if draft.deletedProducts.contains(id) { return nil }
            if let product = draft.products[id] {
                return ProductTable.Facts(
                    status: product.status,
                    price: product.price,
                    reorderPoint: product.reorderPoint
                )
            }
        }
        return self.tables.products.facts(id)
    }

    /// The whole product; nothing if there is none.
    func stored(_ id: ProductID, _ draft: Draft) -> Product? {
        if draft.deletedProducts.contains(id) { return nil }
        if let product = draft.products[id] { return product }
        return self.tables.products.contains(id) ? self.tables.product(id) : nil
    }

    /// Whether any movement names the product.
    func hasHistory(_ id: ProductID, _ draft: Draft) -> Bool {
        if draft.movedProducts.contains(id) { return true }
        return id.row < self.tables.products.rowCount
            && self.tables.products.movementCounts[id.row] > 0
    }

    func product(skuKey: String, _ draft: Draft) -> ProductID? {
        if let holder = draft.skus[skuKey] { return holder }
        return self.indexes.product(skuKey: skuKey, in: self.tables.products)
    }

    func product(barcodeKey: String, _ draft: Draft) -> ProductID? {
        if let holder = draft.barcodes[barcodeKey] { return holder }
        return self.indexes.product(barcodeKey: barcodeKey, in: self.tables.products)
    }

    // MARK: - Categories and locations

    func category(_ id: CategoryID, _ draft: Draft) throws(Refusal) -> Category {
        if let category = draft.categories[id] { return category }
        guard self.tables.categories.contains(id) else {
            throw Refusal(.categoryNotFound, .id(UInt64(id.value)))
        }
        return self.tables.categories.category(id)
    }

    func category(nameKey: String, _ draft: Draft) -> CategoryID? {
        if let holder = draft.categoryNames[nameKey] { return holder }
        return self.indexes.category(nameKey: nameKey)
    }

    func location(_ id: LocationID, _ draft: Draft) throws(Refusal) -> Location {
        if let location = draft.locations[id] { return location }
        guard self.tables.locations.contains(id) else {
            throw Refusal(.locationNotFound, .id(UInt64(id.value)))
        }
        return self.tables.locations.location(id)
    }

    func location(codeKey: String, _ draft: Draft) -> LocationID? {
        if let holder = draft.locationCodes[codeKey] { return holder }
        return self.indexes.location(codeKey: codeKey)
    }

    /// Whether a location is there, and whether stock may move at it; no text is touched.
    func isArchived(_ id: LocationID, _ draft: Draft) -> Bool? {
        if !draft.locations.isEmpty, let location = draft.locations[id] {
            return location.isArchived
        }
        guard self.tables.locations.contains(id) else { return nil }
        return self.tables.locations.isArchived(id)
    }

    // MARK: - Levels

    /// The level as the step has left it so far; an empty one where there is none.
    func level(_ product: ProductID, _ location: LocationID, _ draft: Draft) -> Level {
        draft.level(product, location) ?? self.tables.levels.level(product, location)
    }

    // MARK: - Reservations and transfers

    /// The reservation as the step has left it so far; nothing if there is none.
    func reservation(_ id: ReservationID, _ draft: Draft) -> Reservation? {
        if let reservation = draft.reservations[id] { return reservation }
        return self.tables.reservations.contains(id) ? self.tables.reservation(id) : nil
    }

    /// The transfer as the step has left it so far; nothing if there is none.
    func transfer(_ id: TransferID, _ draft: Draft) -> Transfer? {
        if let transfer = draft.transfers[id] { return transfer }
        return self.tables.transfers.contains(id) ? self.tables.transfer(id) : nil
    }

    /// How many transfers that `matches` takes are on their way once the step is done as far as it
    /// is, given how many there were before it.
    func openTransfers(
        _ before: Int,
        _ draft: Draft,
        where matches: (Transfer) -> Bool
    ) -> Int {
        draft.transfers.values.reduce(before) { count, transfer in
            guard matches(transfer) else { return count }
            let isStored = self.tables.transfers.contains(transfer.id)
            let was = isStored && self.tables.transfers.isInTransit(transfer.id.row)
            return count + (transfer.state == .inTransit ? 1 : 0) - (was ? 1 : 0)
        }
    }

    /// Whether stock of the product is promised to somebody or on its way.
    ///
    /// - Complexity: O(locations)
    func isSpokenFor(_ product: ProductID, _ draft: Draft) -> Bool {
        let locations = self.tables.locations.rowCount + Int(draft.createdLocations)
        for row in 1..<locations
        where self.level(product, LocationID(UInt16(row)), draft).reserved > 0 {
            return true
        }
        let before = self.openTransfers.count(of: product)
        return self.openTransfers(before, draft) { $0.product == product } > 0
    }

    // MARK: - Checks many rules share

    /// Checks that the product and the location of one line are there and may move stock.
    ///
    /// - Returns: What is known of the product; nothing where a finding was added.
    func checkPlace(
        _ product: ProductID,
        _ location: LocationID,
        line: UInt32?,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> ProductTable.Facts? {
        let facts = self.facts(product, draft)
        if let facts {
            if facts.status == .archived {
                findings.add(Refusal(.archived, line: line, .id(UInt64(product.value))))
            }
        } else {
            findings.add(Refusal(.productNotFound, line: line, .id(UInt64(product.value))))
        }
        switch self.isArchived(location, draft) {
        case .none:
            findings.add(Refusal(.locationNotFound, line: line, .id(UInt64(location.value))))
            return nil
        case .some(true):
            findings.add(Refusal(.archived, line: line, .id(UInt64(location.value))))
            return nil
        case .some(false):
            return facts?.status == .archived ? nil : facts
        }
    }

    /// Checks that a revision is the one the request expects, if it expects any.
    func check(
        revision actual: UInt64,
        is expected: UInt64?,
        line: UInt32? = nil,
        _ findings: inout Findings
    ) {
        guard let expected, expected != actual else { return }
        findings.add(
            Refusal(.revisionMismatch, line: line, .revision(expected: expected, actual: actual))
        )
    }

    /// When a movement happened: what the request says if it may say so, else now.
    func occurrence(
        _ occurred: Occurrence?,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> Instant {
        guard let occurred else { return draft.time }
        let (earliest, latest) = Self.window(of: occurred, at: draft.time)
        if occurred.at < earliest || occurred.at > latest {
            findings.add(
                Refusal(
                    .occurredAtOutOfWindow,
                    .range(
                        "occurredAt",
                        value: occurred.at.microseconds,
                        lowest: earliest.microseconds,
                        highest: latest.microseconds
                    )
                )
            )
        }
        return occurred.at
    }

    /// The first and the last instant at which what is recorded at `time` may have happened.
    private static func window(
        of occurred: Occurrence,
        at time: Instant
    ) -> (earliest: Instant, latest: Instant) {
        let earliest =
            occurred.isImported
            ? Instant(microseconds: .min)
            : time.advanced(bySeconds: -Limits.occurredAtPastSeconds)
        return (earliest, time.advanced(bySeconds: Limits.occurredAtFutureSeconds))
    }

    /// Whether what is recorded at `time` may have happened then.
    static func isInWindow(_ occurred: Occurrence, at time: Instant) -> Bool {
        let (earliest, latest) = Self.window(of: occurred, at: time)
        return occurred.at >= earliest && occurred.at <= latest
    }

    /// Checks how many lines a request has, and its reference and note.
    func checkLines(
        _ count: Int,
        reference: String,
        note: String,
        _ findings: inout Findings
    ) {
        if count == 0 {
            findings.add(Refusal(.invalidField, .field("lines", problem: "is empty")))
        } else if count > Limits.linesMax {
            findings.add(
                Refusal(
                    .tooManyLines,
                    .range(
                        "lines",
                        value: Int64(count),
                        lowest: 1,
                        highest: Int64(Limits.linesMax)
                    )
                )
            )
        }
        self.checkTexts(reference: reference, note: note, &findings)
    }

    func checkTexts(reference: String, note: String, _ findings: inout Findings) {
        findings.check(
            "reference",
            reference,
            byteCountMax: Limits.referenceByteCountMax,
            mayBeEmpty: true
        )
        findings.check("note", note, byteCountMax: Limits.noteByteCountMax, mayBeEmpty: true)
    }

    /// Checks that a level's balances stay within the range of quantities and money.
    func checkRange(of level: Level, line: UInt32?, _ findings: inout Findings) {
        let range = -Limits.quantityMax...Limits.quantityMax
        findings.check("onHand", level.onHand, in: range, line: line)
        findings.check("unavailable", level.unavailable, in: range, line: line)
        findings.check("incoming", level.incoming, in: range, line: line)
        if !Money(level.value).isInRange {
            findings.add(Refusal(.amountOverflow, line: line, .field("value", problem: "of stock")))
        }
    }
}

extension Refusal {
    static func notFound(_ id: ProductID) -> Refusal {
        Refusal(.productNotFound, .id(UInt64(id.value)))
    }
}
