import InventoryWire
import Testing

@testable import InventoryServer

/// The buffer limits of one of many connections.
@Suite struct ConnectionShareTests {
    @Test func `few connections have the limits of a single one`() {
        for count in [0, 1, 2, 256] {
            let outbox = ConnectionShare.outboxByteCount(connections: count)
            #expect(outbox == WireLimits.outboxByteCountMax)
            #expect(ConnectionShare.writeByteCount(connections: count) == 1 << 20)
            let read = ConnectionShare.readByteCount(connections: count)
            #expect(read == ConnectionShare.readByteCountMax)
        }
    }

    @Test func `many connections have equal shares, within the total and above the minimum`() {
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
