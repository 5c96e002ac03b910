import Testing

@testable import InventoryClient

/// Transcripts of a link's life: an event, then the expected action.
@Suite struct LinkMachineTests {
    private static let pauses: ClosedRange<Int64> = 10...1_000

    /// Returns a link whose first attempt is in progress.
    private static func connecting(
        _ policy: LinkMachine.Policy = LinkMachine.Policy(pauses: pauses)
    ) -> LinkMachine {
        var link = LinkMachine(policy)
        #expect(link.needed() == .connect(attempt: 1))
        return link
    }

    private static func ready(
        _ policy: LinkMachine.Policy = LinkMachine.Policy(pauses: pauses)
    ) -> LinkMachine {
        var link = Self.connecting(policy)
        #expect(link.connected(1) == .greet(isReading: true))
        #expect(link.accepted() == .begin)
        return link
    }

    @Test func `a link connects when it is needed, and only once`() {
        var link = Self.connecting()
        #expect(link.needed() == .nothing)
        #expect(link.connected(1) == .greet(isReading: true))
        #expect(link.needed() == .nothing)
        #expect(link.accepted() == .begin)
        #expect(link.needed() == .nothing)
        #expect(link.acceptsMessages)
        link.checkInvariants()
    }

    @Test func `each pause while the server is unreachable is twice the previous one`() {
        var link = Self.connecting()
        var pauses: [Int64] = []
        for attempt in 1...9 as ClosedRange<UInt64> {
            #expect(link.unreachable(attempt) == .temporary)
            guard case .wait(let pause) = link.resume(isNeeded: true) else {
                Issue.record("attempt \(attempt) is the last")
                return
            }
            pauses.append(pause)
            #expect(link.pauseEnded() == .connect(attempt: attempt + 1))
            link.checkInvariants()
        }
        #expect(pauses == [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000])
    }

    @Test func `an accepted hello makes the next pause the shortest`() {
        var link = Self.connecting()
        _ = link.unreachable(1)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.unreachable(2)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 20))
        _ = link.pauseEnded()
        _ = link.connected(3)
        #expect(link.accepted() == .begin)
        #expect(link.lost(3, .unreachable) == .temporary)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
    }

    @Test func `without a served request, an accepted hello does not restart the backoff`() {
        let policy = LinkMachine.Policy(pauses: Self.pauses, isServedByHello: false)
        var link = Self.ready(policy)
        _ = link.lost(1, .refused)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.connected(2)
        _ = link.accepted()
        _ = link.lost(2, .refused)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 20))
        _ = link.pauseEnded()
        _ = link.connected(3)
        _ = link.accepted()
        link.served()
        _ = link.lost(3, .refused)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
    }

    @Test func `a refused hello is retried with increasing pauses`() {
        var link = Self.connecting()
        _ = link.connected(1)
        #expect(link.lost(1, .refused) == .temporary)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.connected(2)
        #expect(link.lost(2, .refused) == .temporary)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 20))
    }

    @Test func `a request during a pause connects at once`() {
        var link = Self.connecting()
        _ = link.unreachable(1)
        _ = link.resume(isNeeded: true)
        #expect(link.needed() == .connect(attempt: 2))
        // The timer of the pause fires late.
        #expect(link.pauseEnded() == .nothing)
        #expect(link.connected(2) == .greet(isReading: true))
        #expect(link.pauseEnded() == .nothing)
    }

    @Test func `a link that is not needed stays idle until it is needed`() {
        var link = Self.ready()
        #expect(link.lost(1, .unreachable) == .temporary)
        #expect(link.resume(isNeeded: false) == .nothing)
        #expect(link.phase == .idle)
        link.checkInvariants()
        #expect(link.needed() == .connect(attempt: 2))
    }

    @Test func `a protocol violation ends a link unless its policy retries violations`() {
        var link = Self.ready()
        #expect(link.lost(1, .protocolViolation) == .final)
        #expect(link.phase == .closed)
        #expect(link.needed() == .nothing)
        link = Self.ready(LinkMachine.Policy(pauses: Self.pauses, retriesViolations: true))
        #expect(link.lost(1, .protocolViolation) == .temporary)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
    }

    @Test func `without reconnects, a link ends with its first established connection`() {
        let policy = LinkMachine.Policy(pauses: Self.pauses, reconnects: false)
        var link = Self.connecting(policy)
        #expect(link.unreachable(1) == .temporary)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.connected(2)
        #expect(link.lost(2, .unreachable) == .final)
        link.checkInvariants()
    }

    @Test func `a second accepted hello is a violation`() {
        var link = Self.ready()
        #expect(link.accepted() == .violation)
        #expect(link.left() == .closeConnection)
        #expect(link.lost(1, .protocolViolation) == .final)
    }

    @Test func `messages of a connection that is being left are ignored`() {
        var link = Self.ready()
        #expect(link.left() == .closeConnection)
        #expect(!link.acceptsMessages)
        #expect(link.accepted() == .ignored)
        #expect(link.left() == .nothing)
        #expect(link.lost(1, .refused) == .temporary)
        #expect(link.resume(isNeeded: true) == .wait(milliseconds: 10))
    }

    @Test func `pausing and resuming the reader applies to every connection`() {
        var link = Self.ready()
        #expect(link.readerPaused() == .setReading(false))
        #expect(link.readerPaused() == .nothing)
        #expect(link.readerResumed() == .setReading(true))
        #expect(link.readerResumed() == .nothing)
        #expect(link.readerPaused() == .setReading(false))
        _ = link.lost(1, .unreachable)
        _ = link.resume(isNeeded: true)
        _ = link.pauseEnded()
        // Without a connection there is no action; the next one begins in the reader's state.
        #expect(link.connected(2) == .greet(isReading: false))
        _ = link.lost(2, .unreachable)
        #expect(link.readerResumed() == .nothing)
        _ = link.resume(isNeeded: true)
        _ = link.pauseEnded()
        #expect(link.connected(3) == .greet(isReading: true))
    }

    @Test func `a connection established after its attempt is over is closed at once`() {
        var link = Self.connecting()
        #expect(link.closed() == .nothing)
        #expect(link.connected(1) == nil)
        link = Self.connecting()
        // It closed before it was handed over.
        #expect(link.lost(1, .unreachable) == .temporary)
        _ = link.resume(isNeeded: true)
        #expect(link.connected(1) == nil)
        _ = link.pauseEnded()
        #expect(link.connected(1) == nil)
        #expect(link.lost(1, .unreachable) == .ignored)
        #expect(link.connected(2) == .greet(isReading: true))
    }

    @Test func `a closed link stays closed, whatever arrives late`() {
        var link = Self.ready()
        #expect(link.closed() == .closeConnection)
        #expect(link.closed() == .nothing)
        #expect(link.accepted() == .ignored)
        #expect(link.lost(1, .unreachable) == .ignored)
        #expect(link.resume(isNeeded: true) == .nothing)
        #expect(link.needed() == .nothing)
        #expect(link.pauseEnded() == .nothing)
        #expect(link.unreachable(1) == .ignored)
        #expect(link.readerPaused() == .nothing)
        link.checkInvariants()
    }

    @Test func `an owner that closes the link on a loss is not reconnected`() {
        var link = Self.ready()
        #expect(link.lost(1, .unreachable) == .temporary)
        #expect(link.closed() == .nothing)
        #expect(link.resume(isNeeded: true) == .nothing)
        #expect(link.phase == .closed)
    }
}
