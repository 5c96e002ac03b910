import Bytes
import InventoryClient
import InventoryModel
import Testing

/// Every query with a fixed schema, as typed rows, on a server with every kind of data.
@Suite struct TypedRowsTests {
    @Test func `each answer has one typed value for each row`() async throws {
        let daemon = try Daemon()
        try await EventfulShop(daemon).fill()
        let client = daemon.client()

        let products = try await client.products(ProductSearch(statuses: .all)).rows
        let productTable = try await client.query(.products(ProductSearch(statuses: .all))).table
        #expect(products.map { $0.sku } == productTable.strings("sku"))
        #expect(products.map { $0.available.baseUnits } == productTable.integers("available"))
        #expect(products.map { $0.categoryName } == productTable.strings("category"))
        #expect(products.map { "\($0.status)" } == productTable.strings("status"))
        for product in products {
            // The single-frame answer has the same fields.
            let found = try await client.product(.id(product.id))
            #expect(found?.product == product.product)
            #expect(found?.available == product.available)
        }

        let categories = try await client.categories(includingArchived: true).rows
        let categoryTable = try await client.query(.categories(includingArchived: true)).table
        #expect(categories.map { $0.name } == categoryTable.strings("name"))
        #expect(categories.map { Int64($0.productCount) } == categoryTable.integers("products"))
        #expect(categories.contains { $0.isArchived } && categories.contains { !$0.isArchived })

        let locations = try await client.locations(includingArchived: true).rows
        let locationTable = try await client.query(.locations(includingArchived: true)).table
        #expect(locations.map { $0.code } == locationTable.strings("code"))
        #expect(locations.map { "\($0.kind)" } == locationTable.strings("kind"))
        #expect(locations.map { Int64($0.revision.value) } == locationTable.integers("revision"))

        let levels = try await client.levels().rows
        let levelTable = try await client.query(.levels(LevelQuery())).table
        #expect(levels.map { $0.onHand.baseUnits } == levelTable.integers("onHand"))
        #expect(levels.map { $0.incoming.baseUnits } == levelTable.integers("incoming"))
        #expect(levels.map { $0.value.minorUnits } == levelTable.integers("value"))
        #expect(levels.map { $0.locationCode } == levelTable.strings("location"))
        #expect(levels.allSatisfy { $0.available == $0.onHand - $0.unavailable - $0.reserved })

        let movements = try await client.movements().rows
        let ledgerTable = try await client.query(.ledger(LedgerQuery())).table
        #expect(Set(movements.map { $0.kind }).count > 10)
        #expect(movements.map { Int64($0.id.lsn.value) } == ledgerTable.integers("lsn"))
        #expect(movements.map { $0.onHandDelta.baseUnits } == ledgerTable.integers("onHandDelta"))
        #expect(movements.map { $0.note } == ledgerTable.strings("note"))
        #expect(movements.map { $0.actor } == ledgerTable.strings("actor"))
        #expect(movements.contains { $0.origin != nil } && movements.contains { $0.reason != nil })
    }

    @Test func `so have reservations, transfers, low stock, sales and refusals`() async throws {
        let daemon = try Daemon()
        try await EventfulShop(daemon).fill()
        let client = daemon.client()
        let all = ReservationQuery()
        let reservations = try await client.reservations(all).rows
        let reservationTable = try await client.query(.reservations(all)).table
        #expect(reservations.map { "\($0.state)" } == reservationTable.strings("state"))
        #expect(
            reservations.map { $0.remaining.baseUnits } == reservationTable.integers("remaining")
        )
        #expect(reservations.contains { $0.state == .expired })

        let transfers = try await client.transfers().rows
        let transferTable = try await client.query(.transfers(TransferQuery())).table
        #expect(transfers.map { $0.source } == transferTable.strings("from"))
        #expect(transfers.map { $0.destination } == transferTable.strings("to"))
        #expect(transfers.map { "\($0.state)" } == transferTable.strings("state"))
        #expect(!transfers.isEmpty)

        let low = try await client.lowStock().rows
        let lowTable = try await client.query(.lowStock(LowStockQuery())).table
        #expect(low.map { $0.reorderPoint.baseUnits } == lowTable.integers("reorderPoint"))
        #expect(!low.isEmpty && low.allSatisfy { $0.available <= $0.reorderPoint })

        let sales = try await client.sales().rows
        let salesTable = try await client.query(.sales(SalesQuery())).table
        #expect(sales.map { $0.amount.minorUnits } == salesTable.integers("amount"))
        #expect(sales.map { $0.quantity.baseUnits } == salesTable.integers("quantity"))
        #expect(!sales.isEmpty)

        // A limit beyond all row counts.
        let line = SaleLine(product: ProductID(1), quantity: 1_000_000)
        _ = try await client.refused(.sell(Sale(lines: [line], reference: "MUCH")))
        let refusals = try await client.refusals().rows
        #expect(refusals.first?.reference == "MUCH")
        #expect(refusals.first?.asked == 1_000_000)

        let findings = try await client.verify().rows
        #expect(findings.allSatisfy { $0.isOK })
        #expect(findings.last?.check == "state checksum" && findings.last?.detail.count == 16)
        let statistics = try await client.statistics()
        #expect(statistics["reservations"] == Int64(reservations.count))
        #expect(statistics.all.count > 20)
    }

    @Test func `past levels may have no revision`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(2, stock: 5)
        let before = try await client.ping()
        let line = SaleLine(product: products[0], quantity: 2)
        try await client.done(.sell(Sale(lines: [line])))
        let levels = try await client.levels(LevelQuery(asOf: .lsn(before))).rows
        #expect(levels.map { $0.onHand } == [5, 5])
        #expect(levels[0].revision == nil && levels[1].revision != nil)
        let past = try await client.product(.sku("p-0"), asOf: .lsn(before))
        #expect(past?.id == products[0] && past?.onHand == 5)
        #expect(try await client.product(.sku("P-0"), asOf: nil)?.onHand == 3)
        #expect(try await client.product(.sku("none"), asOf: nil) == nil)
        let search = ProductSearch(asOf: .lsn(before))
        #expect(try await client.products(search).rows.map { $0.onHand } == [5, 5])
    }
}

extension ResultTable {
    fileprivate func strings(_ name: String) -> [String] {
        (0..<self.rowCount).map { self.text($0, name) }
    }

    fileprivate func integers(_ name: String) -> [Int64] {
        (0..<self.rowCount).map { self.integer($0, name) ?? .min }
    }
}
