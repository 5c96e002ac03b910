internal import Bytes
internal import InventoryEngine
internal import InventoryModel

/// The answer to a batch of independent commands while they are being decided.
///
///     independent   each outcome goes into the reply as it comes
///     brief         refusals are gathered, and the reply is written with the last command
///
/// Either way the reply is whole before the last command's step is made, which carries it into the
/// session.
struct BatchAnswer {
    private let count: Int
    private var taken = 0
    private var brief: Outcome.Brief?

    init(count: Int, isBrief: Bool, into reply: inout ByteWriter) {
        self.count = count
        if isBrief {
            self.brief = Outcome.Brief(count: count)
        } else {
            Outcome.encodeBatchHead(count: count, into: &reply)
        }
    }

    /// Takes what the next command came to.
    mutating func take(_ outcome: Outcome, into reply: inout ByteWriter) {
        if self.brief == nil { outcome.bounded.encode(into: &reply) }
        self.brief?.note(outcome, of: self.taken)
        self.taken += 1
        self.finishBrief(into: &reply)
    }

    /// Takes that the next command created a product.
    mutating func take(_ created: PlainProduct.Step, into reply: inout ByteWriter) {
        if self.brief == nil { created.encodeOutcome(into: &reply) }
        self.takeDone(created.lsn, into: &reply)
    }

    /// Takes that the next command of a brief batch was done.
    mutating func takeDone(_ lsn: UInt64, into reply: inout ByteWriter) {
        self.brief?.lsn = lsn
        self.taken += 1
        self.finishBrief(into: &reply)
    }

    private func finishBrief(into reply: inout ByteWriter) {
        guard self.taken == self.count, var brief = self.brief else { return }
        brief.fit(in: Limits.outcomeByteCountMax)
        Outcome.brief(brief).encode(into: &reply)
    }
}

extension Outcome {
    /// As it is, or without the detail of a refusal that is too long for one of many.
    fileprivate var bounded: Outcome {
        if case .refused(let refusal) = self { .refused(refusal.bounded) } else { self }
    }
}
