public import Bytes

/// What deciding a command came to.
///
/// The reply to a command, and what a session remembers of it.
public enum Outcome: Hashable, Sendable {
    case done(Done)
    case refused(Refusal)
    /// Of a batch of independent commands: one for each, in order.
    case batch([Outcome])
    /// Of an errors-only batch: which of its commands were refused.
    case errorsOnly(ErrorsOnly)

    /// A command that was carried out.
    public struct Done: Hashable, Sendable {
        /// The step that did it; the revision of everything it touched.
        public var lsn: LSN
        /// When it was recorded.
        public var time: Instant
        /// The id of the entity it created or changed; 0 where there is none.
        public var id: UInt64
        /// The sum of its lines' amounts, in minor units.
        public var amount: Money
        /// Each level it touched, once, as it left it; in the order of first touch.
        public var levels: [Level]
        /// For an atomic batch: the id each command created or changed, in order; else empty.
        public var ids: [UInt64]

        public init(
            lsn: LSN,
            time: Instant,
            id: UInt64 = 0,
            amount: Money = 0,
            levels: [Level] = [],
            ids: [UInt64] = []
        ) {
            self.lsn = lsn
            self.time = time
            self.id = id
            self.amount = amount
            self.levels = levels
            self.ids = ids
        }
    }

    /// What became of an errors-only batch: the commands that it does not name were done.
    public struct ErrorsOnly: Hashable, Sendable {
        /// A command that was refused, by its place in the batch.
        public struct Refused: Hashable, Sendable {
            public var index: Int
            public var refusal: Refusal

            public init(index: Int, refusal: Refusal) {
                self.index = index
                self.refusal = refusal
            }
        }

        /// The last step of those that were done; 0 if none was.
        public var lsn: LSN
        /// Commands in the batch.
        public var count: Int
        /// By rising index.
        public var refused: [Refused]

        public init(lsn: LSN = 0, count: Int, refused: [Refused] = []) {
            self.lsn = lsn
            self.count = count
            self.refused = refused
        }

        /// Leaves out the details of refusals that would take it beyond `byteCount`.
        ///
        /// Without details all refusals of a batch are less than ``Limits/outcomeByteCountMax``.
        public mutating func fit(in byteCount: Int) {
            var used = Self.headByteCountMax
            for index in self.refused.indices {
                let others = (self.refused.count - index - 1) * Self.plainByteCountMax
                let size = self.refused[index].encodedByteCount
                if used + size + others <= byteCount {
                    used += size
                } else {
                    self.refused[index].refusal.detail = .none
                    used += self.refused[index].encodedByteCount
                }
            }
        }

        /// Takes what the command at `index` came to.
        public mutating func note(_ outcome: Outcome, of index: Int) {
            switch outcome {
            case .done(let done): self.lsn = max(self.lsn, done.lsn)
            case .refused(let refusal):
                self.refused.append(Refused(index: index, refusal: refusal))
            case .batch, .errorsOnly: preconditionFailure("a batch in a batch, at \(index)")
            }
        }
    }
}
