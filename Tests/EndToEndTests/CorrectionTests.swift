import Bytes
import Foundation
import InventoryClient
import InventoryModel
import Testing

/// A shop's daily corrections: dated movements, undo, questions before deletes, stock on hold written off, and
/// deliveries of an order.
@Suite struct CorrectionTests {
    /// A shop with 50 pieces of a product P.
    private func shop() throws -> Daemon {
        let daemon = try Daemon()
        try daemon.invctl("category", "add", "C")
        let product = [
            "product", "add", "--sku", "P", "--name", "Pen", "--category", "C", "--price", "1.00",
        ]
        try #require(try daemon.invctl(product + ["--opening", "50@0.40"]).code == 0)
        return daemon
    }

    /// A column of a query's rows, joined by blanks.
    private func values(_ field: String, _ arguments: String..., of daemon: Daemon) throws -> String
    {
        let finished = try daemon.invctl(arguments + ["-o", "csv", "--fields", field])
        #expect(finished.code == 0, "\(finished.errors)")
        return finished.output.split(separator: "\n").dropFirst().joined(separator: " ")
    }

    private func onHand(_ daemon: Daemon) throws -> String {
        try self.values("onHand", "stock", "show", "P", of: daemon)
    }

    // MARK: - Deliveries and stock on hold

