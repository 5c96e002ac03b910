internal import ColumnStore

/// The rules of categories and locations.
extension InventoryState {
    // MARK: - Categories

    func createCategory(_ name: String, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        let name = NormalizedText.trimmed(name)
        try self.checkCategoryName(name, of: nil, draft)
        let next = self.tables.categories.nextID.value
        guard next + draft.createdCategories <= Limits.categoriesMax else {
            throw .tableFull("categories", Int64(Limits.categoriesMax))
        }
        let id = CategoryID(next + draft.createdCategories)
        draft.createdCategories += 1
        return self.put(Category(id: id, name: name), replacing: nil, in: &draft)
    }

    func renameCategory(
        _ id: CategoryID,
        _ name: String,
        ifRevision: UInt64?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let name = NormalizedText.trimmed(name)
        var findings = Findings()
        Self.checkName(name, &findings)
        try findings.settle()
        let old = try self.category(id, draft)
        try self.checkCategoryName(name, of: id, draft)
        self.check(revision: old.revision, is: ifRevision, &findings)
        if old.isArchived { findings.add(Refusal(.archived, .id(UInt64(id.value)))) }
        try findings.settle()
        if old.name == name { return self.done(UInt64(id.value), in: draft) }
        var new = old
        new.name = name
        return self.put(new, replacing: old, in: &draft)
    }

    func archiveCategory(
        _ id: CategoryID,
        ifRevision: UInt64?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let old = try self.category(id, draft)
        var findings = Findings()
        self.check(revision: old.revision, is: ifRevision, &findings)
        let isStored = self.tables.categories.contains(id)
        let stored = isStored ? Int(self.tables.categories.productCounts[id.row]) : 0
        let products = stored + (draft.categoryProducts[id] ?? 0)
        if products > 0 { findings.add(Refusal(.inUse, .id(UInt64(id.value)))) }
        if old.isArchived { findings.add(Refusal(.archived, .id(UInt64(id.value)))) }
        try findings.settle()
        var new = old
        new.isArchived = true
        return self.put(new, replacing: old, in: &draft)
    }

    private static func checkName(_ name: String, _ findings: inout Findings) {
        findings.check("name", name, byteCountMax: Limits.nameByteCountMax, mayBeEmpty: false)
    }

    private func checkCategoryName(
        _ name: String,
        of id: CategoryID?,
        _ draft: Draft
    ) throws(Refusal) {
        var findings = Findings()
        Self.checkName(name, &findings)
        if let holder = self.category(nameKey: NormalizedText.key(name), draft), holder != id {
            findings.add(Refusal(.nameTaken, .taken(name, by: UInt64(holder.value))))
        }
        try findings.settle()
    }

    private func put(
        _ category: Category,
        replacing old: Category?,
        in draft: inout Draft
    ) -> Outcome.Done {
        var category = category
        category.revision = draft.lsn
        if let old { draft.categoryNames[NormalizedText.key(old.name)] = .some(nil) }
        if !category.isArchived {
            draft.categoryNames[NormalizedText.key(category.name)] = category.id
        }
        draft.categories[category.id] = category
        draft.append(.category(category))
        return self.done(UInt64(category.id.value), in: draft)
    }

    // MARK: - Locations

    func createLocation(
        _ wanted: LocationDraft,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let next = self.tables.locations.nextID.value
        guard next + draft.createdLocations <= Limits.locationsMax else {
            throw .tableFull("locations", Int64(Limits.locationsMax))
        }
        let location = Location(
            id: LocationID(next + draft.createdLocations),
            code: NormalizedText.trimmed(wanted.code),
            name: NormalizedText.trimmed(wanted.name),
            zone: wanted.zone,
            kind: wanted.kind
        )
        try self.check(location, isNew: true, draft).settle()
        draft.createdLocations += 1
        return self.put(location, replacing: nil, in: &draft)
    }

