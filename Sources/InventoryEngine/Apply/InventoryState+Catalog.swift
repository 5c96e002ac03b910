internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rules of categories and locations.
extension InventoryState {
    // MARK: - Categories

    func createCategory(_ name: String, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        let name = NormalizedText.trimmed(name)
        var findings = Findings()
        self.checkCategoryName(name, of: nil, draft: draft, findings: &findings)
        let next = UInt64(self.tables.categories.nextID.value) + UInt64(draft.createdCategories)
        if next > UInt64(Limits.categoriesMax) {
            findings.add(.tableFull("categories", Int64(Limits.categoriesMax)))
        }
        try findings.settle()
        draft.createdCategories += 1
        let category = Category(id: CategoryID(UInt32(next)), name: name)
        return self.put(category, replacing: nil, in: &draft)
    }

    func renameCategory(
        _ id: CategoryID,
        _ name: String,
        ifRevision: LSN?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let name = NormalizedText.trimmed(name)
        var findings = Findings()
        self.checkCategoryName(name, of: id, draft: draft, findings: &findings)
        var old: Category?
        do throws(Refusal) {
            let category = try self.category(id, draft)
            Self.check(revision: self.revision(of: id), is: ifRevision, &findings)
            if category.isArchived { findings.add(.archived(UInt64(id.value))) }
            old = category
        } catch {
            findings.add(error)
        }
        try findings.settle()
        guard let old else { preconditionFailure("no category and no finding") }
        if old.name == name { return self.done(UInt64(id.value), in: draft) }
        var new = old
        new.name = name
        return self.put(new, replacing: old, in: &draft)
    }

    func archiveCategory(
        _ id: CategoryID,
        ifRevision: LSN?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let old = try self.category(id, draft)
        var findings = Findings()
        Self.check(revision: self.revision(of: id), is: ifRevision, &findings)
        let isStored = self.tables.categories.contains(id)
        let stored = isStored ? Int(self.tables.categories.productCounts[id.row]) : 0
        let products = stored + (draft.categoryProducts[id] ?? 0)
        if products > 0 { findings.add(Refusal(.inUse, .id(UInt64(id.value)))) }
        if old.isArchived { findings.add(.archived(UInt64(id.value))) }
        try findings.settle()
        var new = old
        new.isArchived = true
        return self.put(new, replacing: old, in: &draft)
    }

    private static func checkName(_ name: String, _ findings: inout Findings) {
        findings.check("name", name, byteCount: FieldBounds.name)
    }

    private func checkCategoryName(
        _ name: String,
        of id: CategoryID?,
        draft: Draft,
        findings: inout Findings
    ) {
        Self.checkName(name, &findings)
        if let holder = self.category(nameKey: NormalizedText.key(name), draft), holder != id {
            findings.add(Refusal(.nameTaken, .taken(name, by: UInt64(holder.value))))
        }
    }

    /// The revision of a category before the step; 0 if the step created it.
    private func revision(of id: CategoryID) -> LSN {
        self.tables.categories.contains(id) ? self.tables.categories.category(id).revision : 0
    }

    /// The revision of a location before the step; 0 if the step created it.
    private func revision(of id: LocationID) -> LSN {
        self.tables.locations.contains(id) ? self.tables.locations.location(id).revision : 0
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
        _ requested: LocationDraft,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let next = UInt64(self.tables.locations.nextID.value) + UInt64(draft.createdLocations)
        let hasID = next <= UInt64(Limits.locationsMax)
        var fields = requested
        fields.code = NormalizedText.trimmed(requested.code)
        fields.name = NormalizedText.trimmed(requested.name)
        let location = Location(id: LocationID(hasID ? UInt16(next) : 0), fields)
        var findings = Findings()
        self.check(
            location,
            isNew: true,
            given: (code: true, zone: true),
            draft: draft,
            findings: &findings
        )
        if !hasID { findings.add(.tableFull("locations", Int64(Limits.locationsMax))) }
        try findings.settle()
        draft.createdLocations += 1
        return self.put(location, replacing: nil, in: &draft)
    }

    func updateLocation(
        _ id: LocationID,
        _ update: LocationUpdate,
        ifRevision: LSN?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let unnamed = LocationFields(code: "-", name: "-")
        let placeholder = Location(id: id, unnamed, isArchived: true)
        let stored = try? self.location(id, draft)
        let old = stored ?? placeholder
        var new = old
        if let code = update.code { new.code = NormalizedText.trimmed(code) }
        if let name = update.name { new.name = NormalizedText.trimmed(name) }
        if let zone = update.zone { new.zone = zone }
        if let kind = update.kind { new.kind = kind }
        var findings = Findings()
        self.check(
            new,
            isNew: false,
            given: (code: update.code != nil, zone: update.zone != nil),
            draft: draft,
            findings: &findings
        )
        if stored == nil { findings.add(Refusal(.locationNotFound, .id(UInt64(id.value)))) }
        Self.check(revision: self.revision(of: id), is: ifRevision, &findings)
        if old.isArchived { findings.add(.archived(UInt64(id.value))) }
        try findings.settle()
        if new == old { return self.done(UInt64(id.value), in: draft) }
        return self.put(new, replacing: old, in: &draft)
    }

    func archiveLocation(
        _ id: LocationID,
        ifRevision: LSN?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let old = try self.location(id, draft)
        var findings = Findings()
        Self.check(revision: self.revision(of: id), is: ifRevision, &findings)
        // The default location must remain: commands that name no location use it.
        let inTransit = self.openTransfers(self.openTransfers.count(at: id), draft) {
            $0.source == id || $0.destination == id
        }
        if id == .main || self.holdsStock(id, draft) || inTransit > 0 {
            findings.add(Refusal(.inUse, .id(UInt64(id.value))))
        }
        if old.isArchived { findings.add(.archived(UInt64(id.value))) }
        try findings.settle()
        var new = old
        new.isArchived = true
        return self.put(new, replacing: old, in: &draft)
    }

    /// Checks the fields of a location.
    ///
    /// `given` says whether the request sets the code and the zone: the code that an archived location has may
    /// belong to another one now, and earlier versions accepted zones that are none.
    private func check(
        _ location: Location,
        isNew: Bool,
        given: (code: Bool, zone: Bool),
        draft: Draft,
        findings: inout Findings
    ) {
        findings.check("code", location.code, byteCount: FieldBounds.locationCode)
        Self.checkName(location.name, &findings)
        findings.check("zone", location.zone, byteCount: FieldBounds.zone)
        if given.zone, FieldBounds.zone.contains(location.zone.utf8.count),
            !isKnownTimeZone(location.zone)
        {
            findings.addInvalid("zone", "is not a known IANA time zone")
        }
        guard given.code else { return }
        let holder = self.location(codeKey: NormalizedText.key(location.code), draft)
        if let holder, isNew || holder != location.id {
            findings.add(Refusal(.nameTaken, .taken(location.code, by: UInt64(holder.value))))
        }
    }

    /// Whether any balance at the location is not zero.
    ///
    /// - Complexity: O(levels)
    private func holdsStock(_ id: LocationID, _ draft: Draft) -> Bool {
        for level in draft.levels where level.location == id && !level.isEmpty { return true }
        let levels = self.tables.levels
        for row in 0..<levels.rowCount where levels.locations[row] == id.value {
            let product = ProductID(levels.products[row])
            if draft.level(product, id) == nil, !levels.level(row).isEmpty { return true }
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
