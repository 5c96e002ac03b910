import ArgumentParser
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import TerminalKit
import Testing

@testable import invctl

/// Retries with the same `--id` and the same words, whose names now refer to other objects or to none.
@Suite struct RepeatedWordsTests {
    private let folder = TemporaryDirectory()

    /// Returns a shop with 100 of P-0 and of P-1, a location `back`, and an empty category.
    private func shop() async throws -> Daemon {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 100)
        for words in ["location add back", "category add Empty", "category add Other"] {
            #expect(try daemon.invctl(words.split(separator: " ").map(String.init)).code == 0)
        }
        return daemon
    }

    private func object(_ result: Finished) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return try #require(object as? [String: Any], "\(result.output) \(result.errors)")
    }

    /// Commands after which their own names no longer exist, with the commands to run before.
    private static let cases: [(before: String, command: String)] = [
        ("", "category rename Empty Full"),
        ("", "category archive Other"),
        ("", "product set P-0 --sku Q-0"),
        ("", "location set back --code rear"),
        ("reserve new P-1=3 --ref CART-1", "reserve commit --of CART-1"),
        ("reserve new P-1=3 --ref CART-2", "reserve release --of CART-2"),
        ("reserve new P-1=3 --ref CART-3", "reserve commit 3"),
        (
            "stock transfer dispatch P-1=3 --to rear --ref TO-1",
            "stock transfer receive --of TO-1"
        ),
        (
            "stock transfer dispatch P-1=3 --to rear --ref TO-2",
            "stock transfer cancel --of TO-2"
        ),
        ("stock adjust P-2=-100 --reason damaged", "product delete P-2"),
        // A product without history is deleted.
        ("product add --sku NEW --name New --category Full --price 1", "product delete NEW"),
    ]

    @Test func `retries are replayed, and nothing is executed twice`() async throws {
        let daemon = try await self.shop()
        func run(_ words: String, _ more: String...) throws -> Finished {
            try daemon.invctl(words.split(separator: " ").map(String.init) + more)
        }
        for (number, (before, command)) in Self.cases.enumerated() {
            if !before.isEmpty {
                let made = try run(before)
                #expect(made.code == 0, "\(before): \(made.errors)")
            }
            let id = "words-\(number)"
            let first = try run(command, "--id", id)
            #expect(first.code == 0, "\(command): \(first.errors)")
            let lsn = try await daemon.client().ping()

            let again = try run(command, "--id", id)
            #expect(again.code == 0, "\(command): \(again.errors)")
            #expect(again.errors.contains("replayed"), "\(command): \(again.errors)")
            let json = try self.object(try run(command, "--id", id, "-o", "json"))
            #expect(json["replayed"] as? Bool == true, "\(command): \(json)")
            #expect(try await daemon.client().ping() == lsn, "\(command) was done again")

            let unnamed = try run(command)
            #expect(unnamed.code != 0, "\(command) should have no object any more")
            let other = try run(command + " --note other", "--id", id)
            if !other.errors.contains("Unknown option") {
                #expect(other.errors.contains("key_reused"), "\(command): \(other.errors)")
            }
        }
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `a name that another product has by then is not looked up`() async throws {
        let daemon = try await self.shop()
        let words = ["sell", "P-0=2", "--id", "till-1", "-o", "json"]
        let first = try self.object(try daemon.invctl(words))
        #expect(try daemon.invctl("product", "set", "P-0", "--sku", "OLD").code == 0)
        let gone = try self.object(try daemon.invctl(words))
        #expect(gone["lsn"] as? Int == first["lsn"] as? Int)
        #expect(try daemon.invctl("product", "set", "P-1", "--sku", "P-0").code == 0)
        let another = try self.object(try daemon.invctl(words))
        #expect(another["lsn"] as? Int == first["lsn"] as? Int)
        #expect(another["replayed"] as? Bool == true)
        let levels = try daemon.invctl("product", "list", "--fields", "sku,onHand", "-o", "csv")
        #expect(levels.output.contains("OLD,98") && levels.output.contains("P-0,100"))
    }

    @Test(arguments: [
        ("reserve new P-0=2 P-1=1", "reserved 2 lines", "reservations"),
        ("stock transfer dispatch P-0=2 P-1=1 --to back", "dispatched", "transfers"),
        ("return P-0=2", "returned 1 line", ""),
        ("stock restock P-0=2", "restocked 1 line", ""),
    ])
    func `a retry names the created object again`(
        words: String,
        said: String,
        made: String
    ) async throws {
        let daemon = try await self.shop()
        let all = words.split(separator: " ").map(String.init) + ["--id", "one"]
        let first = try self.object(try daemon.invctl(all + ["-o", "json"]))
        #expect(try daemon.invctl("product", "set", "P-0", "--sku", "OLD").code == 0)
        let again = try self.object(try daemon.invctl(all + ["-o", "json"]))
        #expect(again["lsn"] as? Int == first["lsn"] as? Int)
        #expect(made.isEmpty || again[made] as? [Int] == [1, 2])
        #expect(made.isEmpty || first[made] as? [Int] == [1, 2])
        #expect(try daemon.invctl(all).output.hasPrefix(said))
    }

    @Test(arguments: [
        "stock restock P-0=2", "stock restock P-0=2@1.50", "sell P-0=999", "product delete P-0",
        "location archive main", "sell P-1", "product set P-1 --name New",
        "product add --sku NEW --name New --category Other --price 1 --opening 5@1",
    ])
    func `JSON marks a replayed outcome, done or refused`(words: String) async throws {
        let daemon = try await self.shop()
        let all = words.split(separator: " ").map(String.init) + ["--id", "one", "-o", "json"]
        let first = try daemon.invctl(all)
        let again = try daemon.invctl(all)
        #expect(again.code == first.code)
        #expect(!(first.output + first.errors).contains("replayed"), "\(first)")
        let said = again.code == 0 ? again.output : again.errors
        let object = try JSONSerialization.jsonObject(with: Data(said.utf8)) as? [String: Any]
        #expect(object?["replayed"] as? Bool == true, "\(said)")
    }

    @Test func `a change of an object reports its new revision`() async throws {
        let daemon = try await self.shop()
        func lastLine(_ words: String) throws -> String {
            try daemon.invctl(words.split(separator: " ").map(String.init)).output
        }
        let commands = [
            "product set P-0 --name", "location set back --name", "category rename Empty",
        ]
        for command in commands {
            let changed = try lastLine("\(command) Same")
            let revision = try #require(changed.split(separator: " ").last)
            if command.hasPrefix("location") { _ = try lastLine("sell P-1") }
            let name = command.hasPrefix("category") ? "category rename Same" : command
            let same = try lastLine("\(name) Same")
            #expect(same.contains("is unchanged") && same.hasSuffix(" \(revision)"), "\(same)")
        }
    }

    @Test func `a refusal is replayed, and a new command explains its refusal`() async throws {
        let daemon = try await self.shop()
        #expect(try daemon.invctl("sell", "P-0=999", "--id", "a").code == 5)
        #expect(try daemon.invctl("product", "set", "P-0", "--sku", "OLD").code == 0)
        let again = try daemon.invctl("sell", "P-0=999", "--id", "a")
        #expect(again.code == 5)
        #expect(again.errors.contains("insufficient_stock"), "\(again.errors)")
        let other = try daemon.invctl("sell", "P-0=9", "--id", "a")
        #expect(other.code == 4)
        #expect(other.errors.contains("key_reused"), "\(other.errors)")
        let new = try daemon.invctl("sell", "P-0=9", "--id", "b")
        #expect(new.code == 3)
        #expect(new.errors.contains("no product has the SKU or barcode 'P-0'"), "\(new.errors)")
    }

    @Test func `an atomic apply is replayed, whatever its names refer to now`()
        async throws
    {
        let daemon = try await self.shop()
        let path = "\(self.folder.path)/batch.ndjson"
        let text = """
            {"command":"renameCategory","category":"Empty","name":"Full"}
            {"command":"sell","lines":[{"product":"P-0","quantity":1}]}

            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let first = try daemon.invctl("apply", path, "--atomic", "--id", "once", "-o", "json")
        let again = try daemon.invctl("apply", path, "--atomic", "--id", "once", "-o", "json")
        #expect(again.code == 0, "\(again.errors)")
        #expect(try self.object(again)["lsn"] as? Int == self.object(first)["lsn"] as? Int)
        let new = try daemon.invctl("apply", path, "--atomic", "--id", "new")
        #expect(new.code == 1)
        #expect(new.errors.contains("line 1  category: "), "\(new.errors)")
        #expect(new.errors.contains("1 of 2 commands are invalid"), "\(new.errors)")
    }

    @Test func `an id belongs to one request or to one run of many`() async throws {
        let daemon = try await self.shop()
        let path = "\(self.folder.path)/sales.ndjson"
        let text = "{\"command\":\"sell\",\"lines\":[{\"product\":\"P-0\",\"quantity\":1}]}\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let file = "\(self.folder.path)/products.csv"
        try Data("sku,name,category,price\nNEW,New,Other,1.00\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        let kinds = [
            ["apply", path], ["apply", path, "--atomic"], ["import", file], ["sell", "P-0=1"],
        ]
        for first in kinds {
            for second in kinds where second != first {
                let id = "\(first) \(second)".replacingOccurrences(of: self.folder.path, with: "")
                    .suffix(60)
                // Rows that were imported before are refused.
                _ = try daemon.invctl(first + ["--id", String(id)])
                let lsn = try await daemon.client().ping()
                let refused = try daemon.invctl(second + ["--id", String(id)])
                #expect(refused.code == 4, "\(id): \(refused.errors)")
                #expect(refused.errors.contains("key_reused"), "\(id): \(refused.errors)")
                #expect(try await daemon.client().ping() == lsn, "\(id)")
            }
        }
    }

    @Test func `an import's id belongs to one file and one set of options`() async throws {
        let daemon = try await self.shop()
        func file(_ name: String, _ rows: String) throws -> String {
            let path = "\(self.folder.path)/\(name).csv"
            try Data("sku,stock\n\(rows)\n".utf8).write(to: URL(fileURLWithPath: path))
            return path
        }
        let (first, other) = (try file("first", "P-0,3"), try file("other", "P-0,3\nP-1,9"))
        let words = ["import", first, "--mode", "add", "--id", "delivery"]
        #expect(try daemon.invctl(words).output == "1 row: 1 accepted, 0 rejected\n")
        let lsn = try await daemon.client().ping()
        for different in [
            ["import", other, "--mode", "add", "--id", "delivery"],
            ["import", first, "--mode", "set", "--id", "delivery"],
            ["import", first, "--mode", "add", "--at", "back", "--id", "delivery"],
        ] {
            let refused = try daemon.invctl(different)
            #expect(refused.code == 4, "\(refused.output) \(refused.errors)")
            #expect(refused.errors.contains("key_reused"), "\(refused.errors)")
        }
        #expect(try daemon.invctl(words).code == 0)
        #expect(try await daemon.client().ping() == lsn)
    }

    @Test func `the words do not depend on the output options, but on all others`() {
        func words(_ line: String) -> RequestWords {
            RequestWords(line.split(separator: " ").map(String.init))
        }
        let sale = words("sell A=1 B --at depot --ref R")
        for same in [
            "sell A=1 B --at=depot --ref R --id x", "sell -o json A=1 B --at depot --ref=R -q",
            "sell A=1 B -ojson --at depot --server h:1 --ref R --first-tried=2026-01-01 --timing",
        ] {
            #expect(words(same).fingerprint == sale.fingerprint, "\(same)")
        }
        for other in [
            "sell B A=1 --at depot --ref R", "sell A=1 B --at R --ref depot",
            "sell A=1 --at depot --ref R", "return A=1 B --at depot --ref R",
            "sell A=1 B --at depot --ref R --dry-run", "sell A=1 B --at depot",
            "sell A=1 B --at depot --ref R -- --id x",
        ] {
            #expect(words(other).fingerprint != sale.fingerprint, "\(other)")
        }
    }

    /// A command with these options alone; their completion needs an asynchronous one.
    private struct OptionsOnly: AsyncParsableCommand {
        @OptionGroup var global: GlobalOptions
        @OptionGroup var retry: RetryOptions
    }

    @Test func `the words omit exactly the options that every command has`() throws {
        var options: Set<String> = []
        var flags: Set<String> = []
        for argument in try #require(CommandTree(dump: OptionsOnly._dumpHelp())?.arguments) {
            let names = (argument.names ?? []).map { $0.text }
            if names.contains("--help") { continue }
            if argument.kind == .flag {
                flags.formUnion(names)
            } else {
                options.formUnion(names)
            }
        }
        #expect(options == RequestWords.ignoredOptions)
        #expect(flags == RequestWords.ignoredFlags)
    }
}
