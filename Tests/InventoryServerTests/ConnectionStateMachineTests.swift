import Bytes
import InventoryModel
import InventoryWire
import Testing

@testable import InventoryServer

/// A state machine whose invariants are checked after each step.
private struct CheckedMachine {
    private var machine: ConnectionStateMachine

    init(inFlightMax: Int = WireLimits.inFlightMax) {
        self.machine = ConnectionStateMachine(inFlightMax: inFlightMax)
        self.machine.checkInvariants()
    }

    var isClosed: Bool { self.machine.isClosed }
    var principal: Principal { self.machine.principal }

    private mutating func step<Result>(
        _ body: (inout ConnectionStateMachine) -> Result
    ) -> Result {
        defer { self.machine.checkInvariants() }
        return body(&self.machine)
    }

    mutating func helloReceived(
        _ hello: Hello,
        of principal: Principal? = nil
    ) -> ConnectionStateMachine.Action {
        self.step { $0.helloReceived(hello, of: principal) }
    }

    mutating func requestReceived(
        _ requestID: UInt64,
        _ opcode: Opcode?,
        isInUse: Bool = false
    ) -> ConnectionStateMachine.Action {
        self.step { $0.requestReceived(requestID, opcode, isInUse: isInUse) }
    }

    mutating func admits(_ requestID: UInt64, _ opcode: Opcode, isInUse: Bool = false) -> Bool {
        self.step { $0.admits(requestID, opcode, isInUse: isInUse) }
    }

    mutating func replied(_ count: Int) -> ConnectionStateMachine.Action {
        self.step { $0.replied(count) }
    }

    mutating func drain() -> ConnectionStateMachine.Action { self.step { $0.drain() } }
    mutating func inputClosed() -> ConnectionStateMachine.Action { self.step { $0.inputClosed() } }
    mutating func helloTimedOut() -> ConnectionStateMachine.Action {
        self.step { $0.helloTimedOut() }
    }
    mutating func frameTimedOut() -> ConnectionStateMachine.Action {
        self.step { $0.frameTimedOut() }
    }
}

@Suite struct ConnectionStateMachineTests {
    private static let hello = Hello(actor: "a", software: "s")

    private static func active(inFlightMax: Int = 2) -> CheckedMachine {
        var machine = CheckedMachine(inFlightMax: inFlightMax)
        #expect(machine.helloReceived(Self.hello) == .accept)
        return machine
    }

    private static func code(_ action: ConnectionStateMachine.Action) -> RefusalCode? {
        switch action {
        case .refuse(let refusal), .close(let refusal): refusal.code
        case .accept, .run, .nothing: nil
        }
    }

    @Test func `a request before the hello closes the connection`() {
        var machine = CheckedMachine(inFlightMax: 2)
        #expect(Self.code(machine.requestReceived(1, .query)) == .malformedFrame)
        #expect(machine.isClosed)
        #expect(machine.requestReceived(1, .query) == .nothing)
    }

    @Test func `a second hello closes the connection`() {
        var machine = Self.active()
        #expect(Self.code(machine.helloReceived(Self.hello)) == .malformedFrame)
        #expect(machine.isClosed)
    }

    @Test func `a request that its principal may not send is refused and not counted`() {
        var machine = CheckedMachine(inFlightMax: 1)
        let reader = Principal(actor: "screen", rights: .read)
        #expect(machine.helloReceived(Self.hello, of: reader) == .accept)
        #expect(machine.principal.actor == "screen")
        for opcode in [
            Opcode.command, .keyedCommand, .openSession, .takeSnapshot, .backup, .beginDryRun,
        ] {
            let action = machine.requestReceived(1, opcode)
            let isAdmitted = machine.admits(1, opcode)
            #expect(Self.code(action) == .forbidden && !isAdmitted)
        }
        // None of them is in flight.
        #expect(machine.requestReceived(1, .query) == .run)
        #expect(Self.code(machine.requestReceived(2, .query)) == .overloaded)
    }

