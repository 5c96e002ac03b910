import Bytes
import InventoryModel

@testable import InventoryClient

/// Compares everything that was delivered with the history on disk.
struct Verdict {
    private let history: History
    private(set) var failures: [String]
    private(set) var acknowledged = 0
    /// Cancelled commands that were reported as not done.
    private(set) var undone = 0
    private(set) var delivered = 0
    private(set) var readings = 0
    /// The number of expired reservations.
    var expired: Int { self.history.expired }

    init(_ simulator: Simulator) throws {
        self.history = try History(simulator.storage)
        self.failures = simulator.failures + self.history.violations
        for client in simulator.clients { self.judge(client) }
        for subscriber in simulator.subscribers { self.judge(subscriber) }
        for client in simulator.repeating { self.judge(client) }
        self.failures += DryRunModel.differences(simulator.dryRuns.all, from: self.history)
        let last = UInt64(self.history.entries.count)
        for (product, onHand) in simulator.finalOnHand()
        where self.history.balance(product, at: LSN(last)).onHand.baseUnits != onHand {
            self.failures.append("product \(product) has \(onHand), its ledger differs")
        }
    }

    // MARK: - Commands

    private mutating func judge(_ client: SimulatedClient) {
        self.failures += client.failures
        for acknowledged in client.acknowledged {
            self.acknowledged += 1
            self.judge(acknowledged.command, acknowledged.outcome)
        }
        for command in client.undone {
            self.undone += 1
            self.judgeUndone(command)
        }
        for reading in client.readings {
            self.readings += 1
            let balance = self.history.balance(reading.product, at: reading.lsn)
            if balance.onHand.baseUnits != reading.onHand
                || balance.available.baseUnits != reading.available
            {
                self.failures.append("\(reading) was \(balance)")
            }
        }
        for ledger in client.ledgers {
            self.readings += 1
            let expected = self.history.movements.prefix { $0.lsn <= ledger.lsn }
            if !expected.elementsEqual(ledger.movements) {
                self.failures.append(
                    "a ledger at \(ledger.lsn) has \(ledger.movements.count) rows, or others than"
                        + " the \(expected.count) there were"
                )
            }
        }
    }

    /// A command reported as not done must not be in the log, now or later.
    private mutating func judgeUndone(_ command: Command) {
        if case .batch(let commands, _) = command {
            for command in commands { self.judgeUndone(command) }
        } else if let tag = Self.tag(command), let steps = self.history.steps[tag] {
            self.failures.append("\(tag) was reported as not done, but done at \(steps)")
        }
    }

    private mutating func judge(_ client: RepeatingClient) {
        self.failures += client.failures
        for (sequence, outcome) in client.answers {
            self.judge(tag: client.tag(sequence), outcome)
        }
    }

    private mutating func judge(_ command: Command, _ outcome: Outcome) {
        guard case .batch(let commands, let mode) = command else {
            guard let tag = Self.tag(command) else { return }
            self.judge(tag: tag, outcome, mayBeEmpty: Self.mayBeEmpty(command))
            return
        }
        if case .errorsOnly(let errorsOnly) = outcome {
            for (index, command) in commands.enumerated() { self.judge(command, errorsOnly, index) }
            return
        }
        guard case .batch(let outcomes) = outcome, mode == .independent else {
            for command in commands { self.judge(command, outcome) }
            return
        }
        for (command, outcome) in zip(commands, outcomes) { self.judge(command, outcome) }
    }

    /// Items that an errors-only answer does not list were done by its LSN; the listed ones do not exist.
    private mutating func judge(_ command: Command, _ errorsOnly: Outcome.ErrorsOnly, _ index: Int)
    {
        guard let tag = Self.tag(command) else { return }
        if let refused = errorsOnly.refused.first(where: { $0.index == index }) {
            self.judge(tag: tag, .refused(refused.refusal))
            return
        }
        let steps = self.history.steps[tag] ?? []
        let isThere = steps.count == 1 && steps.allSatisfy { $0 <= errorsOnly.lsn }
        if !isThere, !(steps.isEmpty && Self.mayBeEmpty(command)) {
            self.failures.append(
                "\(tag) was done by \(errorsOnly.lsn), but the log has it at \(steps)"
            )
        }
    }

