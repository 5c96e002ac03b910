import Foundation
import InventoryClient
import Testing

/// The counts of `invctl bench`.
@Suite struct BenchTests {
    @Test(arguments: ["1", "3"])
    func `refused sales are not counted, and the first refusal is reported`(
        batch: String
    ) async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 4, prefix: "bench")
        let load = [
            "bench", "sell", "--products", "1", "--connections", "1", "--depth", "1",
            "--seconds", "1", "--batch", batch,
        ]
        // The warm-up sells all stock.
        let said = try daemon.invctl(load)
        #expect(said.code == 1)
        #expect(said.output.hasPrefix("sell: 0/s with 1 connections"), "\(said.output)")
        #expect(
            said.errors.contains(
                "first refused  insufficient_stock  bench-0 at main: asked 1, can sell 0"
            ),
            "\(said.errors)"
        )
        let json = try daemon.invctl(load + ["-o", "json"])
        #expect(json.output.contains("\"perSecond\":0,"), "\(json.output)")
        #expect(json.output.contains("\"firstRefusal\":\"insufficient_stock\""), "\(json.output)")
    }

    @Test func `queries without a server are measured by a program of their own`() throws {
        let size = ["--rows", "20000", "--products", "50"]
        let all = try Daemon.run("invd-scans", size + ["--runs", "1"])
        #expect(all.code == 0, "\(all.errors)")
        #expect(all.lines.contains { $0.hasPrefix("by category\t") }, "\(all.output)")
        let asked = try Daemon.run(
            "invd-scans",
            size + ["--ask"],
            input: Data("1\tuncached\tby day\n2\tcached\tby day\n".utf8)
        )
        #expect(asked.lines.dropFirst().compactMap { Double($0) }.count == 2, "\(asked.output)")
        let wrong = try Daemon.run("invd-scans", ["--rows", "0"])
        #expect(wrong.code != 0 && wrong.errors.contains("--rows must be 1 to 200000000"))
    }
}
