import InventoryTestSupport
import InventoryWire
import NIOEmbedded

@testable import InventoryServer

/// The dry runs of a simulation: which begin, which get ahead, and which are ended.
struct SimulatedDryRuns {
    /// All of them, those that are over too.
    private(set) var all: [SimulatedDryRun] = []
    /// Called with the message by which the server acknowledges one: it alone names a step of the log, and the
    /// later ones steps of the copy.
    var onBegun: (ServerMessage) -> Void = { _ in }
    private let products: Int
    private let network: SimulatedNetwork
    private let loop: EmbeddedEventLoop

    init(products: Int, _ network: SimulatedNetwork, _ loop: EmbeddedEventLoop) {
        self.products = products
        self.network = network
        self.loop = loop
    }

    func checkInvariants() { for dryRun in self.all { dryRun.checkInvariants() } }

    /// Ends those that are open.
    func close() { for dryRun in self.all where !dryRun.isOver { dryRun.close() } }

    /// Begins one, lets one do some of its work, or ends one whatever it is doing.
    mutating func act(_ random: inout SplitMix64, runLoops: () -> Void) {
        let open = self.all.filter { !$0.isOver }
        // One more than the server accepts may be open, so that some are refused.
        let mayBegin = open.count <= WireLimits.dryRunsMax
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<3 where mayBegin:
            self.begin(&random)
        case 0:
            open.randomElement(using: &random)?.close()
        default:
            let roundCount = Int.random(in: 1...20, using: &random)
            guard let dryRun = open.randomElement(using: &random) else { return }
            for _ in 0..<roundCount { self.advance(dryRun, runLoops) }
        }
    }

    private mutating func begin(_ random: inout SplitMix64) {
        let onBegun = self.onBegun
        let tap = WireTap { message in
            if case .pong = message { onBegun(message) }
            return nil
        }
        self.all.append(
            SimulatedDryRun(
                self.all.count,
                products: self.products,
                hasSession: Bool.random(using: &random),
                OwnLink(self.network, tap: tap),
                self.loop,
                seed: random.next()
            )
        )
    }

    private func advance(_ dryRun: SimulatedDryRun, _ runLoops: () -> Void) {
        self.network.server?.queries.runNext()
        runLoops()
        dryRun.link?.deliver(toServer: true, .max)
        runLoops()
        dryRun.link?.deliver(toServer: false, .max)
    }
}
