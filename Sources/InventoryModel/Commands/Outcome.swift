public import Bytes

/// The result of deciding a command.
///
/// It is the reply to a command, and what a session or an idempotency key remembers of it.
public enum Outcome: Hashable, Sendable {
    /// The command was executed.
    case done(Done)
    /// The command was refused and changed no stock.
    case refused(Refusal)
    /// The outcomes of a batch of independent commands, in order.
    case batch([Outcome])
    /// The outcome of an errors-only batch: the commands that were refused.
    case errorsOnly(ErrorsOnly)

    /// The result of an executed command.
    public struct Done: Hashable, Sendable {
        /// The LSN of its step, which is the revision of every entity it changed.
        public var lsn: LSN
        /// When it was recorded.
        public var time: Instant
        /// The id of the entity it created or changed; 0 if there is none.
        public var id: UInt64
        /// The sum of its lines' amounts, in minor units.
        public var amount: Money
        /// The levels it changed, each once, as they are after the step; in the order of first change.
        public var levels: [Level]
        /// For an atomic batch, the id that each command created or changed, in order; otherwise empty.
        public var ids: [UInt64]

        /// Creates a result.
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

    /// The result of an errors-only batch: the commands that it does not list were executed.
    public struct ErrorsOnly: Hashable, Sendable {
        /// A refused command of the batch.
        public struct Refused: Hashable, Sendable {
            /// The command's position in the batch, from 0.
            public var index: Int
            /// Why it was refused.
            public var refusal: Refusal

            /// Creates an element of ``ErrorsOnly/refused``.
            public init(index: Int, refusal: Refusal) {
                self.index = index
                self.refusal = refusal
            }
        }

        /// The LSN of the last command that was executed; 0 if none was.
        public var lsn: LSN
        /// The number of commands in the batch.
        public var count: Int
        /// The refused commands, by ascending index.
        public var refused: [Refused]

        /// Creates a result; by default one without refusals.
        public init(lsn: LSN = 0, count: Int, refused: [Refused] = []) {
            self.lsn = lsn
            self.count = count
            self.refused = refused
        }

        /// Removes the details of refusals that would take the encoding beyond `byteCount` bytes.
        ///
        /// Without details, all refusals of a batch fit into ``Limits/outcomeByteCountMax``.
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

        /// Adds the outcome of the command at `index`, which follows all indices added so far.
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