    @Test func `a trusted principal may send any request`() {
        let principal = Principal(trusting: Hello(actor: " till-3 ", software: "s"))
        #expect(principal.actor == "till-3")
        for opcode in Opcode.allCases where opcode.isRequest { #expect(principal.may(opcode)) }
    }

    @Test func `an actor with a control character closes the connection, whatever its version`() {
        for version in [ProtocolVersion.newest, ProtocolVersion.newest + 1] {
            var machine = CheckedMachine()
            let hello = Hello(
                versionMin: version,
                versionMax: version,
                actor: "a\u{7}",
                software: "s"
            )
            #expect(Self.code(machine.helloReceived(hello)) == .malformedFrame)
            #expect(machine.isClosed && machine.principal.rights.isEmpty)
        }
    }

    @Test func `a hello of other versions is refused`() {
        var machine = CheckedMachine()
        let hello = Hello(versionMin: 2, versionMax: 3, actor: "a", software: "s")
        #expect(Self.code(machine.helloReceived(hello)) == .unsupportedVersion)
    }

    @Test func `requests beyond the in-flight limit are refused until one is answered`() {
        var machine = Self.active()
        #expect(machine.requestReceived(1, .query) == .run)
        #expect(machine.requestReceived(1, .query) == .run)
        #expect(Self.code(machine.requestReceived(1, .query)) == .overloaded)
        #expect(machine.replied(1) == .nothing)
        #expect(machine.requestReceived(1, .query) == .run)
    }

    @Test func `draining answers running requests, refuses others, and then closes`() {
        var machine = Self.active()
        #expect(machine.requestReceived(1, .query) == .run)
        #expect(machine.drain() == .nothing)
        #expect(Self.code(machine.requestReceived(1, .query)) == .shuttingDown)
        #expect(Self.code(machine.replied(1)) == .shuttingDown)
        #expect(machine.isClosed)
    }

    @Test func `a client that closes its sending side is answered, then notified that it closed`() {
        var machine = Self.active()
        #expect(machine.requestReceived(1, .query) == .run)
        #expect(machine.requestReceived(2, .query) == .run)
        #expect(machine.inputClosed() == .nothing)
        #expect(machine.replied(1) == .nothing)
        #expect(Self.code(machine.replied(1)) == .clientClosed)
        var idle = Self.active()
        #expect(Self.code(idle.inputClosed()) == .clientClosed)
        #expect(idle.inputClosed() == .nothing)
        var mute = CheckedMachine()
        #expect(Self.code(mute.inputClosed()) == .clientClosed)
    }

    @Test func `a request ID in use, or 0, closes the connection without running`() {
        for (id, isInUse) in [(0, false), (7, true)] as [(UInt64, Bool)] {
            var machine = Self.active()
            let admitted = machine.admits(id, .query, isInUse: isInUse)
            #expect(!admitted)
            #expect(machine.requestReceived(1, .query) == .run)
            let action = machine.requestReceived(id, .query, isInUse: isInUse)
            #expect(Self.code(action) == .malformedFrame)
            #expect(machine.isClosed)
        }
    }

    @Test func `an incomplete frame closes the connection on timeout, before a hello too`() {
        var machine = Self.active()
        #expect(Self.code(machine.frameTimedOut()) == .malformedFrame)
        #expect(machine.isClosed)
        #expect(machine.frameTimedOut() == .nothing)
        var mute = CheckedMachine()
        #expect(Self.code(mute.frameTimedOut()) == .malformedFrame)
    }

    @Test func `draining an idle connection closes it at once`() {
        var machine = Self.active()
        #expect(Self.code(machine.drain()) == .shuttingDown)
        #expect(machine.drain() == .nothing)
    }

    @Test func `only a connection without a hello times out`() {
        var late = CheckedMachine()
        #expect(Self.code(late.helloTimedOut()) == .malformedFrame)
        var machine = Self.active()
        #expect(machine.helloTimedOut() == .nothing)
        #expect(machine.requestReceived(1, .query) == .run)
    }
}

@Suite struct PendingRepliesTests {
    private static func add(_ pending: inout PendingReplies, _ text: String, lsn: LSN) {
        pending.writer.write(bytes: Array(text.utf8))
        pending.mark(lsn: lsn, isFinal: true)
        pending.checkInvariants()
    }

    private static func release(
        _ pending: inout PendingReplies,
        _ durable: LSN
    ) -> (text: String, finals: Int) {
        var text = ""
        let finals = pending.release(durable: durable) {
            text += String(decoding: $0, as: UTF8.self)
        }
        pending.checkInvariants()
        return (text, finals)
    }

    @Test func `a reply waits for its LSN, and earlier replies go first`() {
        var pending = PendingReplies()
        Self.add(&pending, "a", lsn: 3)
        Self.add(&pending, "b", lsn: 5)
        Self.add(&pending, "c", lsn: 1)
        #expect(Self.release(&pending, 2) == ("", 0))
        #expect(Self.release(&pending, 4) == ("a", 1))
        #expect(Self.release(&pending, 5) == ("bc", 2))
        let isEmpty = pending.isEmpty
        #expect(isEmpty)
    }

    @Test func `nothing is lost or doubled over many releases`() {
        var pending = PendingReplies()
        var sent = ""
        for lsn in (1...5_000).map({ LSN($0) }) {
            Self.add(&pending, "\(lsn),", lsn: lsn)
            if lsn.value % 3 == 0 { sent += Self.release(&pending, lsn.previous).text }
        }
        sent += Self.release(&pending, 5_000).text
        #expect(sent == (1...5_000).map { "\($0)," }.joined())
    }
}
