import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// Idempotency keys: `--id`, and the outcomes that the server remembers for them.
@Suite struct IdempotencyTests {
    private static func object(_ result: Finished) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        )
    }

    @Test
    func `a retry is answered with the remembered outcome, also after other sessions and a kill`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let id = try await client.stockedProducts(1, stock: 100)[0]
        let words = ["sell", "P-0=2", "--id", "till-1", "-o", "json"]
        let first = try Self.object(try daemon.invctl(words))
        #expect(first["replayed"] == nil)
        let again = try Self.object(try daemon.invctl(words))
        #expect(again["replayed"] as? Bool == true)
        #expect(again["lsn"] as? Int == first["lsn"] as? Int)
        let said = try daemon.invctl("sell", "P-0=2", "--id", "till-1")
        #expect(said.errors.contains("replayed"))
        #expect(said.output.contains("P-0 98 left"))

        let other = try daemon.invctl("sell", "P-0=1", "--id", "till-1")
        #expect(other.code == 4)
        #expect(other.errors.contains("key_reused"))
        // A refusal is remembered too, even if there is stock by now.
        #expect(try daemon.invctl("sell", "P-0=99", "--id", "till-2").code == 5)
        #expect(try daemon.invctl("stock", "restock", "P-0=9@1.00").code == 0)
        #expect(try daemon.invctl("sell", "P-0=99", "--id", "till-2").code == 5)

        daemon.kill()
        try daemon.start()
        let later = try Self.object(try daemon.invctl(words))
        #expect(later["replayed"] as? Bool == true)
        #expect(later["lsn"] as? Int == first["lsn"] as? Int)
        #expect(try await daemon.client().level(id).onHand == 107)
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `a first try before the horizon is refused and not executed again`()
        async throws
    {
        let daemon = try Daemon(["--key-retention", "1s"])
        let id = try await daemon.client().stockedProducts(1, stock: 10)[0]
        func sell(_ more: String...) throws -> Finished {
            try daemon.invctl(["sell", "P-0=1", "--id", "till-1"] + more)
        }
        let before = Date()
        #expect(try sell().code == 0)
        // Wait until the key is forgotten.
        #expect(try await eventually { try await daemon.stat("keys") == 0 })
        let time = before.addingTimeInterval(-1).ISO8601Format()
        let refused = try sell("--first-tried", time)
        #expect(refused.code == 4)
        #expect(refused.errors.contains("outcome_forgotten"))
        #expect(try await daemon.client().level(id).onHand == 9)
        // Without a first try the id counts as new.
        #expect(try sell().code == 0)
        #expect(try await daemon.client().level(id).onHand == 8)
    }

    @Test func `a first try more than a day ahead is refused, and its key stays free`()
        async throws
    {
        let daemon = try Daemon()
        let id = try await daemon.client().stockedProducts(1, stock: 100)[0]
        let raw = try RawConnection(daemon)
        raw.send(RawConnection.hello)
        let line = SaleLine(product: id, quantity: 1)
        let command = Command.sell(Sale(lines: [line]))
        func send(_ key: String, _ firstTried: Instant?, _ command: Command) throws -> ServerMessage
        {
            let key = try #require(IdempotencyKey(key))
            var body = ByteWriter()
            Request.keyedCommand(key, firstTried: firstTried, command).encodeBody(into: &body)
            raw.sendFrame(13, body.array())
            while case let messages = raw.next(), !messages.isEmpty {
                if let message = messages.compactMap({ $0.message }).first { return message }
            }
            throw Unexpected()
        }
        func isRefused(_ reply: ServerMessage, _ code: RefusalCode) -> Bool {
            switch reply {
            case .refused(let refusal): refusal.code == code && code == .outOfRange
            case .outcome(.refused(let refusal)): refusal.code == code && code != .outOfRange
            default: false
            }
        }
        let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let day = Limits.occurredAtFutureSeconds
        let last = Instant.calendar.upperBound
        let ahead = [now.advanced(bySeconds: day + 60), last, Instant(microseconds: .max)]
        for firstTried in ahead + [Instant(microseconds: last.microseconds + 1)] {
            #expect(isRefused(try send("k", firstTried, command), .outOfRange), "\(firstTried)")
        }
        for firstTried in [Instant.calendar.lowerBound, Instant(microseconds: .min)] {
            let reply = try send("k", firstTried, command)
            #expect(isRefused(reply, .outcomeForgotten), "\(firstTried)")
        }
        #expect(try await daemon.client().level(id).onHand == 100)
        // The key is still free; a remembered key is answered whatever the first try is.
        let reply = try send("k", now.advanced(bySeconds: day - 60), command)
        guard case .outcome(.done(let done)) = reply else {
            Issue.record("the reply was \(reply)")
            return
        }
        #expect(try send("k", last, command) == .replayedOutcome(.done(done)))
        #expect(try await daemon.client().level(id).onHand == 99)
        let said = try daemon.invctl("sell", "P-0=1", "--id", "j", "--first-tried", "2199-01-01")
        let sentence = "firstTried is 2199-01-01T00:00:00Z; it must be 0001-01-01T00:00:00Z to "
        #expect(said.code == 1 && said.errors.contains(sentence), "\(said.errors)")
        let lines = #""lines":[{"product":"P-0","quantity":1}]"#
        let late = #"{"command":"sell",\#(lines),"occurredAt":"2199-01-01T00:00:00Z"}"#
        let applied = try daemon.invctl("apply", "-", input: Data(late.utf8))
        let all = applied.output + applied.errors
        #expect(all.contains("occurredAt is 2199-01-01T00:00:00Z; it must be 2"), "\(all)")
    }

    @Test func `an id is 1 to 64 bytes, and a first try a time`() throws {
        let daemon = try Daemon()
        func exits(_ code: Int32, _ words: String...) throws {
            let result = try daemon.invctl(["category", "add", "C"] + words)
            #expect(result.code == code, "\(words): \(result.errors)")
        }
        try exits(2, "--id", "")
        try exits(2, "--id", String(repeating: "x", count: 65))
        try exits(2, "--first-tried", "2026-03-01")
        try exits(2, "--id", "a", "--first-tried", "yesterday")
        try exits(4, "--id", "a", "--first-tried", "2001-03-01")
        try exits(0, "--id", String(repeating: "x", count: 64))
        #expect(
            try daemon.invctl("import", "-", "--id", "", input: Data("sku,name\n".utf8)).code == 2
        )
    }

    @Test func `without an id, a write is one step and a dry run none: neither opens a session`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 10)
        let sessions = try await daemon.stat("sessions")
        let before = try await daemon.client().ping()
        #expect(try daemon.invctl("sell", "P-0=1").code == 0)
        #expect(try await daemon.client().ping() == before + 1)
        #expect(try daemon.invctl("sell", "P-0=1", "--dry-run").code == 0)
        #expect(try await daemon.client().ping() == before + 1)
        #expect(try await daemon.stat("sessions") == sessions)
    }

    @Test func `a large atomic apply is remembered as errors-only`() async throws {
        let daemon = try Daemon()
        let id = try await daemon.client().stockedProducts(1, stock: 10_000)[0]
        let line = #"{"command":"sell","lines":[{"product":"P-0","quantity":1}]}"#
        let file = Array(repeating: line, count: 3_000).joined(separator: "\n")
        for _ in 0..<2 {
            let done = try daemon.invctl(
                "apply",
                "-",
                "--atomic",
                "--id",
                "big",
                input: Data(file.utf8)
            )
            #expect(done.code == 0, "\(done.errors)")
        }
        #expect(try await daemon.client().level(id).onHand == 7_000)
    }

    /// The number of keys; `make long-keys` has a million.
    private static let keys = Campaign.seeds(suite: 1...20_000)

    @Test func `every key is known after kill -9, with the same outcome`() async throws {
        // Snapshots in between, so that some keys are recovered from a snapshot and some from the log.
        let daemon = try Daemon(["--snapshot-mib", "4"])
        let id = try await daemon.client().stockedProducts(1, stock: 1_000_000_000)[0]
        let count = Self.keys.count
        let first = try await Self.sell(count, of: id, by: daemon)
        daemon.kill()
        try daemon.start(["--snapshot-mib", "4"])
        let bytes = try await daemon.stat("keyBytes")
        #expect(try await daemon.stat("keys") == count)
        #expect(bytes / count < 100)
        let second = try await Self.sell(count, of: id, by: daemon)
        #expect(second.map { $0.outcome } == first.map { $0.outcome })
        #expect(first.allSatisfy { !$0.isReplayed })
        #expect(second.allSatisfy { $0.isReplayed })
        let sold = first.reduce(0) { sum, result in
            if case .done = result.outcome { sum + 1 } else { sum }
        }
        #expect(sold == count)
        #expect(try await daemon.client().level(id).onHand == 1_000_000_000 - Int64(count))
        Campaign.report("\(count) keys, \(bytes / count) bytes each, the same after kill -9")
    }

    /// Sends a sale for each key, several hundred at once on four connections.
    private static func sell(
        _ count: Int,
        of product: ProductID,
        by daemon: Daemon
    ) async throws -> [KeyedOutcome] {
        let clients = (0..<4).map { _ in daemon.client(timeoutMilliseconds: 120_000) }
        var results: [KeyedOutcome] = []
        results.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: 1_000) {
            let part = try await withThrowingTaskGroup(of: (Int, KeyedOutcome).self) { group in
                for number in start..<min(start + 1_000, count) {
                    let client = clients[number % clients.count]
                    group.addTask {
                        let line = SaleLine(product: product, quantity: 1)
                        let receipt = Self.keys.lowerBound + UInt64(number)
                        let key = try #require(IdempotencyKey("receipt-\(receipt)"))
                        return (number, try await client.send(.sell(Sale(lines: [line])), key: key))
                    }
                }
                var part: [(Int, KeyedOutcome)] = []
                for try await result in group { part.append(result) }
                return part
            }
            results += part.sorted { $0.0 < $1.0 }.map { $0.1 }
        }
        for client in clients { try await client.close() }
        return results
    }
}

extension Daemon {
    /// Returns one of the values of `invctl stats`.
    fileprivate func stat(_ name: String) async throws -> Int {
        let statistics = try await self.client().statistics()
        return Int(try #require(statistics[name], "there is no figure \(name)"))
    }
}
