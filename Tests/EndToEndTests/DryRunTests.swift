import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// A dry run of many requests is decided by the server: what it calls valid is executed, with the same counts,
/// the same rejected rows and the same exit code, and it changes nothing.
@Suite struct DryRunTests {
    private let folder = TemporaryDirectory()

    private func write(_ name: String, _ text: String) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// The numbers of the listed rows, and the lines without what differs between both runs.
    private func rejected(_ finished: Finished) -> [String] {
        finished.errors.split(separator: "\n").filter { $0.hasPrefix("  row ") }.map {
            // The end of the window of times is that of the server's clock.
            String($0.replacing(/to 20[-0-9:.T]+Z/) { _ in "" })
        }
    }

    /// Runs a dry run and then the import, and compares them.
    ///
    /// - Returns: The import.
    @discardableResult
    private func compare(
        _ daemon: Daemon,
        _ words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        let before = try await daemon.client().verified()
        let dry = try daemon.invctl(words + ["--dry-run", "--errors", "all"])
        #expect(try await daemon.client().verified() == before, sourceLocation: sourceLocation)
        let done = try daemon.invctl(words + ["--errors", "all"])
        #expect(dry.code == done.code, "\(dry) \(done)", sourceLocation: sourceLocation)
        let (dryRows, rows) = (self.rejected(dry), self.rejected(done))
        #expect(dryRows == rows, "\(dry) \(done)", sourceLocation: sourceLocation)
        let counts = done.output.prefix { $0 != "\n" }
            .replacing("accepted", with: "valid").replacing("rejected", with: "invalid")
        let dryCounts = dry.output.replacing("accepted", with: "valid")
            .replacing("rejected", with: "invalid")
        let common = counts.prefix(counts.count)
        #expect(dryCounts.hasPrefix(common), "\(dry) \(done)", sourceLocation: sourceLocation)
        #expect(dry.output.contains("nothing written"), sourceLocation: sourceLocation)
        return done
    }

    @Test func `what is valid is taken, and what is not had been named`() async throws {
        let daemon = try Daemon()
        let file = try self.write(
            "products.csv",
            """
            sku,name,category,price,barcode,stock
            A,a,C,-1.00,,
            B,b,C,1.00,4006381333931,5
            D,d,C,1.00,4006381333931,5
            E,e,C,2.00,,-3
            G,,C,2.00,,
            H,h,C,2.00,,4

            """
        )
        let dry = try daemon.invctl("import", file, "--dry-run")
        #expect(dry.output == "6 rows: 2 valid, 4 invalid, nothing written\n", "\(dry)")
        let done = try await self.compare(daemon, ["import", file])
        #expect(done.code == 8)
        let list = try daemon.invctl("product", "list", "-o", "csv", "--fields", "sku")
        #expect(list.lines == ["sku", "B", "H"])
    }

    @Test func `rows that are thousands apart see each other`() async throws {
        let daemon = try Daemon()
        let count = 9_000
        var rows = (0..<count).map { "S-\($0),N,C,1.00,\($0 == 0 ? "same" : "")\n" }
        rows.append("LAST,N,C,1.00,same\n")
        let file = try self.write("far.csv", "sku,name,category,price,barcode\n" + rows.joined())
        let done = try await self.compare(daemon, ["import", file])
        #expect(done.output == "\(count + 1) rows: \(count) accepted, 1 rejected\n")
        // Stock that earlier rows take is gone for later ones.
        let moves = (0..<600).map { "S-1,\($0 == 0 ? 400 : -1)\n" }
        let stock = try self.write("moves.csv", "sku,stock\n" + moves.joined())
        let moved = try await self.compare(daemon, ["import", stock, "--mode", "add"])
        #expect(moved.output == "600 rows: 401 accepted, 199 rejected\n")
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `a dry run of a damaged file equals the import`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(12, stock: 20)
        func any(_ values: [String]) -> String { values[Int(random.below(UInt64(values.count)))] }
        func rows(_ count: Int, _ row: (Int) -> String) -> String {
            (0..<count).map { row($0) }.joined(separator: "\n") + "\n"
        }
        let odd = ["", "x", "-1", "1e3", "9999999999999999", "0", "a\u{7}b", "1.005"]
        let products =
            "sku,name,category,price,barcode,stock\n"
            + rows(700) { number in
                let sku = random.below(20) == 0 ? any(["P-1", "p-2 ", "N-5", ""]) : "N-\(number)"
                let price = random.below(12) == 0 ? any(odd) : "2.50"
                let stock = random.below(12) == 0 ? any(odd) : "7"
                let barcode = random.below(15) == 0 ? "same\(random.below(3))" : ""
                return
                    "\(sku),\(any(["Name", "Name", ""])),\(any(["C", "D"])),\(price),\(barcode),\(stock)"
            }
        let stock =
            "sku,stock,cost\n"
            + rows(500) { _ in
                let sku = random.below(25) == 0 ? any(["NONE", ""]) : "P-\(random.below(12))"
                let delta = random.below(14) == 0 ? any(odd) : any(["3", "-4", "1", "-2"])
                return "\(sku),\(delta),\(random.below(4) == 0 ? any(["1.00", "x", ""]) : "")"
            }
        let count =
            "sku,stock\n"
            + rows(12) { number in
                "P-\(number),\(random.below(3) == 0 ? any(odd) : "\(random.below(50))")"
            }
        let sales =
            "sku,quantity,price,occurredAt,reference\n"
            + rows(400) { number in
                let sku = random.below(3) == 0 ? "P-\(random.below(12))" : "Q-\(random.below(9))"
                let quantity = random.below(14) == 0 ? any(odd) : "\(1 + random.below(4))"
                let when =
                    random.below(20) == 0
                    ? any(["someday", "2999-01-01"]) : "2026-01-0\(1 + number % 9)"
                return "\(sku),\(quantity),1.50,\(when),R\(number / 2)"
            }
        for (name, text, more) in [
            ("products", products, []), ("stock", stock, ["--mode", "add"]),
            ("count", count, ["--mode", "set"]), ("sales", sales, ["--as", "sales"]),
        ] {
            let file = try self.write("\(name).csv", text)
            let done = try await self.compare(daemon, ["import", file] + more)
            #expect(done.code == 8 || done.code == 0, "\(name): \(done)")
        }
        _ = try await daemon.client().verified()
    }

