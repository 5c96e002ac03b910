import Durability
import InventoryModel
import InventoryTestSupport
import NIOCore
import NIOEmbedded

@testable import InventoryClient
@testable import InventoryServer

/// A server, its disk and a fault-free network, in virtual time: for tests of one fault and its effects.
final class SmallWorld {
    let clock = SimulatedClock()
    let loop = EmbeddedEventLoop()
    let network = SimulatedNetwork()
    private(set) var storage: MemoryStorage
    private let configuration: ServerConfiguration

    init(
        _ storage: MemoryStorage = MemoryStorage(),
        log: LogConfiguration = LogConfiguration(fileByteCount: 64 * StorageAlignment.byteCount)
    ) throws {
        guard let currency = Currency(code: "EUR") else { preconditionFailure("no euro") }
        self.storage = storage
        self.configuration = ServerConfiguration(
            dataDirectory: "memory",
            currency: currency,
            log: log
        )
        try self.start()
    }

    deinit {
        self.network.serverDied()?.end()
        try? self.loop.syncShutdownGracefully()
    }

    var server: SimulatedServer? { self.network.server }

    private func start() throws {
        self.network.server = try SimulatedServer(
            self.storage,
            self.configuration,
            clock: self.clock
        )
        self.turn()
    }

    /// Ends the process at once, and starts another from the disk.
    func restart(keeping survivors: MemoryStorage.Survivors = .pageCache) throws {
        let dead = self.network.serverDied()
        self.storage = self.storage.restarted(keeping: survivors)
        dead?.end()
        try self.start()
    }

    /// Returns a client without other work.
    func client(
        _ name: String = "client",
        session: UInt64 = 1,
        timeoutMilliseconds: Int64 = 10_000
    ) -> ClientCore {
        ClientCore(
            ClientConfiguration(
                actor: name,
                session: SessionID(high: session, low: 1),
                timeoutMilliseconds: timeoutMilliseconds
            ),
            by: self.network,
            on: self.loop
        )
    }

    /// Does everything that can happen now.
    func turn() {
        for _ in 0..<1_000 {
            self.server?.loop.run()
            self.loop.run()
            var isQuiet = true
            for link in self.network.links {
                link.collect()
                isQuiet = isQuiet && !link.hasTraffic
                link.deliver(toServer: true, .max)
                link.deliver(toServer: false, .max)
            }
            while let worker = self.server?.workers.first(where: { !$0.isIdle }) {
                worker.runNext()
                isQuiet = false
            }
            if isQuiet { return }
        }
        preconditionFailure("it never becomes idle")
    }

    /// Lets time pass, in steps of a few milliseconds, until `isDone` or for `milliseconds`.
    ///
    /// - Returns: The milliseconds it took, or `nil` if it did not happen.
    @discardableResult
    func pass(_ milliseconds: Int64, until isDone: () -> Bool = { false }) -> Int64? {
        var passed: Int64 = 0
        self.turn()
        while !isDone() {
            guard passed < milliseconds else { return nil }
            passed += 5
            self.clock.microseconds += 5_000
            self.server?.loop.advanceTime(by: .milliseconds(5))
            self.loop.advanceTime(by: .milliseconds(5))
            self.turn()
        }
        return passed
    }

    /// Executes a command.
    @discardableResult
    func done(_ command: Command, by client: ClientCore) -> Outcome.Done? {
        guard case .success(.done(let done)) = self.send(command, by: client) else { return nil }
        return done
    }

    func send(_ command: Command, by client: ClientCore) -> Result<Outcome, ClientError>? {
        let box = Box<Result<Outcome, ClientError>>()
        client.submit(command) { box.value = $0 }
        self.pass(60_000) { box.value != nil }
        return box.value
    }

    /// Creates a category and `count` products with stock.
    func stock(_ count: Int, by client: ClientCore) {
        self.done(.createCategory(name: "All"), by: client)
        for number in 1...count {
            let draft = ProductDraft(
                sku: "SKU-\(number)",
                name: "Product \(number)",
                category: CategoryID(1),
                price: Price(100)
            )
            self.done(.createProduct(draft), by: client)
            let line = RestockLine(
                product: ProductID(UInt32(number)),
                quantity: 1_000_000,
                unitCost: Money(2)
            )
            self.done(.restock(Restock(lines: [line])), by: client)
        }
    }
}

/// The result of a callback.
final class Box<Value>: @unchecked Sendable { var value: Value? }

extension Command {
    static func sale(_ product: UInt32, _ quantity: Int64 = 1, note: String = "") -> Command {
        .sell(
            Sale(
                lines: [SaleLine(product: ProductID(product), quantity: Quantity(quantity))],
                note: note
            )
        )
    }
}
