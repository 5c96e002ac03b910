import Glibc
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import InventoryServer

/// Listeners that share the limit of connections; their sockets are channels of the test.
@Suite struct AcceptanceTests {
    /// The socket of a listener, which counts the connections that it is asked for.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = Never
        private(set) var readCount = 0

        func read(context: ChannelHandlerContext) { self.readCount += 1 }
    }

    private let loop = EmbeddedEventLoop()
    private let acceptance: Acceptance

    init() {
        self.acceptance = Acceptance(
            connectionsMax: 2,
            loop: self.loop,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func listener() throws -> (channel: EmbeddedChannel, socket: Socket) {
        let socket = Socket()
        let channel = EmbeddedChannel(loop: self.loop)
        try channel.pipeline.syncOperations.addHandler(socket)
        try channel.pipeline.syncOperations.addHandler(AcceptHandler(self.acceptance))
        return (channel, socket)
    }

    private func accept(_ listener: EmbeddedChannel) -> EmbeddedChannel {
        let connection = EmbeddedChannel(loop: self.loop)
        listener.pipeline.fireChannelRead(connection as any Channel)
        self.acceptance.checkInvariants()
        return connection
    }

    private func close(_ connection: EmbeddedChannel) {
        connection.close(promise: nil)
        self.loop.run()
        self.acceptance.checkInvariants()
    }

    @Test func `listeners wait at the limit, each once, and go on when a connection closes`() throws
    {
        let (first, second) = (try self.listener(), try self.listener())
        let connections = [self.accept(first.channel), self.accept(second.channel)]
        for _ in 0..<3 {
            first.channel.read()
            second.channel.read()
            self.acceptance.checkInvariants()
        }
        #expect(first.socket.readCount == 0 && second.socket.readCount == 0)
        self.close(connections[0])
        #expect(first.socket.readCount == 1 && second.socket.readCount == 1)
        // There is space for one: it may accept at once.
        first.channel.read()
        #expect(first.socket.readCount == 2)
        self.close(connections[1])
    }

    @Test func `without descriptors listeners wait until a connection closes, or a second later`()
        throws
    {
        let listener = try self.listener()
        listener.channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        self.acceptance.checkInvariants()
        listener.channel.read()
        self.acceptance.checkInvariants()
        #expect(listener.socket.readCount == 0)
        self.loop.advanceTime(by: .seconds(1))
        self.acceptance.checkInvariants()
        #expect(listener.socket.readCount == 1)
    }
}
