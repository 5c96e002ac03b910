import Bytes
import Foundation
import InventoryClient
import InventoryModel
import TerminalKit
import Testing

@testable import invctl

/// Every command of the tree against the real daemon: on a terminal, piped, as JSON, and with errors.
@Suite struct CommandTreeTests {
    /// Returns the paths of all commands without subcommands.
    private static func leaves(_ node: CommandTree, _ path: [String] = []) -> [[String]] {
        guard let children = node.subcommands, !children.isEmpty else { return [path] }
        return children.flatMap { self.leaves($0, path + [$0.commandName]) }
    }

    private static func allLeaves() throws -> [[String]] {
        self.leaves(try #require(CommandTree.whole()))
    }

    @Test func `every command of the tree has its row`() throws {
        let rows = CommandRow.all.map { CommandWords($0.line).strings }
        for path in try Self.allLeaves() {
            #expect(rows.contains { $0.starts(with: path) }, "no row tries \(path)")
        }
    }

    @Test func `every command works as documented and explains errors`() async throws {
        let shop = try await Shop()
        // Commands of one noun build on each other; nouns do not.
        let nouns = Dictionary(grouping: CommandRow.all) { row in
            row.isSlow ? row.line : String(row.line.prefix { $0 != " " })
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for rows in nouns.values {
                group.addTask {
                    for row in rows {
                        try Self.try(row, shop)
                        try Self.tryWrong(row, shop)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func `try`(_ row: CommandRow, _ shop: Shop) throws {
        if row.isSlow {
            let result = try shop.run(row.line + " -o json", run: 0)
            #expect(result.code == 0, "\(row.line): \(result.errors)")
            try self.check(result, row)
            return
        }
        let terminal = try shop.terminal(row.line, run: 0)
        if !row.input.isEmpty {
            // What is typed before somebody reads keys is taken by the terminal itself.
            #expect(terminal.waits(for: "Ctrl-D quits"))
            terminal.type(row.input + "\u{04}")
        }
        let code = terminal.wait()
        let drawn = String(decoding: terminal.raw, as: UTF8.self)
        #expect(code == 0, "\(row.line): \(drawn)")
        #expect(drawn.contains(row.shows), "\(row.line) on a terminal: \(drawn)")
        #expect(terminal.isSane, "\(row.line)")

        let piped = try shop.run(row.line, run: 1, input: row.input)
        #expect(piped.code == 0, "\(row.line): \(piped.errors)")
        #expect(piped.output.contains(row.shows), "\(row.line) piped: \(piped.output)")
        #expect(!piped.output.contains("\u{1B}"), "\(row.line): a pipe has no colours")

        guard case .none = row.json else {
            let json = try shop.run(row.line + " -o json", run: 2, input: row.input)
            #expect(json.code == 0, "\(row.line): \(json.errors)")
            try self.check(json, row)
            return
        }
    }

    private static func check(_ result: Finished, _ row: CommandRow) throws {
        let output = Data(result.output.utf8)
        let objects: [Any]
        let expected: String
        switch row.json {
        case .object(let key):
            objects = [try JSONSerialization.jsonObject(with: output)]
            expected = key
        case .array(let key):
            objects = try #require(JSONSerialization.jsonObject(with: output) as? [Any])
            expected = key
        case .lines(let key):
            objects = try result.lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) }
            expected = key
        case .none:
            return
        }
        #expect(!objects.isEmpty, "\(row.line)")
        let hasKey = objects.contains { ($0 as? [String: Any])?[expected] != nil }
        #expect(hasKey, "\(row.line) has no \(expected): \(result.output.prefix(300))")
    }

    private static func tryWrong(_ row: CommandRow, _ shop: Shop) throws {
        // A command without a format option reports errors as the environment says.
        let json = try shop.run(row.wrong, run: 0, input: row.wrongInput, format: "json")
        #expect(json.code == row.code, "\(row.wrong): \(json.errors)")
        let line = String(json.errors.split(separator: "\n").last ?? "")
        let parsed = try? JSONSerialization.jsonObject(with: Data(line.utf8))
        let object = parsed as? [String: Any] ?? [:]
        #expect(object["exit"] as? Int == Int(row.code), "\(row.wrong): \(json.errors)")
        let hasStrings = object["error"] is String && object["message"] is String
        #expect(hasStrings, "\(row.wrong): \(json.errors)")
        let message = object["message"] as? String ?? ""
        let hint = object["wayOut"] as? String ?? ""
        #expect((message + hint).contains(row.says), "\(row.wrong): \(json.errors)")
        #expect(json.output.isEmpty, "\(row.wrong): errors are no data")
    }
}

/// A daemon with some of every kind of object, and its own configuration.
private final class Shop: @unchecked Sendable {
    let daemon: Daemon
    private let folder: URL
    private var names: [String: String] = [:]

    init() async throws {
        self.daemon = try Daemon()
        self.folder = FileManager.default.temporaryDirectory.appending(path: "shop-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let csv = self.folder.appending(path: "import.csv")
        try Data("sku,name,category,price,stock\nCSV-1,From a file,Tools,2.00,20\n".utf8)
            .write(to: csv)
        self.names["csv"] = csv.path
        self.names["backup"] = self.folder.appending(path: "shop.invbackup").path
        let commands = self.folder.appending(path: "commands.ndjson")
        try Data(
            """
            {"command":"restock","lines":[{"product":"P-0","quantity":2,"unitCost":"1.50"}]}
            {"command":"sell","lines":[{"product":"P-0","quantity":2}]}

            """.utf8
        ).write(to: commands)
        self.names["commands"] = commands.path
        let client = self.daemon.client()
        let ids = try await client.stockedProducts(4, stock: 50)
        try await client.done(
            .renameCategory(CategoryID(1), name: "Tools", ifRevision: nil)
        )
        _ = try await client.stockedProducts(1, stock: 3, prefix: "LOW")
        try await client.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        for number in 0..<3 {
            let line = SaleLine(product: ids[3], quantity: 1)
            let done = try await client.done(.sell(Sale(lines: [line])))
            self.names["sale\(number)"] = String(done.lsn.value)
            if number == 0 { self.names["before"] = String(done.lsn.value - 1) }
        }
        let line = SaleLine(product: ids[3], quantity: 9_999)
        _ = try await client.refused(.sell(Sale(lines: [line])))
        let session = SessionID(high: 1, low: 1).hexadecimal
        try await client.done(.recordImportRun(RecordImportRun(run: "first", session: session)))
        try await client.close()
        // Steps of an actor who makes no others meanwhile, one for each run of undo.
        let undoer = self.daemon.client("undoer")
        for _ in 0..<4 {
            let line = SaleLine(product: ids[3], quantity: 1)
            try await undoer.done(.sell(Sale(lines: [line])))
        }
        try await undoer.close()
    }

    deinit { try? FileManager.default.removeItem(at: self.folder) }

    private func words(_ line: String, _ run: Int) -> [String] {
        CommandWords(line).strings.map { word in
            var word = word.replacing("%", with: String(run))
            for (name, value) in self.names { word = word.replacing("{\(name)}", with: value) }
            return word
        }
    }

    private var environment: [String: String] {
        [
            "INVCTL_CONFIG": self.folder.appending(path: "config").path,
            "XDG_STATE_HOME": self.folder.path, "INVCTL_PAGER": "off",
        ]
    }

    func run(
        _ line: String,
        run: Int,
        input: String = "",
        format: String = ""
    ) throws -> Finished {
        try Daemon.run(
            "invctl",
            self.words(line, run),
            input: input.isEmpty ? nil : Data(input.utf8),
            server: self.daemon.address.description,
            environment: self.environment.merging(["INVCTL_OUTPUT": format]) { $1 }
        )
    }

    func terminal(_ line: String, run: Int) throws -> PseudoTerminal {
        try self.daemon.terminal(
            self.words(line, run),
            columns: 200,
            rows: 40,
            environment: self.environment
        )
    }
}
