import Foundation
import InventoryClient
import InventoryModel
import Testing

/// `--dry-run` on commands that write: the server decides them and changes nothing.
@Suite struct DryRunAnswerTests {
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

    private func object(_ finished: Finished) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
        return try #require(object as? [String: Any], "\(finished)")
    }

    /// Each command, the member of its answer that it sets, and what that was.
    @Test(arguments: [
        ("product set P-0 --price 3.00", "price", "2.50"),
        ("product set P-0 --category Other", "category", "Category P"),
        ("product set P-0 --barcode 4006381333931", "barcode", "none"),
        ("category rename Empty Full", "name", "Empty"),
        ("location set back --kind warehouse", "kind", "store"),
    ])
    func `a dry run of a change compares it with what is there`(
        command: String,
        field: String,
        before: String
    ) async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5, prefix: "P")
        for setup in [
            "category add Other", "category add Empty", "location add back",
            "product set P-0 --price 2.50",
        ] {
            #expect(try daemon.invctl(setup.words).code == 0)
        }
        let digest = try daemon.invctl("export", "--digest").output
        let words = command.words
        let after = try #require(words.last)
        let said = try daemon.invctl(words + ["--dry-run"])
        #expect(said.output.contains("\(field) \(before) → \(after)"), "\(said.output)")
        let dry = try self.object(try daemon.invctl(words + ["--dry-run", "-o", "json"]))
        #expect(dry["dryRun"] as? Bool == true)
        #expect(dry[field] as? String == after)
        #expect(dry["unchanged"] == nil)
        #expect(try daemon.invctl("export", "--digest").output == digest)

        // The command itself answers the same, but for the version.
        let real = try self.object(try daemon.invctl(words + ["-o", "json"]))
        #expect(real["dryRun"] == nil && real["unchanged"] == nil)
        #expect(Set(real.keys) == Set(dry.keys).subtracting(["dryRun"]))
        for name in real.keys where !["lsn", "revision", "updatedAt"].contains(name) {
            #expect("\(real[name] ?? "")" == "\(dry[name] ?? "")", "\(name)")
        }

        // Directly after it, the same again changes nothing, and a dry run says so too.
        let again = command.replacing("rename Empty", with: "rename Full").words
        for run in [["--dry-run"], []] {
            #expect(try daemon.invctl(again + run).output.contains("is unchanged"), "\(run)")
            let same = try self.object(try daemon.invctl(again + run + ["-o", "json"]))
            #expect(same["unchanged"] as? Bool == true, "\(run): \(same)")
            #expect(same[field] as? String == after)
        }
    }

    /// Commands in an order in which each can be executed.
    private static let steps = [
        "category add Toys", "category rename Toys Games", "category archive Games",
        "location add depot --kind warehouse", "location set depot --name Depot",
        "product add --sku N --name New --category Other --price 4.20 --opening 3@1.00 --unit kg --decimals 3",
        "product set P-0 --lead-time-days 4", "sell P-0=2@1.50", "return P-0=1",
        "stock restock P-0=5@1.00", "stock adjust P-0=-1 --reason damaged", "stock count P-0=9",
        "stock hold P-0=1", "stock unhold P-0=1", "stock expect P-0=4", "stock floor P-0=1",
        "reserve new P-0=1 --ref C", "reserve extend --of C --for 1h", "reserve commit --of C",
        "reserve new P-0=1 --ref D", "reserve release --of D",
        "stock transfer dispatch P-0=2 --to depot --ref T", "stock transfer receive --of T",
        "stock transfer dispatch P-0=2 --to depot --ref U", "stock transfer cancel --of U",
        "location archive empty", "product delete Q-0",
    ]

    @Test func `the JSON of every dry run is that of the command`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 20, prefix: "P")
        for setup in [
            "category add Other", "location add empty",
            "product add --sku Q-0 --name Q --category Other --price 1",
        ] {
            #expect(try daemon.invctl(setup.words).code == 0)
        }
        // What only the execution decides, and what a product that is not stored has not.
        let decided: Set = [
            "lsn", "recordedAt", "revision", "updatedAt", "createdAt", "value", "expiresAt",
        ]
        for command in Self.steps {
            let words = command.words + ["-o", "json"]
            let planned = try daemon.invctl(words + ["--dry-run"])
            #expect(planned.code == 0, "\(command): \(planned.errors)")
            let done = try daemon.invctl(words)
            #expect(done.code == 0, "\(command): \(done.errors)")
            let (dry, real) = (try self.object(planned), try self.object(done))
            #expect(dry["dryRun"] as? Bool == true, "\(command)")
            for name in real.keys where !decided.contains(name) {
                func text(_ value: Any?) -> String {
                    guard let levels = value as? [[String: Any]] else {
                        return value.map { "\($0)" } ?? "missing"
                    }
                    return levels.map { level in
                        let kept = level.keys.filter { !decided.contains($0) }.sorted()
                        return kept.map { "\($0) \(level[$0] ?? "")" }.joined(separator: " ")
                    }.joined(separator: ", ")
                }
                #expect(text(dry[name]) == text(real[name]), "\(command): \(name)")
            }
        }
        _ = try await daemon.client().verified()
    }
}

extension String {
    fileprivate var words: [String] { self.split(separator: " ").map { String($0) } }
}
