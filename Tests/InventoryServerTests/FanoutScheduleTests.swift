import Bytes
import Testing

@testable import InventoryServer

/// Turns, passes and rests as a transcript; a turn takes as long as the test says.
@Suite struct FanoutScheduleTests {
    private typealias Next = FanoutSchedule.Next

    /// A schedule whose timer has fired at 0, so that it fires next at `timer`.
    private static func started() -> FanoutSchedule {
        var schedule = FanoutSchedule()
        #expect(schedule.timerFires(at: 0) == true)
        return schedule
    }

    private static let timer = FanoutLimits.timerNanoseconds

    /// Serves all connections that are left of the pass, and ends the turn.
    private func serve(
        _ schedule: inout FanoutSchedule,
        from start: UInt64,
        to end: UInt64,
        late: Int = 0
    ) -> UInt64? {
        var served = FanoutSchedule.Served()
        while schedule.take() != nil { served.count += 1 }
        served.lateCount = late
        defer { schedule.checkInvariants() }
        return schedule.turned(served, from: start, to: end, loop: end)
    }

    @Test func `without connections it sleeps until the timer, and for new steps until they come`()
    {
        var schedule = Self.started()
        #expect(schedule.timerFires(at: Self.timer - 1) == false)
        #expect(schedule.turn(at: 5) == .beginPass)
        schedule.beginPass()
        #expect(self.serve(&schedule, from: 5, to: 5) == 0)
        #expect(schedule.next(hasUnpublished: false) == .at(Self.timer))
        #expect(schedule.timerFires(at: Self.timer) == true)
    }

    @Test func `a pass in which all caught up is followed by a rest of a quarter of it`() {
        var schedule = Self.started()
        schedule.add(1)
        #expect(schedule.next(hasUnpublished: false) == .now)
        #expect(schedule.looksForWork(at: 10, hasUnpublished: true) == true)
        schedule.beginPass()
        #expect(schedule.turn(at: 10) == .continuePart)
        #expect(self.serve(&schedule, from: 10, to: 410) == 400)
        #expect(schedule.turn(at: 509) == .rest(until: 510))
        #expect(schedule.next(hasUnpublished: true) == .rest(until: 510))
        #expect(schedule.turn(at: 510) == .beginPass)
    }

    @Test func `a pass that leaves work is followed by the next at once`() {
        var schedule = Self.started()
        schedule.add(1)
        schedule.beginPass()
        _ = schedule.take()
        schedule.add(1)
        #expect(schedule.turned(.init(count: 1), from: 10, to: 410, loop: 0) == 400)
        #expect(schedule.next(hasUnpublished: false) == .now)
        #expect(schedule.turn(at: 410) == .beginPass)
    }

    @Test func `a pass of several turns counts as long as all of them`() {
        var schedule = Self.started()
        for number in 1...16 as ClosedRange<UInt32> { schedule.add(number) }
        schedule.beginPass()
        _ = (schedule.take(), schedule.take())
        #expect(schedule.turned(.init(count: 2), from: 10, to: 110, loop: 0) == nil)
        #expect(schedule.turn(at: 110) == .beginPart)
        schedule.beginPart()
        #expect(schedule.turn(at: 110) == .continuePart)
        #expect(self.serve(&schedule, from: 110, to: 410) == 400)
    }

    @Test func `the end of a window that a subscription waits for begins a look for work`() {
        var schedule = Self.started()
        schedule.beginPass()
        schedule.windowEnds(at: 900)
        schedule.windowEnds(at: 700)
        #expect(schedule.next(hasUnpublished: false) == .at(700))
        #expect(schedule.looksForWork(at: 699, hasUnpublished: false) == false)
        #expect(schedule.looksForWork(at: 700, hasUnpublished: false) == true)
        // Those that still wait report it again.
        #expect(schedule.next(hasUnpublished: false) == .at(Self.timer))
    }

    @Test func `a turn for subscribers far behind is followed by a rest while the loop is busy`() {
        var schedule = Self.started()
        schedule.add(1)
        schedule.beginPass()
        let start = 2 * FanoutPace.measureNanoseconds
        #expect(self.serve(&schedule, from: start, to: start + 100, late: 1) == 100)
        #expect(schedule.throttled(at: start + 199) == .rest(until: start + 200))
        #expect(schedule.throttled(at: start + 200) == nil)
    }

    @Test func `positions follow what is durable, a part at a time`() {
        var positions = FanoutPositions() { didSet { positions.checkInvariants() } }
        positions.becameDurable(through: 9)
        #expect(positions.hasUnpublished && positions.target == 0)
        positions.beginPass()
        #expect(!positions.hasUnpublished && positions.target == 9)
        positions.becameDurable(through: 12)
        // A subscription that began before reports an older one.
        positions.becameDurable(through: 11)
        positions.beginPart()
        #expect(positions.target == 12 && positions.hasUnpublished)
        #expect(positions.seen == 0)
        positions.timerRan()
        #expect(positions.seen == 12)
    }
}
