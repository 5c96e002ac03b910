/// What deciding a command came to.
///
/// The reply to a command, and what a session remembers of it.
public enum Outcome: Hashable, Sendable {
    case done(Done)
    case refused(Refusal)
    /// Of a batch of independent commands: one for each, in order.
    case batch([Outcome])

    /// A command that was carried out.
    public struct Done: Hashable, Sendable {
        /// The step that did it; the revision of everything it touched.
        public var lsn: UInt64
        /// When it was recorded.
        public var time: Instant
        /// The id of the entity it created or changed; 0 where there is none.
        public var id: UInt64
        /// The sum of its lines' amounts, in minor units.
        public var amount: Int64
        /// Each level it touched, once, as it left it; in the order of first touch.
        public var levels: [Level]
        /// For an atomic batch: the id each command created or changed, in order; else empty.
        public var ids: [UInt64]

        public init(
            lsn: UInt64,
            time: Instant,
            id: UInt64 = 0,
            amount: Int64 = 0,
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
}
