import Durability
import InventoryModel
import InventoryTestSupport
import Logging
import NIOCore
import NIOEmbedded

@testable import InventoryServer

/// A worker that does its next piece of work when the simulator says so.
final class SimulatedWorker: Worker, @unchecked Sendable {
    private var work: [@Sendable () -> Void] = []
    private var next = 0

    var isIdle: Bool { self.next == self.work.count }

    func submit(_ work: @escaping @Sendable () -> Void) { self.work.append(work) }

    func runNext() {
        let work = self.work[self.next]
        self.next += 1
        if self.isIdle {
            self.work = []
            self.next = 0
        }
        work()
    }

    /// Lets go of the work nobody will do any more, and of all it holds.
    func abandon() {
        self.work = []
        self.next = 0
    }
}

/// One life of the real server: the real engine and its driver, on a loop whose time stands still
/// until it is moved.
final class SimulatedServer: @unchecked Sendable {
    let loop = EmbeddedEventLoop()
    let driver: EngineDriver
    let log = SimulatedWorker()
    let files = SimulatedWorker()
    let spare = SimulatedWorker()
    let queries = SimulatedWorker()
    let fanout: SimulatedFanout
    let turns = LoopTurns()

    /// Recovers what is on the disk, as a process that starts does.
    ///
    /// `lookNanoseconds`: How much later it is after each look at the clock that bounds turns.
    init(
        _ storage: any Storage,
        _ configuration: ServerConfiguration,
        clock: SimulatedClock,
        lookNanoseconds: UInt64 = 0
    ) throws(DurabilityError) {
        let opened = try OpenedDatabase.open(
            storage,
            configuration.log,
            newID: DatabaseID(1, 2),
            now: clock.now
        )
        let box = FailureBox()
        let loop = self.loop
        let looks = Looks()
        self.fanout = SimulatedFanout(loop)
        self.driver = EngineDriver(
            loop: self.loop,
            configuration: configuration,
            opened: opened,
            workers: EngineDriver.Workers(
                queries: self.queries,
                log: self.log,
                files: self.files,
                spare: self.spare
            ),
            fanout: self.fanout,
            turns: self.turns,
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
            clocks: LoopContext.Clocks(
                nanoseconds: {
                    looks.count += 1
                    return loop.now.uptimeNanoseconds + looks.count * lookNanoseconds
                },
                threadNanoseconds: { UInt64(clamping: clock.now.microseconds) * 1_000 },
                now: { clock.now }
            ),
            onFailure: { box.failure = $0 }
        )
        self.box = box
        _ = self.driver.start()
    }

    private final class Looks: @unchecked Sendable { var count: UInt64 = 0 }
    private final class FailureBox: @unchecked Sendable { var failure: DurabilityError? }
    private let box: FailureBox

    /// Whether the disk failed it: a real process would be gone.
    var hasFailed: Bool { self.box.failure != nil }

    var workers: [SimulatedWorker] { [self.log, self.files, self.spare, self.queries] }

    /// Lets go of everything a process gives back when it dies.
    ///
    /// The driver, its loop and its workers hold each other by the tasks that wait in them, so a
    /// life that ended would otherwise stay in memory, and a long run has tens of thousands. What
    /// still runs meanwhile has no connections left, and a disk that nobody looks at any more.
    func end() {
        try? self.loop.syncShutdownGracefully()
        for worker in self.workers { worker.abandon() }
        self.fanout.abandon()
    }
}

/// The time of day of a simulation, in microseconds.
final class SimulatedClock: @unchecked Sendable {
    var microseconds: Int64 = 1_767_225_600_000_000
    var now: Instant { Instant(microseconds: self.microseconds) }
}
