internal import InventoryModel

/// What insights and queries measure: the help on their columns, with formulas.
enum InsightsPage {
    static var text: String {
        """
        Money is net of tax as it was recorded, at the price and cost of the day. A
        window has days of a zone (invctl help times). "None" is an empty cell, null in
        JSON. Rates are over the time in which the product existed, at least an hour.

        \(NamedInsight.Name.allCases.map { Self.section($0) }.joined(separator: "\n\n"))

        invctl query composes others from the same measures: invctl query --help.
        """
    }

    /// Returns the name of an insight's command, and its columns with their formulas.
    private static func section(_ name: NamedInsight.Name) -> String {
        let title = name == .lowStock ? "low" : "\(name)"
        return "\(title)\n\(HelpTopic.table(Self.columns(name)))"
    }

    /// Returns the columns of an insight with their formulas, as lines of its help.
    static func formulas(_ name: NamedInsight.Name) -> String {
        HelpTopic.table(Self.columns(name))
    }

    /// The measures of `query` with their formulas and sources.
    static var measures: String {
        HelpTopic.table(InsightMeasure.allCases.map { ("\($0)", $0.formula) })
    }

    /// The groups of `query`.
    static var dimensions: String {
        HelpTopic.table(InsightDimension.allCases.map { ("\($0)", $0.meaning) })
    }

    /// The sources of `query`.
    static var sources: String {
        HelpTopic.table(InsightSource.allCases.map { ("\($0)", $0.meaning) })
    }

    /// The names of the dimensions, for the help of an option.
    static let dimensionNames = InsightDimension.allCases.map { "\($0)" }.joined(separator: ", ")
    /// The names of the measures, for the help of an option.
    static let measureNames = InsightMeasure.allCases.map { "\($0)" }.joined(separator: ", ")

    private static func columns(_ name: NamedInsight.Name) -> [(String, String)] {
        func measures(_ all: InsightMeasure...) -> [(String, String)] {
            all.map { ("\($0)", $0.formula) }
        }
        switch name {
        case .sales:
            return measures(
                .gross,
                .returns,
                .net,
                .units,
                .returnedUnits,
                .transactions,
                .averageValue
            )
        case .margin: return measures(.net, .cost, .margin, .marginPercent)
        case .top: return self.top
        case .velocity: return self.velocity
        case .cover: return self.cover
        case .reorder: return self.reorder
        case .abc: return self.abc
        case .dead: return self.dead
        case .turnover: return self.turnover
        case .ageing: return self.ageing
        case .heatmap:
            return [("weekday", "1 Monday to 7 Sunday"), ("hourOfDay", "0 to 23, local time")]
                + measures(.units, .net, .transactions)
        case .refused: return self.refused
        case .availability: return self.availability
        case .valuation: return measures(.products, .value, .retailValue)
        case .categories: return measures(.products, .onHand, .available, .value, .retailValue)
        case .lowStock: return self.low
        }
    }

    private static let top = [
        ("rank", "by --measure (net), from 1; ties by product"),
        ("rankChange", "previousRank − rank; previousRank: in the window before"),
        ("growth", "(now − previous) ÷ previous; none if previous ≤ 0"),
        ("isNew", "sold now, but not in the window before"),
    ]

    private static let velocity = [
        ("velocity", "units sold ÷ days"),
        ("inStockVelocity", "units sold ÷ days with units available"),
        ("movingAverage", "mean of the last --days whole days (7)"),
        ("ewma", "α·day + (1 − α)·before, α = 2 ÷ (days + 1)"),
    ]

    private static let cover = [
        ("inStockVelocity", "units sold ÷ days with units available"),
        ("daysOfCover", "available ÷ inStockVelocity; none if nothing sells"),
        ("stockOutAt", "now + daysOfCover"),
        ("risk", "P(Poisson(velocity · lead time) ≥ available)"),
    ]

    private static let reorder = [
        ("demand", "d: mean units of the window's whole days"),
        ("deviation", "σd: standard deviation of the same days"),
        ("leadTimeDays", "L: of the product"),
        ("safetyStock", "z·√(L·σd²), z for --service-level (95 %)"),
        ("reorderPoint", "d·L + safetyStock"),
        ("suggestedOrder", "packs up to the target once available + incoming"),
        ("", "is at or below the reorder point, else 0"),
    ]

