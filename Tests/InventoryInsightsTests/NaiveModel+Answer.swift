import Bytes
import InventoryModel
import InventoryTestSupport

/// The naive result of a query: every row is examined, every group is an entry of a dictionary.
extension NaiveModel {
    struct Answer {
        var columns: [String]
        var rows: [[ResultCell]]
    }

    /// - Returns: `nil` if rows of different units would be ordered by a quantity.
    func answer(_ query: InsightQuery, at now: Int64) throws -> Answer? {
        let calendar = try self.calendar(self.zoneName(query))
        let window = self.window(query.window, self.moment(query.asOf, now), calendar)
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
        let ordersQuantity = query.order.contains { order in
            if case .measure(let measure) = order.key {
                Self.quantities.contains(measure)
            } else {
                false
            }
        }
        if ordersQuantity, self.units(groups.flatMap(\.rows)).count > 1 { return nil }
        var made = try groups.map { group in
            let units = self.units(group.rows)
            let cells = try query.measures.map { measure in
                units.count > 1 && Self.quantities.contains(measure)
                    ? .none : try self.cell(measure, group.rows, query)
            }
            return Made(key: group.key, measures: cells, unit: units.count == 1 ? units.first : nil)
        }
        made.sort { self.isBefore($0, $1, query, dimensions) }
        if query.limit > 0 { made = Array(made.prefix(Int(query.limit))) }
        return self.shown(made, query, dimensions)
    }

    struct NaiveUnit: Hashable {
        var name: String
        var decimals: Int64
    }

    private func units(_ rows: [NaiveRow]) -> Set<NaiveUnit> {
        Set(
            rows.compactMap { self.products[$0.product] }.map {
                NaiveUnit(name: $0.unit, decimals: $0.decimals)
            }
        )
    }

    private static let quantities: Set<InsightMeasure> = [
        .units, .returnedUnits, .netUnits, .onHandChange, .available, .onHand, .unavailable,
        .reserved, .incoming, .asked, .refusedUnits,
    ]

    private func zoneName(_ query: InsightQuery) -> String {
        if !query.zone.isEmpty { return query.zone }
        let locations = query.filter.locations
        guard let first = locations.first, locations.allSatisfy({ $0 == first }) else {
            return "UTC"
        }
        return self.zones[Int64(first.value)] ?? "?"
    }

    // MARK: - Rows

    /// The moment that is now for a relative window: the point in the past, if there is one.
    private func moment(_ asOf: AsOf?, _ now: Int64) -> Int64 {
        switch asOf {
        case .none: return now
        case .time(let time), .effective(let time): return min(now, time.microseconds)
        case .lsn(let lsn):
            let last = self.movements.last { $0.lsn <= Int64(lsn.value) }
            return min(now, last?.recordedAt ?? 0)
        }
    }

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

    private func isPast(_ row: NaiveRow, _ asOf: AsOf?) -> Bool {
        switch asOf {
        case .none: true
        case .lsn(let lsn): row.lsn <= Int64(lsn.value)
        case .time(let time): row.recordedAt <= time.microseconds
        case .effective(let time): row.time <= time.microseconds
        }
    }

    /// The products that existed: created or moved by then.
    private func present(_ query: InsightQuery, _ isPast: (NaiveRow) -> Bool) -> Set<Int64> {
        var latest = Int64.max
        var version: Int64 = 0
        switch query.asOf {
        case .none: return Set(self.products.keys)
        case .time(let time), .effective(let time): latest = time.microseconds
        case .lsn(let lsn):
            // A version without movements is before the next one with a movement.
            version = Int64(lsn.value)
            let last = self.movements.last { $0.lsn <= version }
            let next = self.movements.first { $0.lsn > version }
            if lsn < self.lsn, let next { latest = next.recordedAt - 1 }
            if lsn < self.lsn, let last, last.lsn == version { latest = last.recordedAt }
        }
        let moved = Set(
            self.movements.filter { movement in
                var movement = movement
                if movement.kind == "expectIncoming" { movement.time = movement.recordedAt }
                return isPast(movement)
            }.map { $0.product }
        )
        return Set(
            self.products.filter { id, product in
                product.createdAt <= latest || product.revision <= version || moved.contains(id)
            }.keys
        )
    }

    private func rows(_ query: InsightQuery) -> [NaiveRow] {
        func isPast(_ row: NaiveRow) -> Bool { self.isPast(row, query.asOf) }
        switch query.source {
        case .movements: return self.movements.filter(isPast)
        case .sales:
            let kinds: Set = ["sale", "return", "costVariance"]
            return self.movements.filter {
                isPast($0) && (kinds.contains($0.kind) || kinds.contains($0.undone))
            }
        case .refusals: return self.refusals.filter(isPast)
        case .levels, .products: return self.balances(query, isPast)
        }
    }

