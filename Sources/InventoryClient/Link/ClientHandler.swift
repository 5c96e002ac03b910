internal import Bytes
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// Decodes messages from a connection's bytes and passes them on; makes no decisions.
final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// The beginning of a frame whose rest has not arrived yet.
    private(set) var partial: ByteBuffer?
    private let onMessage: (UInt64, ServerMessage) -> Void
    private let onAccepted: (HelloAccepted) -> Void
    private let onClosed: (ClientError) -> Void
    private var failure: ClientError?

    init(
        onAccepted: @escaping (HelloAccepted) -> Void,
        onMessage: @escaping (UInt64, ServerMessage) -> Void,
        onClosed: @escaping (ClientError) -> Void
    ) {
        self.onAccepted = onAccepted
        self.onMessage = onMessage
        self.onClosed = onClosed
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = self.unwrapInboundIn(data)
        // Taken out of the property: a second reference would make each read copy the whole buffer.
        if var partial = self.partial.take() {
            if partial.readerIndex > partial.readableBytes { partial.discardReadBytes() }
            partial.writeBuffer(&read)
            read = partial
        }
        let consumed = read.withUnsafeReadableBytes { bytes -> Int in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            do throws(WireError) {
                while let frame = try frames.next() { try self.receive(frame) }
            } catch {
                self.failure = ClientError(.protocolViolation, "\(error)")
                context.close(promise: nil)
            }
            return frames.consumed
        }
        read.moveReaderIndex(forwardBy: consumed)
        if read.readableBytes > 0 { self.partial = read }
    }

    private func receive(_ frame: Frame) throws(WireError) {
        guard frame.opcode == Opcode.helloAccepted.rawValue else {
            let message = try ServerMessage(frame)
            if case .goodbye(let refusal) = message { self.failure = .refused(refusal) }
            self.onMessage(frame.requestID, message)
            return
        }
        var reader = ByteReader(frame.body)
        do throws(ByteReaderError) {
            let accepted = try HelloAccepted(from: &reader)
            try reader.finish()
            self.onAccepted(accepted)
        } catch {
            throw .malformedBody(.helloAccepted, error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.onClosed(self.failure ?? ClientError(.unreachable, "the connection was lost"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.failure = self.failure ?? ClientError(.unreachable, NetworkFailure.reason(error))
        context.close(promise: nil)
    }
}

/// Connects a client to its server: over the network, or in a simulation of it.
protocol Connector: Sendable {
    /// Connects and adds a handler to the channel's pipeline.
    func connect(
        on loop: any EventLoop,
        _ makeHandler: @escaping @Sendable () -> ClientHandler
    ) -> EventLoopFuture<any Channel>
}

extension ServerAddress: Connector {
    func connect(
        on loop: any EventLoop,
        _ makeHandler: @escaping @Sendable () -> ClientHandler
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(makeHandler())
                }
            }
        switch self {
        case .tcp(let host, let port):
            return bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port)
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path)
        }
    }
}

extension Channel {
    /// Writes frames and sends them at once.
    func send(_ encode: (inout ByteWriter) -> Void) {
        var writer = ByteWriter(capacity: 256)
        encode(&writer)
        var buffer = self.allocator.buffer(capacity: writer.count)
        writer.withBytes { _ = buffer.writeBytes($0) }
        self.writeAndFlush(buffer, promise: nil)
    }

    func sendHello(_ configuration: ClientConfiguration) {
        self.send { writer in
            let frame = FrameWriter(.hello, requestID: 0, into: &writer)
            Hello(
                actor: configuration.actor,
                software: configuration.software,
                token: configuration.token
            )
            .encode(into: &writer)
            frame.finish(into: &writer)
        }
    }
}