    /// A done command exists once, at the reported step; a refused one does not.
    private mutating func judge(
        tag: String,
        _ outcome: Outcome,
        mayBeEmpty: Bool = false
    ) {
        let steps = self.history.steps[tag] ?? []
        switch outcome {
        case .done(let done):
            if steps != [done.lsn], !(steps.isEmpty && mayBeEmpty) {
                self.failures.append(
                    "\(tag) was done at \(done.lsn), but the log has it at \(steps)"
                )
            }
        case .refused(let refusal):
            if !steps.isEmpty {
                self.failures.append("\(tag) was refused (\(refusal.code)), but done at \(steps)")
            }
        case .batch, .errorsOnly:
            self.failures.append("\(tag) is not a batch")
        }
    }

    /// A count equal to the stock changes nothing.
    private static func mayBeEmpty(_ command: Command) -> Bool {
        switch command {
        case .count, .adjust: true
        default: false
        }
    }

    private static func tag(_ command: Command) -> String? {
        switch command {
        case .sell(let sale): sale.note
        case .restock(let restock): restock.note
        case .adjust(let adjustment): adjustment.note
        case .count(let count): count.note
        case .writeOff(let writeOff): writeOff.note
        case .reserve(let reserve): reserve.note
        case .commitReservation(let commit): commit.note
        case .releaseReservation(let release): release.note
        default: nil
        }
    }

    // MARK: - Subscriptions

    private mutating func judge(_ subscriber: SimulatedSubscriber) {
        self.failures += subscriber.failures
        for incarnation in subscriber.incarnations {
            // One that was interrupted within its snapshot has no result yet.
            guard incarnation.start != nil else { continue }
            self.delivered += incarnation.entryCount
            for (guarantee, example) in self.broken(incarnation, of: subscriber) {
                self.failures.append("not \(guarantee): \(example)")
            }
            self.judgeSnapshot(incarnation, of: subscriber)
        }
    }

    /// Returns the guarantees that a subscriber's events violate.
    func broken(
        _ incarnation: Incarnation,
        of subscriber: SimulatedSubscriber
    ) -> [(guarantee: Guarantee, example: String)] {
        guard let start = incarnation.start else { return [] }
        let owed = self.history.expected(
            subscriber.topics,
            Set(subscriber.filter.products.map { $0.value }),
            after: start,
            through: incarnation.complete
        )
        guard subscriber.isConflated else { return incarnation.violations(owed: owed) }
        var broken = incarnation.violations(
            of: [.ordered, .unique, .resumable, .durable],
            owed: owed
        )
        if let example = incarnation.wrongWindow(owed) { broken.append((.atomic, example)) }
        return broken
    }

    /// A snapshot must have the level of every product it includes, as it was.
    private mutating func judgeSnapshot(
        _ incarnation: Incarnation,
        of subscriber: SimulatedSubscriber
    ) {
        guard subscriber.topics.contains(.stock), let levels = incarnation.levels,
            let lsn = incarnation.start
        else { return }
        for level in levels {
            let balance = self.history.balance(level.product.value, at: lsn)
            if balance.onHand != level.onHand || balance.available != level.available {
                self.failures.append("a snapshot at \(lsn) says \(level), not \(balance)")
            }
        }
        let chosen = Set(subscriber.filter.products.map { $0.value })
        let moved = self.history.moved(by: lsn).filter { chosen.isEmpty || chosen.contains($0) }
        let missing = moved.subtracting(levels.map { $0.product.value })
        if !missing.isEmpty { self.failures.append("a snapshot at \(lsn) lacks \(missing)") }
    }
}
