internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The ledger rows that a query selects: scanned segment by segment, skipping those that cannot match.
///
/// Used like an iterator; it keeps its position between blocks of an answer.
private final class LedgerScan {
    struct Filter {
        var product: ProductID?
        var location: LocationID?
        var category: CategoryID?
        var kinds: MovementKindSet = []
        var from: Instant?
        var to: Instant?
        var reference: UInt32?
        var actor: UInt32?
    }

    private let view: ReadView
    private let filter: Filter
    private let isNewestFirst: Bool
    private var rest: Range<Int>

    init(_ view: ReadView, _ filter: Filter, rows: Range<Int>, isNewestFirst: Bool) {
        self.view = view
        self.filter = filter
        self.rest = rows
        self.isNewestFirst = isNewestFirst
    }

    enum Step {
        case row(Int)
        /// A row or a segment was skipped.
        case passed
        case end
    }

    /// Looks at the next row, or skips the segment that starts there.
    func next() -> Step {
        guard !self.rest.isEmpty else { return .end }
        let row = self.isNewestFirst ? self.rest.upperBound - 1 : self.rest.lowerBound
        let segment = row >> SegmentSize.shift
        if self.isAtSegmentStart(row), !self.mayMatch(segment) {
            self.pass(segment)
            return .passed
        }
        if self.isNewestFirst {
            self.rest = self.rest.lowerBound..<row
        } else {
            self.rest = (row + 1)..<self.rest.upperBound
        }
        return self.matches(row) ? .row(row) : .passed
    }

    /// The answer with the selected rows, each converted by `make`.
    func answer(
        _ schema: [ResultField],
        limit: UInt32,
        _ make: @escaping (Int) -> [ResultCell]
    ) -> Answer {
        Answer(schema, limit: limit, token: self.view.token) {
            switch self.next() {
            case .row(let row): .row(make(row))
            case .passed: .passed
            case .end: .end
            }
        }
    }

    private func isAtSegmentStart(_ row: Int) -> Bool {
        let offset = row & (SegmentSize.capacity - 1)
        return self.isNewestFirst
            ? offset == SegmentSize.capacity - 1 || row == self.view.tables.ledger.rowCount - 1
            : offset == 0
    }

    private func pass(_ segment: Int) {
        let start = segment << SegmentSize.shift
        if self.isNewestFirst {
            self.rest = self.rest.lowerBound..<max(self.rest.lowerBound, start)
        } else {
            let end = start + SegmentSize.capacity
            self.rest = min(self.rest.upperBound, end)..<self.rest.upperBound
        }
    }

    private func mayMatch(_ segment: Int) -> Bool {
        let ledger = self.view.tables.ledger
        if let product = self.filter.product,
            !ledger.products.zoneMap(ofSegment: segment)
                .mayContain(product.value...product.value)
        {
            return false
        }
        let times = ledger.occurredAt.zoneMap(ofSegment: segment)
        if let from = self.filter.from, times.highest < from.microseconds { return false }
        if let to = self.filter.to, times.lowest >= to.microseconds { return false }
        if let reference = self.filter.reference,
            !ledger.references.zoneMap(ofSegment: segment).mayContain(reference...reference)
        {
            return false
        }
        return true
    }

    private func matches(_ row: Int) -> Bool {
        let ledger = self.view.tables.ledger
        let filter = self.filter
        if let product = filter.product, ledger.products[row] != product.value { return false }
        if let location = filter.location, ledger.locations[row] != location.value {
            return false
        }
        if !filter.kinds.isEmpty,
            !filter.kinds.contains(MovementKindSet(ledger.kind(row)))
        {
            return false
        }
        if let from = filter.from, ledger.occurredAt[row] < from.microseconds { return false }
        if let to = filter.to, ledger.occurredAt[row] >= to.microseconds { return false }
        if let reference = filter.reference, ledger.references[row] != reference { return false }
        if let actor = filter.actor, ledger.actors[row] != actor { return false }
        if let category = filter.category {
            let product = Int(ledger.products[row])
            return self.view.tables.products.categories[product] == category.value
        }
        return true
    }
}

