internal import InventoryModel
internal import InventoryWire

/// What one connection may do next.
///
///     awaitingHello ──hello──▶ active ──stop, or nothing more to read──▶ draining ──last reply──▶ closed
///           └──────────── not a hello, time out, bad frame ──────────────────────────────────────▶ closed
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
        /// Send what is owed, say why in a goodbye, and close.
        case close(Refusal)
        case nothing
    }

    private enum State: Equatable {
        case awaitingHello
        case active(inFlight: Int)
        /// `refusal`: What the goodbye says.
        case draining(inFlight: Int, Refusal)
        case closed
    }

    private var state = State.awaitingHello
    /// Whom the hello was of; nobody may do anything before it.
    private(set) var principal = Principal(actor: "", rights: [])
    private let inFlightMax: Int

    init(inFlightMax: Int = WireLimits.inFlightMax) {
        precondition(inFlightMax > 0, "room for \(inFlightMax) requests")
        self.inFlightMax = inFlightMax
    }

    var isClosed: Bool { self.state == .closed }

    /// `principal`: Whom it is of; whoever says it, if that is not given.
    mutating func helloReceived(_ hello: Hello, of principal: Principal? = nil) -> Action {
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
            self.principal = principal ?? Principal(trusting: hello)
            return .accept

        case .active, .draining:
            self.state = .closed
            return .close(Refusal(.malformedFrame, .message("a second hello")))

        case .closed:
            return .nothing
        }
    }

    /// A whole frame came.
    ///
    /// `opcode`: What kind of request it is; `nil` if there is no such kind. `isInUse`: Whether the answer to
    /// another request of that id goes on.
    mutating func requestReceived(
        _ requestID: UInt64,
        _ opcode: Opcode?,
        isInUse: Bool = false
    ) -> Action {
        switch self.state {
        case .awaitingHello:
            self.state = .closed
            return .close(Refusal(.malformedFrame, .message("a request before the hello")))

        case .active where requestID == 0 || isInUse, .draining where requestID == 0 || isInUse:
            // Answered under that id, it could be taken for the answer to the other one.
            self.state = .closed
            let problem = isInUse ? "\(requestID) is in use" : "is 0, which is the server's"
            return .close(Refusal(.malformedFrame, .field("request id", problem: problem)))

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
            if let refusal = opcode.flatMap({ self.principal.refusal(of: $0) }) {
                return .refuse(refusal)
            }
            self.state = .active(inFlight: inFlight + 1)
            return .run

        case .draining(_, let refusal):
            return .refuse(refusal)

        case .closed:
            // Frames that were read together with the one that closed the connection.
            return .nothing
        }
    }

    /// ``requestReceived(_:_:isInUse:)`` for a request that may simply run.
    ///
    /// - Returns: Whether it may; if not, nothing has changed, and ``requestReceived(_:_:isInUse:)`` says
    ///   what to do instead.
    mutating func admits(_ requestID: UInt64, _ opcode: Opcode, isInUse: Bool = false) -> Bool {
        guard case .active(let inFlight) = self.state, inFlight < self.inFlightMax,
            requestID != 0, !isInUse, self.principal.may(opcode)
        else { return false }
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

        case .draining(let inFlight, let refusal):
            precondition(inFlight >= count, "\(count) replies to \(inFlight) requests")
            guard inFlight == count else {
                self.state = .draining(inFlight: inFlight - count, refusal)
                return .nothing
            }
            self.state = .closed
            return .close(refusal)

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

    /// Nothing was asked for so long.
    mutating func idleTimedOut(seconds: Int) -> Action {
        switch self.state {
        case .active(inFlight: 0):
            self.state = .closed
            let problem = "nothing was asked for \(seconds) s"
            return .close(Refusal(.deadlineExceeded, .message(problem)))

        case .active, .draining, .awaitingHello, .closed:
            // It asked meanwhile, or ends for another reason.
            return .nothing
        }
    }

    /// The frame that is being received was begun too long ago.
    mutating func frameTimedOut() -> Action {
        switch self.state {
        case .active, .draining, .awaitingHello:
            self.state = .closed
            let seconds = WireLimits.frameMilliseconds / 1_000
            let problem = "a frame was not whole \(seconds) s after its first byte"
            return .close(Refusal(.malformedFrame, .message(problem)))

        case .closed:
            // It was closed for another reason meanwhile.
            return .nothing
        }
    }

    /// The server stops: answer what runs, accept nothing more.
    mutating func drain() -> Action { self.drain(Refusal(.shuttingDown)) }

    /// The client has closed its sending side: answer what runs.
    mutating func inputClosed() -> Action { self.drain(Refusal(.clientClosed)) }

    private mutating func drain(_ refusal: Refusal) -> Action {
        switch self.state {
        case .awaitingHello, .active(inFlight: 0):
            self.state = .closed
            return .close(refusal)

        case .active(let inFlight):
            self.state = .draining(inFlight: inFlight, refusal)
            return .nothing

        case .draining, .closed:
            return .nothing
        }
    }

    mutating func channelClosed() { self.state = .closed }
}
