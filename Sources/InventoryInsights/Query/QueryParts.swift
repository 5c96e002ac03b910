package import InventoryModel

/// The compatible parts of a query: what each source can measure, group by and filter.
extension InsightSource {
    /// Whether its rows have a time.
    var hasTime: Bool { self != .levels && self != .products }

    /// Whether its rows are rows of the ledger.
    var isLedger: Bool { self == .sales || self == .movements }

    /// Whether its rows are balances.
    var isStock: Bool { self == .levels || self == .products }
}

extension InsightMeasure {
    func isAvailable(in source: InsightSource) -> Bool {
        switch self {
        case .units, .returnedUnits, .netUnits, .gross, .returns, .net, .cost, .margin,
            .marginPercent, .transactions, .averageValue:
            source == .sales
        case .rows: source.hasTime
        case .onHandChange, .valueChange: source == .movements
        case .available, .onHand, .unavailable, .reserved, .incoming, .value, .retailValue:
            source.isStock
        case .products: true
        case .asked, .refusedUnits: source == .refusals
        }
    }

    /// The display kind of its column.
    package var kind: ResultKind {
        switch self {
        case .units, .returnedUnits, .netUnits, .onHandChange, .available, .onHand, .unavailable,
            .reserved, .incoming, .asked, .refusedUnits:
            .quantity
        case .gross, .returns, .net, .cost, .margin, .averageValue, .valueChange, .value,
            .retailValue:
            .money
        case .marginPercent: .number
        case .transactions, .rows, .products: .integer
        }
    }
}

extension InsightDimension {
    func isAvailable(in source: InsightSource) -> Bool {
        switch self {
        case .product, .category: true
        case .location: source != .products
        case .stage: source.isStock
        case .hour, .day, .week, .month, .weekday, .hourOfDay: source.hasTime
        case .reason, .kind: source.isLedger
        }
    }

    /// The calendar unit whose starts it shows.
    var unit: CalendarUnit? {
        switch self {
        case .hour: .hour
        case .day: .day
        case .week: .week
        case .month: .month
        default: nil
        }
    }
}

/// The sums over the rows of a group; every additive measure is composed of these.
///
/// Amounts of returns and costs of sales are negative in the ledger; here they are positive. Cost without a
/// sale is the amount of a cost variance there.
enum Sum: Int, CaseIterable {
    case soldUnits, returnedUnits, gross, returns, cost, lateCost
    case onHandChange, valueChange
    case asked, refusedUnits
    case onHand, unavailable, reserved, incoming, value, retailValue
}

extension InsightMeasure {
    /// The sums it is composed of, each with its sign; empty if it is not additive.
    var terms: [(sum: Sum, sign: Int128)] {
        switch self {
        case .units: [(.soldUnits, 1)]
        case .returnedUnits: [(.returnedUnits, 1)]
        case .netUnits: [(.soldUnits, 1), (.returnedUnits, -1)]
        case .gross: [(.gross, 1)]
        case .returns: [(.returns, 1)]
        case .net, .averageValue: [(.gross, 1), (.returns, -1)]
        case .cost: [(.cost, 1), (.lateCost, 1)]
        case .margin, .marginPercent:
            [(.gross, 1), (.returns, -1), (.cost, -1), (.lateCost, -1)]
        case .onHandChange: [(.onHandChange, 1)]
        case .valueChange: [(.valueChange, 1)]
        case .available: [(.onHand, 1), (.unavailable, -1), (.reserved, -1)]
        case .onHand: [(.onHand, 1)]
        case .unavailable: [(.unavailable, 1)]
        case .reserved: [(.reserved, 1)]
        case .incoming: [(.incoming, 1)]
        case .value: [(.value, 1)]
        case .retailValue: [(.retailValue, 1)]
        case .asked: [(.asked, 1)]
        case .refusedUnits: [(.refusedUnits, 1)]
        case .transactions, .rows, .products: []
        }
    }

    var needsTransactions: Bool { self == .transactions || self == .averageValue }
}
