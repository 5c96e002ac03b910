import InventoryModel
import Testing

@testable import InventoryTransfer

/// Files of other systems, by the names that their documentation gives.
@Suite struct PresetTests {
    private static let places = ImportLocations(
        [
            ImportLocations.Place(id: .main, code: "main", name: "Main Street"),
            ImportLocations.Place(id: LocationID(2), code: "depot", name: "Depot"),
        ],
        standard: .main
    )

    /// A file as the importer reads it: `ROW field=value …` for each field with a value.
    private static func rows(
        _ preset: Preset,
        _ text: String,
        _ content: Preset.Content = .products,
        map: [String] = []
    ) throws -> (rows: [String], refused: [String], passed: Int) {
        var options = ReadOptions()
        options.preset = preset
        options.map = map
        let file = try ImportFile(
            FileBytes(Array(text.utf8)),
            options,
            fields: content == .products ? .ofProducts : .ofStock,
            content: content,
            locations: Self.places
        )
        var records = file.records
        var rows: [String] = []
        while try records.next() {
            let values = records.header.enumerated().compactMap { index, name in
                records.text(index).isEmpty ? nil : "\(name)=\(records.text(index))"
            }
            rows.append("\(records.number) " + values.joined(separator: " "))
        }
        return (rows, file.refused.map { "\($0.row) \($0.reason)" }, file.passedCount)
    }

