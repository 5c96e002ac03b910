import InventoryWire
import NIOCore
import Testing

@testable import InventoryServer

/// What a connection has sent that is not run yet.
@Suite struct FrameIntakeTests {
    private static let time = Int64(WireLimits.frameMilliseconds)

    /// One that keeps the beginning of a frame.
    private static func begun(at now: Int64) -> FrameIntake {
        var intake = FrameIntake()
        intake.keep(ByteBuffer(bytes: [1, 2, 3]))
        #expect(intake.begin(at: now) == Self.time)
        return intake
    }

    @Test func `what is read comes behind what is kept, and is kept no longer`() {
        var intake = FrameIntake()
        var first = ByteBuffer(bytes: [1, 2])
        #expect(intake.take(&first) == ByteBuffer(bytes: [1, 2]) && intake.isEmpty)
        intake.keep(ByteBuffer(bytes: [1, 2]))
        var second = ByteBuffer(bytes: [3])
        #expect(!intake.isEmpty)
        #expect(intake.take(&second) == ByteBuffer(bytes: [1, 2, 3]) && intake.isEmpty)
        #expect(intake.take() == nil)
    }

    @Test func `a frame is late when its time is over`() {
        var intake = Self.begun(at: 100)
        let late = 100 + Self.time
        #expect(intake.look(at: late - 1, isRead: true, isSpaceWanted: false) == .later(1))
        #expect(intake.look(at: late, isRead: true, isSpaceWanted: false) == .late)
    }

    @Test func `each frame has its own time, and one timer looks at them all`() {
        var intake = Self.begun(at: 100)
        #expect(intake.begin(at: 5_000) == nil, "somebody looks already")
        #expect(
            intake.look(at: 100 + Self.time, isRead: true, isSpaceWanted: false) == .later(4_900)
        )
        #expect(intake.isTimed)
        #expect(intake.begin(at: 6_000) == nil)
    }

    @Test func `nothing is late where nothing is kept`() {
        var intake = Self.begun(at: 100)
        _ = intake.take()
        #expect(intake.look(at: .max, isRead: true, isSpaceWanted: false) == .none)
        #expect(!intake.isTimed && intake.begin(at: 7) == Self.time)
    }

    @Test func `who is not read has all the time again, unless others want its space`() {
        var intake = Self.begun(at: 100)
        let late = 100 + Self.time
        #expect(intake.look(at: late, isRead: false, isSpaceWanted: true) == .later(Self.time))
        intake.claimed(1 << 20, hasSpace: true)
        #expect(intake.look(at: 2 * late, isRead: false, isSpaceWanted: true) == .late)

        var waiting = Self.begun(at: 100)
        waiting.claimed(1 << 20, hasSpace: false)
        #expect(waiting.look(at: late, isRead: false, isSpaceWanted: true) == .later(Self.time))
    }

    @Test func `a large frame claims space once, and gives it back once`() {
        var intake = FrameIntake()
        #expect(!intake.needsSpace(WireLimits.smallFrameByteCountMax))
        #expect(intake.needsSpace(WireLimits.smallFrameByteCountMax + 1))
        intake.claimed(1 << 20, hasSpace: false)
        #expect(intake.isAwaitingSpace && !intake.needsSpace(1 << 20))
        intake.spaceFound()
        #expect(!intake.isAwaitingSpace && intake.begunByteCount == 1 << 20)
        #expect(intake.endedFrame())
        #expect(!intake.endedFrame() && intake.begunByteCount == 0)
    }
}

/// Whether a connection is read.
@Suite struct ReadGateTests {
    @Test func `one reason is enough, and all have to go`() {
        var gate = ReadGate()
        #expect(gate.update([]) == .none)
        #expect(gate.update([.unwritten]) == .pause)
        #expect(gate.update([.unwritten, .outbox]) == .none)
        #expect(gate.update([.outbox]) == .none && gate.isPaused)
        #expect(gate.update([]) == .resume && !gate.isPaused)
        #expect(gate.update([]) == .none)
    }
}
