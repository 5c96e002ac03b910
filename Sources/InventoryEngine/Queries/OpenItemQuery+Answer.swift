internal import ColumnStore
internal import InventoryModel

extension ReadView {
    private static let reservationSchema =
        Self.headSchema
        + [
            ResultField("location", .text), ResultField("quantity", .quantity),
            ResultField("remaining", .quantity), ResultField("state", .text),
            ResultField("expiresAt", .instant),
        ] + Self.tailSchema

    func reservations(_ query: ReservationQuery) throws(Refusal) -> Answer {
        let (tables, locations) = (self.tables, self.tables.reservations.locations)
        return try self.answer(query, of: tables.reservations.items, as: Self.reservationSchema) {
            $0 == locations[$1]
        } item: {
            tables.reservation(ReservationID($0))
        } cells: { reservation in
            [
                .text(tables.locations.codes[reservation.location.row]),
                .number(reservation.quantity), .number(reservation.remaining),
                .text("\(reservation.state)"), .instant(reservation.expiresAt),
            ]
        }
    }

    private static let transferSchema =
        Self.headSchema
        + [
            ResultField("from", .text), ResultField("to", .text),
            ResultField("quantity", .quantity), ResultField("remaining", .quantity),
            ResultField("value", .money), ResultField("state", .text),
        ] + Self.tailSchema

    func transfers(_ query: TransferQuery) throws(Refusal) -> Answer {
        let (tables, transfers) = (self.tables, self.tables.transfers)
        return try self.answer(query, of: transfers.items, as: Self.transferSchema) {
            $0 == transfers.sources[$1] || $0 == transfers.destinations[$1]
        } item: {
            tables.transfer(TransferID($0))
        } cells: { transfer in
            [
                .text(tables.locations.codes[transfer.source.row]),
                .text(tables.locations.codes[transfer.destination.row]),
                .number(transfer.quantity), .number(transfer.remaining), .number(transfer.value),
                .text("\(transfer.state)"),
            ]
        }
    }

    // MARK: - Common to both

    /// The columns before and after those that only one of them has.
    private static let headSchema = [
        ResultField("id", .integer), ResultField("productId", .integer),
        ResultField("sku", .text), ResultField("name", .text),
    ]
    private static let tailSchema = [
        ResultField("createdAt", .instant), ResultField("reference", .text),
        ResultField("actor", .text), ResultField("lsn", .integer), ResultField("unit", .text),
        ResultField("unitDecimals", .integer), ResultField("revision", .integer),
    ]

    /// The items that a query asks for, in its order.
    ///
    /// `isAt` is whether the item in a row is at a location; `cells` are those between the common ones.
    private func answer<ID: EntityID, State: FieldChoice, Item: OpenItem>(
        _ query: OpenItemQuery<ID, State>,
        of items: OpenItemColumns,
        as schema: [ResultField],
        isAt: @escaping (UInt16, Int) -> Bool,
        item: @escaping (UInt32) -> Item,
        cells: @escaping (Item) -> [ResultCell]
    ) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(limit: query.limit)
        let id = query.id.map { UInt64($0.value) }
        if let id, !items.contains(UInt32(clamping: id)) {
            throw Refusal(Item.terms.notFound, .id(id))
        }
        let rows = RowRange(
            count: items.rowCount,
            only: id.map { Int($0) },
            after: query.after.map { Int($0.value) },
            isNewestFirst: query.isNewestFirst
        )
        let states = Set(query.states.choices.map { $0.rawValue })
        return Answer(schema, limit: query.limit, token: self.token, over: rows) { row in
            if let product = query.product, items.products[row] != product.value { return nil }
            if let location = query.location, !isAt(location.value, row) { return nil }
            if !states.isEmpty, !states.contains(items.states[row]) { return nil }
            let item = item(UInt32(row))
            if !query.reference.isEmpty, item.reference != query.reference { return nil }
            return self.head(of: item) + cells(item) + self.tail(of: item)
        }
    }

    private func head(of item: some OpenItem) -> [ResultCell] {
        let (products, product) = (self.tables.products, item.product.row)
        return [
            .number(item.number), .number(product), .text(products.skus[product]),
            .text(products.names[product]),
        ]
    }

    private func tail(of item: some OpenItem) -> [ResultCell] {
        let (tables, product) = (self.tables, item.product.row)
        let made = tables.ledger.row(of: item.origin)
        return [
            made.map { .integer(tables.ledger.recordedAt[$0]) } ?? .none,
            .optional(item.reference),
            made.map { .optional(tables.strings[Int(tables.ledger.actors[$0])]) } ?? .none,
            .number(item.origin.lsn),
            .text(tables.strings[Int(tables.products.unitCodes[product])]),
            .number(tables.products.unitDecimals[product]), .number(item.revision),
        ]
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