    @Test func `Shopify: variants take the title of the first, pictures are passed over`() throws {
        let read = try Self.rows(
            .shopify,
            """
            Handle,Title,Type,Option1 Value,Option2 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status
            cap,Cap,Hats,Red,S,CAP-RS,9.00,3,active
            cap,,,Red,L,CAP-RL,9.50,,
            cap,,,,,,,,
            jar,Jar,,Default Title,,JAR,4.00,1,draft
            """
        )
        #expect(
            read.rows == [
                "2 sku=CAP-RS name=Cap Red S price=9.00 category=Hats decimals=0 stock=3 status=active",
                "3 sku=CAP-RL name=Cap Red L price=9.50 category=Hats decimals=0 status=active",
                "5 sku=JAR name=Jar price=4.00 decimals=0 stock=1 status=inactive",
            ]
        )
        #expect(read.passed == 1)
    }

    @Test func `Shopify: the new stock counts, else the current one`() throws {
        let rows =
            "SKU,Location,On hand (current),On hand (new)\nA,main,7,5\nA,Depot,2,\nB,main,not stocked,\n"
        let read = try Self.rows(.shopify, rows, .stock)
        #expect(read.rows == ["2 sku=A stock=5 location=main", "3 sku=A stock=2 location=Depot"])
        #expect(read.passed == 1)
        let wide = try Self.rows(.shopify, "SKU,COO,main,Depot,Elsewhere\nA,DE,7,2,9\n", .stock)
        #expect(wide.rows == ["2 sku=A stock@main=7 stock@depot=2"])
    }

    @Test func `WooCommerce: a variation has its parent's category, and the parent is no row`()
        throws
    {
        let read = try Self.rows(
            .woocommerce,
            """
            ID,Type,SKU,Name,Published,Sale price,Regular price,Categories,Stock,Low stock amount,Parent,Attribute 1 value(s)
            7,variable,TEE,Tee,1,,,Shirts > Tees,,,,"S, L"
            8,variation,TEE-S,Tee - S,1,10.00,12.00,,4,2,TEE,S
            9,variation,TEE-L,Tee,0,,13.00,,0,,id:7,L
            """
        )
        #expect(
            read.rows == [
                "3 sku=TEE-S name=Tee - S price=12.00 category=Shirts > Tees decimals=0 stock=4 "
                    + "reorderPoint=2 status=active",
                "4 sku=TEE-L name=Tee L price=13.00 category=Shirts > Tees decimals=0 stock=0 "
                    + "status=inactive",
            ]
        )
    }

    @Test func `Square and Lightspeed: a column of each kind for each location`() throws {
        let square = """
            Item Name,Variation Name,SKU,Price,Archived,Current Quantity main,New Quantity main,\
            Stock Alert Count main,Current Quantity Depot,Stock Alert Count Depot
            Soap,Regular,SOAP,4.80,N,30,28,,12,6
            """
        #expect(
            try Self.rows(.square, square).rows == [
                "2 sku=SOAP name=Soap price=4.80 decimals=0 reorderPoint=6 status=active "
                    + "stock@main=30 stock@depot=12"
            ]
        )
        #expect(
            try Self.rows(.square, square, .stock).rows == [
                "2 sku=SOAP stock@main=28 stock@depot=12"
            ]
        )
        let lightspeed = """
            sku,name,variant_option_one_value,retail_price,active,inventory_main,reorder_point_main,restock_level_main
            SOCK,Sock,M,7.95,0,25,10,40
            """
        #expect(
            try Self.rows(.lightspeed, lightspeed).rows == [
                "2 sku=SOCK name=Sock M price=7.95 decimals=0 reorderPoint=10 reorderTarget=40 "
                    + "status=inactive stock@main=25"
            ]
        )
        #expect(throws: Failure.self) {
            try Self.rows(.square, "Item Name,SKU,Price,Current Quantity Moon\nA,A,1,2\n")
        }
    }

    @Test func `Odoo, ERPNext and InvenTree: units have the decimals that they need`() throws {
        let odoo = """
            External ID,Name,Internal Reference,Sales Price,Unit of Measure,Quantity On Hand
            p1,Hose,HOSE,32.0,Units,19.0
            p2,Oil,OIL,11.9,L,12.75
            p3,Rope,ROPE,1.0,coil,1.2500
            """
        #expect(
            try Self.rows(.odoo, odoo).rows == [
                "2 sku=HOSE name=Hose price=32.0 decimals=0 stock=19.0 status=active",
                "3 sku=OIL name=Oil price=11.9 unit=L decimals=3 stock=12.75 status=active",
                "4 sku=ROPE name=Rope price=1.0 unit=coil decimals=2 stock=1.2500 status=active",
            ]
        )
        let inventree =
            "ID,Name,IPN,Category Name,Units,Minimum Stock,Total Stock,Active\n9,Wire,W1,Wire,m,20.0,37.25,False\n"
        #expect(
            try Self.rows(.inventree, inventree).rows == [
                "2 sku=W1 name=Wire price=0 category=Wire unit=m decimals=2 stock=37.25 "
                    + "reorderPoint=20.0 status=inactive"
            ]
        )
        let erpnext = """
            ID,Item Code (Items),Warehouse (Items),Quantity (Items),Valuation Rate (Items),Batch No (Items)
            R1,BOLT,main,480.0,0.05,
            ,BOLT,depot,3.0,0.05,B7
            """
        let read = try Self.rows(.erpnext, erpnext, .stock)
        #expect(read.rows == ["2 sku=BOLT stock=480.0 cost=0.05 location=main"])
        #expect(
            read.refused == [
                "3 Batch No (Items): \"B7\" is a lot or a serial number; none are kept"
            ]
        )
    }

    @Test func `stock that cannot be sold is refused by row`() throws {
        let read = try Self.rows(
            .inventree,
            "Part IPN,Quantity,Location Name,Batch,Status,Purchase Price,Currency\n"
                + "R1,4,main,,OK,0.02,EUR\nR1,1,main,,Damaged,,\nR2,1,main,L1,OK,,\n",
            .stock
        )
        #expect(read.rows == ["2 sku=R1 stock=4 cost=0.02 EUR location=main"])
        #expect(read.refused.map { $0.prefix(8) } == ["3 Status", "4 Batch:"])
    }

    @Test func `a file of another shape is one error, and --map names another column`() throws {
        #expect(throws: Failure.self) { try Self.rows(.shopify, "Title,Price\nA,1\n") }
        let rows = try Self.rows(
            .odoo,
            "Name,Internal Reference,Sales Price,Web Price\nHose,HOSE,32.0,30.0\n",
            map: ["price=web price"]
        )
        #expect(
            rows.rows == ["2 sku=HOSE name=Hose price=30.0 decimals=0 status=active"]
        )
    }
}
