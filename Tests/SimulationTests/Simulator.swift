import Bytes
import Durability
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOCore
import NIOEmbedded

@testable import InventoryServer

/// The whole system in one thread: server, disk, network and clients, with every choice made by a seed.
///
/// Each step does one thing: a worker does a piece of work, some bytes arrive, a client sends a request,
/// time passes, a connection breaks, the power fails. All deliveries are recorded; at the end the faults
/// stop, everything must become idle, and ``Verdict`` compares it with the log.
final class Simulator {
    static let products = 6

    private var random: SplitMix64
    private let clock = SimulatedClock()
    private let clientLoop = EmbeddedEventLoop()
    private let network = SimulatedNetwork()
    private(set) var storage = ArchivingStorage(MemoryStorage())
    private let configuration: ServerConfiguration
    private(set) var clients: [SimulatedClient] = []
    private(set) var subscribers: [SimulatedSubscriber] = []
    /// One client with sequence numbers, and one with keys.
    private(set) var repeating: [RepeatingClient]
    private(set) var dryRuns: SimulatedDryRuns
    private(set) var failures: [String] = []
    private(set) var counts = Counts()
    /// The last step after which the engine was checked.
    private var checkedLSN: LSN = 0
    /// Every life of the server, weakly referenced.
    private(set) var lives: [Life] = []
    /// Virtual µs until which the disk is full.
    private var fullUntil: Int64 = 0

    struct Life { weak var driver: EngineDriver? }

