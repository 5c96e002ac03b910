import Testing

@testable import InventoryClient

/// A link's whole life, as transcripts: what happens, and what is done about it.
@Suite struct LinkMachineTests {
    private static let pauses: ClosedRange<Int64> = 10...1_000

    /// A link whose first attempt is under way.
    private static func connecting(
        _ policy: LinkMachine.Policy = LinkMachine.Policy(pauses: pauses)
    ) -> LinkMachine {
        var link = LinkMachine(policy)
        #expect(link.wanted() == .connect(attempt: 1))
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

    @Test func `a link connects once it is wanted, and once only`() {
        var link = Self.connecting()
        #expect(link.wanted() == .nothing)
        #expect(link.connected(1) == .greet(isReading: true))
        #expect(link.wanted() == .nothing)
        #expect(link.accepted() == .begin)
        #expect(link.wanted() == .nothing)
        #expect(link.takesMessages)
        link.checkInvariants()
    }

    @Test func `each pause before an address that nobody listens at is twice the one before`() {
        var link = Self.connecting()
        var pauses: [Int64] = []
        for attempt in 1...9 as ClosedRange<UInt64> {
            #expect(link.unreachable(attempt) == .passing)
            guard case .wait(let pause) = link.resume(isWanted: true) else {
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
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.unreachable(2)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 20))
        _ = link.pauseEnded()
        _ = link.connected(3)
        #expect(link.accepted() == .begin)
        #expect(link.lost(3, .unreachable) == .passing)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
    }

    @Test func `who is served by an answer alone pauses longer after each accepted hello`() {
        let policy = LinkMachine.Policy(pauses: Self.pauses, isServedByHello: false)
        var link = Self.ready(policy)
        _ = link.lost(1, .refused)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.connected(2)
        _ = link.accepted()
        _ = link.lost(2, .refused)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 20))
        _ = link.pauseEnded()
        _ = link.connected(3)
        _ = link.accepted()
        link.served()
        _ = link.lost(3, .refused)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
    }

    @Test func `a hello that is refused is said again, less and less often`() {
        var link = Self.connecting()
        _ = link.connected(1)
        #expect(link.lost(1, .refused) == .passing)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
        _ = link.pauseEnded()
        _ = link.connected(2)
        #expect(link.lost(2, .refused) == .passing)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 20))
    }

    @Test func `what is wanted during a pause does not wait for its end`() {
        var link = Self.connecting()
        _ = link.unreachable(1)
        _ = link.resume(isWanted: true)
        #expect(link.wanted() == .connect(attempt: 2))
        // The end of the pause comes late.
        #expect(link.pauseEnded() == .nothing)
        #expect(link.connected(2) == .greet(isReading: true))
        #expect(link.pauseEnded() == .nothing)
    }

    @Test func `a link that nobody wants any more rests until somebody does`() {
        var link = Self.ready()
        #expect(link.lost(1, .unreachable) == .passing)
        #expect(link.resume(isWanted: false) == .nothing)
        #expect(link.phase == .idle)
        link.checkInvariants()
        #expect(link.wanted() == .connect(attempt: 2))
    }

    @Test func `bytes that are not the protocol end a link, unless it is to survive them`() {
        var link = Self.ready()
        #expect(link.lost(1, .protocolViolation) == .final)
        #expect(link.phase == .closed)
        #expect(link.wanted() == .nothing)
        link = Self.ready(LinkMachine.Policy(pauses: Self.pauses, retriesViolations: true))
        #expect(link.lost(1, .protocolViolation) == .passing)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
    }

    @Test func `an answer that has begun ends with its connection, but waits for the first one`() {
        let policy = LinkMachine.Policy(pauses: Self.pauses, reconnects: false)
        var link = Self.connecting(policy)
        #expect(link.unreachable(1) == .passing)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
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

    @Test func `nothing counts of a connection that is being given up`() {
        var link = Self.ready()
        #expect(link.left() == .closeConnection)
        #expect(!link.takesMessages)
        #expect(link.accepted() == .ignored)
        #expect(link.left() == .nothing)
        #expect(link.lost(1, .refused) == .passing)
        #expect(link.resume(isWanted: true) == .wait(milliseconds: 10))
    }

    @Test func `a reader that pauses and resumes is heeded on every connection`() {
        var link = Self.ready()
        #expect(link.readerPaused() == .setReading(false))
        #expect(link.readerPaused() == .nothing)
        #expect(link.readerResumed() == .setReading(true))
        #expect(link.readerResumed() == .nothing)
        #expect(link.readerPaused() == .setReading(false))
        _ = link.lost(1, .unreachable)
        _ = link.resume(isWanted: true)
        _ = link.pauseEnded()
        // Without a connection there is nothing to set; the next one begins as the reader left it.
        #expect(link.connected(2) == .greet(isReading: false))
        _ = link.lost(2, .unreachable)
        #expect(link.readerResumed() == .nothing)
        _ = link.resume(isWanted: true)
        _ = link.pauseEnded()
        #expect(link.connected(3) == .greet(isReading: true))
    }

    @Test func `a connection that comes after its attempt is over is closed at once`() {
        var link = Self.connecting()
        #expect(link.closed() == .nothing)
        #expect(link.connected(1) == nil)
        link = Self.connecting()
        // It closed before it was handed over.
        #expect(link.lost(1, .unreachable) == .passing)
        _ = link.resume(isWanted: true)
        #expect(link.connected(1) == nil)
        _ = link.pauseEnded()
        #expect(link.connected(1) == nil)
        #expect(link.lost(1, .unreachable) == .ignored)
        #expect(link.connected(2) == .greet(isReading: true))
    }

    @Test func `a closed link stays closed, whatever comes late`() {
        var link = Self.ready()
        #expect(link.closed() == .closeConnection)
        #expect(link.closed() == .nothing)
        #expect(link.accepted() == .ignored)
        #expect(link.lost(1, .unreachable) == .ignored)
        #expect(link.resume(isWanted: true) == .nothing)
        #expect(link.wanted() == .nothing)
        #expect(link.pauseEnded() == .nothing)
        #expect(link.unreachable(1) == .ignored)
        #expect(link.readerPaused() == .nothing)
        link.checkInvariants()
    }

    @Test func `an owner that closes when it hears of a loss is not connected again`() {
        var link = Self.ready()
        #expect(link.lost(1, .unreachable) == .passing)
        #expect(link.closed() == .nothing)
        #expect(link.resume(isWanted: true) == .nothing)
        #expect(link.phase == .closed)
    }
}
