import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// How connections end, byte by byte: the server's goodbye, and which request ids are valid.
@Suite struct ConnectionEndTests {
    private func ends(_ connection: RawConnection) -> [String] {
        connection.answers().map { answer in
            switch answer.message {
            case .goodbye(let refusal): "goodbye \(answer.id) \(refusal.code.name)"
            case .refused(let refusal): "refused \(answer.id) \(refusal.code.name)"
            case .pong: "pong \(answer.id)"
            case .outcome: "outcome \(answer.id)"
            case .closed(let refusal, _): "closed \(answer.id) \(refusal.code.name)"
            default: "answer \(answer.id)"
            }
        }
    }

    private static func hello(versionMin: UInt16 = 1) -> [UInt8] {
        var writer = ByteWriter()
        Hello(versionMin: versionMin, versionMax: 9, actor: "x", software: "x")
            .encode(into: &writer)
        return RawConnection.frame(1, writer.array(), id: 9)
    }

    @Test func `goodbye has the id 0, whatever it answers`() throws {
        let daemon = try Daemon()
        let cases: [(bytes: [UInt8], code: String)] = [
            (Self.hello(versionMin: 7), "unsupported_version"),
            (Self.hello() + Self.hello(), "malformed_frame"),
            (RawConnection.frame(8, [], id: 5), "malformed_frame"),
            (Array(repeating: 7, count: 50), "malformed_frame"),
        ]
        for (bytes, code) in cases {
            let connection = try RawConnection(daemon)
            connection.send(bytes)
            #expect(self.ends(connection).last == "goodbye 0 \(code)")
        }
    }

    @Test
    func `a client that closes its sending side gets its outstanding answers, then a goodbye`()
        throws
    {
        let daemon = try Daemon()
        let quiet = try RawConnection(daemon)
        quiet.send(RawConnection.hello)
        quiet.finish()
        #expect(self.ends(quiet).last == "goodbye 0 client_closed")

        let owed = try RawConnection(daemon)
        owed.send(RawConnection.hello)
        var command = ByteWriter()
        command.write(0 as UInt64)
        Command.createCategory(name: "C").encode(into: &command)
        // A command whose answer waits for the disk, a read, and a query that another thread answers.
        owed.sendFrame(3, command.array(), id: 10)
        owed.sendFrame(8, [], id: 11)
        owed.sendFrame(4, [3, 0], id: 12)
        owed.finish()
        let ends = self.ends(owed)
        #expect(ends.contains("outcome 10") && ends.contains("pong 11"), "\(ends)")
        #expect(ends.contains("answer 12"), "\(ends)")
        #expect(ends.last == "goodbye 0 client_closed", "\(ends)")
    }

    @Test func `the id 0, or one whose answer is not complete, ends the connection`() throws {
        let daemon = try Daemon()
        var subscription = ByteWriter()
        Subscription(topics: .stock, start: .snapshot).encode(into: &subscription)
        var command = ByteWriter()
        command.write(0 as UInt64)
        Command.createCategory(name: "C").encode(into: &command)
        // A ping, a command on the fast path, and a query, each with an invalid id.
        for (opcode, body) in [(8, []), (3, command.array()), (4, [3, 0])] as [(UInt8, [UInt8])] {
            let zero = try RawConnection(daemon)
            zero.send(RawConnection.hello)
            zero.sendFrame(opcode, body, id: 0)
            #expect(self.ends(zero).last == "goodbye 0 malformed_frame", "opcode \(opcode)")
            let twice = try RawConnection(daemon)
            twice.send(RawConnection.hello)
            twice.sendFrame(5, subscription.array(), id: 6)
            twice.sendFrame(opcode, body, id: 6)
            let ends = self.ends(twice)
            #expect(ends.last == "goodbye 0 malformed_frame", "opcode \(opcode)")
            #expect(!ends.contains("refused 6 malformed_frame"), "opcode \(opcode)")
        }
        // None was executed.
        #expect(try daemon.invctl("category", "list", "-o", "json").output == "[]\n")
        // An id is free again once its answer is complete.
        let again = try RawConnection(daemon)
        again.send(RawConnection.hello)
        again.sendFrame(5, subscription.array(), id: 6)
        var ended = ByteWriter()
        ended.write(6 as UInt64)
        again.sendFrame(6, ended.array(), id: 7)
        again.sendFrame(8, [], id: 6)
        again.finish()
        let ends = self.ends(again)
        #expect(ends.contains("closed 6 client_closed") && ends.contains("pong 6"), "\(ends)")
        #expect(ends.last == "goodbye 0 client_closed", "\(ends)")
    }

    @Test func `the goodbye is the last frame, whatever was still to be sent`() throws {
        let daemon = try Daemon()
        let rows = (0..<500).map { "P\($0),N\($0),1.00\n" }.joined()
        let imported = try daemon.invctl(
            "import",
            "-",
            "--as",
            "products",
            input: Data("sku,name,price\n\(rows)".utf8)
        )
        #expect(imported.code == 0, "\(imported.errors)")
        var stock = ByteWriter()
        Subscription(topics: .stock, start: .snapshot).encode(into: &stock)
        for round in 0..<20 {
            let connection = try RawConnection(daemon)
            connection.send(RawConnection.hello)
            for id in 1...60 { connection.sendFrame(5, stock.array(), id: UInt64(id)) }
            for id in 100..<110 { connection.sendFrame(4, [3, 0], id: UInt64(id)) }
            connection.sendFrame(8, [], id: 0)
            let ends = self.ends(connection)
            #expect(ends.last == "goodbye 0 malformed_frame", "round \(round)")
        }
    }

    /// Its connection moves to the fan-out while its socket accepts no bytes.
    @Test func `a client that subscribes before it has read its answers gets all of them`()
        async throws
    {
        let daemon = try Daemon()
        let product = try await daemon.client().stockedProducts(1, stock: 1)[0]
        var read = ByteWriter()
        ProductKey.id(product).encode(into: &read)
        var subscription = ByteWriter()
        Subscription(topics: .stock, start: .now).encode(into: &subscription)
        for count in [2_000, 6_000, 12_000, 20_000, 30_000] {
            let connection = try RawConnection(daemon)
            var bytes = RawConnection.hello
            for id in 1...count {
                bytes += RawConnection.frame(10, read.array(), id: UInt64(id))
            }
            bytes += RawConnection.frame(5, subscription.array(), id: 1 << 40)
            for id in 1...10 { bytes += RawConnection.frame(8, [], id: 1 << 41 + UInt64(id)) }
            connection.send(bytes)
            try await Task.sleep(for: .milliseconds(300))
            connection.finish()
            let answers = connection.answers()
            #expect(answers.count { $0.id <= 30_000 && $0.id > 0 } == count)
            #expect(answers.count { $0.id > 1 << 41 } == 10, "behind \(count) reads")
        }
    }

    @Test func `an incomplete frame ends the connection after a timeout`() async throws {
        let daemon = try Daemon()
        let slow = try RawConnection(daemon, timeoutSeconds: 40)
        slow.send(RawConnection.hello)
        let ping = RawConnection.frame(8, [], id: 31)
        // A slow frame that is complete in time is answered.
        slow.send(Array(ping[..<10]))
        try await Task.sleep(for: .seconds(2))
        slow.send(Array(ping[10...]))
        slow.send(Array(ping[..<10]))
        let start = ContinuousClock.now
        let ends = self.ends(slow)
        #expect(ends == ["pong 31", "goodbye 0 malformed_frame"], "\(ends)")
        let took = ContinuousClock.now - start
        #expect(took > .seconds(10), "\(took)")
    }
}