    struct Counts: Equatable {
        var steps = 0
        /// The number of messages sent by the server.
        var messages = 0
        var crashes = 0
        var powerCuts = 0
        var cutConnections = 0
        var failedSyncs = 0
        var fullDisks = 0
    }

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        guard let currency = Currency(code: "EUR") else { preconditionFailure("no euro") }
        let page = StorageAlignment.byteCount
        self.configuration = ServerConfiguration(
            dataDirectory: "memory",
            currency: currency,
            log: LogConfiguration(
                fileByteCount: page * Int.random(in: 4...24, using: &random),
                retentionByteCount: Bool.random(using: &random) ? 0 : 1 << 30
            ),
            snapshotByteCount: Int.random(in: 1...64, using: &random) << 10,
            scrubSeconds: 1
        )
        let (network, loop) = (self.network, self.clientLoop)
        self.repeating = [false, true].enumerated().map { index, isKeyed in
            RepeatingClient(
                index + 1,
                products: Self.products,
                isKeyed: isKeyed,
                network,
                loop
            )
        }
        self.random = random
        self.dryRuns = SimulatedDryRuns(products: Self.products, network, loop)
        // Every message of the server is checked before anything else happens.
        self.network.makeTap = { [weak self] in
            WireTap { message in
                self?.sent(message)
                return nil
            }
        }
        self.dryRuns.onBegun = { [weak self] in self?.sent($0) }
    }

    deinit {
        for client in self.clients { client.stop() }
        self.dryRuns.close()
        for subscriber in self.subscribers { subscriber.stop() }
        self.network.serverDied()?.end()
        try? self.clientLoop.syncShutdownGracefully()
    }

    /// Checks that no message reveals an undurable step, whether it is lost later or not.
    private func sent(_ message: ServerMessage) {
        self.counts.messages += 1
        let durable = self.storage.durableLSN()
        if message.lsn > durable {
            self.failures.append("\(message) was sent while \(durable) was durable")
        }
    }

    // MARK: - A run

    /// Runs `steps` steps with faults, then lets everything become idle.
    func run(steps: Int) {
        self.startServer()
        for number in 0..<3 {
            let isPatient = number > 0
            self.clients.append(
                SimulatedClient(
                    number,
                    products: Self.products,
                    timeoutMilliseconds: isPatient ? 10_000_000 : 700,
                    self.network,
                    self.clientLoop
                )
            )
        }
        self.prepareCatalog()
        while self.counts.steps < steps, self.failures.isEmpty {
            self.step()
            self.checkServer()
            for client in self.clients { client.checkInvariants() }
            for subscriber in self.subscribers { subscriber.checkInvariants() }
            self.dryRuns.checkInvariants()
            self.counts.steps += 1
        }
        self.comeToRest()
    }

    /// Checks the server's invariants; those of the engine only if it made a step since the last call.
    private func checkServer() {
        guard let driver = self.network.server?.driver else { return }
        driver.checkInvariants()
        guard driver.host.lsn != self.checkedLSN else { return }
        self.checkedLSN = driver.host.lsn
        driver.host.engine.checkInvariants()
    }

    private func prepareCatalog() {
        let client = self.clients[1]
        client.submit(.createCategory(name: "All"), "category")
        for number in 1...Self.products {
            let draft = ProductDraft(
                sku: "SKU-\(number)",
                name: "Product \(number)",
                category: CategoryID(1),
                price: Price(Int64(number) * 100),
                reorderPoint: 10
            )
            client.submit(.createProduct(draft), "product-\(number)")
            let line = RestockLine(
                product: ProductID(UInt32(number)),
                quantity: 60,
                unitCost: Money(2)
            )
            client.submit(.restock(Restock(lines: [line], note: "opening-\(number)")), "opening")
        }
        self.calm(until: { client.waiting == 0 }, "the catalog is there")
    }

    private func step() {
        switch Int.random(in: 0..<1_000, using: &self.random) {
        case 0..<330: self.work()
        case 330..<650: self.deliver()
        case 650..<740:
            self.clients[Int.random(in: 0..<3, using: &self.random)].submitRandom(&self.random)
        case 740..<800:
            self.repeating[Int.random(in: 0..<2, using: &self.random)].act(&self.random)
        case 800..<830: self.clients[2].read(&self.random)
        case 830..<910: self.pass(Int64.random(in: 1...80, using: &self.random))
        case 910..<920: self.dryRuns.act(&self.random, runLoops: self.runLoops)
        case 920..<935: self.subscribe()
        case 935..<955: for subscriber in self.subscribers { subscriber.resume() }
        case 955..<970: self.cutConnection()
        case 970..<980: self.randomLink()?.toggleStall()
        case 980..<986: self.network.server?.driver.snapshots.take { _ in }
        case 986..<990: self.kill()
        case 990..<996: self.armPowerCut()
        case 996..<998: self.armFailure()
        default: self.fillDisk()
        }
        self.settle()
    }

    // MARK: - Faults and events

    private func work() {
        guard let server = self.network.server else { return }
        let busy = server.workers.filter { !$0.isIdle }
        guard let worker = busy.randomElement(using: &self.random) else { return }
        worker.runNext()
    }

    private func randomLink() -> SimulatedLink? {
        self.network.links.randomElement(using: &self.random)
    }

    private func deliver() {
        guard let link = self.randomLink() else { return }
        let isWhole = Bool.random(using: &self.random)
        let count = isWhole ? Int.max : Int.random(in: 1...300, using: &self.random)
        link.deliver(toServer: Bool.random(using: &self.random), count)
    }

    private func pass(_ milliseconds: Int64) {
        self.clock.microseconds += milliseconds * 1_000
        self.network.server?.loop.advanceTime(by: .milliseconds(milliseconds))
        self.clientLoop.advanceTime(by: .milliseconds(milliseconds))
        if self.fullUntil > 0, self.clock.microseconds >= self.fullUntil {
            self.fullUntil = 0
            self.storage.disk.setCapacity(.max)
        }
    }

    private func subscribe() {
        guard self.subscribers.count < 6 else { return }
        var topics = SubscriptionTopics(
            rawValue: UInt8.random(in: 1...15, using: &self.random)
        )
        if Bool.random(using: &self.random) { topics.insert(.reservations) }
        var filter = SubscriptionFilter()
        if Bool.random(using: &self.random) { filter.products = [ProductID(1), ProductID(4)] }
        let starts: [SubscriptionStart] = [.now, .snapshot, .snapshot, .after(1)]
        let start = starts.randomElement(using: &self.random) ?? .now
        if topics.contains(.stock), start == .snapshot { topics.insert(.proof) }
        var updatesPerSecond: UInt8?
        if Int.random(in: 0..<3, using: &self.random) == 0 {
            topics.remove(.sales)
            if topics.isSubset(of: .proof) { topics.insert(.products) }
            updatesPerSecond = [1, 10, 60].randomElement(using: &self.random)
        }
        self.subscribers.append(
            SimulatedSubscriber(
                self.subscribers.count,
                Subscription(
                    topics: topics,
                    filter: filter,
                    start: start,
                    updatesPerSecond: updatesPerSecond
                ),
                self.network,
                self.clientLoop,
                seed: self.random.next(),
                durable: { [weak self] in self?.storage.durableLSN() ?? 0 }
            )
        )
    }

    private func cutConnection() {
        self.counts.cutConnections += 1
        self.randomLink()?.cut()
    }

    /// Kills the process; its writes stay in the page cache.
    private func kill() {
        self.counts.crashes += 1
        self.restart(keeping: .pageCache)
    }

    /// Arms a power cut in the middle of one of the next calls to the disk.
    private func armPowerCut() {
        let call = self.storage.disk.callCount + Int.random(in: 1...12, using: &self.random)
        let tornAt = Int.random(in: 0...9_000, using: &self.random)
        self.storage.disk.crash(at: call, tornAt: Bool.random(using: &self.random) ? tornAt : nil)
    }

    private func armFailure() {
        let call: MemoryStorage.Call = Bool.random(using: &self.random) ? .sync : .write
        self.counts.failedSyncs += 1
        self.storage.disk.fail(call, number: Int.random(in: 1...4, using: &self.random), errno: 5)
    }

    private func fillDisk() {
        self.counts.fullDisks += 1
        self.storage.disk.setCapacity(self.storage.disk.usedByteCount + 5_000)
        self.fullUntil = self.clock.microseconds + 700_000
    }

    // MARK: - The server's lives

    private func startServer() {
        do throws(DurabilityError) {
            let server = try SimulatedServer(
                self.storage,
                self.configuration,
                clock: self.clock
            )
            self.network.server = server
            self.lives.append(Life(driver: server.driver))
        } catch {
            // The power may fail again during the start, or the disk may be full.
            switch error {
            case .failed, .full: break
            default: self.failures.append("it does not start: \(error)")
            }
        }
    }

    private func restart(keeping survivors: MemoryStorage.Survivors) {
        let dead = self.network.serverDied()
        self.storage = self.storage.restarted(keeping: survivors)
        dead?.end()
        self.fullUntil = 0
        self.startServer()
    }

    /// Does everything that follows a step immediately: loops run, a server that lost its disk is removed.
    private func settle() {
        self.runLoops()
        let isPowerOut = self.storage.disk.isCrashed
        if isPowerOut || self.network.server == nil || self.network.server?.hasFailed == true {
            if isPowerOut { self.counts.powerCuts += 1 } else { self.counts.crashes += 1 }
            let survivors: MemoryStorage.Survivors =
                isPowerOut ? .random(seed: self.random.next()) : .pageCache
            self.restart(keeping: survivors)
            self.runLoops()
        }
        self.network.forgetClosed()
    }

    private func runLoops() {
        self.network.server?.loop.run()
        self.clientLoop.run()
        for link in self.network.links { link.collect() }
    }

    // MARK: - Idling

    /// Works, delivers and lets time pass without faults until `isDone`.
    private func calm(until isDone: () -> Bool, _ what: String) {
        self.storage.disk.clearFailures()
        for _ in 0..<6_000 {
            if isDone() { return }
            for link in self.network.links {
                link.endStall()
                link.deliver(toServer: true, .max)
                link.deliver(toServer: false, .max)
            }
            while let worker = self.network.server?.workers.first(where: { !$0.isIdle }) {
                worker.runNext()
                self.runLoops()
            }
            for subscriber in self.subscribers { subscriber.resume() }
            self.pass(20)
            self.settle()
        }
        self.failures.append("never reached: \(what)")
    }

    private func comeToRest() {
        self.storage.disk.clearFailures()
        self.storage.disk.disarm()
        self.settle()
        let clients = self.clients
        self.calm(until: { clients.allSatisfy { $0.waiting == 0 } }, "every command is answered")
        self.calm(
            until: {
                for client in self.repeating { client.settle() }
                return self.repeating.allSatisfy { $0.isSettled }
            },
            "every repeated command is answered"
        )
        self.calm(
            until: {
                guard let server = self.network.server else { return false }
                let lsn = server.driver.host.lsn
                return server.driver.host.durable == lsn
                    && self.subscribers.allSatisfy { $0.complete == lsn && $0.hasVerified(lsn) }
            },
            "every subscriber has everything, and has verified it"
        )
        self.dryRuns.close()
        self.calm(
            until: { self.network.server?.driver.dryRuns.counts.count == 0 },
            "the copies of all dry runs are freed"
        )
        if let server = self.network.server {
            self.failures += server.driver.host.readView().violations()
        }
    }

    /// Checks the engine's final state, product by product.
    func finalOnHand() -> [UInt32: Int64] {
        guard let server = self.network.server else { return [:] }
        let levels = server.driver.host.readView().tables.levels
        var onHand: [UInt32: Int64] = [:]
        for row in 0..<levels.rowCount {
            let level = levels.level(row)
            onHand[level.product.value] = level.onHand.baseUnits
        }
        return onHand
    }
}
