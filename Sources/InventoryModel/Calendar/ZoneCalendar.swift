internal import Bytes
internal import Foundation

/// The civil calendar of one zone: the starts of its hours, days, weeks and months.
///
/// The past and future clock changes of the zone are read once, into a table of the instants at which its UTC
/// offset changes; everything else is integer arithmetic.
///
///     offsets      o0        o1        o2
///               ────────┬─────────┬────────▶ instants
///     changes          t0        t1
///
/// Spans of time are contiguous without overlap, and each instant belongs to one of each unit:
///
/// - A day starts at the first instant whose clock shows its date: if clocks skip midnight, with the change;
///   if they show midnight twice, with the first. It has 23, 24 or 25 hours, or another number determined by
///   the zone; a skipped date has no day.
/// - An hour starts when the clock shows a full hour, and at clock changes: an hour that is shown twice is
///   two, and the rest of an hour cut by a half-hour change is a separate hour.
/// - A week starts on Monday (ISO 8601), a month on its first day.
///
/// Dates are those of the proleptic Gregorian calendar. Before the table starts its first offset applies,
/// after it ends its last.
package struct ZoneCalendar: Sendable {
    /// The zone's IANA name, as requested.
    package let name: String
    /// The instants of UTC offset changes, in microseconds, ascending.
    let changes: [Int64]
    /// The offset before each change, and after the last: local time minus UTC, in microseconds.
    let offsets: [Int64]

    /// Returns the zone with that name.
    ///
    /// - Throws: `invalid_field`, naming the zone, if there is none.
    package init(_ name: String) throws(Refusal) {
        guard isKnownTimeZone(name) else { throw Self.unknown(name) }
        try self.init(stored: name)
    }

    /// Returns the zone of a location, or of the calendar with that name.
    ///
    /// A location may have an abbreviation that an earlier version accepted.
    ///
    /// - Throws: `invalid_field`, naming the zone, if there is none.
    package init(stored name: String) throws(Refusal) {
        if let known = Self.known.withLock({ $0[name] }) {
            self = known
            return
        }
        guard let zone = TimeZone(identifier: name) else { throw Self.unknown(name) }
        self.init(name, zone)
        let calendar = self
        Self.known.withLock { known in
            if known.count < Self.knownMax { known[name] = calendar }
        }
    }

    private static func unknown(_ name: String) -> Refusal {
        Refusal(
            .invalidField,
            .field("zone", problem: "'\(name)' is not an IANA time zone such as Europe/London")
        )
    }

    package static let utc = ZoneCalendar(name: "UTC", changes: [], offsets: [0])

    private init(name: String, changes: [Int64], offsets: [Int64]) {
        self.name = name
        self.changes = changes
        self.offsets = offsets
    }

    private init(_ name: String, _ zone: TimeZone) {
        var changes: [Int64] = []
        var at = Date(timeIntervalSince1970: Self.tableFrom)
        var offsets = [Self.offset(zone, at)]
        while let next = zone.nextDaylightSavingTimeTransition(after: at),
            next > at, next.timeIntervalSince1970 < Self.tableTo
        {
            // A renamed time without a new offset is not a change.
            let offset = Self.offset(zone, next)
            if offset != offsets.last {
                changes.append(Int64((next.timeIntervalSince1970 * 1_000_000).rounded()))
                offsets.append(offset)
            }
            at = next
        }
        self.init(name: name, changes: changes, offsets: offsets)
    }

    private static func offset(_ zone: TimeZone, _ date: Date) -> Int64 {
        Int64(zone.secondsFromGMT(for: date)) * 1_000_000
    }

    /// 1800, before any zone's first change, to 2200, in seconds since 1970.
    private static let tableFrom: Double = -5_364_662_400
    private static let tableTo: Double = 7_258_118_400

    /// Cached tables: there are about 600 names, so all of them may stay.
    private static let known = Guarded<[String: ZoneCalendar]>([:])
    private static let knownMax = 2_000

    package static let hour: Int64 = 3_600_000_000
    package static let day: Int64 = 86_400_000_000
}

// MARK: - Local time

extension ZoneCalendar {
    /// Returns the index in ``offsets`` of the offset at an instant.
    func offsetIndex(at instant: Int64) -> Int {
        var low = 0
        var high = self.changes.count
        while low < high {
            let middle = (low + high) / 2
            if self.changes[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Returns the local time of an instant, in microseconds since local 1970-01-01T00:00.
    package func local(_ instant: Int64) -> Int64 {
        Self.sum(instant, self.offsets[self.offsetIndex(at: instant)])
    }

    /// Returns the first instant whose clock shows that time or a later one.
    func firstInstant(showing local: Int64) -> Int64 {
        // No UTC offset is larger than this, so earlier ones do not matter.
        let index = self.offsetIndex(at: Self.sum(local, -Self.day))
        for index in index..<self.offsets.count {
            let instant = Self.instant(showing: local, self.offsets[index])
            let from = index == 0 ? .min : self.changes[index - 1]
            if index == self.changes.count || instant < self.changes[index] {
                return max(instant, from)
            }
        }
        return local
    }

    /// Returns when a clock with that UTC offset shows a time; both ranges start together.
    static func instant(showing local: Int64, _ offset: Int64) -> Int64 {
        local == .min ? .min : self.sum(local, -offset)
    }

    /// Returns the sum, saturating at the ends of the range.
    package static func sum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (b < 0 ? .min : .max) : sum
    }

    /// Returns `count` units from the start of the range of instants, saturating at its ends.
    static func product(_ count: Int64, _ unit: Int64) -> Int64 {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? (count < 0 ? .min : .max) : product
    }

    static func floor(_ value: Int64, by unit: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

// MARK: - Dates

extension ZoneCalendar {
    /// Returns the day of an instant, counted from 1970-01-01.
    package func dayNumber(_ instant: Int64) -> Int64 {
        var day = Self.floor(self.local(instant), by: Self.day)
        // Clocks set back over midnight show a date again after the next has started.
        while self.startOfDay(day + 1) <= instant, day < Int64.max / Self.day { day += 1 }
        return day
    }

    /// Returns the start of a day; for a skipped day, that of the next.
    package func startOfDay(_ day: Int64) -> Int64 {
        self.firstInstant(showing: Self.product(day, Self.day))
    }

    /// Returns 1 for Monday to 7 for Sunday.
    package static func weekday(ofDay day: Int64) -> Int { Int(day - self.monday(of: day)) + 1 }

    /// Returns the Monday at or before a day; 1970-01-01 was a Thursday.
    static func monday(of day: Int64) -> Int64 { self.floor(day + 3, by: 7) * 7 - 3 }

    /// Returns the number of months from January 1970 to the month of a day.
    ///
    /// The arithmetic counts from 0000-03-01, so that a leap day is the last of its year: Howard
    /// Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    package static func month(ofDay day: Int64) -> Int64 {
        let shifted = day + 719_468
        let era = self.floor(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        // March is month 2 of the year when January is 0.
        return (era * 400 + yearOfEra - 1_970) * 12 + marchMonth + 2
    }

    /// Returns the first day of a month counted from January 1970: `days_from_civil` of the same paper.
    package static func firstDay(ofMonth month: Int64) -> Int64 {
        let year = 1_970 + self.floor(month, by: 12)
        let monthOfYear = month - (year - 1_970) * 12
        let marchYear = monthOfYear < 2 ? year - 1 : year
        let marchMonth = (monthOfYear + 10) % 12
        let era = self.floor(marchYear, by: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * marchMonth + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
