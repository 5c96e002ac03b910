public import Bytes
public import InventoryModel

/// The rows of an answer as values, and the state they reflect.
public struct TypedAnswer<Row: Sendable>: Sendable {
    /// The version of the data that the rows are of.
    public var lsn: LSN
    /// When that version's last step was recorded, by the server's clock.
    public var time: Instant
    /// In the order that the query names.
    public var rows: [Row]
}

extension QueryResult {
    /// Its rows as values.
    ///
    /// - Throws: ``ClientError`` with ``ClientError/Code-swift.struct/protocolViolation`` for an answer that
    ///   has other columns than `Row` reads.
    /// - Complexity: O(rows · columns)
    public func rows<Row: AnswerRow>(as type: Row.Type) throws(ClientError) -> [Row] {
        try self.table.rows(as: type)
    }
}

extension ResultTable {
    /// The rows as values, also those of an insight; see ``QueryResult/rows(as:)``.
    public func rows<Row: AnswerRow>(as type: Row.Type) throws(ClientError) -> [Row] {
        var reader = RowReader(self, row: 0)
        var rows: [Row] = []
        rows.reserveCapacity(self.rowCount)
        for row in 0..<self.rowCount {
            reader.row = row
            rows.append(try Row(from: &reader))
        }
        return rows
    }
}

/// Queries whose answers have a fixed shape, as values.
///
/// Each takes what ``InventoryClient/query(_:)`` takes, throws what that throws, and also
/// ``ClientError/Code-swift.struct/protocolViolation`` for an answer of another shape. A long one is read
/// block by block with ``InventoryClient/rows(of:)`` and ``QueryResult/rows(as:)`` instead.
extension InventoryClient {
    /// The answer to a query, each row as a value.
    public func query<Row: AnswerRow>(
        _ query: Query,
        as type: Row.Type
    ) async throws(ClientError) -> TypedAnswer<Row> {
        let answer = try await self.query(query)
        return TypedAnswer(lsn: answer.lsn, time: answer.time, rows: try answer.rows(as: type))
    }

    /// Products with their stock over all locations, in the order that the search names.
    public func products(
        _ search: ProductSearch = ProductSearch()
    ) async throws(ClientError) -> TypedAnswer<ListedProduct> {
        try await self.query(.products(search), as: ListedProduct.self)
    }

    /// One product with its stock over all locations, as it is or as of a point of the past; `nil` if there
    /// is none.
    ///
    /// ``product(_:)`` is the faster way to what is now, with the stock at each location.
    public func product(
        _ key: ProductKey,
        asOf: AsOf?
    ) async throws(ClientError) -> ListedProduct? {
        let query = Query.product(key, asOf: asOf)
        do throws(ClientError) {
            return try await self.query(query, as: ListedProduct.self).rows.first
        } catch {
            guard error.refusal?.code == .productNotFound else { throw error }
            return nil
        }
    }

    /// Categories by id.
    public func categories(
        includingArchived: Bool = false
    ) async throws(ClientError) -> TypedAnswer<ListedCategory> {
        let query = Query.categories(includingArchived: includingArchived)
        return try await self.query(query, as: ListedCategory.self)
    }

    /// Locations by id.
    public func locations(
        includingArchived: Bool = false
    ) async throws(ClientError) -> TypedAnswer<Location> {
        let query = Query.locations(includingArchived: includingArchived)
        return try await self.query(query, as: Location.self)
    }

    /// Stock by product, then location.
    public func levels(
        _ query: LevelQuery = LevelQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedLevel> {
        try await self.query(.levels(query), as: ListedLevel.self)
    }

    /// Movements of stock, the newest first unless the query says otherwise.
    public func movements(
        _ query: LedgerQuery = LedgerQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedMovement> {
        try await self.query(.ledger(query), as: ListedMovement.self)
    }

    /// Low stock, the emptiest first.
    public func lowStock(
        _ query: LowStockQuery = LowStockQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedLowStock> {
        try await self.query(.lowStock(query), as: ListedLowStock.self)
    }

    /// Sales and returns, the newest first.
    public func sales(
        _ query: SalesQuery = SalesQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedSale> {
        try await self.query(.sales(query), as: ListedSale.self)
    }

    /// Unmet demand, the newest first.
    public func refusals(
        _ query: RefusalQuery = RefusalQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedRefusal> {
        try await self.query(.refusals(query), as: ListedRefusal.self)
    }

    /// Reservations, in the order that the query names.
    ///
    /// - Throws: Refused with `reservation_not_found` where the query names one that there is not.
    public func reservations(
        _ query: ReservationQuery = ReservationQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedReservation> {
        try await self.query(.reservations(query), as: ListedReservation.self)
    }

    /// Transfers, in the order that the query names.
    ///
    /// - Throws: Refused with `transfer_not_found` where the query names one that there is not.
    public func transfers(
        _ query: TransferQuery = TransferQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedTransfer> {
        try await self.query(.transfers(query), as: ListedTransfer.self)
    }

    /// Every counter recomputed from the ledger, every invariant checked; the last row is the digest of the
    /// whole.
    public func verify() async throws(ClientError) -> TypedAnswer<Finding> {
        try await self.query(.verify, as: Finding.self)
    }

    /// The server's figures, by their names.
    public func statistics() async throws(ClientError) -> Statistics {
        Statistics(try await self.query(.stats, as: Statistic.self).rows)
    }
}