    /// A row for each level, with the sum of its movements as balances.
    private func balances(_ query: InsightQuery, _ isPast: (NaiveRow) -> Bool) -> [NaiveRow] {
        var rows: [NaiveRow] = []
        let present = self.present(query, isPast)
        if query.source == .products {
            for (id, product) in self.products where product.isListed && present.contains(id) {
                rows.append(NaiveRow(product: id))
            }
        }
        var balances: [[Int64]: NaiveRow] = [:]
        for pair in self.pairs where present.contains(pair.product) {
            balances[[pair.product, pair.location]] = NaiveRow(
                product: pair.product,
                location: pair.location
            )
        }
        for var movement in self.movements {
            // Expected units count from when that was recorded, though the event is later.
            if movement.kind == "expectIncoming" { movement.time = movement.recordedAt }
            guard isPast(movement) else { continue }
            let key = [movement.product, movement.location]
            balances[key]?.onHand += movement.onHand
            balances[key]?.unavailable += movement.unavailable
            balances[key]?.reserved += movement.reserved
            balances[key]?.incoming += movement.incoming
            balances[key]?.cost += movement.cost
        }
        for var row in balances.values {
            guard let product = self.products[row.product] else { continue }
            let isEmpty =
                [row.onHand, row.unavailable, row.reserved, row.incoming] == [0, 0, 0, 0]
            if !product.isListed, query.source == .products || isEmpty { continue }
            row.retail = Self.halfAway(product.price * row.onHand, over: product.basis)
            rows.append(row)
        }
        return rows + self.inTransit(query, isPast)
    }

    private func inTransit(
        _ query: InsightQuery,
        _ isPast: (NaiveRow) -> Bool
    ) -> [NaiveRow] {
        self.transfers.compactMap { sent, destination in
            guard isPast(sent), let product = self.products[sent.product] else { return nil }
            if query.source == .products, !product.isListed { return nil }
            let arrived = self.movements.filter {
                $0.kind == "transferIn" && $0.origin == sent.id && isPast($0)
            }
            let late = self.movements.filter { movement in
                movement.kind == "costVariance"
                    && arrived.contains { $0.id == [movement.lsn, movement.id[1] - 1] }
            }
            let quantity = -sent.onHand - arrived.reduce(0) { $0 + $1.onHand }
            guard quantity > 0 else { return nil }
            var row = NaiveRow(product: sent.product, location: destination)
            row.cost = -sent.cost
            row.cost -= arrived.reduce(0) { $0 + $1.cost } + late.reduce(0) { $0 + $1.amount }
            row.stage = "inTransit"
            row.retail = Self.halfAway(product.price * quantity, over: product.basis)
            return row
        }
    }

    /// Rounds like an amount, also below 0.
    private static func halfAway(_ value: Int64, over divisor: Int64) -> Int64 {
        let size = (2 * abs(value) + divisor) / (2 * divisor)
        return value < 0 ? -size : size
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
        case .stage: row.stage == "onHand" ? 1 : 2
        }
    }

    /// The keys that have a row even without data.
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
        _ query: InsightQuery
    ) throws -> ResultCell {
        let sold = rows.filter { $0.kind == "sale" || $0.undone == "sale" }
        let back = rows.filter { $0.kind == "return" || $0.undone == "return" }
        func sum(_ rows: [NaiveRow], _ value: (NaiveRow) -> Int64) -> Int64 {
            rows.reduce(0) { $0 + value($1) }
        }
        func needsReceipts(_ measure: InsightMeasure) -> Bool {
            measure == .transactions || measure == .averageValue
        }
        let net = sum(sold, \.amount) + sum(back, \.amount)
        let late = rows.filter { $0.kind == "costVariance" || $0.undone == "costVariance" }
        let cost = -sum(rows, \.cost) + sum(late, \.amount)
        let transactions = needsReceipts(measure) ? try self.receipts(rows, query).count : 0
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

    /// The receipts of the rows' sales that were not undone.
    private func receipts(_ rows: [NaiveRow], _ query: InsightQuery) throws -> Set<String> {
        if self.undone[query.asOf] == nil {
            let reversals = self.movements.filter {
                $0.kind == "reversal" && self.isPast($0, query.asOf)
            }
            self.undone[query.asOf] = Set(reversals.map(\.origin))
        }
        let undone = self.undone[query.asOf] ?? []
        return Set(
            try rows.filter { $0.kind == "sale" && !undone.contains($0.id) }.map { row in
                if row.reference.isEmpty { return "step \(row.lsn)" }
                let zone = try self.calendar(self.zones[row.location] ?? "?")
                return "\(row.reference) \(row.location) \(zone.start(.day, row.time))"
            }
        )
    }

    // MARK: - Order and columns

    private struct Made {
        var key: [Int64?]
        var measures: [ResultCell]
        var unit: NaiveUnit?
    }

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
        let hasUnit = query.measures.contains { Self.quantities.contains($0) }
        if hasUnit { columns += ["unit", "unitDecimals"] }
        let rows = made.map { made -> [ResultCell] in
            var cells: [ResultCell] = []
            for (dimension, value) in zip(dimensions, made.key) {
                cells += self.names(dimension, value)
            }
            cells += made.measures
            if hasUnit {
                cells.append(made.unit.map { .text($0.name) } ?? .none)
                cells.append(made.unit.map { .integer($0.decimals) } ?? .none)
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
        case .stage: return [text(value.map { $0 == 1 ? "onHand" : "inTransit" })]
        default: return [id]
        }
    }
}
