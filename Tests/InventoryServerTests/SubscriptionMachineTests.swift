import Bytes
import InventoryTestSupport
import Testing

@testable import InventoryServer

@Suite struct SubscriptionMachineTests {
    private typealias Sent = SubscriptionMachine.Sent

    /// A random life: it never goes backwards, and is notified of nothing that was not sent.
    @Test(arguments: UInt64(1)...8)
    func `whatever happens, it goes on from where it is`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let period: UInt64? = seed % 2 == 0 ? nil : 100
        var machine = SubscriptionMachine(snapshotAt: 5, period: period, isVerified: seed % 3 > 0)
        var (durable, now, cursor) = (LSN(5), UInt64(0), machine.cursor)
        for _ in 0..<3_000 {
            durable += Int(random.below(4))
            now += random.below(60)
            switch machine.next(through: durable, at: now) {
            case .makeRows:
                if random.below(3) == 0 {
                    machine.waits(for: .rows)
                } else {
                    machine.snapshotEnded(at: now)
                }
            case .send(let after):
                #expect(after == machine.cursor)
                let lsn = after + Int(random.below(durable - after + 1))
                machine.sent(
                    Sent(
                        through: lsn,
                        isNotified: random.below(2) == 0,
                        windowEnd: random.below(2) == 0 ? lsn : durable,
                        isCut: random.below(2) == 0
                    ),
                    at: now
                )
                if random.below(6) == 0 { machine.waits(for: .log) }
            case .rest, .restUntil:
                if let wait = machine.wait {
                    self.end(wait, of: &machine, durable: durable, &random)
                }
            }
            self.keepTime(&machine, durable: durable, now: now)
            machine.checkInvariants()
            #expect(machine.cursor >= cursor)
            cursor = machine.cursor
        }
        machine.close()
        machine.checkInvariants()
        #expect(machine.next(through: .max, at: .max) == .rest)
    }

    private func end(
        _ wait: SubscriptionMachine.Wait,
        of machine: inout SubscriptionMachine,
        durable: LSN,
        _ random: inout SplitMix64
    ) {
        switch wait {
        case .view: machine.restarted(at: durable)
        case .log where random.below(4) == 0: machine.historyGone()
        case .log, .rows, .product: machine.resumed(from: wait)
        }
    }

    private func keepTime(_ machine: inout SubscriptionMachine, durable: LSN, now: UInt64) {
        if machine.becomesProgressDue(at: now) {
            let lsn = machine.takeProgress(durable: durable, at: now)
            #expect(lsn == nil || lsn == machine.notified)
        }
        if machine.beginsChecksum(at: now) {
            machine.checksumBegun(at: durable)
            machine.checksumComputed(7, at: durable)
        }
        if let checksum = machine.takeChecksum(at: now) { #expect(checksum.lsn <= machine.cursor) }
    }

    @Test func `a snapshot is followed by every later step, one piece at a time`() {
        var machine = SubscriptionMachine(snapshotAt: 10)
        // The snapshot's steps are not durable yet.
        #expect(machine.next(through: 9, at: 0) == .rest)
        #expect(machine.next(through: 12, at: 0) == .makeRows)
        machine.waits(for: .rows)
        machine.checkInvariants()
        #expect(machine.next(through: 12, at: 0) == .rest)
        machine.resumed(from: .rows)
        #expect(machine.next(through: 12, at: 0) == .makeRows)
        machine.snapshotEnded()
        #expect(machine.next(through: 12, at: 0) == .send(after: 10))
        machine.sent(Sent(through: 11, isNotified: true))
        #expect(machine.next(through: 12, at: 0) == .send(after: 11))
        machine.sent(Sent(through: 12, isNotified: false))
        machine.checkInvariants()
        #expect(machine.next(through: 12, at: 0) == .rest)
        // Step 12 did not match: the subscriber knows of 11 only, until a progress event.
        #expect(machine.notified == 11)
        #expect(machine.takeProgress(durable: 12, at: 0) == 12)
        #expect(machine.notified == 12)
    }

    @Test func `a subscriber behind the blocks in memory waits for the log, and resumes`() {
        var machine = SubscriptionMachine(after: 3)
        #expect(machine.next(through: 90, at: 0) == .send(after: 3))
        machine.waits(for: .log)
        machine.checkInvariants()
        #expect(machine.next(through: 90, at: 0) == .rest)
        machine.resumed(from: .log)
        machine.sent(Sent(through: 60, isNotified: true))
        #expect(machine.next(through: 90, at: 0) == .send(after: 60))
    }

    @Test func `lost history is replaced by a new snapshot`() {
        var machine = SubscriptionMachine(after: 3)
        machine.waits(for: .log)
        machine.historyGone()
        machine.checkInvariants()
        #expect(machine.next(through: 90, at: 0) == .rest)
        machine.restarted(at: 90)
        machine.checkInvariants()
        #expect(machine.snapshotLSN == 90 && machine.cursor == 90)
        #expect(machine.next(through: 90, at: 0) == .makeRows)
        machine.snapshotEnded()
        #expect(machine.next(through: 90, at: 0) == .rest)
        machine.close()
        #expect(machine.next(through: 100, at: 0) == .rest)
    }

    @Test func `windows of one length end together, and a window is not interrupted`() {
        var machine = SubscriptionMachine(after: 3, period: 100)
        // The first window ends at once.
        #expect(machine.next(through: 9, at: 1_042) == .send(after: 3))
        #expect(machine.sent(Sent(through: 6, isNotified: true, windowEnd: 8), at: 1_042) == false)
        machine.checkInvariants()
        // Another subscriber has made the window longer meanwhile, and none can make it shorter.
        #expect(machine.windowEnd == 8 && machine.notified == 3 && machine.bookmark == 3)
        #expect(machine.next(through: 9, at: 1_043) == .send(after: 6))
        #expect(machine.sent(Sent(through: 7, isNotified: true, windowEnd: 9), at: 1_043) == false)
        #expect(machine.sent(Sent(through: 8, isNotified: true, windowEnd: 7), at: 1_043) == false)
        #expect(machine.sent(Sent(through: 9, isNotified: true, windowEnd: 9), at: 1_043) == true)
        machine.checkInvariants()
        #expect(machine.windowEnd == nil && machine.notified == 9 && machine.bookmark == 9)
        #expect(machine.next(through: 9, at: 1_044) == .rest)
        #expect(machine.next(through: 20, at: 1_044) == .restUntil(1_100))
        #expect(machine.next(through: 20, at: 1_100) == .send(after: 9))
        var other = SubscriptionMachine(after: 9, period: 100)
        other.sent(Sent(through: 9, isNotified: true), at: 1_099)
        #expect(other.next(through: 20, at: 1_099) == .restUntil(1_100))
    }

    @Test func `a replica is exact from the latest LSN of its pieces, until it restarts`() {
        var machine = SubscriptionMachine(after: 3)
        machine.sent(Sent(through: 5, isNotified: true, settledAt: 9))
        machine.sent(Sent(through: 6, isNotified: true))
        #expect(machine.settledAt == 9)
        machine.waits(for: .log)
        machine.historyGone()
        machine.restarted(at: 20)
        #expect(machine.settledAt == 0)
    }

    @Test func `progress is due a second after anything was sent, and not within a window`() {
        let second = FanoutLimits.progressNanoseconds
        var machine = SubscriptionMachine(after: 3, period: 100, at: 50)
        #expect(machine.becomesProgressDue(at: 49 + second) == false)
        #expect(machine.becomesProgressDue(at: 50 + second) == true)
        #expect(machine.isProgressDue)
        machine.sent(Sent(through: 5, isNotified: true, windowEnd: 6), at: 60 + second)
        #expect(machine.takeProgress(durable: 9, at: 70 + second) == nil)
        #expect(!machine.isProgressDue && machine.notified == 3)
        machine.sent(Sent(through: 6, isNotified: false, windowEnd: 6), at: 80 + second)
        // What it has is not durable yet, as a snapshot may be.
        #expect(machine.takeProgress(durable: 5, at: 90 + second) == nil)
        #expect(machine.takeProgress(durable: 6, at: 90 + second) == 6)
        #expect(machine.becomesProgressDue(at: 89 + 2 * second) == false)
        #expect(machine.becomesProgressDue(at: 90 + 2 * second) == true)
        // A snapshot is followed by its own notification.
        var rows = SubscriptionMachine(snapshotAt: 3)
        #expect(rows.becomesProgressDue(at: .max) == false)
        rows.snapshotEnded(at: 40)
        #expect(rows.becomesProgressDue(at: 39 + second) == false)
    }

    @Test func `a state checksum is sent behind the steps that it covers`() {
        let second = FanoutLimits.progressNanoseconds
        var machine = SubscriptionMachine(after: 3, isVerified: true)
        #expect(machine.beginsChecksum(at: second) == true)
        #expect(machine.beginsChecksum(at: second) == false)
        machine.checksumBegun(at: 7)
        machine.checksumComputed(42, at: 7)
        // Another one is not begun while it waits.
        #expect(machine.beginsChecksum(at: 3 * second) == false)
        machine.sent(Sent(through: 6, isNotified: true))
        #expect(machine.takeChecksum(at: 0) == nil)
        machine.sent(Sent(through: 8, isNotified: true))
        #expect(machine.takeChecksum(at: 0) == ChecksumDelivery.Computed(lsn: 7, value: 42))
        #expect(machine.takeChecksum(at: 0) == nil)
        #expect(machine.beginsChecksum(at: 3 * second) == true)
        var other = SubscriptionMachine(after: 3)
        #expect(other.beginsChecksum(at: second) == false)
    }

    @Test func `a state checksum that a replica cannot be compared with is begun again soon`() {
        let second = FanoutLimits.progressNanoseconds
        var machine = SubscriptionMachine(after: 3, isVerified: true)
        _ = machine.beginsChecksum(at: 8 * second)
        machine.checksumComputed(42, at: 7)
        // A product has moved: the replica is exact from 9 on.
        machine.sent(Sent(through: 8, isNotified: true, settledAt: 9))
        #expect(machine.takeChecksum(at: 9 * second) == nil)
        #expect(machine.beginsChecksum(at: 9 * second + second / 4 - 1) == false)
        #expect(machine.beginsChecksum(at: 9 * second + second / 4) == true)
    }

    @Test func `a conflated replica is compared where a window ends for it`() {
        var machine = SubscriptionMachine(after: 3, period: 100, isVerified: true)
        machine.checksumComputed(42, at: 7)
        machine.sent(Sent(through: 6, isNotified: true, windowEnd: 7), at: 100)
        #expect(machine.takeChecksum(at: 100) == nil)
        machine.sent(Sent(through: 7, isNotified: true, windowEnd: 7, isCut: true), at: 100)
        #expect(machine.takeChecksum(at: 100)?.lsn == 7)
        // A window that ends later has other changes in it.
        machine.checksumComputed(43, at: 8)
        machine.sent(Sent(through: 9, isNotified: true, windowEnd: 9), at: 200)
        #expect(machine.takeChecksum(at: 200) == nil)
        // One that is at that LSN already has no window to wait for.
        machine.checksumBegun(at: 9)
        machine.checksumComputed(44, at: 9)
        #expect(machine.takeChecksum(at: 200)?.value == 44)
    }

    @Test func `a state checksum of a subscription that has restarted meanwhile is dropped`() {
        var machine = SubscriptionMachine(after: 3, isVerified: true)
        machine.checksumComputed(42, at: 7)
        machine.waits(for: .log)
        machine.historyGone()
        machine.restarted(at: 20)
        machine.checksumComputed(43, at: 8)
        machine.snapshotEnded()
        machine.checkInvariants()
        #expect(machine.takeChecksum(at: 0) == nil)
    }

    @Test func `a subscriber never goes backwards`() async {
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(after: 9)
            machine.sent(SubscriptionMachine.Sent(through: 8, isNotified: true))
        }
    }

    @Test func `events that no race explains are bugs`() async {
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(snapshotAt: 9)
            machine.sent(SubscriptionMachine.Sent(through: 10, isNotified: true))
        }
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(after: 9)
            machine.resumed(from: .log)
        }
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(after: 9)
            machine.restarted(at: 10)
        }
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(after: 9)
            machine.snapshotEnded()
        }
        await #expect(processExitsWith: .failure) {
            var machine = SubscriptionMachine(after: 9)
            machine.close()
            machine.waits(for: .log)
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
