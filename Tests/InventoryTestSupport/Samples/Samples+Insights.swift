package import InventoryModel

/// Returns encodable queries, sensible or not.
extension SplitMix64 {
    package mutating func insight() -> Insight {
        let insight: Insight =
            self.flag() ? .query(self.insightQuery()) : .named(self.namedInsight())
        return self.below(3) == 0 ? .rows(self.rowSelection(), of: insight) : insight
    }

    package mutating func rowSelection() -> RowSelection {
        RowSelection(
            condition: self.flag() ? self.rowCondition(depth: 4) : nil,
            order: self.list(upTo: 3) { .init($0.text(), descending: $0.flag()) },
            limit: UInt32(truncatingIfNeeded: self.next())
        )
    }

    private mutating func rowCondition(depth: Int) -> RowCondition {
        switch depth == 0 ? 3 : self.below(5) {
        case 0:
            return .or(self.rowCondition(depth: depth - 1), self.rowCondition(depth: depth - 1))
        case 1:
            return .and(self.rowCondition(depth: depth - 1), self.rowCondition(depth: depth - 1))
        case 2: return .not(self.rowCondition(depth: depth - 1))
        default:
            let operands: [RowCondition.Operand] = [
                .none, .number(Int64(truncatingIfNeeded: self.next())),
                .instant(Instant(microseconds: Int64(truncatingIfNeeded: self.next()))),
                .text(self.text()),
            ]
            return .test(
                RowCondition.Test(
                    self.text(),
                    comparison: self.any(RowCondition.Comparison.self),
                    operand: operands[Int(self.below(4))]
                )
            )
        }
    }

    package mutating func insightQuery() -> InsightQuery {
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

    package mutating func namedInsight() -> NamedInsight {
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

    package mutating func insightWindow() -> InsightWindow {
        let count = UInt32(truncatingIfNeeded: self.unsigned())
        return switch self.below(4) {
        case 0: .all
        case 1: .between(self.maybe { $0.instant() }, self.maybe { $0.instant() })
        case 2: .last(count, self.any(CalendarUnit.self))
        default: .previous(count, self.any(CalendarUnit.self))
        }
    }

    package mutating func resolvedWindow() -> ResolvedWindow {
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

    /// Returns ascending row numbers.
    package mutating func rising() -> [Int] {
        var numbers: [Int] = []
        for _ in 0..<self.below(6) {
            numbers.append((numbers.last ?? -1) + 1 + Int(self.below(300)))
        }
        return numbers
    }
}
