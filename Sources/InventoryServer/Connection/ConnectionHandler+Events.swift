internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Events that may occur on many connections at once.
struct ConnectionEvents: OptionSet {
    let rawValue: UInt8
    /// The client closed its sending side.
    static let inputEnded = ConnectionEvents(rawValue: 1 << 0)
    /// The hello timed out.
    static let helloDue = ConnectionEvents(rawValue: 1 << 1)
    /// The frame that was begun timed out.
    static let frameDue = ConnectionEvents(rawValue: 1 << 2)
    /// The connection was idle for too long.
    static let idleDue = ConnectionEvents(rawValue: 1 << 3)
}

/// What happens to a connection besides bytes: timeouts, and the end of its input.
///
/// Many connections may have such an event at once, so each waits for a turn of the loop with time for it.
extension ConnectionHandler {
    /// Handles an event now, or behind the frames before it once there is time.
    func happened(_ event: ConnectionEvents) {
        guard self.context != nil, !self.machine.isClosed else { return }
        guard self.turns.happened(event) == .run else { return }
        self.host.turns.beginRequests()
        switch self.turns.begins(isTurnUsedUp: self.host.turns.isTurnUsedUp) {
        case .queue: self.host.turns.runLater(self)
        case .run, .keep: self.runEvents()
        }
    }

    func runEvents() {
        let events = self.turns.takeEvents()
        if events.contains(.helloDue) {
            self.perform(self.machine.helloTimedOut(), requestID: 0)
        }
        if events.contains(.frameDue), !self.intake.isEmpty {
            self.perform(self.machine.frameTimedOut(), requestID: 0)
        }
        if events.contains(.idleDue) {
            let seconds = self.host.idleSeconds
            self.perform(self.machine.idleTimedOut(seconds: seconds), requestID: 0)
        }
        if events.contains(.inputEnded) { self.endInput() }
    }

    /// Checks periodically whether the connection is idle.
    func watchIdle() {
        let milliseconds = Int64(self.host.idleSeconds) * 1_000
        guard milliseconds > 0 else { return }
        self.context?.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(milliseconds / Int64(IdleWatch.looksMax))
        ) { [weak self] in
            guard let self, self.context != nil, !self.machine.isClosed else { return }
            if self.idleWatch.look(isServed: self.hasOpenAnswers) { self.happened(.idleDue) }
            self.watchIdle()
        }
    }

    private func endInput() {
        self.unsubscribeAll(nil)
        if !self.queries.isEmpty { self.probe() }
        self.perform(self.machine.inputClosed(), requestID: 0)
        self.waitForRelease()
    }

    /// Sends a no-op frame to a client that closed its sending side while an answer is computed for it.
    ///
    /// The server cannot distinguish it from a client that is gone until something is sent: a gone client
    /// answers with a reset, which ends the connection and its work at once.
    private func probe() { self.writer.send(self.host.pong, to: 0, at: 0) }

    // MARK: - Incomplete frames

    /// Starts the timeout of a frame that was begun.
    ///
    /// It reads the clock once per frame and shares one timer among frames that follow each other.
    func timeFrame() {
        let first = self.intake.begin(at: self.host.milliseconds)
        if let first { self.lookAtFrame(in: first) }
    }

    private func lookAtFrame(in milliseconds: Int64) {
        self.context?.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            [weak self] in
            guard let self else { return }
            let verdict = self.intake.look(
                at: self.host.milliseconds,
                isRead: !self.gate.isPaused,
                isSpaceWanted: self.host.isSpaceWanted
            )
            switch verdict {
            case .none: break
            case .later(let milliseconds): self.lookAtFrame(in: milliseconds)
            case .late: self.happened(.frameDue)
            }
        }
    }
}
