import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Idempotent retries: requests repeated with their `--id`.
///
///     words ──names resolved──▶ sent with the key ──▶ executed, or answered as before
///               │ a name no longer exists
///               └──▶ the outcome of the key is queried ──▶ answered as before
///                                                    └───▶ the error
extension Shell {
    /// Sends a command with the idempotency key and notes whether it was executed before.
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

    /// Whether the answer is that of an earlier request with the same `--id`.
    var isReplayed: Bool { self.replay.isReplayed }

    private func noteReplay() {
        self.replay.isReplayed = true
        guard !self.format.isJSON, !self.options.isQuiet else { return }
        Terminal.note(
            "replayed: a request with this --id was executed before; this is its answer, and it was not "
                + "executed again"
        )
    }

    /// Answers a request that can no longer be built with its earlier answer, if there is one.
    ///
    /// - Returns: Whether the server remembers the outcome; if not, the caller reports its own error.
    /// - Throws: ``Failure`` if the request was refused then, or if its `--id` belongs to another request.
    func answerAgain() async throws -> Bool {
        guard !self.replay.wasSent else { return false }
        let found = try await self.outcomeUnderKey(self.words)
        guard let outcome = found else { return false }
        let done = try await self.done(outcome, of: nil, about: nil)
        var products: [ProductInfo] = []
        for product in Set(done.levels.map { $0.product }) {
            // A product without movements is removed completely when it is deleted.
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

    /// Returns what a step did, derived from its movements: the verb for it, and the numbers of the
    /// reservations or transfers that it created, one for each line.
    private func step(_ done: Outcome.Done) async throws(ClientError) -> DoneStep {
        let movements: [ListedMovement]
        do throws(ClientError) {
            movements = try await self.client.movements(LedgerQuery(lsn: done.lsn)).rows
        } catch {
            guard error.refusal?.code == .movementNotFound else { throw error }
            return DoneStep(verb: "done")
        }
        let kinds = movements.map { $0.kind }
        guard let (kind, known) = Self.knownSteps.first(where: { kinds.contains($0.kind) }) else {
            return DoneStep(verb: "done:")
        }
        var step = known
        let lines = UInt64(kinds.count { $0 == kind })
        step.ids = (done.id..<(done.id + lines)).map { String($0) }.joined(separator: ",")
        return step
    }

    /// Steps by the kind of movement that identifies them; the first match wins.
    private static let knownSteps: [(kind: MovementKind, step: DoneStep)] = [
        (.sale, DoneStep(verb: "sold")),
        (.return, DoneStep(verb: "returned")),
        (.restock, DoneStep(verb: "restocked")),
        (.reserve, DoneStep(verb: "reserved", entities: "reservations")),
        (.transferOut, DoneStep(verb: "dispatched", entities: "transfers")),
        (.reversal, DoneStep(verb: "reversed")),
    ]

    private struct DoneStep {
        var verb: String
        /// The JSON key of what it created; `nil` if that has no numbers.
        var entities: String?
        var ids = ""
    }

    /// Returns the outcome of an earlier request with the same `--id`; `nil` if none is remembered.
    func outcomeUnderKey(_ fingerprint: RequestFingerprint) async throws -> Outcome? {
        let outcome = try await self.client.outcome(
            of: self.key,
            firstTried: self.firstTried,
            fingerprint: fingerprint
        )
        if outcome != nil { self.noteReplay() }
        return outcome
    }

    /// Claims an id for a run of many requests, which use a session of that name.
    ///
    /// Another request or run with the same id is refused, as is this run if another has the id.
    ///
    /// - Parameters:
    ///   - id: The `--id` of the run.
    ///   - run: What distinguishes it from other runs; its hash is the fingerprint.
    /// - Throws: ``Failure`` if the id belongs to another request.
    func claim(_ id: String, for run: String) async throws {
        guard let key = IdempotencyKey(id) else { return }
        var run = run
        let fingerprint = run.withUTF8 { RequestFingerprint(hashing: UnsafeRawBufferPointer($0)) }
        let empty = Command.batch([], .independent)
        let claim = try await self.client.send(empty, key: key, fingerprint: fingerprint)
        // The server remembers the refusal of the empty batch; any other refusal means the claim failed.
        if case .refused(let refusal) = claim.outcome, !refusal.code.isRemembered {
            throw await self.failure(refusal)
        }
    }

    /// Returns a refusal as a failure that records whether it is replayed.
    private func refused(
        _ refusal: Refusal,
        of command: Command?,
        about subject: String?
    ) async -> Failure {
        var failure = await self.failure(refusal, of: command, about: subject)
        failure.isReplayed = self.isReplayed
        return failure
    }

    /// Returns the result of an outcome, or throws its refusal with a readable message.
    ///
    /// - Parameters:
    ///   - outcome: The outcome of a command; of a batch, the first refusal or the last result counts.
    ///   - command: The command; `nil` if unknown.
    ///   - subject: What the command is about, such as a SKU, for the message.
    /// - Returns: The result.
    /// - Throws: ``Failure`` for a refusal.
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
                "an errors-only answer that was not requested",
                exit: Exit.failed
            )
        }
    }
}

/// What is known of a request once it was sent.
///
/// `@unchecked Sendable`: used only by the one task that runs a command.
final class ReplayNote: @unchecked Sendable {
    var wasSent = false
    var isReplayed = false
}
