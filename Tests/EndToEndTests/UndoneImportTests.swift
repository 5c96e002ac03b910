import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// Runs of imports that were interrupted, and undone since, or that another client is in the middle of.
@Suite struct UndoneImportTests {
    private let folder = TemporaryDirectory()

    private func states(_ daemon: Daemon) throws -> [String] {
        let words = ["ledger", "imports", "-o", "csv", "--fields", "kind,state"]
        return Array(try daemon.invctl(words).lines.dropFirst())
    }

    private static let rowCount = 30_000

    /// A file of so many pieces of PEN, one a row, and the options that import it.
    private func pens(_ kind: ImportKind) throws -> [String] {
        let path = "\(self.folder.path)/\(kind).csv"
        let head: String
        let row: (Int) -> String
        switch kind {
        case .sales:
            head = "sku,quantity,price,occurredAt,reference\n"
            row = { "PEN,1,1.50,2026-10-01 12:00,R\($0)\n" }
        default:
            head = "sku,stock,reference\n"
            row = { "PEN,1,\($0)\n" }
        }
        let text = head + (0..<Self.rowCount).map(row).joined()
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return ["import", path] + (kind == .sales ? ["--as", "sales"] : ["--mode", "add"])
    }

    private func onHand(_ daemon: Daemon) throws -> String? {
        try daemon.invctl("stock", "show", "PEN", "-o", "csv", "--fields", "onHand").lines.last
    }

    @Test(arguments: [ImportKind.sales, .add])
    func `an interrupted run that was undone is not resumed, and the file is imported again`(
        kind: ImportKind
    ) async throws {
        let daemon = try Daemon()
        let catalog = Data("sku,name,category,price\nPEN,Pen,Office,1.50\n".utf8)
        #expect(try daemon.invctl(["import", "-"], input: catalog).code == 0)
        let words = try self.pens(kind)
        let running = try RunningClient(daemon, words)
        let count = try await running.kill(beyond: 500, in: daemon)
        try #require(try self.states(daemon).first == "\(kind),begun", "\(count) movements")
        let name = try #require(
            try daemon.invctl("ledger", "imports", "-o", "csv", "--fields", "run").lines
                .dropFirst().first
        )
        let dry = try daemon.invctl("undo", "--run", name, "--dry-run")
        #expect(dry.code == 0, "\(dry)")
        #expect(try self.states(daemon).first == "\(kind),begun")

        let undone = try daemon.invctl("undo", "--run", name)
        #expect(undone.code == 0, "\(undone)")
        #expect(undone.errors.contains("it is not resumed any more"), "\(undone)")
        #expect(try self.states(daemon).first == "\(kind),undone")
        #expect(try self.onHand(daemon) == "0")

        let again = try daemon.invctl(words)
        #expect(again.code == 0, "\(again)")
        #expect(again.output.hasPrefix("\(Self.rowCount) rows: \(Self.rowCount) accepted"))
        #expect(!again.errors.contains("resumed"), "\(again)")
        #expect(again.errors.contains(/this file was imported on 20.* and undone since/))
        #expect(try self.states(daemon).prefix(2) == ["\(kind),finished", "\(kind),undone"])
        #expect(try self.onHand(daemon) == (kind == .sales ? "0" : "\(Self.rowCount)"))
        _ = try await daemon.client().verified()
    }

    @Test func `an interrupted run with a name stays undone`() async throws {
        let daemon = try Daemon()
        let words = try self.pens(.sales) + ["--id", "october"]
        let running = try RunningClient(daemon, words)
        _ = try await running.kill(beyond: 500, in: daemon)
        try #require(try self.states(daemon) == ["sales,begun"])
        #expect(try daemon.invctl("undo", "--run", "october").code == 0)
        let again = try daemon.invctl(words)
        #expect(again.output.contains(/imported before, on 20.*, and undone since/), "\(again)")
        #expect(again.errors.contains("a new --id imports it again"), "\(again)")
        let sales = try daemon.invctl("query", "--from", "sales", "--measure", "net", "-o", "csv")
        #expect(sales.lines.last?.hasPrefix("0.00") == true, "\(sales)")
    }

    @Test func `a file that another client is importing is not imported beside it`() async throws {
        let daemon = try Daemon()
        let words = try self.pens(.sales)
        let running = try RunningClient(daemon, words)
        let client = daemon.client()
        for _ in 0..<10_000 {
            if try await client.statistics()["movements"] ?? 0 > 500 { break }
            try await Task.sleep(for: .milliseconds(2))
        }
        let second = try daemon.invctl(words)
        // The first may have finished while the second looked whether it goes on.
        if second.code != 4 {
            #expect(second.code == 0, "\(second)")
            #expect(second.output.hasPrefix("imported before, on "), "\(second)")
        } else {
            #expect(second.errors.contains("another client is importing this file"), "\(second)")
        }
        #expect(!second.errors.contains("resumed"), "\(second)")
        #expect(running.wait() == 0)
        #expect(try self.states(daemon) == ["sales,finished"])
        #expect(try await client.statistics()["movements"] == 2 * Int64(Self.rowCount))
        _ = try await client.verified()
    }
}
