/// What of a connection waits for a later turn of the loop: its input, and the release of its replies.
///
///     bytes, events ──time is left──▶ run
///                   └─used up──▶ deferred, in order ──its turn──▶ run, the rest deferred again
///     replies       ──▶ waiting ──more is durable, or the round is over──▶ released, or abandoned at the end
///
/// A plain value; ``ConnectionHandler`` performs what it returns, and ``RequestTurns`` has the queues.
struct ConnectionTurns: Equatable {
    enum Input: Equatable {
        /// Run it now.
        case run
        /// Keep it behind what already waits; its turn is queued.
        case keep
        /// Keep it, and queue for a later turn.
        case queue
    }

    enum Release: Equatable {
        /// Write the replies that may be sent.
        case write
        /// Close the connection.
        case abandon
    }

    /// Whether input is left for a later turn of the loop.
    private(set) var isDeferred = false
    /// Events that wait for a turn with time for them.
    private var events = ConnectionEvents()
    /// Whether it is queued for the next release of replies.
    private(set) var isWaiting = false
    /// Whether the connection is closed at its next release.
    private var isOver = false

    // MARK: - Input

    /// Bytes were read, which come behind the bytes that already wait.
    func received() -> Input { self.isDeferred ? .keep : .run }

    /// An event happened, which comes behind the frames before it.
    mutating func happened(_ event: ConnectionEvents) -> Input {
        self.events.insert(event)
        return self.isDeferred ? .keep : .run
    }

    /// Input is about to run; other connections may have used up this turn of the loop.
    mutating func begins(isTurnUsedUp: Bool) -> Input {
        precondition(!self.isDeferred, "input runs before what was deferred")
        self.isDeferred = isTurnUsedUp
        return isTurnUsedUp ? .queue : .run
    }

    /// Frames have run; if they used up the turn, others are left.
    mutating func ran(isTurnUsedUp: Bool) -> Input { self.begins(isTurnUsedUp: isTurnUsedUp) }

    /// Its turn has come.
    mutating func resumed() {
        precondition(self.isDeferred, "a turn for input that was not deferred")
        self.isDeferred = false
    }

    /// Removes and returns the events that are due: none while frames before them are left.
    mutating func takeEvents() -> ConnectionEvents {
        guard !self.isDeferred else { return [] }
        defer { self.events = [] }
        return self.events
    }

    // MARK: - Replies

    /// Replies wait, or the connection is to be closed.
    ///
    /// - Returns: Whether to queue for the next release.
    mutating func waits() -> Bool {
        defer { self.isWaiting = true }
        return !self.isWaiting
    }

    /// The connection is to be closed: in a later turn, since many may end at once.
    mutating func ends() { self.isOver = true }

    /// Its turn to release replies has come.
    mutating func released() -> Release {
        self.isWaiting = false
        return self.isOver ? .abandon : .write
    }

    /// Traps if events wait for no turn.
    func checkInvariants() {
        precondition(
            self.isDeferred || self.events.isEmpty,
            "events wait for a turn that never comes"
        )
    }
}