extension ReadView {
    /// ``code(of:from:to:)`` with checkpoints, since there may be millions of strings.
    func lookUp(_ text: String) throws(Refusal) -> UInt32? {
        let part = 1 << 16
        for first in stride(from: 0, to: self.tables.strings.count, by: part) {
            try self.checkpoint()
            if let code = self.code(of: text, from: first, to: first + part) { return code }
        }
        return nil
    }

    /// The code of an interned string; `nil` if it was never used.
    ///
    /// - Parameters:
    ///   - text: The string.
    ///   - first: The first code to compare, if lower ones were compared before.
    ///   - end: The code to stop before.
    /// - Returns: The code.
    /// - Complexity: O(strings): a view has no index.
    package func code(of text: String, from first: Int = 0, to end: Int = .max) -> UInt32? {
        let strings = self.tables.strings
        var text = text
        return text.withUTF8 { utf8 in
            let key = UnsafeRawBufferPointer(utf8)
            for code in min(first, strings.count)..<min(end, strings.count) {
                let isEqual = strings.withUTF8(code) {
                    $0.count == key.count && $0.elementsEqual(key)
                }
                if isEqual { return UInt32(code) }
            }
            return nil
        }
    }

    func ledger(_ query: LedgerQuery) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(from: query.from, to: query.to)
        try self.check(limit: query.limit)
        let ledger = self.tables.ledger
        var rows = query.lsn.map { ledger.rows(of: $0) } ?? 0..<ledger.rowCount
        if let lsn = query.lsn, rows.isEmpty { throw Refusal(.movementNotFound, .id(lsn.value)) }
        if let after = query.after {
            guard let row = ledger.row(of: after) else {
                throw Refusal(.movementNotFound, .id(after.lsn.value))
            }
            rows = rows.clamped(to: query.isNewestFirst ? 0..<row : (row + 1)..<ledger.rowCount)
        }
        var filter = LedgerScan.Filter(
            product: query.product,
            location: query.location,
            kinds: query.kinds,
            from: query.from,
            to: query.to
        )
        if !query.reference.isEmpty {
            filter.reference = try self.lookUp(query.reference)
            if filter.reference == nil { rows = 0..<0 }
        }
        if !query.actor.isEmpty {
            filter.actor = try self.lookUp(query.actor)
            if filter.actor == nil { rows = 0..<0 }
        }
        let scan = LedgerScan(self, filter, rows: rows, isNewestFirst: query.isNewestFirst)
        let names = EntityNames(self.tables)
        return scan.answer(Self.ledgerLayout.schema, limit: query.limit) {
            self.ledgerRow($0, names)
        }
    }

    static let ledgerLayout = AnswerLayout(
        row: MovementRow(
            Movement(kind: .sale, product: ProductID(0), location: .main, occurredAt: .zero),
            recordedAt: .zero
        ),
        [
            .joined("lsn", .integer), .joined("line", .integer), .joined("recordedAt", .instant),
            "occurredAt", "kind", "productId", "sku", "locationId", "location", "onHandDelta",
            "unavailableDelta", "reservedDelta", "incomingDelta", "amount", "price", "priceBasis",
            "cost", "reason", "reference", "note", .joined("actor", .text), "originLsn",
            "originLine", "imported", .joined("unit", .text), .joined("unitDecimals", .integer),
        ]
    )

    func ledgerRow(_ row: Int, _ names: EntityNames) -> [ResultCell] {
        let movement = self.tables.movement(row)
        let (ledger, recordedAt) = (self.tables.ledger, self.tables.ledger.recordedAt[row])
        return Self.ledgerLayout.cells(
            row: MovementRow(movement, recordedAt: Instant(microseconds: recordedAt)),
            joined: [
                .number(ledger.lsns[row]), .number(ledger.lines[row]), .integer(recordedAt),
                self.tables.actorCell(ledger.actors[row]),
            ] + self.tables.unitCells(of: movement.product),
            names
        )
    }

    /// Sales, returns, reversals of either and late cost, newest first, with their value and age, and perhaps the
    /// write-offs of past sales; see ``SaleRow``.
    func sales(_ query: SalesQuery, at now: Instant) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(query.category)
        try self.check(from: query.from, to: query.to)
        try self.check(limit: query.limit)
        var filter = LedgerScan.Filter(
            product: query.product,
            location: query.location,
            category: query.category,
            kinds: [.init(.sale), .init(.return), .init(.reversal), .init(.costVariance)],
            from: query.from,
            to: query.to
        )
        if query.includesPastWriteOffs { filter.kinds.insert(.init(.adjust)) }
        let ledger = self.tables.ledger
        var rows = 0..<ledger.rowCount
        if !query.reference.isEmpty {
            filter.reference = try self.lookUp(query.reference)
            if filter.reference == nil { rows = 0..<0 }
        }
        let scan = LedgerScan(self, filter, rows: rows, isNewestFirst: true)
        let schema = [
            ResultField("lsn", .integer), ResultField("line", .integer),
            ResultField("occurredAt", .instant), ResultField("ageSeconds", .integer),
            ResultField("kind", .text), ResultField("sku", .text), ResultField("name", .text),
            ResultField("category", .text), ResultField("location", .text),
            ResultField("quantity", .quantity), ResultField("price", .money),
            ResultField("priceBasis", .quantity), ResultField("amount", .money),
            ResultField("cost", .money), ResultField("reference", .text),
            ResultField("actor", .text), ResultField("unit", .text),
            ResultField("unitDecimals", .integer),
        ]
        return Answer(schema, limit: query.limit, token: self.token) {
            switch scan.next() {
            case .row(let row):
                // Other corrections than those of past sales are changes of today's stock.
                ledger.saleRow(row) != nil || ledger.kind(row) == .adjust && ledger.isPast(row)
                    ? .row(self.cells(of: row, at: now)) : .passed
            case .passed: .passed
            case .end: .end
            }
        }
    }

    private func cells(of row: Int, at now: Instant) -> [ResultCell] {
        let ledger = self.tables.ledger
        let movement = self.tables.movement(row)
        let products = self.tables.products
        let product = movement.product.row
        let age = now.microseconds.subtractingReportingOverflow(movement.occurredAt.microseconds)
        let seconds = age.overflow ? Int64.max / 1_000_000 : max(0, age.partialValue) / 1_000_000
        // Late cost was never charged to a customer: its amount is cost.
        let isLate = ledger.saleRow(row) == .lateCost
        let amount = isLate ? 0 : movement.amount
        let cost = isLate ? movement.amount : -movement.cost
        let category = Int(products.categories[product])
        return [
            .number(ledger.lsns[row]), .number(ledger.lines[row]),
            .instant(movement.occurredAt), .integer(seconds), .text("\(movement.kind)"),
            .text(products.skus[product]), .text(products.names[product]),
            .text(self.tables.categories.names[category]),
            .text(self.tables.locations.codes[movement.location.row]),
            .number(-movement.onHandDelta), .number(movement.price.minorUnits),
            .number(movement.price.basis), .number(amount), .number(cost),
            .optional(movement.reference), self.tables.actorCell(ledger.actors[row]),
        ] + self.tables.unitCells(of: movement.product)
    }

    /// Unmet demand, newest first.
    func refusals(_ query: RefusalQuery) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(from: query.from, to: query.to)
        try self.check(limit: query.limit)
        let (tables, names) = (self.tables, EntityNames(self.tables))
        let refusals = tables.refusals
        let rows = (0..<refusals.rowCount).reversed()
        let schema = Self.refusalLayout.schema
        return Answer(schema, limit: query.limit, token: self.token, over: rows) { row in
            let time = refusals.recordedAt[row]
            if let only = query.product, only.value != refusals.products[row] { return nil }
            if let only = query.location, only.value != refusals.locations[row] { return nil }
            if let from = query.from, time < from.microseconds { return nil }
            if let to = query.to, time >= to.microseconds { return nil }
            let demand = refusals.demand(row, strings: tables.strings)
            return Self.refusalLayout.cells(
                of: demand,
                joined: [
                    .number(refusals.lsns[row]), .integer(time),
                    tables.actorCell(refusals.actors[row]),
                ] + tables.unitCells(of: demand.product),
                names
            )
        }
    }

    private static let refusalLayout = AnswerLayout(
        of: RefusedDemand.self,
        [
            .joined("lsn", .integer), .joined("recordedAt", .instant), "productId", "sku",
            "location", "asked", "available", "reference", .joined("actor", .text),
            .joined("unit", .text), .joined("unitDecimals", .integer),
        ],
        without: ["locationId"]
    )
}
