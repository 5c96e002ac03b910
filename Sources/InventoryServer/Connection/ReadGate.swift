/// Back-pressure on a connection: whether it is read, and the reasons why not.
///
///     reasons  deferred, no space, steps not durable, replies not read        none
///              ────────────────── paused ─────────────────▶  resumed ────▶ read
///
/// A plain value.
struct ReadGate: Equatable {
    struct Reasons: OptionSet {
        let rawValue: UInt8
        /// Received bytes wait for a later turn of the loop.
        static let deferred = Reasons(rawValue: 1 << 0)
        /// There is no space for the large frame that was begun.
        static let awaitingSpace = Reasons(rawValue: 1 << 1)
        /// Too many of its steps are not durable.
        static let unwritten = Reasons(rawValue: 1 << 2)
        /// The client is a slow consumer of its answers.
        static let outbox = Reasons(rawValue: 1 << 3)
    }

    enum Action: Equatable {
        case none, pause, resume
    }

    private(set) var isPaused = false

    /// Updates the reasons and returns the action to take.
    mutating func update(_ reasons: Reasons) -> Action {
        let mustPause = !reasons.isEmpty
        guard mustPause != self.isPaused else { return .none }
        self.isPaused = mustPause
        return mustPause ? .pause : .resume
    }
}
