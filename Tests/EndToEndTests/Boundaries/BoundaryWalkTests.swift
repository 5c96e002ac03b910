import Bytes
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// Every number of every request, replaced by boundary values, against a running daemon: each request is
/// answered or refused with a code, and another client is served after each.
@Suite struct BoundaryWalkTests {
    @Test(arguments: Opcode.allCases.filter { $0.isRequest })
    func `the daemon keeps serving, whatever the numbers of requests are`(
        opcode: Opcode
    ) async throws {
        let daemon = try Daemon()
        var walk = try await BoundaryWalk(daemon)
        try await walk.walk(opcode)
        try await walk.verify()
        print("boundary walk of \(opcode): \(walk.counts)")
        let hasNumbers = opcode != .ping && opcode != .takeSnapshot && opcode != .beginDryRun
        #expect(walk.counts.requests > (hasNumbers ? 20 : 0))
        #expect(daemon.isRunning)
        #expect(daemon.stop() == 0)
        // The accepted data traps neither the next start nor the default window of an insight.
        try daemon.start()
        let client = daemon.client()
        _ = try await client.verified()
        for name in NamedInsight.Name.allCases {
            _ = try? await client.insight(.named(NamedInsight(name)))
            _ = try? await client.insight(.named(NamedInsight(name, window: .all)))
            _ = try await client.ping()
        }
    }

    @Test func `the daemon keeps serving, whatever the numbers of frame headers are`()
        async throws
    {
        let daemon = try Daemon()
        var good = try await GoodClient(daemon)
        let fields: [(name: String, range: Range<Int>)] = [
            ("length", 0..<4), ("version", 4..<5), ("opcode", 5..<6), ("flags", 6..<8),
            ("request id", 8..<16), ("checksum of the body", 16..<20), ("checksum", 20..<24),
        ]
        for (name, range) in fields {
            var values = BoundaryValues.fixed(byteCount: range.count)
            if name == "opcode" { values = (0...UInt8.max).map { [$0] } }
            for value in values {
                var frame = RawConnection.frame(Opcode.ping.rawValue, [])
                frame.replaceSubrange(range, with: value)
                if range.upperBound <= 20 {
                    let checksum = frame[..<20].withUnsafeBytes { CRC32C.checksum($0) }
                    withUnsafeBytes(of: checksum.littleEndian) {
                        frame.replaceSubrange(20..<24, with: $0)
                    }
                }
                let connection = try RawConnection(daemon)
                connection.send(RawConnection.hello + frame)
                connection.finish()
                // An answer or a refusal, and why the connection ends; but none for a frame whose body
                // never arrives.
                let messages = connection.messages()
                #expect(messages.count <= 2, "\(name) \(value): \(messages)")
                guard case .goodbye = messages.last else {
                    #expect(messages.isEmpty && name == "length", "\(name) \(value): \(messages)")
                    continue
                }
            }
            try await good.serve(after: name)
        }
        try await good.verify()
    }

    @Test func `the walk covers every opcode, command, query and insight`() {
        let world = WalkedWorld()
        for opcode in Opcode.allCases where opcode.isRequest {
            #expect(!PlausibleRequests.of(opcode, world).isEmpty, "\(opcode)")
        }
        let commands = PlausibleRequests.of(.command, world)
        for tag in CommandTag.allCases {
            #expect(commands.contains { $0.body[8] == tag.rawValue }, "\(tag)")
        }
        let queries = PlausibleRequests.of(.query, world)
        for tag in QueryTag.allCases {
            #expect(queries.contains { $0.body[0] == tag.rawValue }, "\(tag)")
        }
        for tag in InsightTag.allCases {
            let insights = PlausibleRequests.of(.insight, world)
            #expect(insights.contains { $0.body[0] == tag.rawValue }, "\(tag)")
        }
        for opcode in [Opcode.insight, .subscribeInsight] {
            let insights = PlausibleRequests.of(opcode, world)
            for name in NamedInsight.Name.allCases {
                let head = [InsightTag.named.rawValue, name.rawValue]
                #expect(insights.contains { $0.body.starts(with: head) }, "\(name)")
            }
            for source in InsightSource.allCases {
                let head = [InsightTag.query.rawValue, source.rawValue]
                #expect(insights.contains { $0.body.starts(with: head) }, "\(source)")
            }
        }
    }

    @Test func `a request's own decoder finds its fields`() {
        let world = WalkedWorld()
        for opcode in Opcode.allCases where opcode.isRequest {
            for request in PlausibleRequests.of(opcode, world) {
                let fields = NumericFields(of: request.body, opcode)
                #expect(fields.unseenByteCount == 0, "\(request.name)")
                #expect(request.body.isEmpty || !fields.all.isEmpty, "\(request.name)")
            }
        }
        // u16, u16, u64, then two strings and bytes, each after its count.
        let hello = PlausibleRequests.of(.hello, world)[0]
        let found = NumericFields(of: hello.body, .hello).all
        #expect(found.prefix(3).map { $0.range } == [0..<2, 2..<4, 4..<12])
        #expect(
            found.filter { $0.encoding == .varint }.map { $0.range } == [12..<13, 17..<18, 22..<23]
        )
    }
}
