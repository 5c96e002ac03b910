internal import Inventory
public import InventoryInsights

/// Questions that can be encoded, sensible or not.
extension SplitMix64 {
    public mutating func insight() -> Insight {
        self.flag() ? .query(self.insightQuery()) : .named(self.namedInsight())
    }

    public mutating func insightQuery() -> InsightQuery {
        InsightQuery(
            source: self.any(InsightSource.self),
            window: self.insightWindow(),
            zone: self.text(),
            filter: self.insightFilter(),
            groups: self.list { random in
                random.list { $0.any(InsightDimension.self) }
            },
            measures: self.list(upTo: 6) { $0.any(InsightMeasure.self) },
            order: self.list { $0.insightOrder() },
            limit: UInt32(truncatingIfNeeded: self.unsigned()),
            asOf: self.asOf()
        )
    }

    public mutating func namedInsight() -> NamedInsight {
        NamedInsight(
            self.any(NamedInsight.Name.self),
            window: self.insightWindow(),
            zone: self.text(),
            filter: self.insightFilter(),
            parameters: NamedInsightParameters(
                by: self.maybe { $0.any(InsightDimension.self) },
                measure: self.maybe { $0.any(InsightMeasure.self) },
                isAscending: self.flag(),
                days: self.maybe { UInt32(truncatingIfNeeded: $0.unsigned()) },
                serviceLevel: self.maybe { UInt32(truncatingIfNeeded: $0.unsigned()) }
            ),
            limit: UInt32(truncatingIfNeeded: self.unsigned()),
            asOf: self.asOf()
        )
    }

    public mutating func insightWindow() -> InsightWindow {
        let count = UInt32(truncatingIfNeeded: self.unsigned())
        return switch self.below(4) {
        case 0: .all
        case 1: .between(self.maybe { $0.instant() }, self.maybe { $0.instant() })
        case 2: .last(count, self.any(CalendarUnit.self))
        default: .previous(count, self.any(CalendarUnit.self))
        }
    }

    public mutating func resolvedWindow() -> ResolvedWindow {
        ResolvedWindow(
            from: self.maybe { $0.instant() },
            to: self.maybe { $0.instant() },
            zone: self.text(),
            movesAt: self.maybe { $0.instant() }
        )
    }

    private mutating func insightFilter() -> InsightFilter {
        InsightFilter(
            products: self.list { $0.product() },
            categories: self.list { $0.category() },
            locations: self.list { $0.location() },
            kinds: MovementKindSet(self.list { MovementKindSet($0.any(MovementKind.self)) }),
            reasons: self.list { $0.any(Reason.self) },
            skuPrefix: self.text(),
            reference: self.text(),
            actor: self.text()
        )
    }

    private mutating func insightOrder() -> InsightOrder {
        let key: InsightOrder.Key =
            self.flag()
            ? .dimension(self.any(InsightDimension.self)) : .measure(self.any(InsightMeasure.self))
        return InsightOrder(key, descending: self.flag())
    }

    /// Row numbers that rise.
    public mutating func rising() -> [Int] {
        var numbers: [Int] = []
        for _ in 0..<self.below(6) {
            numbers.append((numbers.last ?? -1) + 1 + Int(self.below(300)))
        }
        return numbers
    }
}
