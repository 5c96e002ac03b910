/// A span of time, `[from, to)`, in microseconds.
package struct TimeSpan: Hashable, Sendable {
    package var from: Int64
    package var to: Int64

    package init(from: Int64, to: Int64) {
        self.from = from
        self.to = to
    }

    package func contains(_ instant: Int64) -> Bool { self.from <= instant && instant < self.to }
}

extension ZoneCalendar {
    /// Returns the hour, day, week or month that contains an instant.
    ///
    /// - Complexity: O(log c) for c changes of the zone's clocks.
    package func span(_ unit: CalendarUnit, containing instant: Int64) -> TimeSpan {
        switch unit {
        case .hour: return self.hourSpan(containing: instant)
        case .day:
            let day = self.dayNumber(instant)
            return self.span(fromDay: day, toDay: day + 1)
        case .week:
            let monday = Self.monday(of: self.dayNumber(instant))
            return self.span(fromDay: monday, toDay: monday + 7)
        case .month:
            let month = Self.month(ofDay: self.dayNumber(instant))
            return self.span(
                fromDay: Self.firstDay(ofMonth: month),
                toDay: Self.firstDay(ofMonth: month + 1)
            )
        }
    }

    /// Returns the span after the one containing an instant.
    package func next(_ unit: CalendarUnit, after instant: Int64) -> TimeSpan {
        self.span(unit, containing: self.span(unit, containing: instant).to)
    }

    /// Returns the start of the span `count` before the one containing an instant.
    ///
    /// Hours are counted as elapsed, including those of clock changes; days, weeks and months by the
    /// calendar.
    package func start(_ unit: CalendarUnit, _ count: UInt32, before instant: Int64) -> Int64 {
        let count = Int64(count)
        switch unit {
        case .hour:
            return self.hourStart(count, before: instant)
        case .day:
            return self.startOfDay(self.dayNumber(instant) - count)
        case .week:
            return self.startOfDay(Self.monday(of: self.dayNumber(instant)) - 7 * count)
        case .month:
            let month = Self.month(ofDay: self.dayNumber(instant))
            return self.startOfDay(Self.firstDay(ofMonth: month - count))
        }
    }

    /// Returns the weekday of an instant, 1 for Monday to 7 for Sunday.
    package func weekday(_ instant: Int64) -> Int { Self.weekday(ofDay: self.dayNumber(instant)) }

    /// Returns the hour on the local clock, 0 to 23.
    package func hourOfDay(_ instant: Int64) -> Int {
        let local = self.local(instant)
        return Int((local - Self.product(Self.floor(local, by: Self.day), Self.day)) / Self.hour)
    }

    private func span(fromDay first: Int64, toDay last: Int64) -> TimeSpan {
        TimeSpan(from: self.startOfDay(first), to: self.startOfDay(last))
    }

    private func hourSpan(containing instant: Int64) -> TimeSpan {
        let index = self.offsetIndex(at: instant)
        let offset = self.offsets[index]
        let shown = Self.product(Self.floor(Self.sum(instant, offset), by: Self.hour), Self.hour)
        let from = Self.instant(showing: shown, offset)
        let to = Self.instant(showing: Self.sum(shown, Self.hour), offset)
        return TimeSpan(
            from: index == 0 ? from : max(from, self.changes[index - 1]),
            to: index == self.changes.count ? to : min(to, self.changes[index])
        )
    }

    /// Walks back by periods of constant UTC offset.
    private func hourStart(_ count: Int64, before instant: Int64) -> Int64 {
        var start = self.hourSpan(containing: instant).from
        var rest = count
        while rest > 0, start > .min {
            let index = self.offsetIndex(at: start)
            let stretchFrom = index == 0 ? .min : self.changes[index - 1]
            // Whole hours back to the change, none of which is cut by it.
            let whole =
                index == 0 ? rest : min(rest, max(0, Self.sum(start, -stretchFrom)) / Self.hour)
            if whole > 0 {
                start = Self.sum(start, -Self.product(whole, Self.hour))
                rest -= whole
            } else {
                start = self.hourSpan(containing: start - 1).from
                rest -= 1
            }
        }
        return start
    }
}
