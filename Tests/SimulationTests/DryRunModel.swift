import Bytes
import InventoryModel

@testable import InventoryEngine

/// Predicts the answers of a dry run: a state replayed from the log on disk up to the step that the dry run began
/// at, which only the dry run's own commands change.
///
/// It shares nothing with the server, so that anything of the server or of other clients in a dry run, and
/// anything that is missing in it, shows as a difference.
struct DryRunModel {
    private var state: InventoryState

    /// Compares the answers of all dry runs with their models.
    ///
    /// - Returns: The differences.
    static func differences(_ runs: [SimulatedDryRun], from history: History) -> [String] {
        var failures = runs.flatMap { $0.failures }
        for entry in history.entries where entry.actor == SimulatedDryRun.actor {
            failures.append("LSN \(entry.lsn) is that of a dry run")
        }
        var begun: [(lsn: LSN, run: SimulatedDryRun)] = []
        for run in runs {
            if case .levels(let lsn, _) = run.answers.first { begun.append((lsn, run)) }
        }
        var state = InventoryState()
        var entries = history.entries[...]
        for (lsn, run) in begun.sorted(by: { $0.lsn < $1.lsn }) {
            while let entry = entries.first, entry.lsn <= lsn {
                state.evolve(entry)
                entries.removeFirst()
            }
            if state.lsn == lsn {
                var model = DryRunModel(state: state)
                failures += model.differences(run)
            } else {
                failures.append("a dry run began at \(lsn), and the log ends at \(state.lsn)")
            }
        }
        return failures
    }

    private mutating func differences(_ run: SimulatedDryRun) -> [String] {
        var isOpen = !run.hasSession
        for answer in run.answers {
            switch answer {
            case .levels(let lsn, let readings):
                // The step that opens the session may come before the answer or behind it.
                let expected = self.levels(at: lsn)
                guard lsn == self.state.lsn || !isOpen && lsn == self.state.lsn.next,
                    Set(readings) == Set(expected)
                else {
                    return [
                        "a dry run has \(readings) at \(lsn), not \(expected) at \(self.state.lsn)"
                    ]
                }
            case .batch(let commands, let outcome):
                guard case .batch(let outcomes) = outcome, case .done(let first) = outcomes.first
                else { return ["a batch of a dry run is answered by \(outcome)"] }
                var models = isOpen ? [self] : self.opened(run.session, before: first.time)
                isOpen = true
                let expected = models.indices.map { models[$0].decide(commands, at: first.time) }
                guard let index = expected.firstIndex(of: outcomes) else {
                    return ["a dry run decides \(commands): \(outcomes), not \(expected)"]
                }
                self = models[index]
            }
        }
        return []
    }

    private func levels(at lsn: LSN) -> [SimulatedClient.Reading] {
        let levels = self.state.readView().tables.levels
        return (0..<levels.rowCount).map { row in
            let level = levels.level(row)
            return SimulatedClient.Reading(
                lsn: lsn,
                product: level.product.value,
                onHand: level.onHand.baseUnits,
                available: level.available.baseUnits
            )
        }
    }

    /// The time of a step right behind the last.
    private var next: Instant { Instant(microseconds: self.state.time.microseconds + 1) }

    /// The states that may have followed once the session was open, some time before `time`.
    ///
    /// Reservations that were due at that time expired before it, in a step of their own; later ones expire in
    /// the step before the first batch.
    private func opened(_ session: SessionID, before time: Instant) -> [DryRunModel] {
        var opened = self
        opened.open(session)
        var models = [opened]
        var due = self.state.nextExpiry
        while due < time {
            var expired = self
            let expiry = max(due, expired.next)
            expired.step(expired.state.tick(at: expiry), at: expiry)
            opened = expired
            opened.open(session)
            models.append(opened)
            // A deadline of a reservation that has ended meanwhile may stay.
            guard expired.state.nextExpiry > due else { break }
            due = expired.state.nextExpiry
        }
        return models
    }

    private mutating func open(_ session: SessionID) {
        do throws(Refusal) {
            self.step(try self.state.opening(session, at: self.next), at: self.next)
        } catch {
            preconditionFailure("a session of a dry run: \(error)")
        }
    }

    /// The outcomes of a batch of independent commands that is decided from `time` on.
    private mutating func decide(_ commands: [Command], at time: Instant) -> [Outcome] {
        // Reservations that are due expire in a step before it.
        let before = Instant(microseconds: time.microseconds - 1)
        if self.state.nextExpiry <= before { self.step(self.state.tick(at: before), at: before) }
        var outcomes: [Outcome] = []
        for (index, command) in commands.enumerated() {
            let time = index == 0 ? time : self.next
            let decision = self.state.decide(command, at: time)
            outcomes.append(decision.outcome)
            // The last step remembers the outcome of the request, even if it changes nothing else.
            let isLast = index == commands.count - 1
            if isLast || !decision.changes.isEmpty { self.step(decision.changes, at: time) }
        }
        return outcomes
    }

    private mutating func step(_ changes: [Change], at time: Instant) {
        self.state.evolve(
            Entry(
                lsn: self.state.lsn.next,
                time: time,
                actor: SimulatedDryRun.actor,
                changes: changes
            )
        )
    }
}
