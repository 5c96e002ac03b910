import Foundation
import InventoryClient
import InventoryModel
import Testing

@testable import invctl

/// What commands answer: quietly, as a dry run, in a format that fits, under the user's name; and their help.
@Suite struct AnswerTests {
    @Test func `-q prints only the data that was asked for`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let silent: [[String]] = [
            ["category", "add", "D"], ["sell", "P-0=1"], ["sell", "P-0=1", "--dry-run"],
            ["product", "add", "--sku", "N", "--name", "N", "--category", "D", "--price", "1"],
            ["product", "set", "N", "--price", "2"], ["location", "add", "x"], ["ping"],
            ["reserve", "list"], ["stock", "adjust", "P-0=1", "--reason", "found"],
        ]
        for words in silent {
            let said = try daemon.invctl(words + ["-q"])
            #expect(said.code == 0 && said.errors.isEmpty, "\(words): \(said.errors)")
            let data = words == ["reserve", "list"] ? said.lines.dropFirst() : said.lines[...]
            #expect(data.isEmpty, "\(words): \(said.output)")
        }
        let shell = try daemon.invctl("shell", "-q", "-c", "ping", "-c", "sell P-0=1")
        #expect(shell.code == 0 && shell.output.isEmpty && shell.errors.isEmpty, "\(shell)")
        let list = try daemon.invctl("-q", "insight", "sales", "--fields", "net", "-o", "csv")
        #expect(list.lines.first == "net" && list.errors.isEmpty)
        #expect(try daemon.invctl("sell", "P-0=1", "-q", "-o", "json").output.contains("\"lsn\""))
    }

    @Test func `the JSON of a dry run says so`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let lines = "{\"command\":\"sell\",\"lines\":[{\"product\":\"P-0\",\"quantity\":1}]}\n"
        let commands: [([String], String?)] = [
            (["sell", "P-0=1"], nil), (["category", "add", "D"], nil), (["apply", "-"], lines),
            (["product", "set", "P-0", "--price", "3"], nil), (["reserve", "new", "P-0=1"], nil),
            (
                [
                    "product", "add", "--sku", "N", "--name", "N", "--category", "Category P",
                    "--price", "1",
                ], nil
            ),
        ]
        for (words, input) in commands {
            let said = try daemon.invctl(
                words + ["--dry-run", "-o", "json"],
                input: input.map { Data($0.utf8) }
            )
            let parsed = try JSONSerialization.jsonObject(with: Data(said.output.utf8))
            let object = try #require(parsed as? [String: Any])
            #expect(object["dryRun"] as? Bool == true, "\(words): \(said.output)")
        }
        #expect(try daemon.invctl("stock", "show", "P-0", "--fields", "onHand").lines.last == "5")
        let real = try daemon.invctl("sell", "P-0=1", "-o", "json")
        #expect(!real.output.contains("dryRun"))
    }

    @Test func `a format of rows is refused where there are none, and a full disk is an error`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let commands = [
            ["sell", "P-0=1"], ["ping"], ["category", "add", "X"], ["watch", "stock"],
            ["watch", "insight", "sales"], ["top", "--once"],
        ]
        for words in commands {
            let said = try daemon.invctl(words + ["-o", "csv"])
            #expect(said.code == 2 && said.errors.contains("-o csv is for lists"), "\(said.errors)")
        }
        // A setting is the format of lists.
        let address = daemon.address.description
        let setting = ["INVCTL_OUTPUT": "csv"]
        let said = try Daemon.run("invctl", ["ping"], server: address, environment: setting)
        #expect(said.code == 0)
        let full = try Daemon.run(
            "invctl",
            ["shell", "-c", "\\! \(Daemon.program("invctl").path) product list >/dev/full"],
            server: address
        )
        #expect(full.code == 1 && full.errors.contains("No space left"), "\(full.errors)")
        let rows = try daemon.invctl(["export", "-", "--what", "products", "-o", "ndjson"])
        #expect(rows.output.hasPrefix("{"))
        for name in ["book.xlsx", "book.parquet"] {
            #expect(try daemon.invctl("export", name, "--what", "products").code == 2)
        }
    }

    @Test(arguments: [
        ["query", "--from", "levels", "--by", "weekday", "--measure", "onHand"],
        ["query", "--from", "sales", "--measure", "onHand"],
        ["insight", "velocity", "--days", "0"],
        ["stock", "restock", "P-0"], ["sell"], ["frobnicate"], ["product", "list", "--limit", "x"],
    ])
    func `wrong usage exits with 2`(_ words: [String]) async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        #expect(try daemon.invctl(words).code == 2)
    }

    @Test func `the actor is the user's name, without USER too`() async throws {
        let daemon = try Daemon()
        let nobody = ["USER": "", "LOGNAME": "", "INVCTL_ACTOR": ""]
        let address = daemon.address.description
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let sale = ["sell", "P-0=1", "--ref", "WHO"]
        #expect(try Daemon.run("invctl", sale, server: address, environment: nobody).code == 0)
        let user = try #require(getpwuid(geteuid())?.pointee.pw_name)
        let found = try daemon.invctl(
            "ledger",
            "list",
            "--ref",
            "WHO",
            "--fields",
            "actor",
            "-o",
            "csv"
        )
        #expect(found.lines.last == String(cString: user))
    }

    @Test func `help names defaults, values and formulas`() throws {
        for command in ["stock hold", "stock unhold", "ledger reverse", "location add"] {
            let words = command.split(separator: " ").map { String($0) }
            let help = try Daemon.run("invctl", words + ["--help"]).output
            #expect(help.firstMatch(of: /default: [0-9]+\)/) == nil, "\(command)")
            #expect(
                help.firstMatch(of: /default: (damaged|correction|store)\./) != nil,
                "\(command)"
            )
        }
        let query = try Daemon.run("invctl", ["query", "--help"]).output
        for measure in InsightMeasure.allCases {
            #expect(query.contains("\n  \(measure) "), "\(measure)")
        }
        let insights = try Daemon.run("invctl", ["help", "insights"]).output
        for name in NamedInsight.Name.allCases {
            #expect(insights.contains("\n\(name == .lowStock ? "low" : "\(name)")"), "\(name)")
        }
        let cover = try Daemon.run("invctl", ["insight", "cover", "--help"]).output
        #expect(cover.contains("available ÷ "))
    }
}
