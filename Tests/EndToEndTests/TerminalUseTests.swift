import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

@testable import invctl

/// `invctl` as a person at a terminal uses it: options where they are typed, words, zones, narrow screens.
@Suite struct TerminalUseTests {
    private static func lines(_ terminal: PseudoTerminal) -> [String] {
        #expect(terminal.wait() == 0)
        return terminal.screen.lineStrings
    }

    @Test func `options precede the command, and a context that is named precedes the environment`()
        throws
    {
        let daemon = try Daemon()
        let folder = FileManager.default.temporaryDirectory.appending(path: "use-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let config = ["INVCTL_CONFIG": folder.appending(path: "config").path]
        func run(_ words: String...) throws -> Finished {
            // The environment names a server that is not there.
            try Daemon.run("invctl", words, environment: config)
        }
        let address = daemon.address.description
        #expect(try run("--server", address, "-o", "json", "category", "add", "G").code == 0)
        #expect(
            try run("-o", "json", "category", "--server=\(address)", "list").output.contains(
                "\"G\""
            )
        )
        #expect(try run("context", "set", "shop", "--server", address).code == 0)
        #expect(try run("ping", "--context", "shop").code == 0)
        #expect(try run("--context", "shop", "ping").code == 0)
        #expect(try run("shell", "--context", "shop", "-c", "ping").code == 0)
        #expect(try run("ping", "--context", "shop", "--server", "127.0.0.1:1").code == 7)
        #expect(try run("--server", address, "context", "set", "shop").code == 2)
    }

