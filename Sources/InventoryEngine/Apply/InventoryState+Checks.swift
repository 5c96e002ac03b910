internal import Bytes
internal import InventoryModel

/// The checks that several rules share.
extension InventoryState {
    /// The product and level that one line moves, as far as they exist.
    struct Place {
        /// `nil` if the product does not exist.
        var facts: ProductTable.Facts?
        /// The level as the step has left it so far; `nil` if the product or location does not exist.
        var level: Level?
    }

    /// Looks up the product and the location of one line, and reports what prevents stock from moving
    /// there: neither may be archived, and the level must be at the revision that the line expects.
    ///
    /// Returns what exists in any case, so that the other conditions of the line can be checked as
    /// well.
    func place(
        _ product: ProductID,
        location: LocationID,
        ifRevision: LSN? = nil,
        line: UInt32?,
        draft: Draft,
        findings: inout Findings
    ) -> Place {
        let facts = self.facts(product, draft)
        let isArchived = self.isArchived(location, draft)
        Self.check(
            product,
            facts: facts,
            at: location,
            isArchived: isArchived,
            line: line,
            checks: &findings
        )
        guard isArchived != nil else { return Place(facts: facts) }
        guard facts != nil else { return Place() }
        if ifRevision != nil {
            let stored = self.tables.levels.level(product, location)
            Self.check(revision: stored.revision, is: ifRevision, line: line, &findings)
        }
        return Place(facts: facts, level: self.level(product, location: location, draft: draft))
    }

    /// Checks that stock of a product may move at a location: both exist, and neither is archived.
    ///
    /// `isArchived` is `nil` if the location does not exist.
    @inline(__always)
    static func check(
        _ product: ProductID,
        facts: ProductTable.Facts?,
        at location: LocationID,
        isArchived: Bool?,
        line: UInt32?,
        checks: inout some Checks
    ) {
        if facts == nil {
            checks.add(Refusal(.productNotFound, line: line, .id(UInt64(product.value))))
        } else if facts?.status == .archived {
            checks.add(.archived(UInt64(product.value), line: line))
        }
        Self.check(location, isArchived: isArchived, line: line, &checks)
    }

    /// Checks that a location exists and is not archived.
    @inline(__always)
    static func check(
        _ location: LocationID,
        isArchived: Bool?,
        line: UInt32? = nil,
        _ checks: inout some Checks
    ) {
        guard let isArchived else {
            checks.add(Refusal(.locationNotFound, line: line, .id(UInt64(location.value))))
            return
        }
        if isArchived { checks.add(.archived(UInt64(location.value), line: line)) }
    }

    /// Checks that a revision is the one that the request expects, if it expects any.
    ///
    /// `actual` is the revision before the step, the only one that a client can know, so the commands of an
    /// atomic batch do not conflict with one another. It is 0 for what the step itself created.
    @inline(__always)
    static func check(
        revision actual: LSN,
        is expected: LSN?,
        line: UInt32? = nil,
        _ checks: inout some Checks
    ) {
        guard let expected, expected != actual else { return }
        checks.add(
            Refusal(.revisionMismatch, line: line, .revision(expected: expected, actual: actual))
        )
    }

    /// When a movement happened: the time in the request if it may give one, else now.
    ///
    /// `time` is when the movement is recorded, which bounds the time that the request may give.
    @inline(__always)
    static func occurrence(
        _ occurred: Occurrence?,
        at time: Instant,
        _ checks: inout some Checks
    ) -> Instant {
        guard let occurred else { return time }
        let (earliest, latest) = Self.window(of: occurred, at: time)
        if occurred.at < earliest || occurred.at > latest {
            checks.add(
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

    /// The earliest and the latest instant at which a movement recorded at `time` may have happened.
    private static func window(
        of occurred: Occurrence,
        at time: Instant
    ) -> (earliest: Instant, latest: Instant) {
        let earliest =
            occurred.isImported
            ? Instant(microseconds: Limits.instantMin)
            : time.advanced(bySeconds: -Limits.occurredAtPastSeconds)
        let latest = time.advanced(bySeconds: Limits.occurredAtFutureSeconds)
        return (earliest, min(latest, Instant(microseconds: Limits.instantMax)))
    }

    /// Checks the number of lines of a request, its reference and its note.
    func checkLines(
        _ count: Int,
        reference: String,
        note: String,
        _ checks: inout some Checks
    ) {
        if count == 0 {
            checks.add(Refusal(.invalidField, .field("lines", problem: "is empty")))
        } else if count > FieldBounds.lines.upperBound {
            checks.add(
                Refusal(
                    .tooManyLines,
                    .range(
                        "lines",
                        value: Int64(count),
                        lowest: FieldBounds.lines.lowerBound,
                        highest: FieldBounds.lines.upperBound
                    )
                )
            )
        }
        Self.checkStrings(reference: reference, note: note, &checks)
    }

    @inline(__always)
    static func checkStrings(reference: String, note: String, _ checks: inout some Checks) {
        checks.check("reference", reference, byteCount: FieldBounds.reference)
        checks.check("note", note, byteCount: FieldBounds.note)
    }

    /// Checks that a level's balances are within the range of quantities and money.
    ///
    /// A rule that finds one out of range leaves the level as it was, so that no sum overflows.
    ///
    /// - Returns: Whether all are within range.
    func checkRange(of level: Level, line: UInt32?, _ checks: inout some Checks) -> Bool {
        let before = checks.count
        let range = FieldBounds.deltas
        checks.check("onHand", level.onHand.baseUnits, in: range, line: line)
        checks.check("unavailable", level.unavailable.baseUnits, in: range, line: line)
        checks.check("incoming", level.incoming.baseUnits, in: range, line: line)
        if !level.value.isInRange { checks.add(.overflow("value", line: line)) }
        return checks.count == before
    }

    /// Checks that `count` more movements do not exceed the limit of a step.
    func checkMovements(_ count: Int, draft: Draft, checks: inout some Checks) {
        let sum = draft.movementCount + count
        guard sum > Limits.stepMovementsMax else { return }
        let highest = Int64(Limits.stepMovementsMax)
        checks.add(
            Refusal(.tooManyLines, .range("lines", value: Int64(sum), lowest: 0, highest: highest))
        )
    }
}
