import InventoryModel
import Testing

@testable import InventoryServer

/// The session that a connection has open.
@Suite struct ConnectionSessionTests {
    @Test func `a session replaces the one before, and the end closes the last`() {
        var session = ConnectionSession()
        let steps: [(number: UInt32, replaced: UInt32?)] = [(3, nil), (3, 3), (9, 3)]
        for (number, expected) in steps {
            let replaced = session.opened(number, isNew: false)
            session.checkInvariants()
            #expect(replaced == expected && session.number == number)
        }
        let last = session.closed()
        session.checkInvariants()
        #expect(last == 9 && session.number == nil)
        let again = session.closed()
        #expect(again == nil)
    }

    @Test func `a connection creates no more sessions than its limit, and opens any that exist`() {
        var session = ConnectionSession(createdMax: 2)
        for number in 1...2 as ClosedRange<UInt32> {
            #expect(session.refusal(exists: false, mayCreate: true) == nil)
            _ = session.opened(number, isNew: true)
            session.checkInvariants()
        }
        let refusal = Refusal(
            .overloaded,
            .range("sessions of a connection", value: 3, lowest: 0, highest: 2)
        )
        #expect(session.refusal(exists: false, mayCreate: true) == refusal)
        #expect(session.refusal(exists: true, mayCreate: true) == nil)
        // Whether it exists is the engine's to say.
        #expect(session.refusal(exists: false, mayCreate: false) == nil)
    }

    @Test func `creating more than the limit stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var session = ConnectionSession(createdMax: 1)
            for number in 1...2 as ClosedRange<UInt32> { _ = session.opened(number, isNew: true) }
        }
    }
}