    @Test func `commands of apply are decided one behind the other`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let path = try self.write(
            "moves.ndjson",
            """
            {"command":"sell","lines":[{"product":"P-0","quantity":4}]}
            {"command":"sell","lines":[{"product":"P-0","quantity":4}]}
            {"command":"createCategory","name":"New"}
            {"command":"createProduct","sku":"N","name":"N","category":"New","price":"1.00","opening":{"quantity":3}}
            {"command":"sell","lines":[{"product":"N","quantity":2}]}
            {"command":"reserve","lines":[{"product":"N","quantity":1}],"expiresAfterSeconds":60}
            {"command":"releaseReservation","lines":[{"reservation":1}]}

            """
        )
        let before = try await daemon.client().verified()
        let dry = try daemon.invctl("apply", path, "--dry-run")
        #expect(try await daemon.client().verified() == before)
        #expect(dry.output.hasPrefix("7 commands: 6 valid, 1 invalid, nothing written\n"), "\(dry)")
        #expect(dry.output.contains("  sell  2\n"))
        let json = try daemon.invctl("apply", path, "--dry-run", "-o", "json")
        #expect(json.output.contains("\"dryRun\":true"), "\(json.output)")
        #expect(json.output.contains("\"valid\":6"))
        let done = try daemon.invctl("apply", path)
        #expect(done.output == "7 commands: 6 done, 1 failed\n")
        #expect((dry.code, done.code) == (8, 8))
        #expect(dry.errors == done.errors)
    }

    @Test func `an atomic apply is decided as a whole, with the same exit code`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let sale = #"{"command":"sell","lines":[{"product":"P-0","quantity":3}]}"#
        let one = try self.write("one.ndjson", sale + "\n")
        let two = try self.write("two.ndjson", sale + "\n" + sale + "\n")
        let before = try await daemon.client().verified()
        let fits = try daemon.invctl("apply", one, "--atomic", "--dry-run")
        #expect(fits.output.hasPrefix("1 commands: 1 valid, 0 invalid, nothing written\n"))
        let dry = try daemon.invctl("apply", two, "--atomic", "--dry-run")
        #expect(try await daemon.client().verified() == before)
        let done = try daemon.invctl("apply", two, "--atomic")
        #expect(dry.code == 5 && done.code == 5, "\(dry) \(done)")
        #expect(dry.errors == done.errors)
    }

    @Test func `what an id has executed before is known to a dry run`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 50)
        let file = try self.write("add.csv", "sku,stock\nP-0,5\n")
        let words = ["import", file, "--mode", "add", "--id", "once"]
        #expect(try daemon.invctl(words).code == 0)
        let again = try daemon.invctl(words + ["--dry-run"])
        #expect(again.output.hasPrefix("imported before, on "), "\(again)")
        #expect(again.code == 0)
        // Without the id, it would be another run.
        let other = try daemon.invctl("import", file, "--mode", "add", "--dry-run")
        #expect(other.output.contains("on hand 55 → 60 (+5)"), "\(other)")
        #expect(other.errors.contains("this file was imported before"))
        #expect(!FileManager.default.fileExists(atPath: file + ".invd-run"))
        // Neither does a dry run use an id up.
        let new = ["import", file, "--mode", "add", "--id", "twice"]
        #expect(try daemon.invctl(new + ["--dry-run"]).code == 0)
        #expect(try daemon.invctl(new).output == "1 row: 1 accepted, 0 rejected\n")
        let sale = #"{"command":"sell","lines":[{"product":"P-0","quantity":60}]}"#
        let path = try self.write("sale.ndjson", sale + "\n")
        #expect(try daemon.invctl("apply", path, "--id", "sale").code == 0)
        // The stock is gone, but the sale is that of before.
        let sold = try daemon.invctl("apply", path, "--id", "sale", "--dry-run")
        #expect(sold.output.hasPrefix("1 commands: 1 valid, 0 invalid"), "\(sold)")
        let fresh = try daemon.invctl("apply", path, "--dry-run")
        #expect(fresh.code == 5, "\(fresh)")
    }

    // MARK: - On the wire

    private func begin(_ daemon: Daemon) throws -> RawConnection {
        let connection = try RawConnection(daemon)
        connection.send(RawConnection.hello)
        connection.sendFrame(Opcode.beginDryRun.rawValue, [], id: 1)
        return connection
    }

    private static func create(_ name: String) -> [UInt8] {
        var command = ByteWriter()
        command.write(0 as UInt64)
        Command.createCategory(name: name).encode(into: &command)
        return command.array()
    }

    @Test func `a command that does not wait for the answer is refused, never executed`()
        async throws
    {
        let daemon = try Daemon()
        let connection = try self.begin(daemon)
        for id in 2...40 as ClosedRange<UInt64> {
            connection.sendFrame(Opcode.command.rawValue, Self.create("C\(id)"), id: id)
        }
        connection.finish()
        #expect(!connection.answers().isEmpty)
        #expect(try await daemon.client().categories().rows.isEmpty)
    }

    @Test func `a dry run ends with its connection, and a limited number may run`() async throws {
        let daemon = try Daemon()
        var connections: [RawConnection] = []
        for _ in 0..<WireLimits.dryRunsMax {
            let connection = try self.begin(daemon)
            #expect(connection.waitsForPong())
            connections.append(connection)
        }
        let count = Int64(WireLimits.dryRunsMax)
        #expect(try await daemon.client().statistics()["dryRuns"] == count)
        let refused = try self.begin(daemon)
        refused.finish()
        #expect(
            refused.messages().contains {
                if case .refused(let refusal) = $0 { refusal.code == .overloaded } else { false }
            }
        )
        for connection in connections { connection.finish() }
        for connection in connections { _ = connection.messages() }
        let deadline = ContinuousClock.now + .seconds(60)
        var isAccepted = false
        while !isAccepted, ContinuousClock.now < deadline {
            isAccepted = try self.begin(daemon).waitsForPong()
        }
        #expect(isAccepted)
    }

    @Test func `a client's dry run sees its own commands, and no one else does`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let ids = try await client.stockedProducts(1, stock: 10)
        let before = try await client.verified()
        var configuration = client.configuration
        configuration.session = .random()
        configuration.isDryRun = true
        let dry = InventoryClient(configuration)
        let sale = Command.sell(Sale(lines: [SaleLine(product: ids[0], quantity: 7)]))
        _ = try await dry.done(sale)
        #expect(try await dry.product(.id(ids[0]))?.levels.first?.onHand == 3)
        #expect(try await dry.levels().rows.first?.onHand == 3)
        let refused = try await dry.refused(sale)
        #expect(refused.code == .insufficientStock)
        let keyed = try await dry.send(sale, key: .random())
        if case .done = keyed.outcome { Issue.record("sold twice") }
        // What is not a command, a read or a query is refused.
        await #expect(throws: ClientError.self) { try await dry.takeSnapshot() }
        await #expect(throws: ClientError.self) {
            try await dry.insight(.named(NamedInsight(.sales)))
        }
        #expect(try await client.verified() == before)
        // The copy does not see what others do either.
        try await client.done(.createCategory(name: "Elsewhere"))
        #expect(try await dry.categories().rows.count == 1)
        try await dry.close()
    }

    @Test func `a dry run whose connection is lost fails and executes nothing`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let ids = try await client.stockedProducts(1, stock: 10)
        var configuration = client.configuration
        configuration.session = .random()
        configuration.isDryRun = true
        let dry = InventoryClient(configuration)
        let sale = Command.sell(Sale(lines: [SaleLine(product: ids[0], quantity: 7)]))
        _ = try await dry.done(sale)
        daemon.kill()
        try daemon.start()
        for _ in 0..<2 {
            await #expect(throws: ClientError.self) { try await dry.send(sale) }
        }
        #expect(try await daemon.client().product(.id(ids[0]))?.levels.first?.onHand == 10)
    }
}

extension RawConnection {
    /// Whether the next answer is a pong, rather than a refusal.
    fileprivate func waitsForPong() -> Bool {
        while case let received = self.next(), !received.isEmpty {
            for case let message? in received.map({ $0.message }) {
                if case .pong = message { return true }
                if case .refused = message { return false }
            }
        }
        return false
    }
}
