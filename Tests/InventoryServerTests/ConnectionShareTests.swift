import InventoryWire
import Testing

@testable import InventoryServer

/// What one of many connections may have in buffers.
@Suite struct ConnectionShareTests {
    @Test func `few connections have what one alone may have`() {
        for count in [0, 1, 2, 256] {
            let outbox = ConnectionShare.outboxByteCount(connections: count)
            #expect(outbox == WireLimits.outboxByteCountMax)
            #expect(ConnectionShare.writeByteCount(connections: count) == 1 << 20)
            let read = ConnectionShare.readByteCount(connections: count)
            #expect(read == ConnectionShare.readByteCountMax)
        }
    }

    @Test func `many have equal parts, never more than there is and never less than they need`() {
        var last = Int.max
        for count in [257, 1_000, 1_025, 5_000, 10_000, 16_384, 100_000, .max] {
            let outbox = ConnectionShare.outboxByteCount(connections: count)
            #expect(outbox <= last && outbox >= WireLimits.outboxByteCountMin)
            let isEqualPart = count <= WireLimits.outboxByteCountOfAll / outbox
            #expect(isEqualPart || outbox == WireLimits.outboxByteCountMin)
            #expect(ConnectionShare.writeByteCount(connections: count) <= outbox)
            let read = ConnectionShare.readByteCount(connections: count)
            #expect(read >= ConnectionShare.readByteCountMin)
            last = outbox
        }
        #expect(ConnectionShare.outboxByteCount(connections: 1_024) == 1 << 20)
        #expect(ConnectionShare.readByteCount(connections: 4_096) == 64 << 10)
        #expect(ConnectionShare.outboxByteCount(connections: .max) == 64 << 10)
    }
}
