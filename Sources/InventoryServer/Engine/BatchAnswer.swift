internal import Bytes
internal import InventoryEngine
internal import InventoryModel

/// The answer to a batch of independent commands while they are being decided.
///
///     independent   each outcome is encoded into the reply at once
///     errors-only   refusals are gathered, and the reply is encoded with the last command
///
/// Either way the reply is complete before the last command's step is made, which records it in the
/// session or under the idempotency key.
struct BatchAnswer {
    private let count: Int
    private var taken = 0
    private var errorsOnly: Outcome.ErrorsOnly?

    init(count: Int, isErrorsOnly: Bool, into reply: inout ByteWriter) {
        self.count = count
        if isErrorsOnly {
            self.errorsOnly = Outcome.ErrorsOnly(count: count)
        } else {
            Outcome.encodeBatchHead(count: count, into: &reply)
        }
    }

    /// Adds the outcome of the next command.
    mutating func take(_ outcome: Outcome, into reply: inout ByteWriter) {
        if self.errorsOnly == nil { outcome.bounded.encode(into: &reply) }
        self.errorsOnly?.note(outcome, of: self.taken)
        self.taken += 1
        self.finishErrorsOnly(into: &reply)
    }

    /// Adds the creation of a product by the next command.
    mutating func take(_ created: PlainProduct.Step, into reply: inout ByteWriter) {
        if self.errorsOnly == nil { created.encodeOutcome(into: &reply) }
        self.takeDone(created.lsn, into: &reply)
    }

    /// Adds a receipt that the next command records.
    mutating func take(_ recorded: borrowing PlainReceipt.Step, into reply: inout ByteWriter) {
        if self.errorsOnly == nil { recorded.outcome.encode(into: &reply) }
        self.takeDone(recorded.lsn, into: &reply)
    }

    /// Adds a successful command of an errors-only batch.
    mutating func takeDone(_ lsn: LSN, into reply: inout ByteWriter) {
        self.errorsOnly?.lsn = lsn
        self.taken += 1
        self.finishErrorsOnly(into: &reply)
    }

    private func finishErrorsOnly(into reply: inout ByteWriter) {
        guard self.taken == self.count, var errorsOnly = self.errorsOnly else { return }
        errorsOnly.fit(in: Limits.outcomeByteCountMax)
        Outcome.errorsOnly(errorsOnly).encode(into: &reply)
    }
}

extension Outcome {
    /// The outcome, without the detail of a refusal that is too long for one of many.
    fileprivate var bounded: Outcome {
        if case .refused(let refusal) = self { .refused(refusal.bounded) } else { self }
    }
}
