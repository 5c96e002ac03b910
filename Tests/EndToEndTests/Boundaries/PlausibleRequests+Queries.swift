import Bytes
import InventoryModel
import InventoryWire

@testable import InventoryInsights

extension PlausibleRequests {
    /// Returns queries of a kind, without filters and with every field.
    static func queries(_ tag: QueryTag, _ world: WalkedWorld) -> [Query] {
        let (from, to) = (world.seconds(-900 * 86_400), world.seconds(86_400))
        let past: [AsOf?] = [nil, .lsn(world.sale), .time(world.now)]
        let (product, category) = (world.product, world.category)
        switch tag {
        case .product: return past.map { .product(.id(product), asOf: $0) }
        case .products:
            let whole = ProductSearch(
                category: category,
                skuPrefix: "W",
                nameContains: "Product",
                text: "product",
                sort: .available,
                isDescending: true,
                after: ProductSearch.PageKey(integer: 5, text: "W", id: product),
                limit: 5,
                asOf: .lsn(world.sale)
            )
            return [.products(ProductSearch(limit: 9)), .products(whole)]
                + ProductSearch.Sort.allCases.map {
                    .products(
                        ProductSearch(
                            sort: $0,
                            after: ProductSearch.PageKey(integer: 1, text: "A", id: product),
                            limit: 2
                        )
                    )
                }
        case .categories: return [.categories(includingArchived: true)]
        case .locations: return [.locations(includingArchived: true)]
        case .levels:
            return past.map {
                .levels(
                    LevelQuery(
                        product: product,
                        location: .main,
                        category: category,
                        limit: 3,
                        asOf: $0
                    )
                )
            }
        case .ledger:
            let after = MovementID(lsn: world.sale, line: 0)
            let whole = LedgerQuery(
                product: product,
                location: .main,
                kinds: MovementKindSet(.sale),
                from: from,
                to: to,
                reference: "POS-1",
                actor: "test",
                lsn: world.sale,
                isNewestFirst: false,
                after: after,
                limit: 4
            )
            return [
                .ledger(LedgerQuery(limit: 5)), .ledger(LedgerQuery(after: after, limit: 5)),
                .ledger(LedgerQuery(from: from, to: to, limit: 5)), .ledger(whole),
            ]
        case .lowStock:
            return [.lowStock(LowStockQuery(location: .main, category: category, limit: 3))]
        case .categoryRollup: return past.map { .categoryRollup(asOf: $0) }
        case .sales:
            return [
                .sales(SalesQuery(from: from, to: to, limit: 5)),
                .sales(
                    SalesQuery(
                        product: product,
                        location: .main,
                        category: category,
                        reference: "POS-1",
                        limit: 5
                    )
                ),
                .sales(SalesQuery(limit: 5, includesPastWriteOffs: true)),
            ]
        case .refusals:
            return [
                .refusals(
                    RefusalQuery(product: product, location: .main, from: from, to: to, limit: 5)
                )
            ]
        case .reservations:
            return [
                .reservations(ReservationQuery(limit: 5)),
                .reservations(
                    ReservationQuery(
                        id: world.reservation,
                        product: product,
                        location: .main,
                        states: .all,
                        reference: "",
                        isNewestFirst: true,
                        after: world.reservation,
                        limit: 5
                    )
                ),
            ]
        case .transfers:
            return [
                .transfers(TransferQuery(limit: 5)),
                .transfers(
                    TransferQuery(
                        id: world.transfer,
                        product: product,
                        location: .main,
                        states: .all,
                        reference: "",
                        isNewestFirst: true,
                        after: world.transfer,
                        limit: 5
                    )
                ),
            ]
        case .lastStep: return ["", "test"].map { .lastStep(actor: $0) }
        case .importRuns:
            return [
                .importRuns(ImportRunQuery(limit: 5)),
                .importRuns(
                    ImportRunQuery(run: "r", content: "c", isNewestFirst: true, limit: 5)
                ),
            ]
        case .importSteps:
            return [0, 5].map { .importSteps(ImportStepQuery(run: world.run, limit: $0)) }
        case .verify: return [.verify]
        case .stats: return [.stats]
        case .stateChecksum: return [.stateChecksum]
        }
    }

    // MARK: - Insights

    /// Returns every kind of window, with valid bounds.
    private static func windows(_ world: WalkedWorld) -> [InsightWindow] {
        let (from, to) = (world.seconds(-30 * 86_400), world.seconds(60))
        return [.between(from, to), .all, .between(from, nil), .between(nil, to)]
            + CalendarUnit.allCases.flatMap { [.last(3, $0), .previous(2, $0)] }
    }

    /// Returns the position of the window in the body of a named insight or of a query: after a byte for
    /// its kind and one for its name or source.
    private static func windowRange(_ window: InsightWindow) -> Range<Int> {
        var writer = ByteWriter()
        window.encode(into: &writer)
        return 2..<(2 + writer.count)
    }

    /// Returns each named insight with every field, then with each window, and each source by each dimension.
    static func insights(_ world: WalkedWorld) -> [PlausibleRequest] {
        let windows = Self.windows(world)
        let named = NamedInsight.Name.allCases.flatMap { name in
            [
                Self.request("\(name) whole", .named(Self.whole(name, windows[0], world))),
                Self.request("\(name) all", .named(Self.whole(name, .all, world)))
                    .limited(to: Self.windowRange(.all)),
            ]
                + windows.map { window in
                    Self.request(
                        "\(name) \(window)",
                        .named(NamedInsight(name, window: window, limit: 5))
                    ).limited(to: Self.windowRange(window))
                }
        }
        return named + Self.queries(windows, world) + Self.selections()
    }

