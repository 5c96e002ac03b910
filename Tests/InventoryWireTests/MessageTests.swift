import Bytes
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@Suite struct MessageTests {
    /// Returns a message of every kind that a server sends after the hello.
    static func messages(_ random: inout SplitMix64) -> [ServerMessage] {
        let table = random.table()
        let schema = table.schema
        var block = ByteWriter()
        table.encodeBlock(into: &block)
        let rows: [ChangeTag] = [.category, .location, .productCreated, .level, .alert]
        return [
            .sessionOpened(
                SessionStatus(
                    number: UInt32(truncatingIfNeeded: random.unsigned()),
                    lastSequence: random.unsigned() >> 1,
                    oldestRemembered: random.unsigned() >> 1
                )
            ),
            .outcome(random.outcome()),
            .replayedOutcome(random.outcome()),
            .resultHeader(
                ResultHeader(lsn: random.lsn(), time: random.instant(), schema: schema)
            ),
            .resultRows(block.array()),
            .resultEnd(rowCount: random.unsigned()),
            .refused(random.refusal()),
            .pong(durable: random.lsn(), time: random.instant()),
            .subscribed(Subscribed(lsn: random.lsn(), hasSnapshot: random.flag())),
            .snapshotRows(
                rows.map {
                    random.change($0, lsn: ServerMessage.snapshotRowLSN, time: .zero)
                }
            ),
            .caughtUp(lsn: random.lsn()),
            .entries(random.list { $0.entry() }),
            .progress(lsn: random.lsn(), time: random.instant()),
            .digest(lsn: random.lsn(), value: random.unsigned()),
            .reset(random.any(ResetReason.self)),
            .closed(random.refusal(), lsn: random.lsn()),
            .goodbye(random.refusal()),
            .snapshotTaken(
                SnapshotTaken(
                    lsn: random.lsn(),
                    byteCount: random.unsigned(),
                    segmentsWritten: random.unsigned(),
                    segmentsReused: random.unsigned(),
                    milliseconds: random.unsigned()
                )
            ),
            .backupPiece(random.list { UInt8($0.below(256)) }),
            .backupEnd(
                BackupTaken(
                    image: random.lsn(),
                    last: random.lsn(),
                    byteCount: random.unsigned(),
                    checksum: StateChecksum(random.next())
                )
            ),
            .product(random.stockedProduct()),
            .insightHeader(
                InsightHeader(
                    lsn: random.lsn(),
                    time: random.instant(),
                    window: random.resolvedWindow(),
                    schema: schema,
                    keyColumnCount: Int(random.below(UInt64(schema.count) + 1))
                )
            ),
            .insightChanged(
                InsightChanged(
                    lsn: random.lsn(),
                    time: random.instant(),
                    window: random.resolvedWindow(),
                    removed: random.rising(),
                    inserted: random.rising(),
                    block: block.array()
                )
            ),
        ]
    }

    static func requests(_ random: inout SplitMix64) -> [Request] {
        [
            .openSession(random.sessionID(), mayCreate: random.flag()),
            .command(sequence: random.unsigned(), random.command(random.any(CommandTag.self))),
            .command(
                sequence: random.unsigned(),
                fingerprint: RequestFingerprint(random.next()),
                random.command(random.any(CommandTag.self))
            ),
            .keyedCommand(
                IdempotencyKey(high: random.next(), low: random.next()),
                firstTried: random.flag() ? random.instant() : nil,
                fingerprint: random.flag() ? RequestFingerprint(random.next()) : nil,
                random.command(random.any(CommandTag.self))
            ),
            .keyedOutcome(
                IdempotencyKey(high: random.next(), low: random.next()),
                firstTried: random.flag() ? random.instant() : nil,
                fingerprint: random.flag() ? RequestFingerprint(random.next()) : nil
            ),
            .query(random.query(random.any(QueryTag.self))),
            .subscribe(random.subscription()),
            .unsubscribe(requestID: random.unsigned()),
            .cancel(requestID: random.unsigned()),
            .ping,
            .takeSnapshot,
            .beginDryRun,
            .getProduct(random.productKey()),
            .insight(random.insight()),
            .subscribeInsight(random.insight()),
            .backup(bytesPerSecondMax: random.unsigned()),
        ]
    }

    static func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.array()
    }

    /// Reads a frame with the given body, as a server or a client does.
    static func read<Value, Failure: Error>(
        _ opcode: Opcode,
        _ body: [UInt8],
        _ read: (Frame) throws(Failure) -> Value
    ) throws -> Value? {
        try FrameCopy(opcode, 1, body).bytes.withUnsafeBytes { bytes in
            var reader = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            return try reader.next().map { try read($0) }
        }
    }

    static func request(_ opcode: Opcode, _ body: [UInt8]) throws -> Request? {
        try Self.read(opcode, body) { (frame) throws(WireError) in
            var reader = ByteReader(frame.body)
            return try Request(opcode, from: &reader)
        }
    }

    // MARK: - Claims

    @Test func `a request of every kind survives a round trip`() throws {
        var random = SplitMix64(seed: 31)
        for _ in 0..<100 {
            for request in Self.requests(&random) {
                let body = Self.bytes { request.encodeBody(into: &$0) }
                let decoded = try Self.request(request.opcode, body)
                #expect(decoded == request)
                let frame = Self.bytes { request.encodeFrame(requestID: 1, into: &$0) }
                #expect(frame == FrameCopy(request.opcode, 1, body).bytes)
            }
        }
    }

    @Test func `a message of every kind survives a round trip`() throws {
        var random = SplitMix64(seed: 32)
        for _ in 0..<100 {
            for message in Self.messages(&random) {
                let body = Self.bytes { message.encodeBody(into: &$0) }
                let decoded = try Self.read(message.opcode, body) { (frame) throws(WireError) in
                    try ServerMessage(frame)
                }
                #expect(decoded == message)
            }
        }
    }

    @Test func `requests and messages together have every opcode but those of the hello`() {
        var random = SplitMix64(seed: 33)
        let opcodes =
            Self.requests(&random).map(\.opcode) + Self.messages(&random).map(\.opcode)
        #expect(Set(opcodes).union([.hello, .helloAccepted]) == Set(Opcode.allCases))
    }

    @Test func `a hello and its reply survive a round trip`() throws {
        let hello = Hello(
            versionMin: 1,
            versionMax: 3,
            features: .max,
            actor: "till 4",
            software: "invctl 1.0",
            token: [1, 2, 3]
        )
        let accepted = HelloAccepted(
            version: 1,
            databaseHigh: 1,
            databaseLow: .max,
            currencyCode: "JPY",
            currencyDecimals: 0,
            durable: 99,
            serverTime: Instant(microseconds: -1),
            software: "invd"
        )
        var writer = ByteWriter()
        hello.encode(into: &writer)
        accepted.encode(into: &writer)
        try writer.withBytes { bytes in
            var reader = ByteReader(bytes)
            let decodedHello = try Hello(from: &reader)
            #expect(decodedHello == hello)
            let decodedAccepted = try HelloAccepted(from: &reader)
            #expect(decodedAccepted == accepted)
            try reader.finish()
        }
    }

    @Test(arguments: [0, 64, 65])
    func `an actor's name has at most 64 bytes`(count: Int) {
        let hello = Hello(actor: String(repeating: "a", count: count), software: "")
        let encoded = Self.bytes { hello.encode(into: &$0) }
        let decoded = encoded.withUnsafeBytes { bytes -> Hello? in
            var reader = ByteReader(bytes)
            return try? Hello(from: &reader)
        }
        #expect((decoded == hello) == (count <= 64))
    }

    @Test func `truncated bodies and trailing bytes are refused`() throws {
        var random = SplitMix64(seed: 34)
        for _ in 0..<10 {
            for request in Self.requests(&random) {
                let body = Self.bytes { request.encodeBody(into: &$0) }
                for count in 0..<body.count {
                    let prefix = Array(body.prefix(count))
                    #expect(throws: WireError.self) { try Self.request(request.opcode, prefix) }
                }
                #expect(throws: WireError.self) { try Self.request(request.opcode, body + [0]) }
            }
        }
    }

    @Test func `a damaged body is refused or is a message with that encoding`() throws {
        var random = SplitMix64(seed: 35)
        for _ in 0..<20 {
            for message in Self.messages(&random) where message.opcode != .resultRows {
                let body = Self.bytes { message.encodeBody(into: &$0) }
                for _ in 0..<50 where !body.isEmpty {
                    var damaged = body
                    let bit = Int(random.below(UInt64(body.count * 8)))
                    damaged[bit / 8] ^= 1 << (bit % 8)
                    let decoded = try? Self.read(message.opcode, damaged) {
                        (frame) throws(WireError) in try ServerMessage(frame)
                    }
                    guard let decoded else { continue }
                    #expect(Self.bytes { decoded.encodeBody(into: &$0) } == damaged)
                }
            }
        }
    }

    @Test func `a session's last sequence number must have a successor`() throws {
        func body(_ last: UInt64) -> [UInt8] {
            Self.bytes { writer in
                writer.write(1 as UInt32)
                writer.write(last)
                writer.write(1 as UInt64)
            }
        }
        func read(_ last: UInt64) throws -> ServerMessage? {
            try Self.read(.sessionOpened, body(last)) { (frame) throws(WireError) in
                try ServerMessage(frame)
            }
        }
        let last = UInt64(Int64.max)
        let opened = SessionStatus(number: 1, lastSequence: last, oldestRemembered: 1)
        #expect(try read(last) == .sessionOpened(opened))
        #expect(throws: WireError.self) { try read(last + 1) }
        #expect(throws: WireError.self) { try read(.max) }
    }

    @Test func `a message from the wrong side is refused`() {
        #expect(throws: WireError.unknownOpcode(Opcode.ping.rawValue)) {
            try Self.read(.ping, []) { (frame) throws(WireError) in try ServerMessage(frame) }
        }
        #expect(throws: WireError.self) { try Self.request(.pong, []) }
    }
}
