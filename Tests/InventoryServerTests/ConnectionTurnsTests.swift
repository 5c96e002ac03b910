import Testing

@testable import InventoryServer

@Suite struct ConnectionTurnsTests {
    @Test func `input runs while a turn has time, and the rest waits in order`() {
        var turns = ConnectionTurns()
        #expect(turns.received() == .run)
        #expect(turns.begins(isTurnUsedUp: false) == .run)
        #expect(turns.ran(isTurnUsedUp: false) == .run && !turns.isDeferred)
        // Frames are left: what comes later waits behind them.
        #expect(turns.begins(isTurnUsedUp: false) == .run)
        #expect(turns.ran(isTurnUsedUp: true) == .queue && turns.isDeferred)
        turns.checkInvariants()
        #expect(turns.received() == .keep)
        #expect(turns.happened(.inputEnded) == .keep)
        #expect(turns.takeEvents().isEmpty)
        turns.resumed()
        #expect(turns.begins(isTurnUsedUp: false) == .run)
        // Again not all of them.
        #expect(turns.ran(isTurnUsedUp: true) == .queue)
        #expect(turns.takeEvents().isEmpty)
        #expect(turns.happened(.idleDue) == .keep)
        turns.checkInvariants()
    }

    @Test func `events come once, behind the frames before them`() {
        var turns = ConnectionTurns()
        _ = turns.ran(isTurnUsedUp: true)
        _ = turns.happened(.inputEnded)
        _ = turns.happened(.frameDue)
        turns.checkInvariants()
        turns.resumed()
        _ = turns.ran(isTurnUsedUp: false)
        #expect(turns.takeEvents() == [.inputEnded, .frameDue])
        #expect(turns.takeEvents().isEmpty)
        turns.checkInvariants()
    }

    @Test func `an event in a turn that others used up waits for a later one`() {
        var turns = ConnectionTurns()
        #expect(turns.happened(.helloDue) == .run)
        #expect(turns.begins(isTurnUsedUp: true) == .queue)
        turns.checkInvariants()
        turns.resumed()
        #expect(turns.takeEvents() == .helloDue)
    }

    @Test func `a connection is queued once for a release, and closed at the one after its end`() {
        var turns = ConnectionTurns()
        #expect(turns.waits() == true)
        #expect(turns.waits() == false)
        #expect(turns.released() == .write)
        #expect(turns.waits() == true)
        turns.ends()
        #expect(turns.waits() == false)
        #expect(turns.released() == .abandon)
    }

    @Test func `a turn for input that was not deferred is a bug`() async {
        await #expect(processExitsWith: .failure) {
            var turns = ConnectionTurns()
            turns.resumed()
        }
    }
}
