import Foundation
import InventoryTestSupport
import Testing

/// Seeds, each a whole life of a server under faults.
@Suite struct SimulationTests {
    private static func run(_ seed: UInt64, steps: Int) throws -> (Simulator, Verdict) {
        let simulator = Simulator(seed: seed)
        simulator.run(steps: steps)
        return (simulator, try Verdict(simulator))
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a seed's life keeps every guarantee`(seed: UInt64) throws {
        let (_, verdict) = try Self.run(seed, steps: 3_000)
        #expect(verdict.failures.isEmpty, "seed \(seed)")
    }

    @Test func `the simulated lives cover all faults and features`() throws {
        var counts = Simulator.Counts()
        var acknowledged = 0
        var delivered = 0
        var readings = 0
        var repeats = 0
        var resets = 0
        var verified = 0
        var expired = 0
        var undone = 0
        var unknown = 0
        var dryRuns: [SimulatedDryRun] = []
        for seed in 101...112 as ClosedRange<UInt64> {
            let (simulator, verdict) = try Self.run(seed, steps: 8_000)
            #expect(verdict.failures.isEmpty, "seed \(seed)")
            counts.crashes += simulator.counts.crashes
            counts.powerCuts += simulator.counts.powerCuts
            counts.cutConnections += simulator.counts.cutConnections
            counts.messages += simulator.counts.messages
            acknowledged += verdict.acknowledged
            delivered += verdict.delivered
            readings += verdict.readings
            expired += verdict.expired
            undone += verdict.undone
            unknown += simulator.clients.reduce(0) { $0 + $1.unknown }
            repeats += simulator.repeating.reduce(0) { $0 + $1.repeats }
            resets += simulator.subscribers.reduce(0) { $0 + $1.resets }
            verified += simulator.subscribers.reduce(0) { $0 + $1.verified }
            dryRuns += simulator.dryRuns.all
        }
        #expect(counts.crashes >= 20 && counts.powerCuts >= 20 && counts.cutConnections >= 100)
        #expect(undone >= 10 && unknown >= 10, "\(undone) undone, \(unknown) unknown")
        #expect(
            acknowledged >= 1_000 && delivered >= 1_000 && readings >= 1_000,
            "\(acknowledged) acknowledged, \(delivered) delivered, \(readings) readings"
        )
        #expect(expired >= 20, "\(expired) expired reservations")
        #expect(counts.messages >= 5_000)
        let begun = dryRuns.filter { $0.hasBegun }
        let answers = begun.reduce(0) { $0 + $1.answers.count }
        #expect(begun.count >= 50 && begun.count < dryRuns.count, "\(begun.count) dry runs")
        #expect(answers >= 200, "\(answers) answers of dry runs")
        #expect(begun.contains { $0.hasSession } && begun.contains { !$0.hasSession })
        #expect(repeats >= 100 && resets > 0 && verified >= 10, "\(verified) verifications")
    }

    @Test(arguments: Sabotage.allCases)
    func `each sabotage of a subscriber's events is detected by its guarantee`(
        sabotage: Sabotage
    ) throws {
        var injected = 0
        for seed in 201...205 as ClosedRange<UInt64> {
            let (simulator, verdict) = try Self.run(seed, steps: 2_000)
            #expect(verdict.failures.isEmpty)
            for subscriber in simulator.subscribers where !subscriber.isConflated {
                for incarnation in subscriber.incarnations {
                    guard let broken = incarnation.applying(sabotage) else { continue }
                    injected += 1
                    let noticed = verdict.broken(broken, of: subscriber).map { $0.guarantee }
                    #expect(noticed.contains(sabotage.broken), "seed \(seed): \(noticed)")
                }
            }
        }
        #expect(injected > 5)
    }

    @Test func `a window that lacks a step is detected`() throws {
        var injected = 0
        var noticed = 0
        for seed in 201...210 as ClosedRange<UInt64> {
            let (simulator, verdict) = try Self.run(seed, steps: 2_000)
            for subscriber in simulator.subscribers where subscriber.isConflated {
                for incarnation in subscriber.incarnations {
                    guard let broken = incarnation.applying(.drop) else { continue }
                    injected += 1
                    let guarantees = verdict.broken(broken, of: subscriber).map { $0.guarantee }
                    if guarantees.contains(.atomic) { noticed += 1 }
                }
            }
        }
        // An unchanged level makes no difference.
        #expect(injected > 5 && noticed * 10 >= injected * 9, "\(noticed) of \(injected)")
    }

    @Test func `an ended server leaves no objects in memory`() throws {
        var lives: [Simulator.Life] = []
        for seed in 301...310 as ClosedRange<UInt64> {
            lives += try Self.run(seed, steps: 3_000).0.lives
        }
        #expect(lives.count > 100)
        #expect(lives.count { $0.driver != nil } == 0)
    }

    /// A run is a life; `make long-simulation` repeats it any number of times.
    @Test(.enabled(if: Campaign.runs != nil))
    func `a long run of seeds keeps every guarantee`() throws {
        let seeds = Campaign.seeds(suite: 1...1)
        var totals = LongRun()
        for seed in seeds {
            let (simulator, verdict) = try Self.run(seed, steps: 3_000)
            #expect(verdict.failures.isEmpty, "seed \(seed)")
            totals.add(simulator, verdict)
            if seed % 500 == 0 { print(totals) }
        }
        Campaign.report("\(totals)")
    }

    @Test func `a seed replays the same life`() throws {
        let (first, firstVerdict) = try Self.run(7, steps: 1_500)
        let (second, secondVerdict) = try Self.run(7, steps: 1_500)
        #expect(first.counts == second.counts)
        #expect(first.finalOnHand() == second.finalOnHand())
        #expect(firstVerdict.acknowledged == secondVerdict.acknowledged)
        #expect(firstVerdict.delivered == secondVerdict.delivered)
    }
}

/// Totals of a long run, and its length.
private struct LongRun: CustomStringConvertible {
    private var runs = 0
    private var subscriptions = 0
    private var acknowledged = 0
    private var delivered = 0
    private var repeats = 0
    private var readings = 0
    private var counts = Simulator.Counts()

    mutating func add(_ simulator: Simulator, _ verdict: Verdict) {
        self.runs += 1
        self.subscriptions += simulator.subscribers.count
        self.acknowledged += verdict.acknowledged
        self.delivered += verdict.delivered
        self.readings += verdict.readings
        self.repeats += simulator.repeating.reduce(0) { $0 + $1.repeats }
        self.counts.crashes += simulator.counts.crashes
        self.counts.powerCuts += simulator.counts.powerCuts
        self.counts.cutConnections += simulator.counts.cutConnections
    }

    var description: String {
        """
        \(self.runs) lives: \(self.counts.powerCuts) power cuts, \(self.counts.crashes) kills, \
        \(self.counts.cutConnections) cut connections; \(self.acknowledged) commands acknowledged, \
        \(self.repeats) repeated, \(self.readings) readings, \(self.subscriptions) subscriptions, \
        \(self.delivered) steps delivered
        """
    }
}
