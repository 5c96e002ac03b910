import InventoryWire
import Testing

@testable import InventoryServer

/// When blocks of answers are made for a connection.
@Suite struct OutboxGaugeTests {
    @Test func `not while its client is behind, nor while as much is on its way`() {
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
