import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Lists, searches, pages and reports.
@Suite struct QueryTests {
    /// Products with names, prices and stock that sort differently, in two categories.
    private func catalog(_ count: Int = 40) throws -> Bench {
        var bench = try Bench(products: 0)
        try bench.done(.createCategory(name: "Other"))
        var random = SplitMix64(seed: 12)
        for number in 0..<count {
            let draft = ProductDraft(
                sku: "\(number % 2 == 0 ? "EVEN" : "ODD")-\(number)",
                name:
                    "Thing \(["red", "green", "blue"].randomElement(using: &random) ?? "") \(number)",
                barcode: number == 7 ? "96385074" : "",
                category: CategoryID(UInt32(number % 2 + 1)),
                price: Price(Int64.random(in: 1...9, using: &random)),
                opening: OpeningStock(
                    quantity: Quantity(Int64.random(in: 1...9, using: &random)),
                    unitCost: Money(3)
                )
            )
            try bench.done(.createProduct(draft))
        }
        return bench
    }

    @Test func `a product is found by id, SKU and barcode`() throws {
        let bench = try self.catalog()
        for key in [ProductKey.id(ProductID(8)), .sku(" odd-7"), .barcode("0000096385074")] {
            #expect(bench.state.resolve(key) == ProductID(8), "\(key)")
        }
        #expect(bench.state.resolve(.sku("ODD-8")) == nil)
        #expect(bench.state.resolve(.id(ProductID(99))) == nil)
    }

    private func skus(_ bench: Bench, _ search: ProductSearch) throws -> [String] {
        try bench.column("sku", of: .products(search))
    }

