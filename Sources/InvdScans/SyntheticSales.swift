import Bytes
import InventoryEngine
import InventoryModel

/// A view of many sales, inserted directly into the tables, for measuring queries without a server.
///
/// The same parameters create the same sales: products are uniformly distributed, times increase evenly
/// over the days, and each sale has one line of 1 to 5 units.
struct SyntheticSales {
    private let rows: Int
    private let products: Int
    private let categories: Int
    private let days: Int

    init(rows: Int, products: Int, categories: Int, days: Int) {
        self.rows = rows
        self.products = products
        self.categories = categories
        self.days = days
    }

    /// The time of the first sale: 2024-01-01 in UTC, in microseconds since 1970.
    static let start: Int64 = 1_704_067_200_000_000

    var end: Instant {
        Instant(microseconds: Self.start + Int64(self.days) * 86_400_000_000)
    }

    func view() -> ReadView {
        var tables = InventoryTables()
        for id in 1...self.categories {
            tables.categories.put(Category(id: CategoryID(UInt32(id)), name: "Category \(id)"))
        }
        for id in 1...self.products {
            var fields = ProductFields()
            (fields.sku, fields.name) = ("S\(id)", "Product \(id)")
            fields.category = CategoryID(UInt32(1 + id % self.categories))
            fields.price = Price(Int64(100 + id % 900))
            tables.products.append(Product(id: ProductID(UInt32(id)), fields), unitCode: 0)
        }
        self.fill(&tables.ledger)
        return ReadView(lsn: LSN(UInt64(self.rows)), time: self.end, currency: nil, tables: tables)
    }

    private func fill(_ ledger: inout MovementLedger) {
        let none = MovementLedger.StringCodes(reference: 0, note: 0, actor: 0)
        let step = Int64(self.days) * 86_400_000_000 / Int64(max(self.rows, 1))
        var state: UInt64 = 1
        for row in 0..<self.rows {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let drawn = state >> 33
            let product = 1 + drawn % UInt64(self.products)
            let quantity = Int64(1 + drawn / UInt64(self.products) % 5)
            let price = Int64(100 + product % 900)
            let time = Instant(microseconds: Self.start + Int64(row) * step)
            ledger.append(
                Movement(
                    kind: .sale,
                    product: ProductID(UInt32(product)),
                    location: .main,
                    onHandDelta: -Quantity(quantity),
                    amount: Money(quantity * price),
                    price: Price(price),
                    cost: Money(-quantity * price / 2),
                    occurredAt: time
                ),
                id: MovementID(lsn: LSN(UInt64(row + 1)), line: 0),
                recordedAt: time,
                origin: nil,
                strings: none
            )
        }
    }
}
