import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// The same file again: a new run, or a run that is resumed or was finished.
@Suite struct ImportRepeatTests {
    private let folder = TemporaryDirectory()

    /// A shop with 10 pieces of MILK.
    private func shop(_ arguments: [String] = []) throws -> Daemon {
        let daemon = try Daemon(arguments)
        let milk = "sku,name,category,price,stock,cost\nMILK,Milk,Food,1.20,10,0.80\n"
        #expect(try daemon.invctl("import", "-", input: Data(milk.utf8)).code == 0)
        return daemon
    }

    private func write(_ name: String, _ text: String) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func onHand(_ daemon: Daemon, _ sku: String = "MILK") throws -> String {
        let shown = try daemon.invctl("stock", "show", sku, "-o", "csv", "--fields", "onHand")
        return shown.lines.last ?? ""
    }

    private static var date: Regex<Substring> { /20[0-9]{2}-[0-9]{2}-[0-9]{2}/ }

    @Test func `a count that finds the same is a count, and the file's date is reported`() throws {
        let daemon = try self.shop()
        let count = try self.write("count.csv", "sku,stock\nMILK,10\n")
        #expect(try daemon.invctl("import", count, "--mode", "set").code == 0)
        #expect(try daemon.invctl("sell", "MILK=4").code == 0)
        let dry = try daemon.invctl("import", count, "--mode", "set", "--dry-run")
        #expect(dry.output.contains("row 2  MILK  on hand 6 → 10 (+4)"), "\(dry)")
        let again = try daemon.invctl("import", count, "--mode", "set")
        #expect(again.code == 0)
        #expect(again.errors.contains("this file was imported before, on "), "\(again.errors)")
        #expect(again.errors.contains(Self.date), "\(again.errors)")
        #expect(try self.onHand(daemon) == "10")
    }

