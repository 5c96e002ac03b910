import Bytes
import InventoryModel
import InventoryWire
import NIOCore
import NIOEmbedded

@testable import InventoryClient

/// The server's end of a client's connections, in one thread: a test reads the requests and answers them.
final class ScriptedServer: Connector, @unchecked Sendable {
    struct Unreachable: Error {}

    let loop = EmbeddedEventLoop()
    /// Whether the server accepts connections.
    var isListening = true
    private(set) var connectionCount = 0
    /// The second half of the database's id.
    var databaseLow: UInt64 = 2
    private(set) var channel: EmbeddedChannel?

    func connect(
        on loop: any EventLoop,
        _ makeHandler: @escaping @Sendable () -> ClientHandler
    ) -> EventLoopFuture<any Channel> {
        guard self.isListening else { return loop.makeFailedFuture(Unreachable()) }
        self.connectionCount += 1
        let channel = EmbeddedChannel(handler: makeHandler(), loop: self.loop)
        self.channel = channel
        guard let nowhere = try? SocketAddress(unixDomainSocketPath: "/scripted") else {
            return loop.makeFailedFuture(Unreachable())
        }
        channel.connect(to: nowhere, promise: nil)
        return loop.makeSucceededFuture(channel)
    }

    var isConnected: Bool { self.channel?.isActive ?? false }

    /// Returns the requests since the last call; a hello is not a request.
    func requests() throws -> [(id: UInt64, request: Request)] {
        self.loop.run()
        var bytes: [UInt8] = []
        while let part = try self.channel?.readOutbound(as: ByteBuffer.self) {
            bytes += part.readableBytesView
        }
        return try bytes.withUnsafeBytes { bytes in
            var frames = FrameReader(bytes, limit: WireLimits.requestByteCountMax)
            var requests: [(id: UInt64, request: Request)] = []
            while let frame = try frames.next() {
                guard let opcode = Opcode(rawValue: frame.opcode), opcode != .hello else {
                    continue
                }
                var reader = ByteReader(frame.body)
                requests.append((frame.requestID, try Request(opcode, from: &reader)))
            }
            return requests
        }
    }

    func acceptHello() {
        self.send { writer in
            let frame = FrameWriter(.helloAccepted, requestID: 1, into: &writer)
            HelloAccepted(
                version: 1,
                databaseHigh: 1,
                databaseLow: self.databaseLow,
                currencyCode: "EUR",
                currencyDecimals: 2,
                durable: 0,
                serverTime: .zero,
                software: "scripted"
            )
            .encode(into: &writer)
            frame.finish(into: &writer)
        }
    }

    func answer(_ id: UInt64, _ message: ServerMessage) {
        self.send { message.encodeFrame(requestID: id, into: &$0) }
    }

    private func send(_ encode: (inout ByteWriter) -> Void) {
        var writer = ByteWriter()
        encode(&writer)
        _ = try? self.channel?.writeInbound(ByteBuffer(bytes: writer.array()))
        self.loop.run()
    }

    /// Sends what is no frame.
    func sendNoise() {
        _ = try? self.channel?.writeInbound(
            ByteBuffer(string: String(repeating: "noise ", count: 20))
        )
        self.loop.run()
    }

    /// Breaks the connection; everything in flight is lost.
    func cut() {
        self.channel?.close(promise: nil)
        self.loop.run()
    }

    func pass(milliseconds: Int64) { self.loop.advanceTime(by: .milliseconds(milliseconds)) }

    /// Returns a client of this server.
    func client(
        timeoutMilliseconds: Int64 = 10_000,
        firstConnectMilliseconds: Int64? = nil,
        isDryRun: Bool = false
    ) -> ClientCore {
        ClientCore(
            ClientConfiguration(
                actor: "client",
                session: SessionID(high: 1, low: 2),
                isDryRun: isDryRun,
                timeoutMilliseconds: timeoutMilliseconds,
                firstConnectMilliseconds: firstConnectMilliseconds
            ),
            by: self,
            on: self.loop
        )
    }
}

/// The result of a callback.
final class Box<Value>: @unchecked Sendable {
    private(set) var values: [Value] = []

    func take(_ value: Value) { self.values.append(value) }
}
