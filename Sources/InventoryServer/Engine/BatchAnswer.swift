internal import Bytes
internal import InventoryEngine
internal import InventoryModel

/// The answer to a batch of independent commands while they are being decided.
///
///     independent   each outcome goes into the reply as it comes
///     errors-only         refusals are gathered, and the reply is written with the last command
///
/// Either way the reply is whole before the last command's step is made, which carries it into the
/// session.
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

    /// Takes what the next command came to.
    mutating func take(_ outcome: Outcome, into reply: inout ByteWriter) {
        if self.errorsOnly == nil { outcome.bounded.encode(into: &reply) }
        self.errorsOnly?.note(outcome, of: self.taken)
        self.taken += 1
        self.finishErrorsOnly(into: &reply)
    }

    /// Takes that the next command created a product.
    mutating func take(_ created: PlainProduct.Step, into reply: inout ByteWriter) {
        if self.errorsOnly == nil { created.encodeOutcome(into: &reply) }
        self.takeDone(created.lsn, into: &reply)
    }

    /// Takes that the next command of an errors-only batch was done.
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
    /// As it is, or without the detail of a refusal that is too long for one of many.
    fileprivate var bounded: Outcome {
        if case .refused(let refusal) = self { .refused(refusal.bounded) } else { self }
    }
}
