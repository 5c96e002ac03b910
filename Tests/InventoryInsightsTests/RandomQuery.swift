import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport

/// Random valid queries.
extension RandomLedger {
    mutating func query() -> InsightQuery {
        let source = InsightSource.allCases[self.below(InsightSource.allCases.count)]
        let hasTime = source != .levels && source != .products
        var query = InsightQuery(source: source, measures: self.measures(source))
        if hasTime { query.window = self.window() }
        if self.below(3) > 0 { query.zone = Self.zones[self.below(Self.zones.count)] }
        query.filter = self.filter(source)
        query.groups = self.groups(source)
        let keys =
            query.measures.map { InsightOrder.Key.measure($0) }
            + Array(Set(query.groups.joined())).sorted { $0.rawValue < $1.rawValue }
            .map { InsightOrder.Key.dimension($0) }
        for key in self.some(keys, 1 + self.below(2)) where self.below(2) == 0 {
            query.order.append(InsightOrder(key, descending: self.below(2) == 0))
        }
        if self.below(4) == 0 { query.limit = UInt32(1 + self.below(12)) }
        switch self.below(7) {
        case 2: query.asOf = .effective(self.moment())
        case 0: query.asOf = .lsn(LSN(UInt64(self.below(Int(self.state.lsn.value) + 1))))
        case 1:
            let back = Int64(self.below(100)) * Self.hour / 30
            query.asOf = .time(Instant(microseconds: self.state.time.microseconds - back))
        default: break
        }
        return query
    }

    private mutating func some<Value>(_ values: [Value], _ count: Int) -> [Value] {
        var rest = values
        var some: [Value] = []
        while some.count < count, !rest.isEmpty {
            some.append(rest.remove(at: self.below(rest.count)))
        }
        return some
    }

    private mutating func measures(_ source: InsightSource) -> [InsightMeasure] {
        let all: [InsightMeasure] =
            switch source {
            case .sales:
                [
                    .units, .returnedUnits, .netUnits, .gross, .returns, .net, .cost, .margin,
                    .marginPercent, .transactions, .averageValue, .rows, .products,
                ]
            case .movements: [.rows, .onHandChange, .valueChange, .products]
            case .levels, .products:
                [
                    .available, .onHand, .unavailable, .reserved, .incoming, .value,
                    .retailValue, .products,
                ]
            case .refusals: [.rows, .asked, .refusedUnits, .products]
            }
        return self.some(all, 1 + self.below(5))
    }

    private mutating func groups(_ source: InsightSource) -> [[InsightDimension]] {
        let all: [InsightDimension] =
            switch source {
            case .sales, .movements: InsightDimension.allCases.filter { $0 != .stage }
            case .levels: [.product, .category, .location, .stage]
            case .products: [.product, .category, .stage]
            case .refusals:
                InsightDimension.allCases.filter { ![.kind, .reason, .stage].contains($0) }
            }
        var sets: [[InsightDimension]] = []
        for _ in 0..<(self.below(3) == 0 ? 1 + self.below(3) : 1) {
            let set = self.some(all, self.below(4))
            if !sets.contains(where: { Set($0) == Set(set) }) { sets.append(set) }
        }
        return sets
    }

    private mutating func window() -> InsightWindow {
        switch self.below(6) {
        case 0: return .all
        case 1, 2:
            let a = self.moment()
            let b = self.moment()
            if a == b { return .between(a, nil) }
            switch self.below(5) {
            case 0: return .between(min(a, b), nil)
            case 1: return .between(nil, max(a, b))
            default: return .between(min(a, b), max(a, b))
            }
        case 3, 4: return .last(UInt32(1 + self.below(9)), self.unit())
        default: return .previous(UInt32(1 + self.below(9)), self.unit())
        }
    }

    private mutating func unit() -> CalendarUnit {
        CalendarUnit.allCases[self.below(CalendarUnit.allCases.count)]
    }

    private mutating func filter(_ source: InsightSource) -> InsightFilter {
        var filter = InsightFilter()
        if self.below(5) == 0 {
            // The tenth product was deleted.
            filter.products = self.some((1...9).map { ProductID($0) }, 1 + self.below(4))
        }
        if self.below(6) == 0 {
            filter.categories = self.some((1...3).map { CategoryID($0) }, 1 + self.below(2))
        }
        if self.below(8) == 0 {
            filter.skuPrefix = ["even", "ODD-", "odd-1", "none"][self.below(4)]
        }
        if self.below(4) == 0, source != .products {
            filter.locations = self.some((1...7).map { LocationID($0) }, 1 + self.below(2))
        }
        guard source != .levels, source != .products else { return filter }
        if self.below(10) == 0 { filter.reference = "order-\(self.below(42))" }
        if self.below(10) == 0 { filter.actor = ["ann", "bob", "nobody"][self.below(3)] }
        guard source != .refusals else { return filter }
        let kinds: [MovementKind] =
            source == .sales
            ? [.sale, .return, .reversal, .costVariance] : MovementKind.allCases
        if self.below(8) == 0 {
            filter.kinds = MovementKindSet(
                self.some(kinds, 1 + self.below(2)).map { MovementKindSet($0) }
            )
        }
        if self.below(10) == 0 {
            filter.reasons = self.some(Reason.allCases, 1 + self.below(5))
        }
        return filter
    }
}
