import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Requests that are given again with their `--id`.
///
///     words ──names looked up──▶ sent under the key ──▶ done, or answered as it was
///               │ nothing has such a name any more
///               └──▶ the key is asked for its outcome ──▶ answered as it was
///                                                  └────▶ the error
extension Shell {
    /// Sends a command under the key, and notes whether it was executed before.
    func sendWithKey(
        _ command: Command,
        fingerprint: RequestFingerprint?
    ) async throws -> Outcome {
        self.replay.wasSent = true
        let result = try await self.client.send(
            command,
            key: self.key,
            firstTried: self.firstTried,
            fingerprint: fingerprint
        )
        if result.isReplayed { self.noteReplay() }
        return result.outcome
    }

    /// Whether the answer is that of an earlier request with the same id.
    var isReplayed: Bool { self.replay.isReplayed }

    private func noteReplay() {
        self.replay.isReplayed = true
        guard !self.format.isJSON else { return }
        Terminal.note(
            "replayed: a request with this --id was executed before; this is its answer, and nothing was "
                + "done again"
        )
    }

    /// Answers a request that can't be put together any more as it was answered before, if it was.
    ///
    /// - Returns: Whether that is known: if not, what kept it from being put together counts.
    /// - Throws: ``Failure`` if it was refused then, or if its `--id` is another request's.
    func answerAgain() async throws -> Bool {
        guard !self.replay.wasSent else { return false }
        let found = try await self.outcomeUnderKey(self.words)
        guard let outcome = found else { return false }
        let done = try await self.done(outcome, of: nil, about: nil)
        var products: [ProductInfo] = []
        for product in Set(done.levels.map { $0.product }) {
            // One without a history is gone for good once it is deleted.
            guard let found = try? await self.client.product(.id(product), asOf: nil) else {
                continue
            }
            products.append(ProductInfo(found.product))
        }
        var object = self.object(done, products)
        if done.id > 0 { object.add("id", raw: String(done.id)) }
        let step = try await self.step(done)
        if let entities = step.entities { object.add(entities, raw: "[\(step.ids)]") }
        if done.levels.isEmpty {
            self.say("\(step.verb)   LSN \(done.lsn)", object)
        } else if self.format.isJSON {
            self.print(object)
        } else {
            let made = step.entities.map { "   \($0) \(step.ids)" } ?? ""
            self.say(done, verb: step.verb, products: products, adding: made)
        }
        return true
    }

    /// What a step did, told from its movements: the word for it, and the numbers of the reservations or
    /// transfers that it made, one for each line.
    private func step(_ done: Outcome.Done) async throws(ClientError) -> DoneStep {
        let movements: [ListedMovement]
        do throws(ClientError) {
            movements = try await self.client.movements(LedgerQuery(lsn: done.lsn)).rows
        } catch {
            guard error.refusal?.code == .movementNotFound else { throw error }
            return DoneStep(verb: "done")
        }
        let kinds = movements.map { $0.kind }
        guard let (kind, told) = Self.told.first(where: { kinds.contains($0.kind) }) else {
            return DoneStep(verb: "done:")
        }
        var step = told
        let lines = UInt64(kinds.count { $0 == kind })
        step.ids = (done.id..<(done.id + lines)).map { String($0) }.joined(separator: ",")
        return step
    }

    /// By the kind of a movement that only such a step has; of several the first counts.
    private static let told: [(kind: MovementKind, step: DoneStep)] = [
        (.sale, DoneStep(verb: "sold")),
        (.return, DoneStep(verb: "took back")),
        (.restock, DoneStep(verb: "restocked")),
        (.reserve, DoneStep(verb: "reserved", entities: "reservations")),
        (.transferOut, DoneStep(verb: "dispatched", entities: "transfers")),
    ]

    private struct DoneStep {
        var verb: String
        /// What it made, if that has numbers.
        var entities: String?
        var ids = ""
    }

    /// What became of an earlier request with the same id; `nil` if none is remembered.
    func outcomeUnderKey(_ fingerprint: RequestFingerprint) async throws -> Outcome? {
        let outcome = try await self.client.outcome(
            of: self.key,
            firstTried: self.firstTried,
            fingerprint: fingerprint
        )
        if outcome != nil { self.noteReplay() }
        return outcome
    }

    /// Takes an id for a run of many requests, which have a session of that name: whoever gives it to another
    /// request or run is refused, as this run is if it was given to one.
    ///
    /// `run`: What tells it from other runs.
    ///
    /// - Throws: ``Failure`` if the id is another request's.
    func claim(_ id: String, for run: String) async throws {
        guard let key = IdempotencyKey(id) else { return }
        var run = run
        let fingerprint = run.withUTF8 { RequestFingerprint(hashing: UnsafeRawBufferPointer($0)) }
        let nothing = Command.batch([], .independent)
        let claim = try await self.client.send(nothing, key: key, fingerprint: fingerprint)
        // That it is nothing is remembered; anything else keeps the run from having the id.
        if case .refused(let refusal) = claim.outcome, !refusal.code.isRemembered {
            throw await self.failure(refusal)
        }
    }

    /// A refusal as a failure, which says whether it is a repeat.
    private func refused(
        _ refusal: Refusal,
        of command: Command?,
        about subject: String?
    ) async -> Failure {
        var failure = await self.failure(refusal, of: command, about: subject)
        failure.isReplayed = self.isReplayed
        return failure
    }

    /// What an outcome says was done; a refusal is told in a sentence.
    ///
    /// `command`: What it is the outcome of, where that is known. `subject`: What the command is about, for
    /// the sentence.
    func done(
        _ outcome: Outcome,
        of command: Command?,
        about subject: String?
    ) async throws -> Outcome.Done {
        switch outcome {
        case .done(let done):
            return done
        case .refused(let refusal):
            throw await self.refused(refusal, of: command, about: subject)
        case .batch(let outcomes):
            for (index, outcome) in outcomes.enumerated() {
                guard case .refused(let refusal) = outcome else { continue }
                throw await self.refused(refusal, of: command?.part(index), about: subject)
            }
            guard case .done(let done)? = outcomes.last else {
                throw Failure("protocol_violation", "an empty batch", exit: Exit.failed)
            }
            return done
        case .errorsOnly:
            throw Failure(
                "protocol_violation",
                "an errors-only answer nobody wanted",
                exit: Exit.failed
            )
        }
    }
}

/// What is known of a request once it was sent; of the one task that runs a command.
final class ReplayNote: @unchecked Sendable {
    var wasSent = false
    var isReplayed = false
}
