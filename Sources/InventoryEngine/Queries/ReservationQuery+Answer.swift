internal import ColumnStore
internal import InventoryModel

extension ReadView {
    static let reservationSchema = [
        ResultField("id", .integer), ResultField("productId", .integer),
        ResultField("sku", .text), ResultField("name", .text), ResultField("location", .text),
        ResultField("quantity", .quantity), ResultField("remaining", .quantity),
        ResultField("state", .text), ResultField("expiresAt", .instant),
        ResultField("createdAt", .instant), ResultField("reference", .text),
        ResultField("actor", .text), ResultField("lsn", .integer), ResultField("unit", .text),
        ResultField("unitDecimals", .integer), ResultField("revision", .integer),
    ]

    func reservations(_ query: ReservationQuery) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(limit: query.limit)
        let tables = self.tables
        let reservations = tables.reservations
        if let id = query.id, !reservations.contains(id) {
            throw Refusal(.reservationNotFound, .id(UInt64(id.value)))
        }
        let ids = RowRange(
            count: reservations.rowCount,
            only: query.id?.row,
            after: query.after?.row,
            isNewestFirst: query.isNewestFirst
        )
        return Answer(Self.reservationSchema, limit: query.limit, token: self.token, over: ids) {
            row in
            if let product = query.product, reservations.items.products[row] != product.value {
                return nil
            }
            if let location = query.location, reservations.locations[row] != location.value {
                return nil
            }
            if !query.states.isEmpty,
                !query.states.contains(ReservationStateSet(reservations.state(row)))
            {
                return nil
            }
            let reservation = tables.reservation(ReservationID(UInt32(row)))
            if !query.reference.isEmpty, reservation.reference != query.reference { return nil }
            return self.row(of: reservation)
        }
    }

    private func row(of reservation: Reservation) -> [ResultCell] {
        let tables = self.tables
        let product = reservation.product.row
        let made = tables.ledger.row(of: reservation.origin)
        return [
            .number(reservation.id.value), .number(product), .text(tables.products.skus[product]),
            .text(tables.products.names[product]),
            .text(tables.locations.codes[reservation.location.row]),
            .number(reservation.quantity), .number(reservation.remaining),
            .text("\(reservation.state)"), .instant(reservation.expiresAt),
            made.map { .integer(tables.ledger.recordedAt[$0]) } ?? .none,
            .optional(reservation.reference),
            made.map { .optional(tables.texts[Int(tables.ledger.actors[$0])]) } ?? .none,
            .number(reservation.origin.lsn),
            .text(tables.texts[Int(tables.products.unitCodes[product])]),
            .number(tables.products.unitDecimals[product]), .number(reservation.revision),
        ]
    }

    static let transferSchema = [
        ResultField("id", .integer), ResultField("productId", .integer),
        ResultField("sku", .text), ResultField("name", .text), ResultField("from", .text),
        ResultField("to", .text), ResultField("quantity", .quantity),
        ResultField("remaining", .quantity), ResultField("value", .money),
        ResultField("state", .text), ResultField("createdAt", .instant),
        ResultField("reference", .text), ResultField("actor", .text),
        ResultField("lsn", .integer), ResultField("unit", .text),
        ResultField("unitDecimals", .integer), ResultField("revision", .integer),
    ]

    func transfers(_ query: TransferQuery) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(limit: query.limit)
        let tables = self.tables
        let transfers = tables.transfers
        if let id = query.id, !transfers.contains(id) {
            throw Refusal(.transferNotFound, .id(UInt64(id.value)))
        }
        let ids = RowRange(
            count: transfers.rowCount,
            only: query.id?.row,
            after: query.after?.row,
            isNewestFirst: query.isNewestFirst
        )
        return Answer(Self.transferSchema, limit: query.limit, token: self.token, over: ids) {
            row in
            if let product = query.product, transfers.items.products[row] != product.value {
                return nil
            }
            if let location = query.location, transfers.sources[row] != location.value,
                transfers.destinations[row] != location.value
            {
                return nil
            }
            if !query.states.isEmpty,
                !query.states.contains(TransferStateSet(transfers.state(row)))
            {
                return nil
            }
            let transfer = tables.transfer(TransferID(UInt32(row)))
            if !query.reference.isEmpty, transfer.reference != query.reference { return nil }
            return self.row(of: transfer)
        }
    }

    private func row(of transfer: Transfer) -> [ResultCell] {
        let tables = self.tables
        let product = transfer.product.row
        let made = tables.ledger.row(of: transfer.origin)
        return [
            .number(transfer.id.value), .number(product), .text(tables.products.skus[product]),
            .text(tables.products.names[product]),
            .text(tables.locations.codes[transfer.source.row]),
            .text(tables.locations.codes[transfer.destination.row]),
            .number(transfer.quantity), .number(transfer.remaining), .number(transfer.value),
            .text("\(transfer.state)"),
            made.map { .integer(tables.ledger.recordedAt[$0]) } ?? .none,
            .optional(transfer.reference),
            made.map { .optional(tables.texts[Int(tables.ledger.actors[$0])]) } ?? .none,
            .number(transfer.origin.lsn),
            .text(tables.texts[Int(tables.products.unitCodes[product])]),
            .number(tables.products.unitDecimals[product]), .number(transfer.revision),
        ]
    }
}

/// The rows of a table whose row 0 is reserved, in the order asked for.
private struct RowRange: Sequence, IteratorProtocol {
    private var rest: Range<Int>
    private let isNewestFirst: Bool

    /// All of `count` rows, or `only` one of them; beyond the last row of the page before.
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