    @Test func `a search returns what every part of it accepts`() throws {
        let bench = try self.catalog()
        #expect(try self.skus(bench, ProductSearch(category: CategoryID(2))).count == 20)
        #expect(try self.skus(bench, ProductSearch(skuPrefix: "odd-1")).count == 6)
        let red = try self.skus(bench, ProductSearch(nameContains: "RED"))
        let redOdd = try self.skus(bench, ProductSearch(skuPrefix: "ODD", nameContains: "red"))
        #expect(redOdd == red.filter { $0.hasPrefix("ODD") } && !redOdd.isEmpty)
        #expect(try self.skus(bench, ProductSearch(text: "96385")) == ["ODD-7"])
        #expect(throws: Refusal.self) {
            try self.skus(bench, ProductSearch(category: CategoryID(9)))
        }
    }

    @Test(arguments: ProductSearch.Sort.allCases, [false, true])
    func `pages cover everything once, in order, even while rows change between them`(
        sort: ProductSearch.Sort,
        isDescending: Bool
    ) throws {
        var bench = try self.catalog()
        var search = ProductSearch(sort: sort, isDescending: isDescending, limit: 7)
        var seen: [String] = []
        while true {
            let table = try bench.table(.products(search))
            guard table.rowCount > 0 else { break }
            let id = try #require(table.column(named: "id"))
            for row in 0..<table.rowCount { seen.append("\(table.cell(row, id))") }
            search.after = try self.key(table, table.rowCount - 1, sort)
            // A changed row that is not listed moves nothing.
            try bench.done(.createCategory(name: "New \(seen.count)"))
        }
        #expect(seen.count == 40 && Set(seen).count == 40)
        search.limit = 0
        search.after = nil
        let table = try bench.table(.products(search))
        let id = try #require(table.column(named: "id"))
        #expect(seen == (0..<table.rowCount).map { "\(table.cell($0, id))" })
    }

    private func key(
        _ table: ResultTable,
        _ row: Int,
        _ sort: ProductSearch.Sort
    ) throws -> ProductSearch.PageKey {
        func integer(_ name: String) throws -> Int64 {
            guard
                case .integer(let value) = table.cell(row, try #require(table.column(named: name)))
            else { throw Unexpected() }
            return value
        }
        func text(_ name: String) throws -> String {
            guard case .text(let value) = table.cell(row, try #require(table.column(named: name)))
            else { throw Unexpected() }
            return value
        }
        var key = ProductSearch.PageKey(id: ProductID(UInt32(try integer("id"))))
        switch sort {
        case .id: break
        case .sku: key.text = try text("sku")
        case .name: key.text = try text("name")
        case .price: key.integer = try integer("price")
        case .available: key.integer = try integer("available")
        case .updatedAt: key.integer = try integer("updatedAt")
        }
        return key
    }

    // MARK: - The ledger

    private func traded() throws -> Bench {
        var bench = try Bench()
        try bench.done(.createLocation(LocationDraft(code: "north", name: "North")))
        for number in 0..<12 {
            let line = SaleLine(product: ProductID(UInt32(number % 3 + 1)), quantity: 1)
            try bench.done(.sell(Sale(lines: [line], reference: "R-\(number % 4)")))
        }
        let line = RestockLine(
            product: ProductID(1),
            location: LocationID(2),
            quantity: 5,
            unitCost: Money(1)
        )
        try bench.done(.restock(Restock(lines: [line], reference: "PO")))
        return bench
    }

    private func count(_ bench: Bench, _ query: LedgerQuery) throws -> Int {
        let table = try bench.table(.ledger(query))
        return table.rowCount
    }

    @Test func `the ledger is filtered by each of its columns`() throws {
        let bench = try self.traded()
        #expect(try self.count(bench, LedgerQuery()) == 3 + 12 + 1)
        #expect(try self.count(bench, LedgerQuery(product: ProductID(2))) == 1 + 4)
        #expect(try self.count(bench, LedgerQuery(location: LocationID(2))) == 1)
        #expect(try self.count(bench, LedgerQuery(kinds: MovementKindSet(.sale))) == 12)
        #expect(try self.count(bench, LedgerQuery(reference: "R-3")) == 3)
        #expect(try self.count(bench, LedgerQuery(reference: "R")) == 0)
        #expect(try self.count(bench, LedgerQuery(actor: "t")) == 16)
        #expect(try self.count(bench, LedgerQuery(actor: "nobody")) == 0)
        let times = try bench.column("recordedAt", of: .ledger(LedgerQuery(isNewestFirst: false)))
        let middle = Instant(microseconds: try #require(Int64(times[8])))
        #expect(try self.count(bench, LedgerQuery(from: middle)) == 8)
        #expect(try self.count(bench, LedgerQuery(to: middle)) == 8)
        #expect(throws: Refusal.self) { try self.count(bench, LedgerQuery(product: ProductID(9))) }
    }

    @Test(arguments: [false, true])
    func `pages of the ledger cover it once, in either order`(isNewestFirst: Bool) throws {
        let bench = try self.traded()
        var query = LedgerQuery(isNewestFirst: isNewestFirst, limit: 5)
        var seen: [String] = []
        while true {
            let table = try bench.table(.ledger(query))
            guard table.rowCount > 0 else { break }
            let lsn = try #require(table.column(named: "lsn"))
            let line = try #require(table.column(named: "line"))
            for row in 0..<table.rowCount {
                seen.append("\(table.cell(row, lsn))/\(table.cell(row, line))")
            }
            guard case .integer(let last) = table.cell(table.rowCount - 1, lsn),
                case .integer(let lastLine) = table.cell(table.rowCount - 1, line)
            else { throw Unexpected() }
            query.after = MovementID(lsn: LSN(UInt64(last)), line: UInt16(lastLine))
        }
        #expect(seen.count == 16 && Set(seen).count == 16)
    }

    // MARK: - Reports

    @Test func `the parts of the rollup add up to their totals`() throws {
        let bench = try self.catalog()
        let table = try bench.table(.categoryRollup(asOf: nil))
        func cells(_ name: String) throws -> [ResultCell] {
            let column = try #require(table.column(named: name))
            return (0..<table.rowCount).map { table.cell($0, column) }
        }
        let onHand = try cells("onHand").map { cell -> Int64 in
            if case .integer(let value) = cell { value } else { 0 }
        }
        let categories = try cells("category")
        let skus = try cells("sku")
        let total = (0..<bench.state.tables.levels.rowCount).reduce(Int64(0)) {
            $0 + bench.state.tables.levels.level($1).onHand.baseUnits
        }
        var sums: (products: Int64, categories: Int64, all: Int64) = (0, 0, 0)
        for row in 0..<table.rowCount {
            switch (categories[row], skus[row]) {
            case (.text, .text): sums.products += onHand[row]
            case (.text, _): sums.categories += onHand[row]
            default: sums.all += onHand[row]
            }
        }
        #expect(sums.products == total && sums.categories == total && sums.all == total)
    }

    @Test func `low stock lists the emptiest first, and only what is for sale`() throws {
        var bench = try Bench(products: 3, stock: 8)
        try bench.done(bench.sale(2, 5))
        try bench.done(bench.sale(3, 8))
        let skus = try bench.column("sku", of: .lowStock(LowStockQuery()))
        #expect(skus == ["S2", "S1", "S0"])
        try bench.done(.deleteProduct(ProductID(3), ifRevision: nil))
        #expect(try bench.column("sku", of: .lowStock(LowStockQuery(limit: 1))) == ["S1"])
    }

    @Test func `the past does not change: balances after each step are reproduced`() throws {
        var bench = try self.traded()
        var known: [(lsn: LSN, onHand: [String])] = []
        for number in 0..<20 {
            _ = bench.run(bench.sale(UInt32(number % 3 + 1), 1))
            let onHand = try bench.column("onHand", of: .levels(LevelQuery()))
            known.append((bench.state.lsn, onHand))
        }
        for (lsn, onHand) in known {
            let query = LevelQuery(asOf: .lsn(lsn))
            #expect(try bench.column("onHand", of: .levels(query)) == onHand, "LSN \(lsn)")
        }
        let beyond = LevelQuery(asOf: .lsn(bench.state.lsn.next))
        #expect(throws: Refusal.self) { try bench.table(.levels(beyond)) }
    }
}
