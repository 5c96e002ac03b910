import InventoryWire
import NIOCore
import Testing

@testable import InventoryServer

/// Received bytes of a connection that have not run yet.
@Suite struct FrameIntakeTests {
    private static let time = Int64(WireLimits.frameMilliseconds)

    /// A reference, so that mutating calls can be made within an expectation.
    private final class Intake {
        var value = FrameIntake() { didSet { self.value.checkInvariants() } }

        func take(_ bytes: [UInt8]) -> ByteBuffer {
            var read = ByteBuffer(bytes: bytes)
            return self.value.take(&read)
        }
        func begin(at now: Int64) -> Int64? { self.value.begin(at: now) }
        func look(
            at now: Int64,
            isRead: Bool = true,
            isSpaceWanted: Bool = false
        ) -> FrameIntake.Verdict {
            self.value.look(at: now, isRead: isRead, isSpaceWanted: isSpaceWanted)
        }
        func endedFrame() -> Bool { self.value.endedFrame() }
    }

    /// Returns an intake with the beginning of a frame.
    private static func begun(at now: Int64) -> Intake {
        let intake = Intake()
        intake.value.keep(ByteBuffer(bytes: [1, 2, 3]))
        #expect(intake.begin(at: now) == Self.time)
        return intake
    }

    @Test func `read bytes follow the buffered ones, and are no longer buffered`() {
        let intake = Intake()
        #expect(intake.take([1, 2]) == ByteBuffer(bytes: [1, 2]))
        #expect(intake.value.isEmpty)
        intake.value.keep(ByteBuffer(bytes: [1, 2]))
        #expect(!intake.value.isEmpty)
        #expect(intake.take([3]) == ByteBuffer(bytes: [1, 2, 3]))
        #expect(intake.value.isEmpty)
        let kept = intake.value.take()
        #expect(kept == nil)
    }

    @Test func `a frame is late after its timeout`() {
        let intake = Self.begun(at: 100)
        let late = 100 + Self.time
        #expect(intake.look(at: late - 1) == .later(1))
        #expect(intake.look(at: late) == .late)
    }

    @Test func `each frame has its own timeout, and one timer checks them all`() {
        let intake = Self.begun(at: 100)
        #expect(intake.begin(at: 5_000) == nil, "somebody looks already")
        #expect(intake.look(at: 100 + Self.time) == .later(4_900))
        #expect(intake.value.isTimed)
        #expect(intake.begin(at: 6_000) == nil)
    }

    @Test func `without buffered bytes nothing is late`() {
        let intake = Self.begun(at: 100)
        _ = intake.value.take()
        #expect(intake.look(at: .max) == .none)
        #expect(!intake.value.isTimed)
        #expect(intake.begin(at: 7) == Self.time)
    }

    @Test func `a paused connection gets its full time again, unless others want its space`() {
        let intake = Self.begun(at: 100)
        let late = 100 + Self.time
        #expect(intake.look(at: late, isRead: false, isSpaceWanted: true) == .later(Self.time))
        intake.value.claimed(1 << 20, hasSpace: true)
        #expect(intake.look(at: 2 * late, isRead: false, isSpaceWanted: true) == .late)

        let waiting = Self.begun(at: 100)
        waiting.value.claimed(1 << 20, hasSpace: false)
        #expect(waiting.look(at: late, isRead: false, isSpaceWanted: true) == .later(Self.time))
    }

    @Test func `a large frame claims space once, and releases it once`() {
        let intake = Intake()
        #expect(!intake.value.needsSpace(WireLimits.smallFrameByteCountMax))
        #expect(intake.value.needsSpace(WireLimits.smallFrameByteCountMax + 1))
        intake.value.claimed(1 << 20, hasSpace: false)
        #expect(intake.value.isAwaitingSpace && !intake.value.needsSpace(1 << 20))
        intake.value.spaceFound()
        #expect(!intake.value.isAwaitingSpace && intake.value.begunByteCount == 1 << 20)
        #expect(intake.endedFrame())
        #expect(!intake.endedFrame())
        #expect(intake.value.begunByteCount == 0)
    }
}

/// Back-pressure: whether a connection is read.
@Suite struct ReadGateTests {
    @Test func `one reason pauses reading, and all must be gone to resume`() {
        var gate = ReadGate()
        let steps: [(ReadGate.Reasons, ReadGate.Action)] = [
            ([], .none), (.unwritten, .pause), ([.unwritten, .outbox], .none),
            (.outbox, .none), ([], .resume), ([], .none),
        ]
        for (reasons, expected) in steps {
            let action = gate.update(reasons)
            #expect(action == expected)
            #expect(gate.isPaused == !reasons.isEmpty)
        }
    }
}
