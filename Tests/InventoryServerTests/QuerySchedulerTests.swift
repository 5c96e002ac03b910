import InventoryEngine
import InventoryModel
import Synchronization
import Testing

@testable import InventoryServer

/// Work on query threads, with a thread and a clock that the test owns.
@Suite struct QuerySchedulerTests {
    /// Does work when it is told to.
    private final class Hands: Worker, Sendable {
        private let work = Mutex<[@Sendable () -> Void]>([])

        func submit(_ work: @escaping @Sendable () -> Void) {
            self.work.withLock { $0.append(work) }
        }

        func runAll() {
            while let next = self.work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { next() }
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
        self.scheduler = QueryScheduler(self.hands, limitMilliseconds: 1_000) { clock.now }
    }

    private func job(_ number: UInt64) -> QueryJob {
        QueryJob(QueryQueue.Owner(number: 16 + number), self.scheduler)
    }

    /// Work of so many steps of two milliseconds.
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

    @Test func `a slice that comes during a scan is done at its next checkpoint`() {
        let (scan, slice) = (self.job(1), self.job(2))
        let (scheduler, said) = (self.scheduler, self.said)
        let rest = self.steps(10, scan, "scan")
        scheduler.submit(scan, .scan) {
            scheduler.submit(slice, .slice) { said.add("slice") }
            rest()
        }
        self.hands.runAll()
        #expect(said.all == ["scan begins", "slice", "scan ends"])
    }

    @Test func `a scan lets no other scan in, and has its turns among slices`() {
        let (first, second) = (self.job(1), self.job(2))
        self.scheduler.submit(first, .scan, self.steps(10, first, "first"))
        self.scheduler.submit(second, .scan, self.steps(1, second, "second"))
        self.hands.runAll()
        #expect(self.said.all == ["first begins", "first ends", "second begins", "second ends"])
    }

    @Test func `work ends at the checkpoint after it was cancelled`() {
        let job = self.job(1)
        let token = job.token
        let body = self.steps(10, job, "scan")
        self.scheduler.submit(job, .scan) {
            token.cancel()
            body()
        }
        self.hands.runAll()
        #expect(self.said.all == ["scan begins", "scan invalid_field"])
    }

    @Test func `work beyond its time ends, whatever was done in between`() {
        let (scan, slice) = (self.job(1), self.job(2))
        let (scheduler, clock) = (self.scheduler, self.clock)
        let rest = self.steps(600, scan, "scan")
        scheduler.submit(scan, .scan) {
            // What is done at a checkpoint does not count.
            scheduler.submit(slice, .slice) { clock.advance(900) }
            rest()
        }
        let quick = self.job(3)
        scheduler.submit(quick, .scan, self.steps(400, quick, "quick"))
        self.hands.runAll()
        #expect(
            self.said.all
                == ["scan begins", "scan deadline_exceeded", "quick begins", "quick ends"]
        )
        #expect(clock.now > 1_900_000_000)
    }

    @Test func `what is withdrawn, or of a connection that is gone, never begins`() {
        let (first, second, third) = (self.job(1), self.job(2), self.job(3))
        for (job, name) in [(first, "first"), (second, "second"), (third, "third")] {
            self.scheduler.submit(job, .scan, self.steps(1, job, name))
        }
        #expect(self.scheduler.withdraw(first))
        self.scheduler.remove(second.owner)
        #expect(self.scheduler.waitingCount == 1)
        self.hands.runAll()
        #expect(self.said.all == ["third begins", "third ends"])
        #expect(!self.scheduler.withdraw(third))
    }
}
