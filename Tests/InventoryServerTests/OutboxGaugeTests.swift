import InventoryWire
import Testing

@testable import InventoryServer

/// Back-pressure: when blocks of answers are made for a connection.
@Suite struct OutboxGaugeTests {
    @Test func `no block while the client is behind, or while as much is in transit`() {
        let gauge = OutboxGauge()
        #expect(gauge.takesMore)
        gauge.set(isFull: true)
        #expect(!gauge.takesMore)
        gauge.set(isFull: false)
        gauge.made(WireLimits.outboxByteCountMax - 1)
        #expect(gauge.takesMore)
        gauge.made(1)
        #expect(!gauge.takesMore)
        gauge.arrived(WireLimits.outboxByteCountMax)
        #expect(gauge.takesMore)
    }
}
