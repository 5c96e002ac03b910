import InventoryEngine
import InventoryModel
import Synchronization
import Testing

@testable import InventoryServer

/// Work on query threads, with a thread and a clock controlled by the test.
@Suite struct QuerySchedulerTests {
    /// Runs work on demand.
    private final class Hands: Worker, Sendable {
        private let work = Mutex<[@Sendable () -> Void]>([])

        func submit(_ work: @escaping @Sendable () -> Void) {
            self.work.withLock { $0.append(work) }
        }

        /// Runs all of it and checks the scheduler's invariants after each piece.
        func runAll(_ scheduler: QueryScheduler) {
            scheduler.checkInvariants()
            while let next = self.work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                next()
                scheduler.checkInvariants()
            }
        }
    }

    private let hands = Hands()
    private let clock = Clock()
    private let said = Log()
    private let scheduler: QueryScheduler

    private final class Clock: Sendable {
        private let nanoseconds = Atomic<UInt64>(1_000)
        var now: UInt64 { self.nanoseconds.load(ordering: .relaxed) }
        func advance(_ milliseconds: UInt64) {
            self.nanoseconds.add(milliseconds * 1_000_000, ordering: .relaxed)
        }
    }

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { self.lines.withLock { $0 } }
        func add(_ line: String) { self.lines.withLock { $0.append(line) } }
    }

    init() {
        let clock = self.clock
        self.scheduler = QueryScheduler(
            self.hands,
            limitMilliseconds: 1_000,
            now: { clock.now },
            work: { clock.now }
        )
    }

    private func job(_ number: UInt64) -> QueryJob {
        QueryJob(QueryQueue.Owner(number: 16 + number), self.scheduler)
    }

    /// Work of `count` steps of two milliseconds.
    private func steps(_ count: Int, _ job: QueryJob, _ name: String) -> @Sendable () -> Void {
        let (clock, said, token) = (self.clock, self.said, job.token)
        return {
            said.add("\(name) begins")
            do throws(Refusal) {
                for _ in 0..<count {
                    clock.advance(2)
                    try token.checkpoint()
                }
                said.add("\(name) ends")
            } catch {
                said.add("\(name) \(error.code.name)")
            }
        }
    }

    @Test func `a slice that arrives during a scan runs at its next checkpoint`() {
        let (scan, slice) = (self.job(1), self.job(2))
        let (scheduler, said) = (self.scheduler, self.said)
        let rest = self.steps(10, scan, "scan")
        scheduler.submit(scan, as: .scan) {
            scheduler.submit(slice, as: .slice) { said.add("slice") }
            rest()
        }
        self.hands.runAll(self.scheduler)
        #expect(said.all == ["scan begins", "slice", "scan ends"])
    }

    @Test func `a scan yields to no other scan within a quantum`() {
        let (first, second) = (self.job(1), self.job(2))
        self.scheduler.submit(first, as: .scan, body: self.steps(10, first, "first"))
        self.scheduler.submit(second, as: .scan, body: self.steps(1, second, "second"))
        self.hands.runAll(self.scheduler)
        #expect(self.said.all == ["first begins", "first ends", "second begins", "second ends"])
    }

    @Test func `a scan yields to that of a connection that was served less`() {
        let (first, again, second) = (self.job(1), self.job(1), self.job(2))
        self.scheduler.submit(first, as: .scan, body: self.steps(100, first, "first"))
        self.scheduler.submit(again, as: .scan, body: self.steps(1, again, "again"))
        self.scheduler.submit(second, as: .scan, body: self.steps(1, second, "second"))
        self.hands.runAll(self.scheduler)
        #expect(
            self.said.all == [
                "first begins", "second begins", "second ends", "first ends", "again begins",
                "again ends",
            ]
        )
    }

    /// Sixteen clients have scans of 200 ms: 3 s of work before the next query, if it waited for one of
    /// each connection.
    @Test func `a medium query waits for no scan, however many wait before it`() {
        let (scheduler, clock, said) = (self.scheduler, self.clock, self.said)
        let late = self.job(99)
        let lateScan = self.steps(5, late, "late")
        let waited = Atomic<UInt64>(0)
        let ended = Atomic<Int>(0)
        for round in 0..<4 {
            for number in 1...16 as ClosedRange<UInt64> {
                let job = self.job(number)
                let scan = self.steps(100, job, "\(number)")
                scheduler.submit(job, as: .scan) {
                    if round == 1, number == 9 {
                        let start = clock.now
                        scheduler.submit(late, as: .medium) {
                            lateScan()
                            waited.store(clock.now - start, ordering: .relaxed)
                        }
                    }
                    scan()
                    ended.add(1, ordering: .relaxed)
                }
            }
        }
        self.hands.runAll(self.scheduler)
        #expect(said.all.contains("late ends"))
        #expect(ended.load(ordering: .relaxed) == 64)
        let milliseconds = waited.load(ordering: .relaxed) / 1_000_000
        #expect((10...20).contains(milliseconds), "\(milliseconds) ms")
    }

    @Test func `work that takes longer than estimated yields like a scan`() {
        let (dear, cheap) = (self.job(1), self.job(2))
        let (scheduler, clock, said) = (self.scheduler, self.clock, self.said)
        let rest = self.steps(200, dear, "dear")
        let short = self.steps(1, cheap, "cheap")
        let waited = Atomic<UInt64>(0)
        scheduler.submit(dear, as: .medium) {
            let start = clock.now
            scheduler.submit(cheap, as: .medium) {
                waited.store(clock.now - start, ordering: .relaxed)
                short()
            }
            rest()
        }
        self.hands.runAll(self.scheduler)
        #expect(said.all == ["dear begins", "cheap begins", "cheap ends", "dear ends"])
        let milliseconds = waited.load(ordering: .relaxed) / 1_000_000
        #expect((100...110).contains(milliseconds), "\(milliseconds) ms")
    }

    @Test func `cancelled work ends at its next checkpoint`() {
        let job = self.job(1)
        let token = job.token
        let body = self.steps(10, job, "scan")
        self.scheduler.submit(job, as: .scan) {
            token.cancel()
            body()
        }
        self.hands.runAll(self.scheduler)
        #expect(self.said.all == ["scan begins", "scan invalid_field"])
    }

    @Test func `work beyond its time limit ends, whatever ran in between`() {
        let (scan, slice) = (self.job(1), self.job(2))
        let (scheduler, clock) = (self.scheduler, self.clock)
        let rest = self.steps(600, scan, "scan")
        scheduler.submit(scan, as: .scan) {
            // Work done at a checkpoint does not count.
            scheduler.submit(slice, as: .slice) { clock.advance(900) }
            rest()
        }
        let quick = self.job(3)
        scheduler.submit(quick, as: .scan, body: self.steps(400, quick, "quick"))
        self.hands.runAll(self.scheduler)
        #expect(
            self.said.all
                == ["scan begins", "quick begins", "quick ends", "scan deadline_exceeded"]
        )
        #expect(clock.now > 1_900_000_000)
    }

    @Test func `withdrawn work, and that of a closed connection, never begins`() {
        let (first, second, third) = (self.job(1), self.job(2), self.job(3))
        for (job, name) in [(first, "first"), (second, "second"), (third, "third")] {
            self.scheduler.submit(job, as: .scan, body: self.steps(1, job, name))
        }
        #expect(self.scheduler.withdraw(first))
        self.scheduler.remove(second.owner)
        #expect(self.scheduler.waitingCount == 1)
        self.hands.runAll(self.scheduler)
        #expect(self.said.all == ["third begins", "third ends"])
        #expect(!self.scheduler.withdraw(third))
    }
}