    @Test func `a delivery says that its goods are expected at another location`() throws {
        let daemon = try self.shop()
        try daemon.invctl("location", "add", "depot")
        #expect(
            try daemon.invctl("stock", "expect", "P=20", "--at", "depot", "--ref", "PO-1").code == 0
        )
        #expect(try daemon.invctl("stock", "expect", "P=5", "--ref", "PO-1").code == 0)
        let delivery = ["stock", "restock", "--ref", "PO-1"]
        let first = try daemon.invctl(delivery + ["P=5@0.40"])
        #expect(first.code == 0 && !first.errors.contains("note"), "\(first)")
        let second = try daemon.invctl(delivery + ["P=20@0.40"])
        #expect(second.code == 0, "\(second)")
        #expect(
            second.errors.contains("20 P are still expected under PO-1 at depot"),
            "\(second.errors)"
        )
        let cancel = "stock expect P=-20 --at depot --ref PO-1"
        #expect(second.errors.contains("invctl " + cancel), "\(second.errors)")
        #expect(try daemon.invctl(cancel.split(separator: " ").map { String($0) }).code == 0)
        let third = try daemon.invctl(delivery + ["P=1@0.40"])
        #expect(third.code == 0 && !third.errors.contains("note"), "\(third)")
        let other = try daemon.invctl("stock", "restock", "P=1@0.40", "--ref", "PO-2")
        #expect(!other.errors.contains("note"), "\(other)")
    }

    @Test func `a write-off of what is not on hold says what to do`() throws {
        let daemon = try self.shop()
        let none = try daemon.invctl("stock", "write-off", "P=2")
        #expect(none.code == 1)
        #expect(none.errors.contains("asked to write off 2, but none is on hold"), "\(none.errors)")
        #expect(none.errors.contains("invctl stock hold P=2"), "\(none.errors)")
        #expect(none.errors.contains("invctl stock adjust P=-2 --reason damaged"))
        try daemon.invctl("stock", "hold", "P=1")
        let some = try daemon.invctl("stock", "write-off", "P=2")
        #expect(some.errors.contains("only 1 is on hold and there"), "\(some.errors)")
        #expect(some.errors.contains("invctl stock hold P=1"), "\(some.errors)")
    }

    // MARK: - Words

    @Test func `a negative value is named as such`() throws {
        let daemon = try self.shop()
        let price = try daemon.invctl("product", "set", "P", "--price", "-4.50")
        #expect(price.code == 1)
        #expect(
            price.errors.contains("price is -4.50 USD; it cannot be negative"),
            "\(price.errors)"
        )
        let flag = try daemon.invctl("product", "set", "P", "--dry-run", "-4.50")
        #expect(flag.code == 2, "\(flag)")
        let file =
            "sku,name,category,price,stock,reorderPoint\nA,a,C,1,-5,\nB,b,C,1,,-1\nC,c,C,-1,,\n"
        let imported = try daemon.invctl("import", "-", input: Data(file.utf8))
        #expect(imported.code == 8)
        #expect(imported.errors.contains("row 2  stock: is -5; it cannot be negative"))
        #expect(imported.errors.contains("row 3  reorderPoint: is -1; it cannot be negative"))
        #expect(imported.errors.contains("price is -1.00 USD; it cannot be negative"))
        let update = "sku,reorderPoint,stock\nP,-1,\nP2,,\n"
        let upserted = try daemon.invctl(
            "import",
            "-",
            "--mode",
            "upsert",
            input: Data(update.utf8)
        )
        #expect(upserted.errors.contains("row 2  reorderPoint: is -1; it cannot be negative"))
    }

    @Test func `no message has an internal number, and counts of one are in the singular`() throws {
        let daemon = try self.shop()
        let file = "sku,status\nP,archived\n"
        let used = try daemon.invctl("import", "-", "--mode", "upsert", input: Data(file.utf8))
        #expect(used.code == 8)
        #expect(used.output.hasPrefix("1 row: "), "\(used.output)")
        #expect(used.errors.contains("in_use  it has stock, reservations"), "\(used.errors)")
        #expect(!used.errors.contains("number"), "\(used.errors)")
        let sale = "sku,quantity,price,occurredAt,reference\nP,1,1,2026-01-02T10:00:00Z,R\n"
        let sold = try daemon.invctl("import", "-", "--as", "sales", input: Data(sale.utf8))
        #expect(sold.output.contains("1 row: "), "\(sold.output)")
        #expect(sold.output.contains("1 product, 1 sale, 0 returns"), "\(sold.output)")
    }

    // MARK: - Dates

    private static let day: TimeInterval = 86_400

    /// The calendar date some days ago, in UTC.
    private static func date(daysAgo: Double) -> String {
        let text = Date().addingTimeInterval(-daysAgo * self.day).ISO8601Format()
        return String(text.prefix(10))
    }

    @Test func `sales, returns, deliveries and corrections can be dated, in --zone`() async throws {
        let daemon = try self.shop()
        let date = Self.date(daysAgo: 2)
        let zone = ["--zone", "America/New_York"]
        for command in [
            ["sell", "P=2"], ["return", "P=1"], ["stock", "restock", "P=5@0.50"],
            ["stock", "adjust", "P=-1", "--reason", "lost"],
        ] {
            let dated = command + ["--date", "\(date)T09:30"] + zone
            let done = try daemon.invctl(dated)
            #expect(done.code == 0, "\(command): \(done.errors)")
            #expect(try daemon.invctl(command + ["--date", date]).code == 0)
        }
        try daemon.invctl("stock", "hold", "P=2")
        #expect(try daemon.invctl("stock", "write-off", "P=2", "--date", "yesterday").code == 0)
        let movements = try await daemon.client().movements(LedgerQuery(isNewestFirst: false)).rows
        let local = try #require(TimeParser.instant("\(date)T00:00:00Z"))
        let dated = movements.filter { $0.kind != .setUnavailable }.dropFirst()
        let hours = dated.map { ($0.occurredAt.microseconds - local) / 3_600_000_000 }
        // Half past nine in New York is 13:30 or 14:30 UTC; a day alone begins at midnight UTC.
        for pair in 0..<4 {
            #expect([13, 14].contains(hours[2 * pair]) && hours[2 * pair + 1] == 0, "\(hours)")
        }
        #expect(hours.last == 24)
        #expect(movements.allSatisfy { !$0.isImported })
        _ = try await daemon.client().verified()
    }

    @Test func `a date that is too old, or none, is named with its limit, and changes nothing`()
        throws
    {
        let daemon = try self.shop()
        let old = try daemon.invctl("sell", "P=2", "--date", Self.date(daysAgo: 9))
        #expect(old.code == 1)
        #expect(old.errors.contains("occurred_at_out_of_window"), "\(old.errors)")
        #expect(old.errors.contains("it must be \(Self.date(daysAgo: 7))"), "\(old.errors)")
        #expect(old.errors.contains("import --as sales"), "\(old.errors)")
        let wrong = try daemon.invctl("sell", "P=2", "--date", "24.11.2026")
        #expect(wrong.code == 2 && wrong.errors.contains("--date is '24.11.2026'"))
        #expect(try self.onHand(daemon) == "50")
    }

    // MARK: - Undo

    @Test func `undo takes back the last step of the actor, and again the one before`() throws {
        let daemon = try self.shop()
        try daemon.invctl("sell", "P=4", "--ref", "A")
        try daemon.invctl("sell", "P=7", "--actor", "other")
        try daemon.invctl("stock", "adjust", "P=-3", "--reason", "lost")
        #expect(try self.onHand(daemon) == "36")
        let first = try daemon.invctl("undo")
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.output.contains("adjust at") && first.output.contains("P -3"))
        #expect(try self.onHand(daemon) == "39")
        let second = try daemon.invctl("undo", "-o", "json")
        #expect(second.output.contains("\"undoneKind\":\"sale\""), "\(second.output)")
        #expect(try self.onHand(daemon) == "43")
        // The opening stock was a step too, but 7 of it are sold.
        #expect(try daemon.invctl("undo").code == 5)
        #expect(try self.onHand(daemon) == "43")
        try daemon.invctl("undo", "--actor", "other")
        let dry = try daemon.invctl("undo", "--dry-run", "-o", "json")
        #expect(dry.code == 0 && dry.output.contains("\"dryRun\":true"), "\(dry.errors)")
        #expect(try self.onHand(daemon) == "50")
        let none = try daemon.invctl("undo", "--actor", "nobody")
        #expect(none.code == 3 && none.errors.contains("nobody has made no step"))
    }

    @Test func `a dated sale is undone at its date, and a return of it is of today`() throws {
        let daemon = try self.shop()
        func days() throws -> String {
            let words = ["insight", "sales", "--window", "last-3-days", "--by", "day"]
            let shown = try daemon.invctl(words + ["-o", "csv", "--fields", "net,transactions"])
            return shown.lines.dropFirst().joined(separator: " ")
        }
        let yesterday = Self.date(daysAgo: 1)
        try daemon.invctl("sell", "P=4", "--date", "\(yesterday)T12:00:00")
        #expect(try days() == "0.00,0 4.00,1 0.00,0")
        try daemon.invctl("undo")
        #expect(try days() == "0.00,0 0.00,0 0.00,0")
        let dates = try self.values(
            "occurredAt",
            "ledger",
            "list",
            "--kind",
            "reversal",
            of: daemon
        )
        #expect(dates == "\(yesterday)T12:00:00Z")

        try daemon.invctl("sell", "P=4", "--date", "\(yesterday)T13:00:00")
        let sale = try self.values("lsn", "ledger", "sales", "--limit", "1", of: daemon)
        try daemon.invctl("return", "P=1", "--sale", sale)
        #expect(try days() == "0.00,0 4.00,1 -1.00,0")
        // A sale of today is undone today.
        try daemon.invctl("sell", "P=2")
        let made = try self.values("lsn", "ledger", "sales", "--limit", "1", of: daemon)
        try daemon.invctl("ledger", "reverse", made)
        #expect(try days() == "0.00,0 4.00,1 -1.00,0")
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `what cannot be undone is named, and nothing older is undone for it`() throws {
        let daemon = try self.shop()
        try daemon.invctl("sell", "P=4")
        try daemon.invctl("reserve", "new", "P=2")
        let reserved = try daemon.invctl("undo")
        #expect(reserved.code == 1 && reserved.errors.contains("release the reservation"))
        try daemon.invctl("reserve", "release", "1")
        try daemon.invctl("reserve", "new", "P=2")
        try daemon.invctl("sell", "P=1", "--ref", "before")
        try daemon.invctl("reserve", "extend", "2", "--for", "1d")
        let extended = try daemon.invctl("undo")
        #expect(extended.code == 4, "\(extended.output)")
        #expect(extended.errors.contains("changed the reservation 2"), "\(extended.errors)")
        try daemon.invctl("reserve", "release", "2")
        try daemon.invctl("sell", "P=1")
        try daemon.invctl("product", "set", "P", "--price", "2.00")
        let priced = try daemon.invctl("undo")
        #expect(priced.code == 4, "\(priced.output)")
        #expect(priced.errors.contains("changed a product"), "\(priced.errors)")
        #expect(priced.errors.contains("invctl ledger reverse"), "\(priced.errors)")
        try daemon.invctl("category", "add", "Another")
        #expect(try daemon.invctl("undo").errors.contains("the category Another"))
        #expect(try self.onHand(daemon) == "44")
        try daemon.invctl("stock", "floor", "P=2")
        #expect(try daemon.invctl("undo").errors.contains("the floor of a location"))
        try daemon.invctl("stock", "reorder-point", "P=2")
        #expect(try daemon.invctl("undo").errors.contains("the reorder point of a location"))
        // A change by someone else is no step of this actor.
        try daemon.invctl("sell", "P=1")
        try daemon.invctl("product", "set", "P", "--price", "3.00", "--actor", "other")
        #expect(try daemon.invctl("undo").code == 0)
        #expect(try self.onHand(daemon) == "44")
    }

    @Test func `clients of one actor undo each step once, and a retry nothing more`() async throws {
        let daemon = try self.shop()
        for _ in 0..<6 { try daemon.invctl("sell", "P=1") }
        let codes = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var worst: Int32 = 0
                    for _ in 0..<2 { worst = max(worst, try daemon.invctl("undo").code) }
                    return worst
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == [0, 0])
        #expect(try self.onHand(daemon) == "48")
        for _ in 0..<2 {
            let keyed = try daemon.invctl("undo", "--id", "undo-1")
            #expect(keyed.code == 0, "\(keyed.errors)")
            #expect(try self.onHand(daemon) == "49")
        }
        _ = try await daemon.client().verified()
    }

    @Test func `on a terminal undo shows the step and asks first`() throws {
        let daemon = try self.shop()
        try daemon.invctl("sell", "P=4", "--actor", "tester")
        let refused = try daemon.terminal("undo", columns: 120)
        #expect(refused.waits(for: "P -4? [y/N]"))
        refused.type("n\n")
        #expect(refused.wait() == 1)
        #expect(refused.screen.text.contains("nothing was undone"))
        #expect(try self.onHand(daemon) == "46")
        let confirmed = try daemon.terminal("undo", columns: 120)
        #expect(confirmed.waits(for: "[y/N]"))
        confirmed.type("y\n")
        #expect(confirmed.wait() == 0)
        #expect(try self.onHand(daemon) == "50")
    }

    // MARK: - Questions

    @Test(arguments: [
        (["product", "delete", "GONE"], "Delete GONE (Gone)?", "GONE was not deleted"),
        (
            ["category", "archive", "Empty"], "Archive the category Empty?",
            "Empty was not archived"
        ),
        (["location", "archive", "shed"], "Archive the location shed?", "shed was not archived"),
    ])
    func `a delete asks on a terminal, and only y deletes`(
        _ command: [String],
        _ question: String,
        _ refusal: String
    ) throws {
        let daemon = try self.shop()
        try daemon.invctl("category", "add", "Empty")
        try daemon.invctl("location", "add", "shed")
        let product = ["product", "add", "--name", "Gone", "--category", "C", "--price", "1"]
        func restore() throws { try daemon.invctl(product + ["--sku", "GONE"]) }
        try restore()
        for answer in ["n\n", "\n", "nonsense\n", "\u{4}"] {
            let terminal = try daemon.terminal(command)
            #expect(terminal.waits(for: "\(question) [y/N]"))
            terminal.type(answer)
            #expect(terminal.wait() == 1, "\(answer)")
            #expect(terminal.screen.text.contains(refusal), "\(terminal.screen.text)")
        }
        let interrupted = try daemon.terminal(command)
        #expect(interrupted.waits(for: "[y/N]"))
        interrupted.type("\u{3}")
        #expect(interrupted.wait() == 130)
        // A dry run changes nothing, so there is nothing to ask.
        #expect(try daemon.terminal(command + ["--dry-run"]).wait() == 0)
        let confirmed = try daemon.terminal(command)
        #expect(confirmed.waits(for: "[y/N]"))
        confirmed.type("Y\n")
        #expect(confirmed.wait() == 0)
        #expect(try daemon.invctl(command).code == 3, "it is gone")
    }

    @Test func `nothing is asked with --yes, nor off a terminal`() throws {
        let daemon = try self.shop()
        try daemon.invctl("category", "add", "One")
        try daemon.invctl("category", "add", "Two")
        #expect(try daemon.terminal("category", "archive", "One", "--yes").wait() == 0)
        #expect(try daemon.invctl("category", "archive", "Two").code == 0)
    }

    // MARK: - Stock on hold, orders, reorder points

    @Test func `stock on hold is written off in one step, which undo takes back`() throws {
        let daemon = try self.shop()
        try daemon.invctl("stock", "hold", "P=5", "--reason", "damaged")
        let done = try daemon.invctl("stock", "write-off", "P=5", "-o", "json")
        #expect(done.code == 0, "\(done.errors)")
        let show = ["stock", "show", "P", "-o", "csv", "--fields", "onHand,unavailable,available"]
        #expect(try daemon.invctl(show).output.hasSuffix("\n45,0,45\n"))
        #expect(try daemon.invctl("undo").code == 0)
        #expect(try daemon.invctl(show).output.hasSuffix("\n50,5,45\n"))
        let many = try daemon.invctl("stock", "write-off", "P=6")
        #expect(
            many.code == 1
                && many.errors.contains("P: asked to write off 6, but only 5 are on hold and there")
        )
    }

    @Test func `a delivery with the reference of an order clears what it expected`() throws {
        let daemon = try self.shop()
        func incoming() throws -> String {
            try self.values("incoming", "stock", "show", "P", of: daemon)
        }
        try daemon.invctl("stock", "expect", "P=20", "--ref", "PO-17")
        try daemon.invctl("stock", "restock", "P=1", "--ref", "PO-99")
        #expect(try incoming() == "20")
        let part = try daemon.invctl("stock", "restock", "P=5", "--ref", "PO-17")
        #expect(part.output.contains("P 15 still incoming"), "\(part.output)")
        #expect(try incoming() == "15")
        // The sums survive a restart, from the log and from a snapshot.
        daemon.kill()
        try daemon.start()
        try daemon.invctl("stock", "restock", "P=5", "--ref", "PO-17")
        #expect(try incoming() == "10")
        try daemon.invctl("snapshot")
        daemon.kill()
        try daemon.start()
        try daemon.invctl("stock", "restock", "P=50", "--ref", "PO-17")
        #expect(try incoming() == "0")
    }

    @Test func `a location has a reorder point of its own, also after a restart`() async throws {
        let daemon = try self.shop()
        try daemon.invctl("location", "add", "depot")
        try daemon.invctl("stock", "restock", "P=8", "--at", "depot")
        func low() throws -> String {
            try self.values("location,reorderPoint", "stock", "low", of: daemon)
        }
        #expect(try low() == "depot,10")
        let set = try daemon.invctl("stock", "reorder-point", "P=5", "--at", "depot")
        #expect(set.code == 0, "\(set.errors)")
        #expect(try low() == "")
        try daemon.invctl("stock", "reorder-point", "P=60")
        #expect(try low() == "main,60")
        let insight = try self.values("reorderPoint", "insight", "low", of: daemon)
        #expect(insight == "60")
        let shown = try self.values(
            "reorderPoint,ownReorderPoint",
            "stock",
            "show",
            "P",
            of: daemon
        )
        #expect(shown == "60,60 5,5")
        for snapshot in [false, true] {
            if snapshot { _ = try await daemon.client().takeSnapshot() }
            daemon.kill()
            try daemon.start()
            #expect(try low() == "main,60")
        }
        try daemon.invctl("stock", "reorder-point", "P", "--of-product")
        try daemon.invctl("stock", "reorder-point", "P", "--at", "depot", "--of-product")
        #expect(try low() == "depot,10")
        _ = try await daemon.client().verified()
    }

    // MARK: - Usage

    @Test(arguments: [
        "stock restock P", "stock count P", "stock adjust P --reason lost", "stock hold P",
        "stock unhold P", "stock write-off P", "stock expect P", "stock floor P",
        "stock reorder-point P", "stock restock P=5 P",
    ])
    func `a line without a quantity is wrong usage, said without a server`(_ line: String) throws {
        let words = line.split(separator: " ").map { String($0) }
        let wrong = try Daemon.run("invctl", words, server: "127.0.0.1:1")
        #expect(wrong.code == 2, "\(wrong.errors)")
        #expect(wrong.errors.contains("P needs a quantity: P=5"), "\(wrong.errors)")
    }
}

/// Parses an instant for expectations, in microseconds since 1970.
private enum TimeParser {
    static func instant(_ text: String) -> Int64? {
        let date = try? Date(text, strategy: .iso8601)
        return date.map { Int64($0.timeIntervalSince1970) * 1_000_000 }
    }
}
