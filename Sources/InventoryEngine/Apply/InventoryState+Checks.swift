internal import Bytes
internal import InventoryModel

/// The checks that many rules share.
extension InventoryState {
    /// What one line moves, as far as it is there.
    struct Place {
        /// `nil` if there is no such product.
        var facts: ProductTable.Facts?
        /// The level as the step has left it so far; `nil` if there is no such product or location.
        var level: Level?
    }

    /// Looks up the product and the location of one line, and notes what keeps stock from moving
    /// there: neither may be archived, and the level has to be at the revision that the line expects.
    ///
    /// What is there is returned whatever was found, so that the other conditions of the line can be
    /// looked at as well.
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

    /// Checks that stock of a product may move at a location: both are there, and neither is archived.
    ///
    /// `isArchived`: Whether the location is; `nil` if there is none.
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

    /// Checks that a location is there and not archived.
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

    /// Checks that a revision is the one the request expects, if it expects any.
    ///
    /// `actual`: As it was before the step, the only one that a client can know; so the commands of
    /// an atomic batch do not disturb one another. 0 for what the step itself made.
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

    /// When a movement happened: what the request says if it may say so, else now.
    ///
    /// `time`: When it is recorded, which bounds what the request may say.
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

    /// The first and the last instant at which what is recorded at `time` may have happened.
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
        Self.checkStrings(reference: reference, note: note, &findings)
    }

    @inline(__always)
    static func checkStrings(reference: String, note: String, _ checks: inout some Checks) {
        checks.check(
            "reference",
            reference,
            byteCountMax: Limits.referenceByteCountMax,
            mayBeEmpty: true
        )
        checks.check("note", note, byteCountMax: Limits.noteByteCountMax, mayBeEmpty: true)
    }

    /// Checks that a level's balances stay within the range of quantities and money.
    ///
    /// A rule that finds one beyond it leaves the level as it was, so that no sum ever overflows.
    ///
    /// - Returns: Whether they do.
    func checkRange(of level: Level, line: UInt32?, _ findings: inout Findings) -> Bool {
        let before = findings.count
        let range = -Limits.quantityMax...Limits.quantityMax
        findings.check("onHand", level.onHand.baseUnits, in: range, line: line)
        findings.check("unavailable", level.unavailable.baseUnits, in: range, line: line)
        findings.check("incoming", level.incoming.baseUnits, in: range, line: line)
        if !level.value.isInRange { findings.add(.overflow("value", line: line)) }
        return findings.count == before
    }

    /// Checks that a step does not make more movements than one may, with `count` more.
    func checkMovements(_ count: Int, draft: Draft, findings: inout Findings) {
        let sum = draft.movementCount + count
        guard sum > Limits.stepMovementsMax else { return }
        let highest = Int64(Limits.stepMovementsMax)
        findings.add(
            Refusal(.tooManyLines, .range("lines", value: Int64(sum), lowest: 0, highest: highest))
        )
    }
}
