import Foundation
import InventoryClient
import InventoryModel
import Testing

/// Barcodes: several a product, typed or scanned wherever a command names a product.
@Suite struct BarcodeTests {
    private static let file = """
        sku,name,category,price,stock,cost,unit,decimals,barcode,moreBarcodes,EAN2
        MUG,Mug,K,9.90,10,4.10,pcs,0,4006381333931,96385074;SHELF-7,
        UPC,Cup,K,5.00,10,2.00,pcs,0,614141007349,,5012345678900
        12345,Cheese,F,18.90,20.000,9.50,kg,3,,,
        HAM,Ham,F,31.90,5.000,15.00,kg,3,2212340000000,,

        """

    private func shop() throws -> Daemon {
        let daemon = try Daemon()
        let imported = try daemon.invctl("import", "-", input: Data(Self.file.utf8))
        try #require(imported.code == 0, "\(imported.errors)")
        return daemon
    }

    private func value(_ daemon: Daemon, _ name: String, _ fields: String) throws -> String {
        let arguments = ["product", "get", name, "-o", "csv", "--fields", fields]
        return try daemon.invctl(arguments).lines.last ?? ""
    }

    @Test func `an import reads several, and each finds the product, also after a restart`()
        async throws
    {
        let daemon = try self.shop()
        func check() throws {
            for name in [
                "MUG", "4006381333931", "04006381333931", "96385074", "000096385074", "shelf-7",
            ] {
                #expect(try self.value(daemon, name, "sku,moreBarcodes") == "MUG,96385074 SHELF-7")
            }
            for name in ["614141007349", "0614141007349", "00614141007349", "5012345678900"] {
                #expect(try self.value(daemon, name, "sku") == "UPC")
            }
        }
        try check()
        daemon.kill()
        try daemon.start()
        try check()
        _ = try await daemon.client().takeSnapshot()
        daemon.kill()
        try daemon.start()
        try check()
        #expect(try await daemon.client().product(named: "SHELF-7")?.product.sku == "MUG")
        #expect(
            try daemon.invctl("product", "list", "SHELF", "-o", "csv", "--fields", "sku").lines == [
                "sku", "MUG",
            ]
        )
        let missing = try daemon.invctl("product", "get", "4006381333948")
        #expect(missing.code == 3)
        #expect(missing.errors.contains("no product has the SKU or barcode '4006381333948'"))
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test(arguments: [[], ["--map", "barcode=EAN", "--no-guess"]])
    func `sales are imported by barcode, and an unknown one is a new product`(
        options: [String]
    ) throws {
        let daemon = try self.shop()
        let text = """
            EAN,quantity,price,occurredAt,reference
            4006381333931,2,9.90,2026-01-02T10:00:00Z,R-1
            0614141007349,1,5.00,2026-01-02T10:00:00Z,R-1
            96385074,1,9.90,2026-01-03T10:00:00Z,R-2
            5901234123457,3,2.00,2026-01-03T11:00:00Z,R-3
            4006381333930,1,9.90,2026-01-03T12:00:00Z,R-4
            4.00638E+12,1,9.90,2026-01-03T12:00:00Z,R-5
            ,1,9.90,2026-01-03T12:00:00Z,R-6

            """
        for time in 0..<2 {
            let imported = try daemon.invctl(
                ["import", "-", "--as", "sales", "--id", "run-\(time)"] + options,
                input: Data(text.utf8)
            )
            #expect(imported.code == 8, "\(imported)")
            #expect(imported.errors.contains("row 6  barcode: "), "\(imported.errors)")
            #expect(imported.errors.contains("row 7  barcode: 4.00638E+12 is a rounded number"))
            #expect(imported.errors.contains("row 8  barcode: is empty"), "\(imported.errors)")
            #expect(imported.output.contains(time == 0 ? "4 accepted" : "4 already there"))
        }
        let sold = try daemon.invctl("ledger", "sales", "-o", "csv", "--fields", "sku,quantity")
        #expect(
            sold.lines.dropFirst().sorted() == ["5901234123457,3", "MUG,1", "MUG,2", "UPC,1"],
            "\(sold.lines)"
        )
        #expect(try self.value(daemon, "5901234123457", "name,onHand") == "5901234123457,0")
        #expect(try self.value(daemon, "MUG", "onHand") == "10")
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `every command that names a product accepts a barcode`() throws {
        let daemon = try self.shop()
        try daemon.invctl("location", "add", "depot")
        for command in [
            "sell 4006381333931=2", "return 4006381333931=1", "stock restock 96385074=5@4.00",
            "stock adjust SHELF-7=-1 --reason damaged", "stock count 0614141007349=8",
            "stock hold shelf-7=1", "stock unhold shelf-7=1", "stock expect 96385074=7",
            "stock floor 96385074=1", "stock show 96385074", "product history 96385074",
            "product set 96385074 --name Cup", "reserve new 96385074=1 --for 5m",
            "stock transfer dispatch 96385074=1 --to depot", "product get 96385074",
            "ledger list --product 96385074", "product set 614141007349 --more-barcodes X-1",
        ] {
            let done = try daemon.invctl(command.split(separator: " ").map { String($0) })
            #expect(done.code == 0, "\(command): \(done.errors)")
        }
        #expect(try self.value(daemon, "MUG", "name,onHand") == "Cup,12")
        #expect(try self.value(daemon, "UPC", "onHand,moreBarcodes") == "8,X-1")
        let lines = """
            {"command":"sell","lines":[{"product":"shelf-7","quantity":1}]}
            {"command":"updateProduct","product":"X-1","moreBarcodes":"X-1 X-2"}
            {"command":"count","product":"000614141007349","counted":4}
            """
        let applied = try daemon.invctl("apply", "-", input: Data(lines.utf8))
        #expect(applied.code == 8)
        #expect(applied.errors.contains("line 3"))
        #expect(try self.value(daemon, "X-2", "sku,moreBarcodes") == "UPC,X-1 X-2")
        let counted = Data("barcode,stock\n96385074,7\nX-2,3\n4006381333931,9\n".utf8)
        let set = try daemon.invctl("import", "-", "--mode", "set", input: counted)
        #expect(set.output == "3 rows: 2 accepted, 1 rejected\n")
        #expect(set.errors.contains("row 4  sku: duplicate of row 2"), "\(set.errors)")
        #expect(try self.value(daemon, "MUG", "onHand") == "7")
        // A SKU comes before a barcode.
        try daemon.invctl("product", "set", "UPC", "--sku", "SHELF-7")
        #expect(try self.value(daemon, "SHELF-7", "onHand") == "3")
    }

