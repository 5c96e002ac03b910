internal import ColumnStore
internal import InventoryModel

extension ReadView {
    private static let reservationLayout = AnswerLayout(
        of: Reservation.self,
        [.renamed("id", from: "reservationId")] + Self.productColumns
            + ["location", "quantity", "remaining", "state", "expiresAt"] + Self.originColumns,
        without: ["locationId", "originLine"]
    )

    func reservations(_ query: ReservationQuery) throws(Refusal) -> Answer {
        let table = self.tables.reservations
        return try self.answer(query, of: table, as: Self.reservationLayout) {
            $0 == table.locations[$1]
        } item: { [tables] in
            tables.reservation(ReservationID($0))
        }
    }

    private static let transferLayout = AnswerLayout(
        of: Transfer.self,
        [.renamed("id", from: "transferId")] + Self.productColumns
            + ["from", "to", "quantity", "remaining", "value", "state"] + Self.originColumns,
        without: ["fromId", "toId", "originLine"]
    )

    func transfers(_ query: TransferQuery) throws(Refusal) -> Answer {
        let table = self.tables.transfers
        return try self.answer(query, of: table, as: Self.transferLayout) {
            $0 == table.sources[$1] || $0 == table.destinations[$1]
        } item: { [tables] in
            tables.transfer(TransferID($0))
        }
    }

    // MARK: - Common to both

    private static let productColumns: [AnswerLayout.Column] = [
        "productId", "sku", .joined("name", .text),
    ]

    /// How it was created, the unit of its quantities, and its last change.
    private static let originColumns: [AnswerLayout.Column] = [
        .joined("createdAt", .instant), "reference", .joined("actor", .text),
        .renamed("lsn", from: "originLsn"), .joined("unit", .text),
        .joined("unitDecimals", .integer), "revision",
    ]

    /// The items that a query asks for, in its order.
    ///
    /// `isAt` is whether the item in a row is at a location.
    private func answer<ID: EntityID, Table: OpenItemTable>(
        _ query: OpenItemQuery<ID, Table.State>,
        of table: Table,
        as layout: AnswerLayout,
        isAt: @escaping (UInt16, Int) -> Bool,
        item: @escaping (UInt32) -> Table.Item
    ) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(limit: query.limit)
        let items = table.items
        let id = query.id.map { UInt64($0.value) }
        if let id, !items.contains(UInt32(clamping: id)) {
            throw Refusal(Table.Item.terms.notFound, .id(id))
        }
        let rows = RowRange(
            count: items.rowCount,
            only: id.map { Int($0) },
            after: query.after.map { Int($0.value) },
            isNewestFirst: query.isNewestFirst
        )
        let states = Set(query.states.choices.map { $0.rawValue })
        let names = EntityNames(self.tables)
        return Answer(layout.schema, limit: query.limit, token: self.token, over: rows) { row in
            if let product = query.product, items.products[row] != product.value { return nil }
            if let location = query.location, !isAt(location.value, row) { return nil }
            if !states.isEmpty, !states.contains(items.states[row]) { return nil }
            let item = item(UInt32(row))
            if !query.reference.isEmpty, item.reference != query.reference { return nil }
            return layout.cells(of: item, joined: self.joinedCells(of: item), names)
        }
    }

    private func joinedCells(of item: some OpenItem) -> [ResultCell] {
        let ledger = self.tables.ledger
        let made = ledger.row(of: item.origin)
        return [
            .text(self.tables.products.names[item.product.row]),
            made.map { .integer(ledger.recordedAt[$0]) } ?? .none,
            made.map { self.tables.actorCell(ledger.actors[$0]) } ?? .none,
        ] + self.tables.unitCells(of: item.product)
    }
}

/// The rows of a table whose row 0 is reserved, in the requested order.
private struct RowRange: Sequence, IteratorProtocol {
    private var rest: Range<Int>
    private let isNewestFirst: Bool

    /// All of `count` rows, or `only` one of them; those after the last row of the previous page.
    init(count: Int, only: Int?, after: Int?, isNewestFirst: Bool) {
        var rest = 1..<Swift.max(count, 1)
        if let after {
            let beyond = isNewestFirst ? 0..<after : (after + 1)..<Swift.max(count, after + 1)
            rest = rest.clamped(to: beyond)
        }
        if let only { rest = rest.clamped(to: only..<(only + 1)) }
        self.rest = rest
        self.isNewestFirst = isNewestFirst
    }

    mutating func next() -> Int? { self.isNewestFirst ? self.rest.popLast() : self.rest.popFirst() }
}