    private static func queries(
        _ windows: [InsightWindow],
        _ world: WalkedWorld
    ) -> [PlausibleRequest] {
        InsightSource.allCases.flatMap { source -> [PlausibleRequest] in
            let measures = InsightMeasure.allCases.filter { $0.isAvailable(in: source) }
            let dimensions = InsightDimension.allCases.filter { $0.isAvailable(in: source) }
            var requests = [
                Self.request("query \(source)", .query(Self.whole(source, windows[0], world)))
            ]
            guard source.hasTime else { return requests }
            for dimension in dimensions {
                // The windows with the most and the fewest buckets.
                for window in [windows[0], .previous(2, .hour), .last(3, .month)] {
                    let query = InsightQuery(
                        source: source,
                        window: window,
                        groups: [[dimension]],
                        measures: [measures[0]],
                        limit: 5
                    )
                    requests.append(
                        Self.request("query \(source) by \(dimension) \(window)", .query(query))
                            .limited(to: Self.windowRange(window))
                    )
                }
            }
            return requests
        }
    }

    /// Returns an insight with every part that it uses.
    private static func whole(
        _ name: NamedInsight.Name,
        _ window: InsightWindow,
        _ world: WalkedWorld
    ) -> NamedInsight {
        let parts = name.parts
        var insight = NamedInsight(
            name,
            window: parts.window ? window : .all,
            zone: "Africa/Cairo",
            filter: InsightFilter(
                products: [world.product],
                categories: [world.category],
                locations: parts.locations ? [.main] : [],
                skuPrefix: "W"
            ),
            parameters: NamedInsightParameters(
                by: parts.by.last,
                measure: parts.measures.last,
                isAscending: parts.ascending,
                days: parts.days,
                serviceLevel: parts.serviceLevel ? 900_000 : nil
            ),
            limit: 6
        )
        if parts.rowFilters {
            insight.filter.kinds = MovementKindSet(.sale)
            insight.filter.reasons = [.other]
            insight.filter.reference = "POS-1"
            insight.filter.actor = "test"
        }
        if window != .all { insight.asOf = .lsn(world.sale) }
        return insight
    }

    /// Returns live insights: each named insight, and each source.
    ///
    /// The other parts are decoded as in a query.
    static func liveInsights(_ world: WalkedWorld) -> [PlausibleRequest] {
        let windows = Self.windows(world)
        let named = NamedInsight.Name.allCases.map { name in
            let window = name.parts.window ? windows[0] : .all
            return PlausibleRequest(
                "live \(name)",
                .subscribeInsight(.named(NamedInsight(name, window: window, limit: 5)))
            ).limited(to: Self.windowRange(window))
        }
        let sources = InsightSource.allCases.map { source in
            PlausibleRequest(
                "live query \(source)",
                .subscribeInsight(.query(Self.whole(source, windows[0], world)))
            ).limited(to: Self.windowRange(windows[0]))
        }
        return named + sources
    }

    private static func whole(
        _ source: InsightSource,
        _ window: InsightWindow,
        _ world: WalkedWorld
    ) -> InsightQuery {
        let measures = InsightMeasure.allCases.filter { $0.isAvailable(in: source) }
        let dimensions = InsightDimension.allCases.filter { $0.isAvailable(in: source) }
        return InsightQuery(
            source: source,
            window: source.hasTime ? window : .all,
            zone: source.hasTime ? "America/New_York" : "",
            filter: InsightFilter(
                products: [world.product],
                categories: [world.category],
                locations: source == .products ? [] : [.main]
            ),
            groups: [Array(dimensions.prefix(2)), []],
            measures: Array(measures.prefix(InsightLimits.measuresMax)),
            order: [InsightOrder(.measure(measures[0]), descending: true)],
            limit: 7
        )
    }

    /// Returns insights with row selections of every comparison and operand.
    private static func selections() -> [PlausibleRequest] {
        let operands: [(String, RowCondition.Operand)] = [
            ("sku", .none), ("sku", .text("W")), ("idleDays", .number(1_000_000)),
            ("lastSoldAt", .instant(.zero)),
        ]
        return RowCondition.Comparison.allCases.enumerated().map { number, comparison in
            let tests = operands.map {
                RowCondition.test(RowCondition.Test($0.0, comparison: comparison, operand: $0.1))
            }
            let selection = RowSelection(
                condition: .or(.and(tests[0], tests[1]), .not(.or(tests[2], tests[3]))),
                order: [RowSelection.Order("sku", descending: true)],
                limit: 3
            )
            let request = Self.request(
                "rows \(comparison)",
                .rows(selection, of: .named(NamedInsight(.dead, window: .all)))
            )
            // They differ by one byte: the others are sent unmodified.
            return number == 0 ? request : request.limited(to: 0..<0)
        }
    }

    private static func request(_ name: String, _ insight: Insight) -> PlausibleRequest {
        var request = PlausibleRequest(name, .insight(insight))
        // A window, or another part, that an insight does not use is refused.
        request.mayBeRefused = true
        return request
    }
}
