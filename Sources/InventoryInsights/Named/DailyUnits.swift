internal import Foundation
internal import InventoryEngine
internal import InventoryModel

/// Units sold by product on each of consecutive whole days, including days without sales.
///
/// For a product created during the span, only the whole days of its existence count. Only days with a sale
/// are stored, so one sale a thousand years ago costs one entry and not a thousand years of zeros for every
/// product.
struct DailyUnits {
    let days: Range<Int64>
    private let calendar: ZoneCalendar
    private var units: [Int64: DaySeries] = [:]

    /// - Complexity: O(rows), independent of the number of days.
    init(
        _ insight: NamedInsight,
        frame: StockFrame,
        of executor: inout QueryExecutor
    ) throws(Refusal) {
        self.days = frame.fullDays
        self.calendar = frame.calendar
        guard !self.days.isEmpty else { return }
        let from = Instant(microseconds: frame.calendar.startOfDay(self.days.lowerBound))
        let to = Instant(microseconds: frame.calendar.startOfDay(self.days.upperBound))
        guard from < to else { return }
        var query = insight.query(
            .sales,
            groups: [[.product, .day]],
            measures: [.units],
            window: .between(from.clampedToCalendar, to.clampedToCalendar)
        )
        query.zone = frame.calendar.name
        query.limit = 0
        let table = try executor.answer(query).table
        let days = table.keys("day")
        let units = table.integers("units")
        let none = DaySeries(count: self.days.count)
        // By product and day, the default order of a result.
        for (row, id) in table.columns[0].integers.enumerated() {
            try frame.view.checkpoint(at: row)
            let day = Int(frame.calendar.dayNumber(days[row]) - self.days.lowerBound)
            let size = frame.tables.unitSize(ProductID(UInt32(id)))
            self.units[id, default: none].append(Double(units[row] ?? .max) / size, on: day)
        }
    }

    /// The products with sales.
    var products: [ProductID] { self.units.keys.map { ProductID(UInt32($0)) } }

    /// Returns the series of a product in display units, oldest day first.
    func of(_ id: ProductID, _ beginnings: ProductBeginnings) -> DaySeries {
        let units = self.units[Int64(id.value)] ?? DaySeries(count: self.days.count)
        guard let beginning = beginnings.of(id) else { return units }
        var first = self.calendar.dayNumber(beginning)
        if self.calendar.startOfDay(first) < beginning { first += 1 }
        let missing = max(0, min(first - self.days.lowerBound, Int64(units.count)))
        return units.last(units.count - Int(missing))
    }
}

/// A number for each of consecutive days, stored sparsely: only the nonzero ones.
///
///     days     0  1  2  3  4  5  6       count 7
///     stored      3        1             (1, 3.0) (4, 1.0)
struct DaySeries {
    private struct Day {
        var day: Int
        var value: Double
    }

    /// The number of days.
    let count: Int
    private var days: [Day] = []

    init(count: Int) {
        precondition(count >= 0, "\(count) days")
        self.count = count
    }

    init(_ values: [Double]) {
        self.init(count: values.count)
        for (day, value) in values.enumerated() where value != 0 { self.append(value, on: day) }
    }

    /// Appends the number of a later day.
    mutating func append(_ value: Double, on day: Int) {
        precondition(day > self.days.last?.day ?? -1 && day < self.count, "day \(day)")
        self.days.append(Day(day: day, value: value))
    }

    /// Returns the last `count` days, or all if there are fewer.
    ///
    /// - Complexity: O(stored days), like all methods below.
    func last(_ count: Int) -> DaySeries {
        let first = max(0, self.count - count)
        var series = DaySeries(count: self.count - first)
        for day in self.days where day.day >= first {
            series.append(day.value, on: day.day - first)
        }
        return series
    }

    /// The mean, `nil` without a day.
    var mean: Double? {
        self.count == 0 ? nil : self.days.reduce(0) { $0 + $1.value } / Double(self.count)
    }

    /// See ``Statistics/deviation(_:)``.
    var deviation: Double {
        guard self.count > 1, let mean = self.mean else { return 0 }
        let squares = self.days.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
        let zeros = Double(self.count - self.days.count) * mean * mean
        return ((squares + zeros) / Double(self.count - 1)).squareRoot()
    }

    /// See ``Statistics/ewma(_:days:)``: a run of k zeros scales the average by (1 − α)^k.
    func ewma(days span: Int) -> Double? {
        guard self.count > 0 else { return nil }
        let alpha = 2 / (Double(span) + 1)
        var average = 0.0
        var next = 0
        for day in self.days {
            average *= pow(1 - alpha, Double(day.day - next))
            average = day.day == 0 ? day.value : alpha * day.value + (1 - alpha) * average
            next = day.day + 1
        }
        return average * pow(1 - alpha, Double(self.count - next))
    }
}
