import InventoryModel
import Testing

@testable import InventoryTransfer

/// A column is guessed only for a field that it can only be.
@Suite struct ColumnMappingTests {
    private static func map(
        _ header: [String],
        _ flags: [String] = [],
        _ fields: [ColumnMapping.Field] = .ofProducts,
        guesses: Bool = true
    ) throws -> [String: String] {
        let mapping = try ColumnMapping(header, flags, fields: fields, guesses: guesses)
        return mapping.columns.mapValues { header[$0] }
    }

    /// `fields` without any that must have a column.
    private static var optional: [ColumnMapping.Field] {
        [ColumnMapping.Field].ofProducts.map { field in
            var field = field
            field.isNeeded = false
            return field
        }
    }

    @Test(arguments: [
        (["ID", "SKU"], "sku", "SKU"), (["ID", "Name"], "sku", ""),
        (["ID", "Part", "Part IPN"], "sku", "Part IPN"), (["Code"], "sku", "Code"),
        (["Item", "Item No"], "sku", "Item No"), (["Sale price"], "price", ""),
        (["Sale price", "Regular price"], "price", "Regular price"), (["Type"], "category", ""),
        (["Description", "Item Name"], "name", "Item Name"),
        (["Description", "Brand name"], "name", ""), (["Description"], "name", "Description"),
        (["Qty", "QTY."], "stock", ""), (["Qty"], "stock", "Qty"),
    ])
    func `of these columns this one is guessed`(
        header: [String],
        field: String,
        column: String
    ) throws {
        #expect(try Self.map(header, [], Self.optional)[field] ?? "" == column)
        #expect(try Self.map(header, [], Self.optional, guesses: false)[field] ?? "SKU" == "SKU")
    }

    @Test func `a field and a column are named in any case`() throws {
        let header = ["sku", "name", "Unit Price", "unit price"]
        #expect(try Self.map(header, ["PRICE=unit price"])["price"] == "unit price")
        #expect(try Self.map(header, ["price=UNIT PRICE"])["price"] == "Unit Price")
        #expect(throws: Failure.self) { try Self.map(header, ["price=Cost"]) }
        #expect(throws: Failure.self) { try Self.map(header, ["prize=sku"]) }
        #expect(throws: Failure.self) { try Self.map(header, ["price"]) }
    }

    @Test func `a line's amount makes a price unnecessary, and a stock by location a stock`() throws
    {
        #expect(throws: Failure.self) {
            try Self.map(["sku", "quantity", "occurredAt"], [], .ofSales)
        }
        #expect(
            try Self.map(["sku", "quantity", "occurredAt", "amount"], [], .ofSales)["price"] == nil
        )
        let places = [
            ImportLocations.Place(id: .main, code: "main", name: "High Street"),
            ImportLocations.Place(id: .init(2), code: "depot", name: "Depot"),
        ]
        let fields: [ColumnMapping.Field] = .ofStock.with(ImportLocations(places, standard: .main))
        let mapped = try Self.map(["SKU", "[High Street] - Quantity", "Stock depot"], [], fields)
        #expect(
            mapped == [
                "sku": "SKU", "stock@main": "[High Street] - Quantity",
                "stock@depot": "Stock depot",
            ]
        )
        #expect(
            try Self.map(["SKU", "Nord"], ["stock@depot=nord"], fields)["stock@depot"] == "Nord"
        )
        #expect(throws: Failure.self) { try Self.map(["SKU", "Stock Nord"], [], fields) }
    }

    @Test func `a date and a time are one field or two`() throws {
        let both = try Self.map(["sku", "quantity", "price", "Date", "Time"], [], .ofSales)
        #expect((both["occurredAt"], both["timeOfDay"]) == ("Date", "Time"))
        let one = try Self.map(["sku", "quantity", "price", "Time"], [], .ofSales)
        #expect((one["occurredAt"], one["timeOfDay"]) == ("Time", nil))
    }

    @Test func `a guess is shown with its first values`() throws {
        let text = "sku,Qty\nA,1\nB,2\nC,3\nD,4\n"
        let records = try RecordReader(FileBytes(Array(text.utf8)))
        let mapping = try ColumnMapping(records.header, [], fields: .ofStock)
        #expect(mapping.summary == "columns: sku ← sku, stock ← Qty (guessed)")
        #expect(
            mapping.guesses(records)
                == "guessed: stock: \"1\", \"2\", \"3\"; --no-guess takes none of them"
        )
    }
}
