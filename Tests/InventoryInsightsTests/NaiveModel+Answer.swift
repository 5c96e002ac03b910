import Inventory
import InventoryInsights

/// The naive answer to a question: every row looked at, every group a dictionary's entry.
extension NaiveModel {
    struct Answer {
        var columns: [String]
        var rows: [[ResultCell]]
    }

    func answer(_ query: InsightQuery, at now: Int64) throws -> Answer {
        let calendar = try self.calendar(self.zoneName(query))
        let window = self.window(query.window, now, calendar)
        let rows = self.rows(query).filter { self.counts($0, query.filter, window) }
        let dimensions = query.groups.joined().reduce(into: [InsightDimension]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        var groups: [(key: [Int64?], rows: [NaiveRow])] = []
        for set in query.groups {
            var members: [[Int64?]: [NaiveRow]] = [:]
            for key in self.filled(set, window, calendar, dimensions) { members[key] = [] }
            for row in rows {
                let key = dimensions.map { dimension in
                    set.contains(dimension) ? self.value(dimension, row, calendar) : nil
                }
                members[key, default: []].append(row)
            }
            groups += members.map { ($0.key, $0.value) }
        }
        let source = query.source
        var made = try groups.map { group in
            (
                key: group.key,
                measures: try query.measures.map { try self.cell($0, group.rows, source) }
            )
        }
        made.sort { self.isBefore($0, $1, query, dimensions) }
        if query.limit > 0 { made = Array(made.prefix(Int(query.limit))) }
        return self.shown(made, query, dimensions)
    }

    private func zoneName(_ query: InsightQuery) -> String {
        if !query.zone.isEmpty { return query.zone }
        let locations = query.filter.locations
        guard let first = locations.first, locations.allSatisfy({ $0 == first }) else {
            return "UTC"
        }
        return self.zones[Int64(first.value)] ?? "?"
    }

    // MARK: - Rows

    func window(
        _ window: InsightWindow,
        _ now: Int64,
        _ calendar: NaiveCalendar
    ) -> (from: Int64?, to: Int64?) {
        switch window {
        case .all: return (nil, nil)
        case .between(let from, let to): return (from?.microseconds, to?.microseconds)
        case .last(let count, let unit):
            let running = calendar.start(unit, now)
            return (calendar.start(unit, count - 1, before: now), calendar.next(unit, running))
        case .previous(let count, let unit):
            return (calendar.start(unit, count, before: now), calendar.start(unit, now))
        }
    }

    private func rows(_ query: InsightQuery) -> [NaiveRow] {
        func isPast(_ row: NaiveRow) -> Bool {
            switch query.asOf {
            case .none: true
            case .lsn(let lsn): row.lsn <= Int64(lsn)
            case .time(let time): row.recordedAt <= time.microseconds
            }
        }
        switch query.source {
        case .movements: return self.movements.filter(isPast)
        case .sales:
            let kinds: Set = ["sale", "return"]
            return self.movements.filter {
                isPast($0) && (kinds.contains($0.kind) || kinds.contains($0.undone))
            }
        case .refusals: return self.refusals.filter(isPast)
        case .levels, .products: return self.balances(query, isPast)
        }
    }

    /// A row for each level, its balances the sum of its movements.
    private func balances(_ query: InsightQuery, _ isPast: (NaiveRow) -> Bool) -> [NaiveRow] {
        var rows: [NaiveRow] = []
        if query.source == .products {
            for (id, product) in self.products where product.isListed {
                rows.append(NaiveRow(product: id))
            }
        }
        var balances: [[Int64]: NaiveRow] = [:]
        for pair in self.pairs {
            balances[[pair.product, pair.location]] = NaiveRow(
                product: pair.product,
                location: pair.location
            )
        }
        for movement in self.movements where isPast(movement) {
            let key = [movement.product, movement.location]
            balances[key]?.onHand += movement.onHand
            balances[key]?.unavailable += movement.unavailable
            balances[key]?.reserved += movement.reserved
            balances[key]?.incoming += movement.incoming
            balances[key]?.cost += movement.cost
        }
        for var row in balances.values {
            guard let product = self.products[row.product] else { continue }
            if query.source == .products, !product.isListed { continue }
            row.retail = Self.halfEven(product.price * row.onHand, over: product.basis)
            rows.append(row)
        }
        return rows
    }

    static func halfEven(_ value: Int64, over divisor: Int64) -> Int64 {
        var floor = value / divisor
        if value % divisor < 0 { floor -= 1 }
        let twice = (value - floor * divisor) * 2
        if twice > divisor || (twice == divisor && floor % 2 != 0) { floor += 1 }
        return floor
    }

    private func counts(
        _ row: NaiveRow,
        _ filter: InsightFilter,
        _ window: (from: Int64?, to: Int64?)
    ) -> Bool {
        if let from = window.from, row.time < from { return false }
        if let to = window.to, row.time >= to { return false }
        let product = self.products[row.product]
        func allows<ID>(_ ids: [ID], _ test: (ID) -> Bool) -> Bool {
            ids.isEmpty || ids.contains(where: test)
        }
        guard allows(filter.products, { Int64($0.value) == row.product }),
            allows(filter.categories, { Int64($0.value) == product?.category }),
            allows(filter.locations, { Int64($0.value) == row.location }),
            allows(filter.reasons, { "\($0)" == row.reason })
        else { return false }
        if !filter.kinds.isEmpty {
            let kinds = MovementKind.allCases.filter { filter.kinds.contains(.init($0)) }
            guard kinds.contains(where: { "\($0)" == row.kind }) else { return false }
        }
        if !filter.skuPrefix.isEmpty {
            let sku = product?.sku.lowercased() ?? ""
            guard sku.hasPrefix(filter.skuPrefix.lowercased()) else { return false }
        }
        return (filter.reference.isEmpty || filter.reference == row.reference)
            && (filter.actor.isEmpty || filter.actor == row.actor)
    }

    // MARK: - Groups

    private func value(
        _ dimension: InsightDimension,
        _ row: NaiveRow,
        _ calendar: NaiveCalendar
    ) -> Int64 {
        switch dimension {
        case .product: row.product
        case .category: self.products[row.product]?.category ?? -1
        case .location: row.location
        case .hour: calendar.start(.hour, row.time)
        case .day: calendar.start(.day, row.time)
        case .week: calendar.start(.week, row.time)
        case .month: calendar.start(.month, row.time)
        case .weekday: Int64(calendar.weekday(row.time))
        case .hourOfDay: Int64(calendar.hourOfDay(row.time))
        case .reason:
            Int64(Reason.allCases.first { "\($0)" == row.reason }?.rawValue ?? 0)
        case .kind: Int64(MovementKind.allCases.first { "\($0)" == row.kind }?.rawValue ?? 0)
        }
    }

    /// The keys that have a row even where nothing happened.
    private func filled(
        _ set: [InsightDimension],
        _ window: (from: Int64?, to: Int64?),
        _ calendar: NaiveCalendar,
        _ dimensions: [InsightDimension]
    ) -> [[Int64?]] {
        if set.isEmpty { return [dimensions.map { _ in nil }] }
        if Set(set).isSubset(of: [.weekday, .hourOfDay]) {
            var keys: [[Int64?]] = []
            for weekday in Int64(1)...7 {
                for hour in Int64(0)...23 {
                    keys.append(
                        dimensions.map { dimension in
                            guard set.contains(dimension) else { return nil }
                            return dimension == .weekday ? weekday : hour
                        }
                    )
                }
            }
            return keys
        }
        let units: [InsightDimension: CalendarUnit] = [
            .hour: .hour, .day: .day, .week: .week, .month: .month,
        ]
        guard set.count == 1, let unit = units[set[0]], let from = window.from, let to = window.to
        else { return [] }
        var keys: [[Int64?]] = []
        var start = calendar.start(unit, from)
        while start < to {
            keys.append(dimensions.map { $0 == set[0] ? start : nil })
            start = calendar.next(unit, start)
        }
        return keys
    }

    // MARK: - Measures

    private func cell(
        _ measure: InsightMeasure,
        _ rows: [NaiveRow],
        _ source: InsightSource
    ) throws -> ResultCell {
        let sold = rows.filter { $0.kind == "sale" || $0.undone == "sale" }
        let back = rows.filter { $0.kind == "return" || $0.undone == "return" }
        func sum(_ rows: [NaiveRow], _ value: (NaiveRow) -> Int64) -> Int64 {
            rows.reduce(0) { $0 + value($1) }
        }
        let net = sum(sold, \.amount) + sum(back, \.amount)
        let cost = -sum(rows, \.cost)
        let transactions = Set(
            rows.filter { $0.kind == "sale" }.map {
                $0.reference.isEmpty ? "step \($0.lsn)" : "reference " + $0.reference
            }
        ).count
        switch measure {
        case .units: return .integer(-sum(sold, \.onHand))
        case .returnedUnits: return .integer(sum(back, \.onHand))
        case .netUnits: return .integer(-sum(sold, \.onHand) - sum(back, \.onHand))
        case .gross: return .integer(sum(sold, \.amount))
        case .returns: return .integer(-sum(back, \.amount))
        case .net: return .integer(net)
        case .cost: return .integer(cost)
        case .margin: return .integer(net - cost)
        case .marginPercent:
            return net == 0 ? .none : .number(100 * Double(net - cost) / Double(net))
        case .transactions: return .integer(Int64(transactions))
        case .averageValue:
            guard transactions > 0 else { return .none }
            return .integer(Self.halfEven(net, over: Int64(transactions)))
        case .rows: return .integer(Int64(rows.count))
        case .onHandChange, .onHand: return .integer(sum(rows, \.onHand))
        case .valueChange, .value: return .integer(sum(rows, \.cost))
        case .available:
            return .integer(sum(rows) { $0.onHand - $0.unavailable - $0.reserved })
        case .unavailable: return .integer(sum(rows, \.unavailable))
        case .reserved: return .integer(sum(rows, \.reserved))
        case .incoming: return .integer(sum(rows, \.incoming))
        case .retailValue: return .integer(sum(rows, \.retail))
        case .products: return .integer(Int64(Set(rows.map(\.product)).count))
        case .asked: return .integer(sum(rows, \.asked))
        case .refusedUnits: return .integer(sum(rows) { $0.asked - $0.couldHave })
        }
    }

    // MARK: - Order and columns

    private typealias Made = (key: [Int64?], measures: [ResultCell])

    private func isBefore(
        _ a: Made,
        _ b: Made,
        _ query: InsightQuery,
        _ dimensions: [InsightDimension]
    ) -> Bool {
        func number(_ cell: ResultCell) -> Double? {
            switch cell {
            case .integer(let value): Double(value)
            case .number(let value): value
            default: nil
            }
        }
        func compare(_ a: Double?, _ b: Double?, _ isDescending: Bool) -> Int {
            guard let a else { return b == nil ? 0 : 1 }
            guard let b else { return -1 }
            return a == b ? 0 : ((a < b) == isDescending ? 1 : -1)
        }
        func value(_ made: Made, _ key: InsightOrder.Key) -> Double? {
            switch key {
            case .dimension(let dimension):
                dimensions.firstIndex(of: dimension).flatMap { made.key[$0] }.map(Double.init)
            case .measure(let measure):
                query.measures.firstIndex(of: measure).flatMap { number(made.measures[$0]) }
            }
        }
        for order in query.order {
            let result = compare(value(a, order.key), value(b, order.key), order.isDescending)
            if result != 0 { return result < 0 }
        }
        for dimension in dimensions {
            let key = InsightOrder.Key.dimension(dimension)
            let result = compare(value(a, key), value(b, key), false)
            if result != 0 { return result < 0 }
        }
        return false
    }

    private func shown(
        _ made: [Made],
        _ query: InsightQuery,
        _ dimensions: [InsightDimension]
    ) -> Answer {
        var columns: [String] = []
        for dimension in dimensions {
            switch dimension {
            case .product: columns += ["productId", "sku", "name"]
            case .category: columns += ["categoryId", "category"]
            case .location: columns += ["locationId", "location"]
            default: columns.append("\(dimension)")
            }
        }
        columns += query.measures.map { "\($0)" }
        let quantities: Set<InsightMeasure> = [
            .units, .returnedUnits, .netUnits, .onHandChange, .available, .onHand, .unavailable,
            .reserved, .incoming, .asked, .refusedUnits,
        ]
        let product = dimensions.firstIndex(of: .product)
        let hasUnit = product != nil && query.measures.contains { quantities.contains($0) }
        if hasUnit { columns += ["unit", "unitDecimals"] }
        let rows = made.map { made -> [ResultCell] in
            var cells: [ResultCell] = []
            for (dimension, value) in zip(dimensions, made.key) {
                cells += self.names(dimension, value)
            }
            cells += made.measures
            if hasUnit {
                let id = product.flatMap { made.key[$0] }
                let unit = id.flatMap { self.products[$0] }
                cells.append(unit.map { .text($0.unit) } ?? .none)
                cells.append(unit.map { .integer($0.decimals) } ?? .none)
            }
            return cells
        }
        return Answer(columns: columns, rows: rows)
    }

    private func names(_ dimension: InsightDimension, _ value: Int64?) -> [ResultCell] {
        let id: ResultCell = value.map { .integer($0) } ?? .none
        func text(_ text: String?) -> ResultCell { text.map { .text($0) } ?? .none }
        let product = value.flatMap { self.products[$0] }
        switch dimension {
        case .product: return [id, text(product?.sku), text(product?.name)]
        case .category: return [id, text(value.flatMap { self.categories[$0] })]
        case .location: return [id, text(value.flatMap { self.codes[$0] })]
        case .reason:
            return [
                text(
                    value.map { raw in
                        Reason.allCases.first { Int64($0.rawValue) == raw }.map { "\($0)" }
                            ?? "none"
                    }
                )
            ]
        case .kind:
            return [
                text(
                    value.flatMap { raw in
                        MovementKind.allCases.first { Int64($0.rawValue) == raw }.map { "\($0)" }
                    }
                )
            ]
        default: return [id]
        }
    }
}
