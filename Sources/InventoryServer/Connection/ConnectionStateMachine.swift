internal import Inventory
internal import InventoryWire

/// What one connection may do next.
///
///     awaitingHello ──hello──▶ active ──drain──▶ draining ──last reply──▶ closed
///           └──────────── not a hello, time out, bad frame ─────────────────▶ closed
///
/// It knows no channel and no byte. ``ConnectionHandler`` feeds it events and does what it says.
struct ConnectionStateMachine: Equatable {
    enum Action: Equatable {
        /// Answer the hello.
        case accept
        /// Run the request.
        case run
        /// Answer the request with this instead of running it.
        case refuse(Refusal)
        /// Say why, send what is owed, and close.
        case close(Refusal)
        /// Send what is owed, and close.
        case finish
        case nothing
    }

    private enum State: Equatable {
        case awaitingHello
        case active(inFlight: Int)
        case draining(inFlight: Int)
        case closed
    }

    private var state = State.awaitingHello
    private let inFlightMax: Int

    init(inFlightMax: Int = WireLimits.inFlightMax) {
        precondition(inFlightMax > 0, "room for \(inFlightMax) requests")
        self.inFlightMax = inFlightMax
    }

    var isClosed: Bool { self.state == .closed }

    mutating func helloReceived(_ hello: Hello) -> Action {
        switch self.state {
        case .awaitingHello:
            let spoken = hello.versionMin...max(hello.versionMin, hello.versionMax)
            guard spoken.contains(ProtocolVersion.newest) else {
                self.state = .closed
                return .close(
                    Refusal(
                        .unsupportedVersion,
                        .range(
                            "version",
                            value: Int64(hello.versionMax),
                            lowest: Int64(ProtocolVersion.newest),
                            highest: Int64(ProtocolVersion.newest)
                        )
                    )
                )
            }
            self.state = .active(inFlight: 0)
            return .accept

        case .active, .draining:
            self.state = .closed
            return .close(Refusal(.malformedFrame, .message("a second hello")))

        case .closed:
            return .nothing
        }
    }

    mutating func requestReceived() -> Action {
        switch self.state {
        case .awaitingHello:
            self.state = .closed
            return .close(Refusal(.malformedFrame, .message("a request before the hello")))

        case .active(let inFlight) where inFlight >= self.inFlightMax:
            return .refuse(
                Refusal(
                    .overloaded,
                    .range(
                        "requests in flight",
                        value: Int64(inFlight + 1),
                        lowest: 0,
                        highest: Int64(self.inFlightMax)
                    )
                )
            )

        case .active(let inFlight):
            self.state = .active(inFlight: inFlight + 1)
            return .run

        case .draining:
            return .refuse(Refusal(.shuttingDown))

        case .closed:
            // Frames that were read together with the one that closed the connection.
            return .nothing
        }
    }

    /// ``requestReceived()`` for a request that may simply run.
    ///
    /// - Returns: Whether it may; if not, nothing has changed, and ``requestReceived()`` says what to
    ///   do instead.
    mutating func admits() -> Bool {
        guard case .active(let inFlight) = self.state, inFlight < self.inFlightMax else {
            return false
        }
        self.state = .active(inFlight: inFlight + 1)
        return true
    }

    /// Replies to `count` requests that ran have been sent.
    mutating func replied(_ count: Int) -> Action {
        switch self.state {
        case .awaitingHello:
            preconditionFailure("\(count) replies before any request")

        case .active(let inFlight):
            precondition(inFlight >= count, "\(count) replies to \(inFlight) requests")
            self.state = .active(inFlight: inFlight - count)
            return .nothing

        case .draining(let inFlight):
            precondition(inFlight >= count, "\(count) replies to \(inFlight) requests")
            guard inFlight == count else {
                self.state = .draining(inFlight: inFlight - count)
                return .nothing
            }
            self.state = .closed
            return .finish

        case .closed:
            // The connection went while its requests ran.
            return .nothing
        }
    }

    /// Bytes came that are no frame.
    mutating func failed(_ error: WireError) -> Action {
        switch self.state {
        case .awaitingHello, .active, .draining:
            self.state = .closed
            return .close(error.refusal)

        case .closed:
            return .nothing
        }
    }

    mutating func helloTimedOut() -> Action {
        switch self.state {
        case .awaitingHello:
            self.state = .closed
            return .close(Refusal(.malformedFrame, .message("no hello in time")))

        case .active, .draining, .closed:
            // The hello came before its time was up.
            return .nothing
        }
    }

    /// The server stops: answer what runs, take nothing more.
    mutating func drain() -> Action {
        switch self.state {
        case .awaitingHello, .active(inFlight: 0):
            self.state = .closed
            return .finish

        case .active(let inFlight):
            self.state = .draining(inFlight: inFlight)
            return .nothing

        case .draining, .closed:
            return .nothing
        }
    }

    mutating func channelClosed() { self.state = .closed }
}
