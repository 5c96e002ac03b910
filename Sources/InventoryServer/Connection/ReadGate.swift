/// Whether a connection is read, and what keeps it from that.
///
///     reasons  deferred, no space, steps not on disk, replies not taken        none
///              ────────────────── paused ──────────────────▶  resumed ────▶ read
///
/// A plain value.
struct ReadGate: Equatable {
    struct Reasons: OptionSet {
        let rawValue: UInt8
        /// What came waits for a later turn of the loop.
        static let deferred = Reasons(rawValue: 1 << 0)
        /// There is no space for the large frame that was begun.
        static let awaitingSpace = Reasons(rawValue: 1 << 1)
        /// Too many of its steps are not on disk.
        static let unwritten = Reasons(rawValue: 1 << 2)
        /// The client doesn't take its answers.
        static let outbox = Reasons(rawValue: 1 << 3)
    }

    enum Action: Equatable {
        case none, pause, resume
    }

    private(set) var isPaused = false

    /// What to do, as things are now.
    mutating func update(_ reasons: Reasons) -> Action {
        let mustPause = !reasons.isEmpty
        guard mustPause != self.isPaused else { return .none }
        self.isPaused = mustPause
        return mustPause ? .pause : .resume
    }
}
