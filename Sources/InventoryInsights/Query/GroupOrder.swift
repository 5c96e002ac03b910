internal import InventoryEngine
internal import InventoryModel

/// The order of a result's rows: the requested order, then the dimensions, ascending.
///
/// Missing values come last in both directions: totals after their parts, groups without a margin after
/// those that have one.
struct GroupOrder {
    /// Values that compare like the column; `nil` for missing ones.
    private enum Column {
        case integers([Int64?], isDescending: Bool)
        case numbers([Double?], isDescending: Bool)
    }

    private var columns: [Column] = []

    init(
        _ plan: QueryPlan,
        values: [[Int64?]],
        measures: [InsightMeasure: MeasureColumn]
    ) {
        for order in plan.query.order {
            switch order.key {
            case .dimension(let dimension):
                if let index = plan.dimensions.firstIndex(of: dimension) {
                    self.columns.append(
                        .integers(values[index], isDescending: order.isDescending)
                    )
                }
            case .measure(let measure):
                if let column = measures[measure] {
                    self.columns.append(Self.column(column, order.isDescending))
                }
            }
        }
        for column in values { self.columns.append(.integers(column, isDescending: false)) }
    }

    private static func column(_ column: MeasureColumn, _ isDescending: Bool) -> Column {
        if column.kind == .number {
            let numbers = column.cells.map { cell -> Double? in
                if case .number(let value) = cell { value } else { nil }
            }
            return .numbers(numbers, isDescending: isDescending)
        }
        let integers = column.cells.map { cell -> Int64? in
            if case .integer(let value) = cell { value } else { nil }
        }
        return .integers(integers, isDescending: isDescending)
    }

    /// Returns the groups in order; the first `limit` of them, all for 0.
    func sorted(_ count: Int, limit: Int, _ view: ReadView) throws(Refusal) -> [Int] {
        var sorted = Array(0..<count)
        try view.sort(&sorted) { self.isBefore($0, $1) }
        return limit == 0 ? sorted : Array(sorted.prefix(limit))
    }

    /// Whether one group comes before another; no two groups are equal in every dimension.
    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        for column in self.columns {
            let order =
                switch column {
                case .integers(let values, let isDescending):
                    Self.order(values[a], b: values[b], isDescending: isDescending)
                case .numbers(let values, let isDescending):
                    Self.order(values[a], b: values[b], isDescending: isDescending)
                }
            if order != 0 { return order < 0 }
        }
        return a < b
    }

    private static func order<Value: Comparable>(
        _ a: Value?,
        b: Value?,
        isDescending: Bool
    ) -> Int {
        switch (a, b) {
        case (.none, .none): return 0
        case (.none, _): return 1
        case (_, .none): return -1
        case (.some(let a), .some(let b)):
            if a == b { return 0 }
            return (a < b) != isDescending ? -1 : 1
        }
    }
}