    @Test func `damage, wrong check digits and barcodes of others are rejected by row`() throws {
        let daemon = try self.shop()
        let rows = """
            sku,name,category,price,barcode,moreBarcodes
            A,a,C,1,4.00638E+12,
            B,b,C,1,"=""4006381333948""\",
            C,c,C,1,4006381333948.0,
            D,d,C,1,'4006381333948,
            E,e,C,1,4006381333949,
            F,f,C,1,,96385075
            G,g,C,1,,shelf-7
            H,h,C,1,4006381333948,
            I,i,C,1,I-1,4006381333948
            J,j,C,1,SHELF-8,

            """
        for mode in [[], ["--mode", "upsert"]] {
            let done = try daemon.invctl(["import", "-"] + mode, input: Data(rows.utf8))
            #expect(done.code == 8)
            for row in 2...8 {
                #expect(done.errors.contains("row \(row)  "), "\(done.errors)")
            }
            #expect(done.errors.contains("row 2  barcode: 4.00638E+12 is a rounded number"))
            #expect(done.errors.contains("row 6  barcode: has a wrong check digit"))
            #expect(done.errors.contains("row 7  moreBarcodes: has a wrong check digit"))
            #expect(try self.value(daemon, "4006381333948", "sku") == "H")
            #expect(try self.value(daemon, "SHELF-8", "sku") == "J")
        }
        let wrong = try daemon.invctl("product", "set", "MUG", "--barcode", "4006381333932")
        #expect(wrong.code != 0)
        #expect(wrong.errors.contains("4006381333932 would end with 1"), "\(wrong.errors)")
        let taken = try daemon.invctl("product", "set", "MUG", "--more-barcodes", "5012345678900")
        #expect(taken.code == 4 && taken.errors.contains("UPC"), "\(taken.errors)")
    }

