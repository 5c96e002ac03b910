import Durability
import InventoryModel
import InventoryTestSupport
import Logging
import NIOCore
import NIOEmbedded

@testable import InventoryServer

/// A worker that does its next piece of work when the simulator requests it.
final class SimulatedWorker: Worker, @unchecked Sendable {
    private var work: [@Sendable () -> Void] = []
    private var next = 0

    var isIdle: Bool { self.next == self.work.count }

    func submit(_ work: @escaping @Sendable () -> Void) { self.work.append(work) }

    /// Does the next piece of work, if there is one.
    func runNext() {
        guard !self.isIdle else { return }
        let work = self.work[self.next]
        self.next += 1
        if self.isIdle {
            self.work = []
            self.next = 0
        }
        work()
    }

    /// Drops all pending work and everything it references.
    func abandon() {
        self.work = []
        self.next = 0
    }
}

/// One life of the real server: the real engine and its driver, on a loop whose time is advanced by the test.
final class SimulatedServer: @unchecked Sendable {
    let loop = EmbeddedEventLoop()
    let driver: EngineDriver
    let log = SimulatedWorker()
    let files = SimulatedWorker()
    let spare = SimulatedWorker()
    let queries = SimulatedWorker()
    let fanout: SimulatedFanout
    let turns = LoopTurns()

    /// Recovers from the disk, like a process that starts.
    ///
    /// `lookNanoseconds` is the time that passes with each reading of the clock that bounds turns; `log`
    /// replaces the log of `storage`.
    init(
        _ storage: any Storage,
        _ configuration: ServerConfiguration,
        clock: SimulatedClock,
        lookNanoseconds: UInt64 = 0,
        log: (any LogStore)? = nil
    ) throws(DurabilityError) {
        var opened = try OpenedDatabase.open(
            storage,
            configuration.log,
            newID: DatabaseID(1, 2),
            now: clock.now
        )
        if let log { opened.log = log }
        let box = FailureBox()
        let loop = self.loop
        let looks = Looks()
        self.looks = looks
        self.fanout = SimulatedFanout(loop)
        let context = LoopContext(
            loop: loop,
            clocks: LoopContext.Clocks(
                nanoseconds: {
                    looks.count += 1
                    looks.onLook?()
                    return loop.now.uptimeNanoseconds + looks.count * lookNanoseconds
                },
                threadNanoseconds: { UInt64(clamping: clock.now.microseconds) * 1_000 },
                now: { clock.now }
            ),
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        )
        self.driver = EngineDriver(
            context,
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
            onFailure: { box.failure = $0 }
        )
        self.box = box
        _ = self.driver.start()
    }

    /// The readings of the clock that bounds turns and the work of queries.
    private final class Looks: @unchecked Sendable {
        var count: UInt64 = 0
        var onLook: (() -> Void)?
    }
    private let looks: Looks

    /// Lets `event` happen at the next reading of that clock, as in the middle of a query's work.
    func happens(atNextLook event: @escaping () -> Void) {
        self.looks.onLook = { [unowned looks] in
            looks.onLook = nil
            event()
        }
    }

    private final class FailureBox: @unchecked Sendable { var failure: DurabilityError? }
    private let box: FailureBox

    /// Whether the disk failed; a real process would have ended.
    var hasFailed: Bool { self.box.failure != nil }

    var workers: [SimulatedWorker] { [self.log, self.files, self.spare, self.queries] }

    /// Releases everything that a process releases when it dies.
    ///
    /// The driver, its loop and its workers reference each other through waiting tasks, so an ended life
    /// would stay in memory, and a long run has tens of thousands. What still runs meanwhile has no
    /// connections left, and a disk that is no longer used.
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
