import NIOCore
import Testing

@testable import InventoryServer

/// One connection as the fan-out sees it.
@Suite struct FanoutConnectionTests {
    private final class Socket: FanoutSocket, Sendable {
        func write(_ queue: inout FanoutQueue) -> FanoutWrite { .blocked }
        func close() {}
    }

    private static func connection() -> FanoutConnection {
        let peer = FanoutPeer(
            outbox: FanoutOutbox(),
            becameWritable: {},
            finished: {},
            gone: {},
            ended: { _ in }
        )
        return FanoutConnection(7, socket: Socket(), to: peer)
    }

    @Test func `a peer that is gone keeps no bytes and gets no more`() {
        let connection = Self.connection()
        connection.append(ByteBuffer(bytes: [1, 2]), isAnswer: true)
        connection.append(ByteBuffer(bytes: [3]), isAnswer: false)
        connection.checkInvariants()
        #expect(connection.queue.byteCount == 3 && connection.queue.answerByteCount == 2)
        connection.lost()
        connection.checkInvariants()
        connection.append(ByteBuffer(bytes: [4]), isAnswer: false)
        connection.checkInvariants()
        #expect(connection.isGone && connection.queue.isEmpty)
    }
}
