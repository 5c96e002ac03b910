public import Bytes
public import InventoryModel

/// The rows of an answer as values, and the version of the data that they reflect.
public struct TypedAnswer<Row: Sendable>: Sendable {
    /// The version of the data that the rows reflect.
    public var lsn: LSN
    /// When the last step of that version was recorded, by the server's clock.
    public var time: Instant
    /// The rows in the order of the query.
    public var rows: [Row]
}

extension QueryResult {
    /// Returns the rows as values.
    ///
    /// - Throws: ``ClientError`` with ``ClientError/Code-swift.struct/protocolViolation`` if a column that
    ///   `Row` reads is missing.
    /// - Complexity: O(rows · columns)
    public func rows<Row: AnswerRow>(as type: Row.Type) throws(ClientError) -> [Row] {
        try self.table.rows(as: type)
    }
}

extension ResultTable {
    /// Returns the rows as values, also those of an insight; see ``QueryResult/rows(as:)``.
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

/// Queries with fixed columns, whose rows are returned as values.
///
/// Each throws the errors of ``InventoryClient/query(_:)``, and
/// ``ClientError/Code-swift.struct/protocolViolation`` for an answer with other columns. Read a long answer
/// block by block with ``InventoryClient/rows(of:)`` and ``QueryResult/rows(as:)`` instead.
extension InventoryClient {
    /// Returns the answer to a query, each row as a value.
    public func query<Row: AnswerRow>(
        _ query: Query,
        as type: Row.Type
    ) async throws(ClientError) -> TypedAnswer<Row> {
        let answer = try await self.query(query)
        return TypedAnswer(lsn: answer.lsn, time: answer.time, rows: try answer.rows(as: type))
    }

    /// Returns products with their stock over all locations, in the order of the search.
    public func products(
        _ search: ProductSearch = ProductSearch()
    ) async throws(ClientError) -> TypedAnswer<ListedProduct> {
        try await self.query(.products(search), as: ListedProduct.self)
    }

    /// Returns a product with its stock over all locations, now or as of a point of the past; `nil` if there
    /// is none.
    ///
    /// ``product(_:)`` is faster for the current state, and has the stock at each location.
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

    /// Returns categories, ordered by id.
    public func categories(
        includingArchived: Bool = false
    ) async throws(ClientError) -> TypedAnswer<ListedCategory> {
        let query = Query.categories(includingArchived: includingArchived)
        return try await self.query(query, as: ListedCategory.self)
    }

    /// Returns locations, ordered by id.
    public func locations(
        includingArchived: Bool = false
    ) async throws(ClientError) -> TypedAnswer<Location> {
        let query = Query.locations(includingArchived: includingArchived)
        return try await self.query(query, as: Location.self)
    }

    /// Returns levels, ordered by product, then location.
    public func levels(
        _ query: LevelQuery = LevelQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedLevel> {
        try await self.query(.levels(query), as: ListedLevel.self)
    }

    /// Returns movements of stock, newest first unless the query says otherwise.
    public func movements(
        _ query: LedgerQuery = LedgerQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedMovement> {
        try await self.query(.ledger(query), as: ListedMovement.self)
    }

    /// Returns levels with low stock, the emptiest first.
    public func lowStock(
        _ query: LowStockQuery = LowStockQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedLowStock> {
        try await self.query(.lowStock(query), as: ListedLowStock.self)
    }

    /// Returns sales and returns, newest first.
    public func sales(
        _ query: SalesQuery = SalesQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedSale> {
        try await self.query(.sales(query), as: ListedSale.self)
    }

    /// Returns unmet demand, newest first.
    public func refusals(
        _ query: RefusalQuery = RefusalQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedRefusal> {
        try await self.query(.refusals(query), as: ListedRefusal.self)
    }

    /// Returns reservations in the order of the query.
    ///
    /// - Throws: ``ClientError``: `refused` with `reservation_not_found` if the query names a missing one.
    public func reservations(
        _ query: ReservationQuery = ReservationQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedReservation> {
        try await self.query(.reservations(query), as: ListedReservation.self)
    }

    /// Returns transfers in the order of the query.
    ///
    /// - Throws: ``ClientError``: `refused` with `transfer_not_found` if the query names a missing one.
    public func transfers(
        _ query: TransferQuery = TransferQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedTransfer> {
        try await self.query(.transfers(query), as: ListedTransfer.self)
    }

    /// Recomputes every counter from the ledger and checks every invariant.
    ///
    /// The last row is the state checksum.
    public func verify() async throws(ClientError) -> TypedAnswer<Finding> {
        try await self.query(.verify, as: Finding.self)
    }

    /// Returns the server statistics.
    public func statistics() async throws(ClientError) -> Statistics {
        Statistics(try await self.query(.stats, as: Statistic.self).rows)
    }
}
