internal import InventoryEngine
package import InventoryModel

extension InsightWindow {
    /// Resolves the window at `now` in the calendar of a zone.
    ///
    /// A window that would start before the year 1 starts there.
    ///
    /// - Throws: `invalid_field` for a window that ends before it starts, `out_of_range` for a count beyond
    ///   ``InsightLimits/windowUnitsMax`` or an instant outside the calendar.
    package func resolve(
        at now: Instant,
        in calendar: ZoneCalendar
    ) throws(Refusal) -> ResolvedWindow {
        switch self {
        case .all:
            return ResolvedWindow(from: nil, to: nil, zone: calendar.name)
        case .between(let from, let to):
            if let from, let to, from >= to {
                throw Refusal(
                    .invalidField,
                    .field("window", problem: from == to ? "is empty" : "ends before it begins")
                )
            }
            try from?.checkCalendar("window")
            try to?.checkCalendar("window")
            return ResolvedWindow(from: from, to: to, zone: calendar.name)
        case .last(let count, let unit):
            try Self.check(count)
            let running = calendar.span(unit, containing: now.microseconds)
            let from = calendar.start(unit, count - 1, before: now.microseconds)
            return Self.moving(TimeSpan(from: from, to: running.to), at: running.to, calendar)
        case .previous(let count, let unit):
            try Self.check(count)
            let running = calendar.span(unit, containing: now.microseconds)
            let from = calendar.start(unit, count, before: now.microseconds)
            return Self.moving(TimeSpan(from: from, to: running.from), at: running.to, calendar)
        }
    }

    private static func moving(
        _ span: TimeSpan,
        at next: Int64,
        _ calendar: ZoneCalendar
    ) -> ResolvedWindow {
        ResolvedWindow(
            from: Instant(microseconds: span.from).clampedToCalendar,
            to: Instant(microseconds: span.to).clampedToCalendar,
            zone: calendar.name,
            movesAt: Instant(microseconds: next)
        )
    }

    private static func check(_ count: UInt32) throws(Refusal) {
        guard count < 1 || count > InsightLimits.windowUnitsMax else { return }
        throw Refusal(
            .outOfRange,
            .range(
                "window",
                value: Int64(count),
                lowest: 1,
                highest: Int64(InsightLimits.windowUnitsMax)
            )
        )
    }
}

extension ResolvedWindow {
    /// Its instants in microseconds; open ends extend to the ends of the range.
    package var span: TimeSpan {
        TimeSpan(from: self.from?.microseconds ?? .min, to: self.to?.microseconds ?? .max)
    }

    /// Whether it has both a start and an end.
    package var isBounded: Bool { self.from != nil && self.to != nil }
}
