import Foundation
import InventoryClient
import InventoryModel
import Testing

/// The brand of a product, wherever a field of a product may be: it was added after the first release.
@Suite struct BrandTests {
    private static let file = """
        sku,name,category,price,stock,brand
        A,Anvil,Tools,10.00,5,Acme
        B,Bolt,Tools,0.10,500,
        C,Crane,Tools,99.00,1," Ünder "
        """

    private func shop() throws -> Daemon {
        let daemon = try Daemon()
        let imported = try daemon.invctl("import", "-", input: Data(Self.file.utf8))
        try #require(imported.code == 0, "\(imported.errors)")
        return daemon
    }

    private func list(_ daemon: Daemon, _ options: String...) throws -> String {
        let fields = ["-o", "csv", "--fields", "sku,brand", "--sort", "sku"]
        return try daemon.invctl(["product", "list"] + fields + options).output
    }

    @Test func `an import sets it, a list shows it and filters by it, a restart keeps it`()
        async throws
    {
        let daemon = try self.shop()
        let all = "sku,brand\nA,Acme\nB,\nC,Ünder\n"
        #expect(try self.list(daemon) == all)
        #expect(try self.list(daemon, "--brand", "ACME") == "sku,brand\nA,Acme\n")
        #expect(try self.list(daemon, "--brand", "ünder") == "sku,brand\nC,Ünder\n")
        #expect(try self.list(daemon, "--brand", "none") == "sku,brand\n")
        #expect(try self.list(daemon, "--where", "brand = Acme") == "sku,brand\nA,Acme\n")
        #expect(try self.list(daemon, "--where", "brand = ''") == "sku,brand\nB,\n")
        #expect(try self.list(daemon, "--where", "brand != ''") == "sku,brand\nA,Acme\nC,Ünder\n")
        daemon.kill()
        try daemon.start()
        #expect(try self.list(daemon) == all)
        // From a snapshot, too.
        _ = try await daemon.client().takeSnapshot()
        daemon.kill()
        try daemon.start()
        #expect(try self.list(daemon) == all)
        let got = try await daemon.client().product(.sku("A"))
        #expect(got?.product.brand == "Acme")
    }

    @Test func `it is added, changed and removed, and watched`() throws {
        let daemon = try self.shop()
        try daemon.invctl(
            "product",
            "add",
            "--sku",
            "D",
            "--name",
            "Drill",
            "--category",
            "Tools",
            "--price",
            "1",
            "--brand",
            "Acme"
        )
        try daemon.invctl("product", "set", "A", "--brand", "Acme Inc.")
        try daemon.invctl("product", "set", "C", "--brand", "")
        #expect(try self.list(daemon) == "sku,brand\nA,Acme Inc.\nB,\nC,\nD,Acme\n")
        let watched = try daemon.invctl(
            "watch",
            "products",
            "-o",
            "json",
            "--after",
            "0",
            "--count",
            "7"
        ).output
        #expect(watched.contains("\"brand\":\"Acme\""))
        #expect(watched.contains("\"brand\":{\"from\":\"Acme\",\"to\":\"Acme Inc.\"}"))
    }

    @Test func `one that is too long is refused by name and limit`() throws {
        let daemon = try self.shop()
        let long = String(repeating: "x", count: Limits.brandByteCountMax + 1)
        let refused = try daemon.invctl("product", "set", "A", "--brand", long)
        #expect(refused.code != 0)
        #expect(refused.errors.contains("brand") && refused.errors.contains("100"))
        let rows = "sku,name,category,price,brand\nE,Egg,Tools,1.00,\(long)\n"
        let imported = try daemon.invctl("import", "-", input: Data(rows.utf8))
        #expect(imported.code != 0)
        #expect(imported.errors.contains("brand") || imported.output.contains("brand"))
    }

    @Test func `apply sets it, and an export of products has it`() throws {
        let daemon = try self.shop()
        let lines = """
            {"command":"createProduct","sku":"F","name":"File","category":"Tools","price":"1.00","brand":"Acme"}
            {"command":"updateProduct","product":"B","brand":"Bolts & Co"}
            """
        let applied = try daemon.invctl("apply", "-", input: Data(lines.utf8))
        #expect(applied.code == 0, "\(applied.errors)")
        let exported = try daemon.invctl("export", "-", "--what", "products", "-o", "csv")
        #expect(exported.output.contains("Bolts & Co"))
        #expect(try self.list(daemon, "--brand", "acme") == "sku,brand\nA,Acme\nF,Acme\n")
    }
}
