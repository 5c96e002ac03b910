internal import Inventory

/// What products sold, by id: the answer of a composable question, as numbers to work with.
struct SalesSums {
    private var sums: [Int64: [Int64]] = [:]
    private let measures: [InsightMeasure]

    init(
        _ insight: NamedInsight,
        _ measures: [InsightMeasure],
        _ questions: inout Questions,
        window: InsightWindow? = nil,
        source: InsightSource = .sales
    ) throws(Refusal) {
        var question = insight.question(source, [[.product]], measures, window: window)
        question.limit = 0
        let table = try questions.answer(question).table
        self.measures = measures
        let ids = table.columns[0].integers
        let values = try measures.map { (measure) throws(Refusal) in
            try table.integers("\(measure)")
        }
        for row in ids.indices { self.sums[ids[row]] = values.map { $0[row] } }
    }

    subscript(id: ProductID, measure: InsightMeasure) -> Int64 {
        guard let index = self.measures.firstIndex(of: measure) else {
            preconditionFailure("\(measure) was not asked for")
        }
        return self.sums[Int64(id.value)]?[index] ?? 0
    }
}

/// Units sold by product on each of a run of whole days, zero days included; of a product that came into
/// being on the way, only on those that it existed all day.
struct DailyUnits {
    let days: Range<Int64>
    private let calendar: ZoneCalendar
    private var units: [Int64: [Double]] = [:]

    /// - Complexity: O(rows + products · days)
    init(
        _ insight: NamedInsight,
        _ frame: StockFrame,
        _ questions: inout Questions
    ) throws(Refusal) {
        self.days = frame.fullDays
        self.calendar = frame.calendar
        guard !self.days.isEmpty else { return }
        let from = Instant(microseconds: frame.calendar.startOfDay(self.days.lowerBound))
        let to = Instant(microseconds: frame.calendar.startOfDay(self.days.upperBound))
        guard from < to else { return }
        var question = insight.question(
            .sales,
            [[.product, .day]],
            [.units],
            window: .between(from, to)
        )
        question.zone = frame.calendar.name
        question.limit = 0
        let table = try questions.answer(question).table
        let days = try table.integers("day")
        let units = try table.integers("units")
        let zeros = [Double](repeating: 0, count: self.days.count)
        for (row, id) in table.columns[0].integers.enumerated() {
            let day = Int(frame.calendar.dayNumber(days[row]) - self.days.lowerBound)
            let size = frame.tables.unitSize(ProductID(UInt32(id)))
            self.units[id, default: zeros][day] += Double(units[row]) / size
        }
    }

    /// The products that sold something.
    var products: [ProductID] { self.units.keys.map { ProductID(UInt32($0)) } }

    /// In units as people count them, oldest day first.
    func of(_ id: ProductID, _ beginnings: ProductBeginnings) -> ArraySlice<Double> {
        let units = self.units[Int64(id.value)] ?? Array(repeating: 0, count: self.days.count)
        guard let beginning = beginnings.of(id) else { return units[...] }
        var first = self.calendar.dayNumber(beginning)
        if self.calendar.startOfDay(first) < beginning { first += 1 }
        let missing = max(0, min(first - self.days.lowerBound, Int64(units.count)))
        return units[Int(missing)...]
    }
}

extension ResultTable {
    /// The whole numbers of a column of our own question.
    func integers(_ name: String) throws(Refusal) -> [Int64] {
        guard let column = self.column(named: name) else {
            preconditionFailure("no column \(name) in an answer of ours")
        }
        return self.columns[column].integers
    }
}
