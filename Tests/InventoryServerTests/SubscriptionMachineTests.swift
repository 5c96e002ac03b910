import Bytes
import InventoryTestSupport
import Testing

@testable import InventoryServer

@Suite struct SubscriptionMachineTests {
    /// A random life: it never goes backwards, and is notified of nothing that was not sent.
    @Test(arguments: UInt64(1)...8)
    func `whatever happens, it goes on from where it is`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let period: UInt64? = seed % 2 == 0 ? nil : 100
        var machine = SubscriptionMachine(snapshotAt: 5, period: period)
        var (durable, now, cursor) = (LSN(5), UInt64(0), machine.cursor)
        for _ in 0..<3_000 {
            durable += Int(random.below(4))
            now += random.below(60)
            switch machine.next(through: durable, at: now) {
            case .makeRows:
                if random.below(3) == 0 {
                    machine.waits(for: .rows)
                } else {
                    machine.snapshotEnded()
                }
            case .send(let after):
                #expect(after == machine.cursor)
                let lsn = after + Int(random.below(durable - after + 1))
                machine.sent(
                    through: lsn,
                    isNotified: random.below(2) == 0,
                    endsWindow: lsn == durable || random.below(2) == 0,
                    at: now
                )
                if random.below(6) == 0 { machine.waits(for: .log) }
            case .rest, .restUntil:
                for wait in [SubscriptionMachine.Wait.rows, .log, .product] {
                    machine.resumed(from: wait)
                }
                if random.below(20) == 0 { machine.restarted(at: durable) }
            }
            machine.checkInvariants()
            #expect(machine.cursor >= cursor)
            cursor = machine.cursor
        }
        machine.close()
        machine.checkInvariants()
        #expect(machine.next(through: .max, at: .max) == .rest)
    }

    @Test func `a snapshot is followed by every later step, one piece at a time`() {
        var machine = SubscriptionMachine(snapshotAt: 10)
        // The snapshot's steps are not durable yet.
        #expect(machine.next(through: 9, at: 0) == .rest)
        #expect(machine.next(through: 12, at: 0) == .makeRows)
        machine.waits(for: .rows)
        #expect(machine.next(through: 12, at: 0) == .rest)
        machine.resumed(from: .rows)
        #expect(machine.next(through: 12, at: 0) == .makeRows)
        machine.snapshotEnded()
        #expect(machine.next(through: 12, at: 0) == .send(after: 10))
        machine.sent(through: 11, isNotified: true)
        #expect(machine.next(through: 12, at: 0) == .send(after: 11))
        machine.sent(through: 12, isNotified: false)
        #expect(machine.next(through: 12, at: 0) == .rest)
        // Step 12 did not match: the subscriber knows of 11 only, until a progress event.
        #expect(machine.notified == 11)
        machine.progressSent()
        #expect(machine.notified == 12)
    }

    @Test func `a subscriber behind the blocks in memory waits for the log, and resumes`() {
        var machine = SubscriptionMachine(after: 3)
        #expect(machine.next(through: 90, at: 0) == .send(after: 3))
        machine.waits(for: .log)
        #expect(machine.next(through: 90, at: 0) == .rest)
        // Events for which others waited have no effect.
        machine.resumed(from: .product)
        #expect(machine.next(through: 90, at: 0) == .rest)
        machine.resumed(from: .log)
        machine.sent(through: 60, isNotified: true)
        #expect(machine.next(through: 90, at: 0) == .send(after: 60))
    }

    @Test func `lost history is replaced by a new snapshot, and late rows have no effect`() {
        var machine = SubscriptionMachine(after: 3)
        machine.waits(for: .log)
        machine.resumed(from: .log)
        machine.waits(for: .rows)
        machine.restarted(at: 90)
        #expect(machine.snapshotLSN == 90)
        machine.sent(through: 60, isNotified: true)
        #expect(machine.cursor == 90)
        #expect(machine.next(through: 90, at: 0) == .makeRows)
        machine.snapshotEnded()
        #expect(machine.next(through: 90, at: 0) == .rest)
        machine.close()
        machine.restarted(at: 95)
        machine.waits(for: .log)
        #expect(machine.next(through: 100, at: 0) == .rest)
    }

    @Test func `windows of one length end together, and a window is not interrupted`() {
        var machine = SubscriptionMachine(after: 3, period: 100)
        // The first window ends at once.
        #expect(machine.next(through: 9, at: 1_042) == .send(after: 3))
        machine.sent(through: 6, isNotified: true, endsWindow: false, at: 1_042)
        #expect(machine.isInWindow)
        #expect(machine.next(through: 9, at: 1_043) == .send(after: 6))
        machine.sent(through: 9, isNotified: true, endsWindow: true, at: 1_043)
        #expect(machine.next(through: 9, at: 1_044) == .rest)
        #expect(machine.next(through: 20, at: 1_044) == .restUntil(1_100))
        #expect(machine.next(through: 20, at: 1_100) == .send(after: 9))
        var other = SubscriptionMachine(after: 9, period: 100)
        other.sent(through: 9, isNotified: true, at: 1_099)
        #expect(other.next(through: 20, at: 1_099) == .restUntil(1_100))
    }

    @Test func `a replica is exact from the latest LSN of its pieces, until it restarts`() {
        var machine = SubscriptionMachine(after: 3)
        machine.sent(through: 5, isNotified: true, settledAt: 9)
        machine.sent(through: 6, isNotified: true, settledAt: 0)
        #expect(machine.settledAt == 9)
        machine.restarted(at: 20)
        #expect(machine.settledAt == 0)
    }

    @Test func `a subscriber never goes backwards`() async {
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(after: 9)
            machine.sent(through: 8, isNotified: true)
        }
    }
}