    @Test func `an upsert finds a product by any of them, and changes the further ones`() throws {
        let daemon = try self.shop()
        let rows = "barcode,moreBarcodes,price\nSHELF-7,,8.00\n614141007349,5012345678900 X-9,\n"
        let dry = try daemon.invctl(
            "import",
            "-",
            "--mode",
            "upsert",
            "--dry-run",
            input: Data(rows.utf8)
        )
        #expect(
            dry.lines.dropFirst() == [
                "  row 2  MUG  price 9.90 → 8.00",
                "  row 3  UPC  moreBarcodes 5012345678900 → 5012345678900 X-9",
            ],
            "\(dry.output)"
        )
        let done = try daemon.invctl("import", "-", "--mode", "upsert", input: Data(rows.utf8))
        #expect(done.output == "2 rows: 0 added, 2 changed, 0 unchanged, 0 rejected\n")
        #expect(
            try self.value(daemon, "MUG", "price,barcode,moreBarcodes")
                == "8.00,4006381333931,96385074 SHELF-7"
        )
        #expect(try self.value(daemon, "X-9", "sku") == "UPC")
        let cleared = Data("sku,moreBarcodes\nUPC,\\N\n".utf8)
        _ = try daemon.invctl("import", "-", "--mode", "upsert", input: cleared)
        #expect(try self.value(daemon, "UPC", "barcode,moreBarcodes") == "614141007349,")
    }

    @Test
    func `labels of scales are sold by the rules of a flag, of a context and of the environment`()
        throws
    {
        let daemon = try self.shop()
        let rules = ["--barcode-rules", "weight:21IIIIINNDDDC price:22IIIINNNNDDC"]
        let unknown = try daemon.invctl("sell", "2112345012506")
        #expect(unknown.code == 3)
        let sold = try daemon.invctl(["sell", "2112345012506", "--ref", "R1"] + rules)
        #expect(sold.code == 0, "\(sold.errors)")
        #expect(sold.output.contains("23.63"), "1.250 kg at 18.90 is 23.625: \(sold.output)")
        #expect(try self.value(daemon, "12345", "onHand") == "18.750")
        // The product's own barcode is the label's with zeros: item 1234, and 31.90 a kg × 0.387 kg = 12.345…
        let digits = "221234001234"
        let label = digits + String(UnicodeScalar(GTIN.checkDigit(behind: Array(digits.utf8))))
        let priced = try daemon.invctl(["sell", label, "-o", "json"] + rules)
        #expect(priced.code == 0, "\(priced.errors)")
        #expect(priced.output.contains("\"amount\":\"12.34\""), "\(priced.output)")
        #expect(try self.value(daemon, "HAM", "onHand") == "4.613")
        let wrong = try daemon.invctl(["sell", "2112345012507"] + rules)
        #expect(wrong.code == 2 && wrong.errors.contains("check digit"), "\(wrong.errors)")
        let other = "219999901250"
        let item = other + String(UnicodeScalar(GTIN.checkDigit(behind: Array(other.utf8))))
        let nobody = try daemon.invctl(["sell", item] + rules)
        #expect(nobody.code == 3)
        #expect(nobody.errors.contains("By the barcode rules it is the product '99999'"))
        let bad = try daemon.invctl("sell", "MUG", "--barcode-rules", "weight:21")
        #expect(bad.code == 2 && bad.errors.contains("has 2 digits, not 13"), "\(bad.errors)")
        let named = try Daemon.run(
            "invctl",
            ["stock", "restock", "2112345012506"],
            server: daemon.address.description,
            environment: ["INVCTL_BARCODE_RULES": "weight:21IIIIINNDDDC"]
        )
        #expect(named.code == 0, "\(named.errors)")
        #expect(try self.value(daemon, "12345", "onHand") == "20.000")
    }

    @Test func `an element string of GS1 has the weight, and says what is not kept`() throws {
        let daemon = try self.shop()
        try daemon.invctl("product", "set", "HAM", "--barcode", "4006381333948")
        let sold = try daemon.invctl("sell", "(01)04006381333948(3103)001250(17)301231(10)L7")
        #expect(sold.code == 0, "\(sold.errors)")
        #expect(sold.errors.contains("the lot L7 is not kept"))
        #expect(sold.errors.contains("expires 2030-12-31"))
        #expect(try self.value(daemon, "HAM", "onHand") == "3.750")
        let piece = try daemon.invctl("sell", "(01)04006381333931(3103)001250")
        #expect(
            piece.code == 2 && piece.errors.contains("MUG is counted in pcs"),
            "\(piece.errors)"
        )
        let off = try daemon.invctl("sell", "(01)04006381333931", "--barcode-rules", "none")
        #expect(off.code == 3)
        #expect(try daemon.invctl("sell", "(01)04006381333931=2").code == 0)
    }
}
