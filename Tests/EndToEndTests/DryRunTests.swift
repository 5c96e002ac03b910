import Foundation
import InventoryClient
import InventoryModel
import Testing

/// `--dry-run` on commands that write: the server decides them and changes nothing.
@Suite struct DryRunTests {
    @Test func `a dry run reports the outcome and changes nothing`() async throws {
        let daemon = try Daemon()
        let ids = try await daemon.client().stockedProducts(1, stock: 5, prefix: "P")
        let before = try daemon.invctl("export", "--digest").output
        for arguments in [
            ["sell", "P-0=2"], ["return", "P-0=1"], ["stock", "restock", "P-0=5@1.00"],
            ["stock", "adjust", "P-0=-1", "--reason", "damaged"], ["stock", "count", "P-0=9"],
            ["stock", "hold", "P-0=1", "--reason", "damaged"], ["category", "add", "Toys"],
            ["product", "set", "P-0", "--price", "3.00"], ["reserve", "new", "P-0=1"],
        ] {
            let real = arguments + ["--dry-run", "--id", "the-real-one"]
            let result = try daemon.invctl(real)
            #expect(result.code == 0, "\(arguments): \(result.errors)")
            #expect(result.errors.hasPrefix("dry run: nothing was changed;"), "\(arguments)")
            #expect(!result.output.isEmpty)
        }
        let sold = try daemon.invctl("sell", "P-0=2", "--dry-run")
        #expect(sold.output.contains("3 left"))
        let short = try daemon.invctl("sell", "P-0=6", "--dry-run")
        #expect(short.code == 5)
        #expect(short.errors.contains("asked 6, can sell 5"))
        let lost = try daemon.invctl("stock", "adjust", "P-0=-9", "--reason", "lost", "--dry-run")
        #expect(lost.code == 1, "stock cannot be below 0")
        let product = try await daemon.client().product(.id(ids[0]))
        #expect(product?.available == 5)
        #expect(try daemon.invctl("export", "--digest").output == before)
        _ = try await daemon.client().verified()
        // No unmet demand was recorded either.
        #expect(try daemon.invctl("insight", "refused", "-o", "csv").lines.count == 1)
        // The idempotency key was not used up.
        #expect(try daemon.invctl("sell", "P-0=2", "--id", "the-real-one").code == 0)
    }
}