    func updateLocation(
        _ id: LocationID,
        _ update: LocationUpdate,
        ifRevision: UInt64?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let placeholder = Location(id: id, code: "-", name: "-", isArchived: true)
        let stored = try? self.location(id, draft)
        let old = stored ?? placeholder
        var new = old
        if let code = update.code { new.code = NormalizedText.trimmed(code) }
        if let name = update.name { new.name = NormalizedText.trimmed(name) }
        if let zone = update.zone { new.zone = zone }
        if let kind = update.kind { new.kind = kind }
        // What is wrong with the fields themselves is told before what they name.
        var findings = self.check(new, isNew: false, draft)
        if stored == nil { findings.add(Refusal(.locationNotFound, .id(UInt64(id.value)))) }
        self.check(revision: old.revision, is: ifRevision, &findings)
        if old.isArchived { findings.add(Refusal(.archived, .id(UInt64(id.value)))) }
        try findings.settle()
        if new == old { return self.done(UInt64(id.value), in: draft) }
        return self.put(new, replacing: old, in: &draft)
    }

    func archiveLocation(
        _ id: LocationID,
        ifRevision: UInt64?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let old = try self.location(id, draft)
        var findings = Findings()
        self.check(revision: old.revision, is: ifRevision, &findings)
        // The default location has to stay: commands that name none mean it.
        let onTheirWay = self.openTransfers(self.openTransfers.count(at: id), draft) {
            $0.source == id || $0.destination == id
        }
        if id == .main || self.holdsStock(id, draft) || onTheirWay > 0 {
            findings.add(Refusal(.inUse, .id(UInt64(id.value))))
        }
        if old.isArchived { findings.add(Refusal(.archived, .id(UInt64(id.value)))) }
        try findings.settle()
        var new = old
        new.isArchived = true
        return self.put(new, replacing: old, in: &draft)
    }

    private func check(_ location: Location, isNew: Bool, _ draft: Draft) -> Findings {
        var findings = Findings()
        findings.check(
            "code",
            location.code,
            byteCountMax: Limits.locationCodeByteCountMax,
            mayBeEmpty: false
        )
        Self.checkName(location.name, &findings)
        if location.zone.utf8.count > Limits.zoneByteCountMax || !isKnownTimeZone(location.zone) {
            findings.add(
                Refusal(.invalidField, .field("zone", problem: "is no IANA time zone known here"))
            )
        }
        let holder = self.location(codeKey: NormalizedText.key(location.code), draft)
        if let holder, isNew || holder != location.id {
            findings.add(Refusal(.nameTaken, .taken(location.code, by: UInt64(holder.value))))
        }
        return findings
    }

    /// Whether any balance at the location is not zero.
    ///
    /// - Complexity: O(levels)
    private func holdsStock(_ id: LocationID, _ draft: Draft) -> Bool {
        func isEmpty(_ level: Level) -> Bool {
            level.onHand == 0 && level.unavailable == 0 && level.reserved == 0
                && level.incoming == 0
        }
        for level in draft.levels where level.location == id && !isEmpty(level) { return true }
        let levels = self.tables.levels
        for row in 0..<levels.rowCount where levels.locations[row] == id.value {
            let product = ProductID(levels.products[row])
            if draft.level(product, id) == nil, !isEmpty(levels.level(row)) { return true }
        }
        return false
    }

    private func put(
        _ location: Location,
        replacing old: Location?,
        in draft: inout Draft
    ) -> Outcome.Done {
        var location = location
        location.revision = draft.lsn
        if let old { draft.locationCodes[NormalizedText.key(old.code)] = .some(nil) }
        if !location.isArchived {
            draft.locationCodes[NormalizedText.key(location.code)] = location.id
        }
        draft.locations[location.id] = location
        draft.append(.location(location))
        return self.done(UInt64(location.id.value), in: draft)
    }
}

extension Refusal {
    static func tableFull(_ table: String, _ limit: Int64) -> Refusal {
        Refusal(.outOfRange, .range(table, value: limit + 1, lowest: 0, highest: limit))
    }
}