@Suite struct FanoutRingTests {
    /// However much there is to send, a turn sends its budget and at most one piece more.
    @Test(arguments: [1, 7, 1_000], [1, 100, 5_000])
    func `a turn is bounded, and nobody is served twice before all were served once`(
        subscribers: Int,
        pieces: Int
    ) {
        var ring = FanoutRing()
        var left = Array(repeating: pieces, count: subscribers)
        for number in left.indices { ring.add(UInt32(number)) }
        var turns = 0
        while !ring.isIdle, turns < 300 {
            turns += 1
            if ring.isPassOver {
                ring.beginPass()
                let most = left.max() ?? 0
                #expect(most - (left.min() ?? 0) <= 0)
            }
            var budget = TurnBudget(byteCountMax: 1_000, from: 0, nanosecondsMax: 1)
            while !budget.isUsedUp(at: 0), let number = ring.take() {
                left[Int(number)] -= 1
                budget.use(64)
                if left[Int(number)] > 0 { ring.add(number) }
            }
            ring.checkInvariants()
            #expect(budget.byteCount < 1_000 + 64)
        }
    }

    /// Each part sends up to the LSN durable when it begins, so a pass reads it once per part.
    @Test(arguments: [(0, 0), (1, 1), (5, 5), (8, 8), (9, 5), (1_000, 8), (1_001, 8)])
    func `a pass has eight parts at the most, and everyone is of one`(count: Int, parts: Int) {
        var ring = FanoutRing()
        for number in 0..<count { ring.add(UInt32(number)) }
        ring.beginPass()
        var (served, partCount) = (0, count == 0 ? 0 : 1)
        while !ring.isPassOver {
            if ring.isPartOver {
                ring.beginPart()
                partCount += 1
            }
            #expect(!ring.isPartOver)
            if ring.take() != nil { served += 1 }
        }
        #expect(served == count)
        #expect(partCount == parts)
    }

    @Test func `a connection added twice waits once, and for the next pass`() {
        var ring = FanoutRing()
        ring.add(1)
        ring.add(2)
        ring.add(1)
        ring.beginPass()
        #expect(ring.take() == 1)
        ring.add(1)
        #expect(ring.take() == 2)
        #expect(ring.take() == nil)
        #expect(ring.isPassOver && ring.hasNext)
        ring.beginPass()
        #expect(ring.take() == 1)
        #expect(ring.isIdle)
    }

    @Test func `a turn ends by its time limit as well as by bytes`() {
        var budget = TurnBudget(byteCountMax: 100, from: 50, nanosecondsMax: 10)
        #expect(!budget.isUsedUp(at: 59))
        #expect(budget.isUsedUp(at: 60))
        budget.use(100)
        #expect(budget.isUsedUp(at: 50))
    }
}