    @Test func `the columns that a list is for stay on a narrow screen`() throws {
        let daemon = try Daemon()
        let file = """
            sku,name,category,price,stock,cost,brand
            LAP-01,"Laptop ProBook, 14 inch, silver edition",Electronics,999.99,10,720.00,Acme

            """
        #expect(try daemon.invctl("import", "-", input: Data(file.utf8)).code == 0)
        func head(_ columns: Int, _ words: String...) throws -> [String] {
            let terminal = try daemon.terminal(words, columns: columns, rows: 24)
            let lines = Self.lines(terminal)
            for line in lines { #expect(line.count <= columns, "\(line)") }
            let names = lines.first?.split(separator: "  ").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            return (names ?? []).filter { !$0.isEmpty }
        }
        let narrow = try head(40, "product", "list")
        #expect(narrow == ["SKU", "NAME", "PRICE", "ON HAND"], "\(narrow)")
        let products = try head(80, "product", "list")
        for name in ["SKU", "NAME", "CATEGORY", "PRICE", "ON HAND", "AVAILABLE"] {
            #expect(products.contains(name), "\(name): \(products)")
        }
        for columns in [40, 80] {
            let imports = try head(columns, "ledger", "imports")
            for name in ["FILE", "BOOKED", "ALREADY THERE", "REFUSED"] {
                #expect(imports.contains(name), "\(name): \(imports)")
            }
        }
        let imports = try head(80, "ledger", "imports")
        #expect(imports.contains("RUN") && imports.contains("BEGUN AT"), "\(imports)")
        let rollup = Self.lines(
            try daemon.terminal(["insight", "categories"], columns: 80, rows: 24)
        )
        #expect(rollup.contains { $0.hasPrefix("CATEGORY") }, "\(rollup)")
        // A long value continues under itself, a heading between words.
        let one = Self.lines(
            try daemon.terminal(["product", "get", "LAP-01"], columns: 40, rows: 24)
        )
        let name = try #require(one.firstIndex { $0.hasPrefix("NAME  ") })
        #expect(one[name + 1].hasPrefix(String(repeating: " ", count: 16) + "silver"), "\(one)")
        let error = try daemon.terminal(["sell", "LAP-01=60"], columns: 40, rows: 24)
        #expect(error.wait() == 5)
        let text = error.screen.lineStrings.joined(separator: "\n")
        for word in ["insufficient_stock", "unavailable", "delivery", "restock LAP-01=50"] {
            #expect(text.contains(word), "\(text)")
        }
        let sales = Self.lines(try daemon.terminal(["insight", "sales"], columns: 40, rows: 24))
        #expect(sales.contains { $0.hasPrefix("LSN ") }, "\(sales)")
    }

    /// A call would wait for its timeout of an hour.
    @Test(.timeLimit(.minutes(5)), arguments: ["127.0.0.1:1", "unix:/nonexistent/socket"])
    func `without a server a person hears so at once, in words`(_ address: String) throws {
        let said = try Daemon.run("invctl", ["ping", "--timeout", "60m"], server: address)
        #expect(said.code == 7)
        #expect(said.errors.contains("cannot connect to \(address)"))
        #expect(!said.errors.contains("errno") && !said.errors.contains("NIO"))
    }

    @Test func `spans, windows and typed times are those of --zone and of the setting`() throws {
        let daemon = try Daemon()
        try daemon.invctl("category", "add", "C")
        let product = [
            "product", "add", "--sku", "H", "--name", "H", "--category", "C", "--price", "1",
        ]
        try daemon.invctl(product + ["--opening", "9"])
        // 1.00 on 31 March and 10.00 on 1 April, 00:30 in London.
        let sales = [
            "1.00\"}],\"occurredAt\":\"2025-03-31T12:00:00Z",
            "10.00\"}],\"occurredAt\":\"2025-03-31T23:30:00Z",
        ]
        .map {
            "{\"command\":\"sell\",\"lines\":[{\"product\":\"H\",\"quantity\":1,\"price\":\"\($0)\",\"imported\":true}"
        }
        let applied = try daemon.invctl(
            ["apply", "-"],
            input: Data(sales.joined(separator: "\n").utf8)
        )
        #expect(applied.code == 0, "\(applied.errors)")
        let query = [
            "query", "--by", "month", "--measure", "net", "--window", "2025-03..2025-05", "-o",
            "csv",
            "--fields", "month,net",
        ]
        let months = ["month,net", "2025-03,1.00", "2025-04,10.00"]
        #expect(try daemon.invctl(query + ["--zone", "Europe/London"]).lines == months)
        let setting = ["INVCTL_ZONE": "Europe/London"]
        func run(_ words: [String]) throws -> [String] {
            let address = daemon.address.description
            return try Daemon.run("invctl", words, server: address, environment: setting).lines
        }
        #expect(try run(query) == months)
        #expect(try run(query + ["--where", "month = 2025-04"]) == ["month,net", "2025-04,10.00"])
        let typed = [
            "--from", "2025-04-01", "--to", "2025-04-02", "-o", "csv", "--fields", "amount",
        ]
        #expect(try run(["ledger", "sales"] + typed) == ["amount", "10.00"])
        let window = try daemon.invctl(
            "insight",
            "sales",
            "--window",
            "2025-04",
            "--zone",
            "Europe/London",
            "--by",
            "day"
        )
        #expect(window.errors.contains("from 2025-04-01 before 2025-05-01 (Europe/London)"))
        #expect(window.output.contains("2025-04-01\t10.00"))
        for zone in ["BST", "IST", "Mars/Olympus"] {
            let wrong = try daemon.invctl("insight", "sales", "--zone", zone)
            #expect(wrong.code == 2 && wrong.errors.contains("not an IANA time zone"))
            #expect(try daemon.invctl("location", "add", "x", "--zone", zone).code == 2)
        }
    }

    @Test func `a narrow list keeps what it is for, and names what gave way`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 5)
        try daemon.invctl("sell", "P-0=2", "--ref", "R1")
        let wanted: [([String], [String])] = [
            (["ledger", "list"], ["SKU", "ON HAND DELTA", "AMOUNT"]),
            (["ledger", "sales"], ["SKU", "QUANTITY", "AMOUNT"]),
            (["insight", "reorder"], ["SUGGESTED ORDER"]),
            (["insight", "low"], ["SUGGESTED ORDER"]),
            (["insight", "cover"], ["STOCK OUT AT"]),
        ]
        for columns in [80, 60, 40] {
            for (words, heads) in wanted where columns == 80 || words.last == "sales" {
                let terminal = try daemon.terminal(words + ["--pager", "off"], columns: columns)
                let lines = Self.lines(terminal)
                for head in heads {
                    #expect(lines.contains { $0.contains(head) }, "\(words): \(lines)")
                }
                #expect(
                    !lines.contains { $0.contains("fit:  ") || $0.contains("fit: ;") },
                    "\(lines)"
                )
            }
        }
        let one = Self.lines(try daemon.terminal("product", "get", "P-0", rows: 40))
        #expect(one.first == "ID              1" && one.contains("ON HAND         3"), "\(one)")
        #expect(one.count > 12)
        let table = Self.lines(try daemon.terminal("product", "get", "P-0", "-o", "table"))
        #expect(table.first?.hasPrefix("SKU  NAME") == true, "\(table)")
        for list in ["reserve list", "stock transfer list", "ledger refusals"] {
            let words = list.split(separator: " ").map { String($0) }
            #expect(
                Self.lines(try daemon.terminal(words)).last?.hasPrefix("no ") == true,
                "\(list)"
            )
        }
        #expect(try daemon.invctl("reserve", "list", "-q").errors.isEmpty)
    }

    @Test func `a live list keeps its first line, counts what is below, and scrolls`() async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1_200, stock: 5)
        let terminal = try daemon.terminal(
            "product",
            "list",
            "--watch",
            "--sort",
            "sku",
            "--fields",
            "sku,onHand"
        )
        #expect(terminal.waits(for: "1,179 more rows"))
        #expect(
            terminal.waits { $0.split(separator: "\n").first?.contains("live · 1,179") == true }
        )
        terminal.type("jj")
        #expect(terminal.waits { $0.contains("1,177 more rows") && $0.contains("SKU") })
        terminal.type("G")
        #expect(terminal.waits { $0.contains("P-999 ") && !$0.contains("more rows") })
        terminal.type("g")
        #expect(terminal.waits { $0.contains("1,179 more rows") && $0.contains("P-0 ") })
        daemon.kill()
        #expect(terminal.waits { $0.split(separator: "\n").first?.contains("OFFLINE") == true })
        terminal.type("q")
        #expect(terminal.wait() == 0)
    }

    @Test func `nothing in data, files or arguments steers the terminal`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let category = try await client.done(.createCategory(name: "C")).id
        let draft = ProductDraft(
            sku: "B",
            name: "ab\u{202E}cd",
            category: CategoryID(UInt32(category)),
            price: Price(100)
        )
        try await client.done(.createProduct(draft))
        for format in ["table", "csv", "json", "md", "vertical"] {
            let terminal = try daemon.terminal("product", "list", "--pager", "off", "-o", format)
            #expect(terminal.wait() == 0)
            #expect(
                !String(decoding: terminal.raw, as: UTF8.self).contains("\u{202E}"),
                "\(format)"
            )
        }
        // What is no terminal gets the name as it is.
        let csv = try daemon.invctl("product", "list", "-o", "csv", "--fields", "name")
        #expect(csv.lines.last == "ab\u{202E}cd")
        let said = try daemon.invctl("sell", "\u{1B}]0;x\u{07}X=1")
        #expect(said.code == 3 && !said.errors.contains("\u{1B}"))
        let file = Data("sku\u{1B}[31m,name\nA,a\n".utf8)
        let imported = try daemon.invctl(["import", "-"], input: file)
        #expect(imported.code != 0 && !imported.errors.contains("\u{1B}"))
    }

    @Test func `Ctrl-C ends the program by its signal`() async throws {
        let daemon = try Daemon()
        let process = try ChildProcess(
            Daemon.program("invctl"),
            ["watch", "stock", "--server", daemon.address.description],
            environment: ProcessInfo.processInfo.environment,
            output: STDERR_FILENO,
            errors: STDERR_FILENO
        )
        _ = try await eventually {
            try await daemon.client().statistics()["subscriptions"] ?? 0 > 0
        }
        process.signal(SIGINT)
        var raw: Int32 = 0
        while waitpid(process.id, &raw, 0) < 0, errno == EINTR {}
        #expect(raw & 0x7F == SIGINT, "it died of the signal \(raw & 0x7F), code \(raw >> 8)")
    }
}
