import Bytes
import InventoryWire
import NIOCore
import NIOEmbedded
import Testing

@testable import InventoryClient

/// Frames that arrive in pieces, as the network splits them.
@Suite struct ClientHandlerTests {
    private final class Received {
        var byteCounts: [Int] = []
    }

    private func channel(_ received: Received) throws -> (EmbeddedChannel, ClientHandler) {
        let handler = ClientHandler(
            onAccepted: { _ in },
            onMessage: { _, message in
                if case .resultRows(let bytes) = message { received.byteCounts.append(bytes.count) }
            },
            onClosed: { _ in }
        )
        return (EmbeddedChannel(handler: handler), handler)
    }

    private func frame(_ byteCount: Int) -> [UInt8] {
        var writer = ByteWriter(capacity: byteCount + 64)
        ServerMessage.resultRows([UInt8](repeating: 7, count: byteCount))
            .encodeFrame(requestID: 1, into: &writer)
        return writer.withBytes { Array($0) }
    }

    @Test func `a frame in many pieces is copied only when its buffer grows`() throws {
        let received = Received()
        let (channel, handler) = try self.channel(received)
        let frame = self.frame(1 << 18)
        var moves = 0
        var address: UInt?
        for start in stride(from: 0, to: frame.count, by: 512) {
            let piece = frame[start..<min(start + 512, frame.count)]
            try channel.writeInbound(ByteBuffer(bytes: piece))
            let now = handler.partial?.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            if now != address { moves += 1 }
            address = now
        }
        #expect(received.byteCounts == [1 << 18])
        // 512 bytes double ten times up to the size of the frame; 20 allows for a smaller first buffer.
        #expect(moves <= 20, "\(moves) moves of \(frame.count / 512) pieces")
        _ = try channel.finish()
    }

    @Test func `frames that were read are released although the next one has begun`() throws {
        let received = Received()
        let (channel, handler) = try self.channel(received)
        let frame = self.frame(1_000)
        var bytes: [UInt8] = []
        for _ in 0..<500 { bytes += frame }
        // A length that is no multiple of a frame's: every read ends within a frame.
        let piece = frame.count + 1
        var capacity = 0
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let end = min(start + piece, bytes.count)
            try channel.writeInbound(ByteBuffer(bytes: bytes[start..<end]))
            capacity = max(capacity, handler.partial?.capacity ?? 0)
        }
        #expect(received.byteCounts == [Int](repeating: 1_000, count: 500))
        #expect(capacity <= 8 * piece, "\(capacity) bytes held for frames of \(frame.count)")
        _ = try channel.finish()
    }
}
