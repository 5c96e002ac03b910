import Testing

@testable import InventoryServer

@Suite struct ConnectionGateTests {
    @Test func `the last allowed connection pauses accepting, and a closing one resumes it`() {
        var gate = ConnectionGate(connectionsMax: 2) { didSet { gate.checkInvariants() } }
        #expect(gate.accepted() == .none)
        #expect(gate.isOpen)
        #expect(gate.accepted() == .pause(.full(connectionsMax: 2)))
        #expect(!gate.isOpen)
        #expect(gate.closed() == .resume(.over(connections: 1)))
        #expect(gate.isOpen)
    }

    @Test func `an episode is reported once, and is over when an eighth has closed`() {
        var gate = ConnectionGate(connectionsMax: 16) { didSet { gate.checkInvariants() } }
        for _ in 1..<16 { #expect(gate.accepted() == .none) }
        #expect(gate.accepted() == .pause(.full(connectionsMax: 16)))
        for _ in 0..<100 {
            #expect(gate.closed() == .resume(nil))
            #expect(gate.accepted() == .pause(nil))
        }
        #expect(gate.closed() == .resume(nil))
        #expect(gate.closed() == .resume(.over(connections: 14)))
        #expect(gate.closed() == .resume(nil))
    }

    @Test func `without a descriptor it waits for a closing connection, or for a retry`() {
        var gate = ConnectionGate(connectionsMax: 8) { didSet { gate.checkInvariants() } }
        #expect(gate.accepted() == .none)
        #expect(gate.acceptFailed() == .pause(.exhausted(connections: 1)))
        #expect(!gate.isOpen)
        #expect(gate.retry() == .resume(.over(connections: 1)))
        #expect(gate.retry() == .none)
        #expect(gate.acceptFailed() == .pause(.exhausted(connections: 1)))
        #expect(gate.acceptFailed() == .pause(nil))
        #expect(gate.closed() == .resume(.over(connections: 0)))
        #expect(gate.isOpen)
    }

    @Test func `the log and snapshots have their descriptors reserved`() {
        func connectionsMax(_ descriptorsMax: Int) -> Int {
            Descriptors.connectionsMax(configured: 10_000, descriptorsMax: descriptorsMax)
        }
        #expect(connectionsMax(1 << 20) == 10_000)
        #expect(connectionsMax(1_024) == 488)
        #expect(connectionsMax(128) == 40)
        #expect(connectionsMax(20) == Descriptors.connectionsMin)
        for count in stride(from: 64, to: 5_000, by: 7) {
            let taken = connectionsMax(count) * Descriptors.perConnection
            #expect(taken + Descriptors.reserved <= count)
        }
    }
}
