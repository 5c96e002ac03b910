import Bytes
import Durability
import InventoryEngine
import InventoryInsights
import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOCore
import NIOEmbedded

@testable import InventoryClient
@testable import InventoryServer

/// A server in one thread, on a disk in memory and a clock controlled by the test, for tests of insights.
final class InsightHarness {
    let clock = SimulatedClock()
    let server: SimulatedServer
    private var number: UInt64 = 0

    init(
        lookNanoseconds: UInt64 = 0,
        queryMilliseconds: Int = WireLimits.queryMilliseconds,
        log: (any LogStore)? = nil
    ) throws {
        guard let currency = Currency(code: "EUR") else { preconditionFailure("EUR") }
        let configuration = ServerConfiguration(
            dataDirectory: "memory",
            currency: currency,
            log: LogConfiguration(fileByteCount: 1 << 20),
            queryMilliseconds: queryMilliseconds
        )
        self.server = try SimulatedServer(
            MemoryStorage(),
            configuration,
            clock: self.clock,
            lookNanoseconds: lookNanoseconds,
            log: log
        )
        self.settle()
    }

    deinit { self.server.end() }

    var driver: EngineDriver { self.server.driver }

    /// Returns the result of the query now.
    func fresh(_ insight: Insight) throws(Refusal) -> InsightAnswer {
        try self.driver.host.readView().answer(insight, at: self.clock.now)
    }

    /// Does everything that can be done without time passing.
    ///
    /// `log` is whether the disk works too, `queries` whether the query threads do.
    func settle(log: Bool = true, queries: Bool = true) {
        while true {
            self.server.loop.run()
            let workers = self.server.workers.filter {
                !$0.isIdle && (log || $0 !== self.server.log)
                    && (queries || $0 !== self.server.queries)
            }
            if workers.isEmpty { return }
            for worker in workers { worker.runNext() }
        }
    }

    /// Lets time pass, in steps of a millisecond.
    func pass(milliseconds: Int64, log: Bool = true) {
        for _ in 0..<milliseconds {
            self.clock.microseconds += 1_000
            self.server.loop.advanceTime(by: .milliseconds(1))
            self.settle(log: log)
        }
    }
}

/// A client of that server, frame by frame.
final class InsightPeer {
    private let bench: InsightHarness
    private let channel: EmbeddedChannel
    private var partial = ByteBuffer()
    /// Received messages that were not examined yet.
    private var messages: [(id: UInt64, message: ServerMessage)] = []

    init(_ bench: InsightHarness, saysHello: Bool = true) throws {
        self.bench = bench
        self.channel = EmbeddedChannel(
            handler: ConnectionHandler(of: bench.driver),
            loop: bench.server.loop
        )
        self.channel.connect(to: try SocketAddress(unixDomainSocketPath: "/peer"), promise: nil)
        guard saysHello else { return }
        self.write { writer in
            let frame = FrameWriter(.hello, requestID: 0, into: &writer)
            Hello(actor: "peer", software: "test").encode(into: &writer)
            frame.finish(into: &writer)
        }
    }

    private func write(_ encode: (inout ByteWriter) -> Void) {
        var writer = ByteWriter()
        encode(&writer)
        _ = try? self.channel.writeInbound(ByteBuffer(bytes: writer.array()))
    }

    func send(_ request: Request, id: UInt64) {
        self.write { request.encodeFrame(requestID: id, into: &$0) }
    }

    /// Sets whether its socket is writable.
    var takesBytes: Bool = true {
        didSet {
            self.channel.isWritable = self.takesBytes
            self.channel.pipeline.fireChannelWritabilityChanged()
        }
    }

    func close() { self.channel.close(promise: nil) }

    /// Ends its input.
    func endInput() {
        self.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// Returns the buffers that were written to it since the last call, as they were written.
    func receivedBuffers() throws -> [ByteBuffer] {
        var buffers: [ByteBuffer] = []
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
            buffers.append(buffer)
        }
        return buffers
    }

    /// Returns the messages for a request since the last call.
    func received(_ id: UInt64) throws -> [ServerMessage] {
        while let part = try self.channel.readOutbound(as: ByteBuffer.self) {
            self.partial.writeImmutableBuffer(part)
        }
        let consumed = try self.partial.withUnsafeReadableBytes { bytes in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            while let frame = try frames.next() {
                guard frame.opcode != Opcode.helloAccepted.rawValue else { continue }
                self.messages.append((frame.requestID, try ServerMessage(frame)))
            }
            return frames.consumed
        }
        self.partial.moveReaderIndex(forwardBy: consumed)
        let mine = self.messages.filter { $0.id == id }.map { $0.message }
        self.messages.removeAll { $0.id == id }
        return mine
    }

    /// Executes a command outside of any session.
    func run(_ command: Command) { self.send(.command(sequence: 0, command), id: 900) }
}

extension InsightCopy {
    /// Removes all received messages and returns their opcodes.
    mutating func follow(_ messages: [ServerMessage]) throws -> [Opcode] {
        for message in messages {
            _ = try self.take(message)
            self.checkInvariants()
        }
        return messages.map { $0.opcode }
    }
}