    @Test(arguments: ["--mode=add", "--mode=set", "--mode=upsert"])
    func `no row is imported of a file with a malformed record`(mode: String) throws {
        let daemon = try self.shop()
        let rows = (0..<900).map { _ in "MILK,1,0.80\n" }.joined()
        let open = try self.write("open.csv", "sku,stock,cost\n\(rows)MILK,\"1\n")
        let before = try daemon.invctl("export", "--digest").output
        let refused = try daemon.invctl("import", open, mode)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("line 902: an unterminated quoted field"), "\(refused)")
        #expect(try self.onHand(daemon) == "10")
        #expect(try daemon.invctl("export", "--digest").output == before)
    }

    @Test func `a catalog that is there already is no refusal, and a row that differs is`() throws {
        let daemon = try self.shop()
        let text = """
            sku,name,category,price,stock,ean
            A,Apple,Fruit,1.20,3,4006381333931
            B,"Bread, dark",Bakery,2.50,,
            C,Cheese,Dairy,9.90,5,

            """
        let file = try self.write("catalog.csv", text)
        #expect(try daemon.invctl("import", file).code == 0)
        for more in [["--dry-run"], []] {
            let again = try daemon.invctl(["import", file] + more)
            #expect(again.code == 0, "\(again)")
            #expect(again.output.contains("3 already there"), "\(again)")
        }
        // What the file does not say is not compared.
        #expect(try daemon.invctl("product", "set", "B", "--reorder-point", "7").code == 0)
        #expect(try daemon.invctl("import", file).code == 0)
        #expect(try daemon.invctl("product", "set", "B", "--price", "2.60").code == 0)
        #expect(try daemon.invctl("sell", "C=1").code == 0)
        let differs = try daemon.invctl("import", file)
        #expect(differs.code == 8, "\(differs)")
        #expect(differs.output.contains("2 rejected, 1 already there"), "\(differs)")
        #expect(
            differs.errors.contains(
                "row 3  sku_taken  already in the database and different: B  price 2.60 → 2.50; "
                    + "--mode upsert changes it"
            ),
            "\(differs.errors)"
        )
        #expect(differs.errors.contains("row 4  sku_taken"), "\(differs.errors)")
        #expect(differs.errors.contains("stock 4 → 5"), "\(differs.errors)")
    }

    @Test(arguments: [[], ["--mode", "upsert"], ["--mode", "set"], ["--as", "sales"]])
    func `a line that is no JSON rejects its row alone`(options: [String]) throws {
        let daemon = try self.shop()
        let file = try self.write(
            "rows.ndjson",
            """
            {"sku":"NEW","name":"New","price":"1.00","stock":3,"quantity":1,"date":"2026-01-02T10:00:00Z"}
            {"sku":"BAD","name":
            not json

            {"sku":"MILK","name":"Milk","price":"1.00","stock":10,"quantity":1,"date":"2026-01-02T10:00:00Z"}
            [1]

            """
        )
        let options =
            options + (options.contains("sales") ? ["--map", "occurredAt=date"] : [])
        let imported = try daemon.invctl(["import", file] + options)
        #expect(imported.code == 8, "\(imported)")
        for row in [2, 3] {
            #expect(
                imported.errors.contains("row \(row)  the line is no JSON object: byte "),
                "\(imported.errors)"
            )
        }
        // An empty line is counted too.
        #expect(
            imported.errors.contains("row 6  the line is no JSON object: byte 1: not an object")
        )
        // A damaged first line is no header.
        let objects = ["A", "B"].map { "{\"sku\":\"\($0)\",\"name\":\"N\",\"price\":1}\n" }
        let first = try daemon.invctl(
            "import",
            "-",
            input: Data(("{\"sku\"\n" + objects.joined()).utf8)
        )
        #expect(first.code == 8 && first.errors.contains("row 1  the line is no JSON"), "\(first)")
        let left = try daemon.invctl("import", "-", input: Data("{\"sku\":\n{]\n".utf8))
        #expect(left.code == 1 && left.errors.contains("line 1, byte "), "\(left)")
    }

    @Test func `an error of quotes names the line where the quote opens`() throws {
        let daemon = try self.shop()
        let file = try self.write(
            "quotes.csv",
            "sku,name,price\nA,\"Apple,1.20\nB,Bread,2.50\nC,\"Cheese\",9.90\n"
        )
        let refused = try daemon.invctl("import", file)
        #expect(refused.code == 1, "\(refused)")
        #expect(refused.errors.contains("the field that began in line 2"), "\(refused.errors)")
    }

    @Test func `a file that was changed after an interruption is not imported beside its run`()
        async throws
    {
        let daemon = try self.shop()
        let rows = (0..<200_000).map { _ in "MILK,1,0.80\n" }.joined()
        let file = try self.write("delivery.csv", "sku,stock,cost\n\(rows)")
        let words = ["import", file, "--mode", "add", "--quiet"]
        let running = try RunningClient(daemon, words, input: "/dev/null")
        _ = try await running.kill(beyond: 300, in: daemon)
        let booked = try self.onHand(daemon)
        _ = try self.write("delivery.csv", "sku,stock,cost\n\(rows)MILK,1,0.80\n")
        let changed = try daemon.invctl(words)
        #expect(changed.code == 4, "\(changed)")
        #expect(changed.errors.contains("interrupted_import"), "\(changed.errors)")
        #expect(try self.onHand(daemon) == booked)
        _ = try self.write("delivery.csv", "sku,stock,cost\n\(rows)")
        #expect(try daemon.invctl(words).code == 0)
        #expect(try self.onHand(daemon) == "200010")
    }

    @Test(arguments: ["[Moon] - Quantity", "stock@moon"])
    func `a column with the stock at an unknown location is an error`(column: String) throws {
        let daemon = try self.shop()
        let file = "sku,name,category,price,\(column)\nTEA,Tea,Food,1.00,5\n"
        let refused = try daemon.invctl("import", "-", input: Data(file.utf8))
        #expect(refused.code == 3)
        #expect(refused.errors.contains("\"\(column)\" is the stock at a location"), "\(refused)")
        #expect(
            try daemon.invctl("product", "list", "--prefix", "TEA", "-o", "json").output == "[]\n"
        )
    }

    @Test func `tomorrow's equal delivery is a delivery, but one with an id is imported once`()
        throws
    {
        let daemon = try self.shop()
        let delivery = try self.write("delivery.csv", "sku,quantity,cost\nMILK,24,0.80\n")
        for _ in 0..<2 { #expect(try daemon.invctl("import", delivery, "--mode", "add").code == 0) }
        #expect(try self.onHand(daemon) == "58")
        let named = ["import", delivery, "--mode", "add", "--id", "sheet-7"]
        #expect(try daemon.invctl(named).output == "1 row: 1 accepted, 0 rejected\n")
        let lsn = try daemon.invctl("ping").output
        let again = try daemon.invctl(named)
        #expect(again.code == 0)
        #expect(again.output.hasPrefix("imported before, on "), "\(again)")
        #expect(again.output.contains(Self.date))
        #expect(again.output.contains("1 row: 1 accepted, 0 rejected; nothing was imported now"))
        #expect(try self.onHand(daemon) == "82")
        #expect(!lsn.isEmpty)
        // From another directory, the same bytes are the same file.
        let copy = try self.write("copy.csv", "sku,quantity,cost\nMILK,24,0.80\n")
        let moved = try daemon.invctl("import", copy, "--mode", "add", "--id", "sheet-7")
        #expect(moved.output.hasPrefix("imported before"))
    }

    @Test func `a product that was deleted comes back by the same file`() throws {
        let daemon = try Daemon()
        let file = try self.write("products.csv", "sku,name,category,price\nTEA,Tea,C,4.00\n")
        #expect(try daemon.invctl("import", file).code == 0)
        #expect(try daemon.invctl("product", "delete", "TEA").code == 0)
        #expect(try daemon.invctl("import", file).code == 0)
        let list = try daemon.invctl("product", "list", "-o", "csv", "--fields", "sku")
        #expect(list.lines == ["sku", "TEA"])
    }

    @Test func `a name that belongs to another file is refused, also after its key is forgotten`()
        async throws
    {
        let daemon = try self.shop(["--key-retention", "1s"])
        let first = try self.write("first.csv", "sku,stock\nMILK,3\n")
        let other = try self.write("other.csv", "sku,stock\nMILK,4\n")
        func words(_ file: String) -> [String] {
            ["import", file, "--mode", "add", "--id", "tuesday"]
        }
        #expect(try daemon.invctl(words(first)).code == 0)
        // Any step after the retention forgets the key of the first run.
        try await Task.sleep(for: .milliseconds(2_500))
        #expect(try daemon.invctl("stock", "count", "MILK=13").code == 0)
        let refused = try daemon.invctl(words(other))
        #expect(refused.code == 4)
        #expect(
            refused.errors.contains("belongs to an import of another file, begun 20"),
            "\(refused)"
        )
        #expect(try daemon.invctl(words(first)).output.hasPrefix("imported before"))
        #expect(try self.onHand(daemon) == "13")
    }

    // MARK: - Interrupted runs

    private static let rows = 12_000

    /// A delivery of one piece of each product, over and over, so that a row imported twice is seen.
    private func delivery() throws -> String {
        let rows = (0..<Self.rows).map { "P-\($0 % 40),1,r\($0)\n" }
        return try self.write("many.csv", "sku,stock,reference\n" + rows.joined())
    }

    private func total(_ daemon: Daemon) async throws -> Int64 {
        let client = daemon.client()
        let levels = try await client.levels().rows
        try await client.close()
        return levels.reduce(0) { $0 + $1.onHand.baseUnits }
    }

    /// Starts an import and kills it once it has written some rows.
    ///
    /// - Returns: Whether it was killed before it was finished.
    private func killImport(_ daemon: Daemon, _ words: [String]) async throws -> Bool {
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon.address.description
        environment["INVCTL_CONFIG"] = "/nonexistent"
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        let before = try await self.total(daemon)
        let running = try ChildProcess(
            Daemon.program("invctl"),
            words,
            environment: environment,
            output: null,
            errors: null
        )
        for _ in 0..<5_000 where running.isRunning {
            if try await self.total(daemon) > before { break }
            try await Task.sleep(for: .milliseconds(2))
        }
        running.signal(SIGKILL)
        return running.wait() == 128 + SIGKILL
    }

    @Test(arguments: [true, false])
    func `a killed import is resumed exactly`(hasID: Bool) async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(40, stock: 0)
        let file = try self.delivery()
        let words = ["import", file, "--mode", "add"] + (hasID ? ["--id", "big"] : [])
        let resume = file + ".invd-run"
        var kills = 0
        for _ in 0..<3 where try await self.killImport(daemon, words) {
            kills += 1
            #expect(FileManager.default.fileExists(atPath: resume) != hasID)
        }
        #expect(kills > 0, "no run was killed before its end")
        let done = try daemon.invctl(words)
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.output == "\(Self.rows) rows: \(Self.rows) accepted, 0 rejected\n")
        #expect(
            done.errors.contains("resumed where an earlier run stopped, before row "),
            "\(done)"
        )
        #expect(try await self.total(daemon) == Int64(Self.rows))
        #expect(!FileManager.default.fileExists(atPath: resume))
        _ = try await client.verified()
    }

    @Test func `a run continues after the server was killed and its session forgotten`()
        async throws
    {
        let daemon = try Daemon(["--key-retention", "1s"])
        let client = daemon.client()
        _ = try await client.stockedProducts(40, stock: 0)
        let words = ["import", try self.delivery(), "--mode", "add", "--id", "big"]
        #expect(try await self.killImport(daemon, words), "the run ended before it could be killed")
        let before = try await self.total(daemon)
        daemon.kill()
        try daemon.start(["--key-retention", "1s"])
        // So many sessions that of the runs' none is left.
        try self.openSessions(daemon, count: Limits.sessionsMax + 1_000)
        let done = try daemon.invctl(words)
        #expect(done.code == 0, "\(done.errors)")
        #expect(
            done.errors.contains("resumed where an earlier run stopped, before row "),
            "\(done)"
        )
        #expect(try await self.total(daemon) == Int64(Self.rows), "\(before) before")
        _ = try await daemon.client().verified()
    }

    /// Opens as many sessions, each of a run of its own, and leaves them.
    private func openSessions(_ daemon: Daemon, count: Int) throws {
        let perConnection = WireLimits.sessionsPerConnectionMax
        for start in stride(from: 0, to: count, by: perConnection) {
            let connection = try RawConnection(daemon)
            connection.send(RawConnection.hello)
            for number in start..<min(start + perConnection, count) {
                let session = SessionID(high: 77, low: UInt64(number))
                let record = RecordImportRun(
                    run: "other \(number)",
                    kind: .set,
                    session: session.hexadecimal
                )
                var command = ByteWriter()
                command.write(0 as UInt64)
                Command.recordImportRun(record).encode(into: &command)
                connection.sendFrame(
                    Opcode.command.rawValue,
                    command.array(),
                    id: UInt64(2 * number + 1)
                )
                var body = ByteWriter()
                Request.openSession(session, mayCreate: true).encodeBody(into: &body)
                connection.sendFrame(
                    Opcode.openSession.rawValue,
                    body.array(),
                    id: UInt64(2 * number + 2)
                )
            }
            connection.finish()
            #expect(
                connection.messages().count { if case .sessionOpened = $0 { true } else { false } }
                    > 0
            )
        }
    }

    @Test func `rows that an earlier process had refused count, and end with the same code`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(40, stock: 0)
        // The first rows take more than there is.
        let rows = (0..<Self.rows).map { "P-\($0 % 40),\($0 < 3 ? -1 : 1)\n" }
        let file = try self.write("refused.csv", "sku,stock\n" + rows.joined())
        let words = ["import", file, "--mode", "add", "--id", "partly"]
        #expect(try await self.killImport(daemon, words), "the run ended before it could be killed")
        try self.openSessions(daemon, count: Limits.sessionsMax + 10)
        let done = try daemon.invctl(words)
        #expect(done.code == 8)
        #expect(done.output == "\(Self.rows) rows: \(Self.rows - 3) accepted, 3 rejected\n")
        #expect(
            done.errors.contains("3 were rejected and can no longer be listed"),
            "\(done.errors)"
        )
        let list = try daemon.invctl(
            "ledger",
            "imports",
            "-o",
            "csv",
            "--fields",
            "run,refused,accepted",
            "--id",
            "partly"
        )
        #expect(list.lines.last == "partly,3,\(Self.rows - 3)")
    }

    // MARK: - The resume file

    @Test
    func `standard input has no resume file, and a directory that cannot be written is reported`()
        throws
    {
        let daemon = try self.shop()
        let file = try self.write("one.csv", "sku,stock\nMILK,1\n")
        // A directory in the place of the resume file.
        let resume = file + ".invd-run"
        try FileManager.default.createDirectory(
            atPath: resume + "/x",
            withIntermediateDirectories: true
        )
        let done = try daemon.invctl("import", file, "--mode", "add")
        #expect(done.code == 0)
        #expect(done.errors.contains("cannot write \(resume), so this import cannot be resumed"))
        #expect(try self.onHand(daemon) == "11")
        for _ in 0..<2 {
            let piped = try daemon.invctl(
                "import",
                "-",
                "--mode",
                "add",
                input: Data("sku,stock\nMILK,1\n".utf8)
            )
            #expect(piped.code == 0)
        }
        #expect(try self.onHand(daemon) == "13")
    }

    @Test func `a resume file of another database or another content imports nothing twice`()
        async throws
    {
        let (one, two) = (try Daemon(), try Daemon())
        for daemon in [one, two] { _ = try await daemon.client().stockedProducts(40, stock: 0) }
        let file = try self.delivery()
        let words = ["import", file, "--mode", "add"]
        #expect(try await self.killImport(one, words), "the run ended before it could be killed")
        let other = try two.invctl(words)
        #expect(other.code == 4, "\(other)")
        #expect(other.errors.contains("is that of an interrupted import into another database"))
        #expect(try await self.total(two) == 0)
        #expect(try one.invctl(words).code == 0)
        #expect(try await self.total(one) == Int64(Self.rows))
    }

    @Test func `a terminal asks before a file is imported again`() throws {
        let daemon = try self.shop()
        let file = try self.write("ask.csv", "sku,stock\nMILK,5\n")
        #expect(try daemon.invctl("import", file, "--mode", "add").code == 0)
        for (answer, stock) in [("n", "15"), ("", "15"), ("y", "20")] {
            let terminal = try daemon.terminal("import", file, "--mode", "add", columns: 200)
            #expect(terminal.waits(for: "Import it again? [y/N]"))
            terminal.type(answer + "\n")
            #expect(terminal.wait() == (answer == "y" ? 0 : 1), "after \(answer)")
            #expect(try self.onHand(daemon) == stock, "after \(answer)")
        }
        let sure = try daemon.terminal("import", file, "--mode", "add", "--yes", columns: 200)
        #expect(sure.waits(for: "this is another run"))
        #expect(sure.wait() == 0)
        #expect(try self.onHand(daemon) == "25")
    }

    @Test func `runs are listed, newest first`() throws {
        let daemon = try self.shop()
        let file = try self.write("one.csv", "sku,stock\nMILK,1\nNONE,1\n")
        #expect(try daemon.invctl("import", file, "--mode", "add", "--id", "a run").code == 8)
        let list = try daemon.invctl(
            "ledger",
            "imports",
            "-o",
            "csv",
            "--fields",
            "run,kind,state,accepted,refused"
        )
        #expect(list.lines[1] == "a run,add,finished,1,1")
        #expect(list.lines.count == 3)
        #expect(!(try daemon.invctl("ledger", "imports").output.contains("session")))
    }
}