    private static let abc = [
        ("share", "of the sum of --measure (net)"),
        ("class", "A while the share before it is below 80 %,"),
        ("", "B below 95 %, else C"),
    ]

    private static let dead = [
        ("idleDays", "days since the last sale, or the first movement;"),
        ("", "listed from --days on (90), with stock on hand"),
        ("value", "the cost of what is there"),
    ]

    private static let turnover = [
        ("sellThrough", "units ÷ (opening + received)"),
        ("averageInventory", "the mean value of the stock over time"),
        ("turnover", "cost ÷ averageInventory"), ("daysOfInventory", "days ÷ turnover"),
        ("gmroi", "(net − cost) ÷ averageInventory"),
    ]

    private static let ageing = [
        ("days0to30 …", "units on hand by age: what arrived last is there"),
        ("", "(first in, first out)"), ("oldestDays", "the age of the oldest unit"),
    ]

    private static let refused = [
        ("asked", "units asked for in sales and reservations that were"),
        ("", "refused for lack of stock"), ("refusedUnits", "asked − available then"),
        ("fillRate", "units sold ÷ (units sold + asked)"),
        ("lostSales", "refusedUnits × the current price"),
    ]

    private static let availability = [
        ("stockOutDays", "days with no units available, of observedDays"),
        ("inStockShare", "1 − stockOutDays ÷ observedDays"),
        ("stockOuts", "how often the last unit went"),
    ]

    private static let low = [
        ("available", "at or below the product's reorderPoint"),
        ("daysOfCover", "available ÷ inStockVelocity, at the location"),
        ("suggestedOrder", "packs up to the target, with what is incoming"),
    ]
}

extension InsightMeasure {
    /// The formula, and the sources that have it.
    fileprivate var formula: String {
        switch self {
        case .units: "units sold, less reversed sales (sales)"
        case .returnedUnits: "units returned (sales)"
        case .netUnits: "units − returnedUnits (sales)"
        case .gross: "Σ amounts at the price of the day (sales)"
        case .returns: "Σ refunded amounts (sales)"
        case .net: "gross − returns (sales)"
        case .cost: "cost of the goods sold, less returned (sales)"
        case .margin: "net − cost (sales)"
        case .marginPercent: "100 · margin ÷ net; none if net is 0 (sales)"
        case .transactions: "receipts: a reference at a place and day (sales)"
        case .averageValue: "net ÷ transactions (sales)"
        case .rows: "rows (movements, sales, refusals)"
        case .onHandChange: "Σ change of stock on hand (movements)"
        case .valueChange: "Σ change of the stock's value (movements)"
        case .available: "on hand − unavailable − reserved (levels, products)"
        case .onHand: "units on hand (levels, products)"
        case .unavailable: "units damaged or on hold (levels, products)"
        case .reserved: "units reserved (levels, products)"
        case .incoming: "units expected (levels, products)"
        case .value: "stock at cost, with goods in transit (levels, products)"
        case .retailValue: "Σ price × on hand or in transit (levels, products)"
        case .products: "products with a row in the group (all)"
        case .asked: "units asked for and refused (refusals)"
        case .refusedUnits: "Σ asked − available then (refusals)"
        }
    }
}

extension InsightDimension {
    fileprivate var meaning: String {
        switch self {
        case .product: "each product"
        case .category: "its current category"
        case .location: "the place; not of products"
        case .hour, .day, .month: "the \(self) in --zone; of a source with a time"
        case .week: "from Monday; of a source with a time"
        case .weekday: "1 Monday to 7 Sunday"
        case .hourOfDay: "0 to 23, local time"
        case .reason, .kind: "of sales and movements"
        case .stage: "onHand or inTransit; of levels and products"
        }
    }
}

extension InsightSource {
    fileprivate var meaning: String {
        switch self {
        case .sales: "sales, returns and their reversals, by when they happened"
        case .movements: "every movement of the ledger, by when it happened"
        case .levels: "stock by product and location, and in transit"
        case .products: "products with all their stock"
        case .refusals: "unmet demand, by when it was refused"
        }
    }
}
