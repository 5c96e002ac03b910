internal import InventoryModel

/// The columns with the stock of a product: one and its location, or one for each location.
///
///     stock, location, cost            7 at the row's location
///     stock@main, stock@depot, cost    4 here and 3 there
struct StockColumns: Sendable {
    let stock: Int
    let location: Int
    let cost: Int
    let shops: [(location: LocationID, name: String, column: Int)]
    let locations: ImportLocations

    init(_ mapping: ColumnMapping?, _ locations: ImportLocations) {
        func column(_ name: String) -> Int { mapping?.column(name) ?? .max }
        (self.stock, self.location, self.cost) = (
            column("stock"), column("location"), column("cost")
        )
        self.shops = locations.columns(of: mapping)
        self.locations = locations
    }

    var numberColumns: [Int] { [self.stock, self.cost] + self.shops.map { $0.column } }

    /// The stock of a record.
    struct Stock {
        var first: OpeningStock
        /// At further locations; never 0.
        var others: [OpeningStock] = []
    }

    /// Reads the stock of a record at each location that has a column.
    ///
    /// - Parameters:
    ///   - records: The reader at the record.
    ///   - numbers: Reads the numbers of the file.
    ///   - decimals: The decimals of the product's quantities.
    ///   - own: The stock in the columns that name no location.
    /// - Returns: All of it.
    /// - Throws: The reason why a number of it is invalid.
    func perShop(
        _ records: borrowing RecordReader,
        _ numbers: NumberColumns,
        decimals: UInt8,
        own: OpeningStock
    ) throws(ProductRow.Problem) -> Stock {
        var all = own.quantity == 0 ? [] : [own]
        for shop in self.shops {
            let reading = numbers.read(records, shop.column, decimals: decimals)
            let quantity = Quantity(try Self.units(reading, shop.name))
            guard quantity != 0 else { continue }
            try ProductCells.check(
                quantity.baseUnits,
                in: 0...Limits.quantityMax,
                name: shop.name,
                decimals: decimals
            )
            all.append(
                OpeningStock(
                    location: shop.location,
                    quantity: quantity,
                    unitCost: own.unitCost
                )
            )
        }
        return Stock(first: all.first ?? own, others: Array(all.dropFirst()))
    }

    private static func units(
        _ reading: NumberColumns.Reading,
        _ name: String
    ) throws(ProductRow.Problem) -> Int64 {
        switch reading {
        case .units(let units): return units
        case .empty: return 0
        case .problem(let problem): throw ProductRow.Problem(text: "\(name): \(problem)")
        }
    }
}
