internal import Bytes
internal import InventoryModel
internal import InventoryWire

/// The protocol state of one connection.
///
///     awaitingHello ──hello──▶ active ──stop, or end of input──▶ draining ──last reply──▶ closed
///           └──────────── not a hello, timeout, bad frame ──────────────────────────────▶ closed
///
/// It depends on no channel and reads no bytes. ``ConnectionHandler`` feeds it events and performs its actions.
struct ConnectionStateMachine: Equatable {
    enum Action: Equatable {
        /// Answer the hello.
        case accept
        /// Run the request.
        case run
        /// Answer the request with this refusal instead of running it.
        case refuse(Refusal)
        /// Send pending replies, then a goodbye with the reason, and close.
        case close(Refusal)
        case nothing
    }

    private enum State: Equatable {
        case awaitingHello
        case active(inFlight: Int)
        /// `refusal` is the reason in the goodbye.
        case draining(inFlight: Int, Refusal)
        case closed
    }

    private var state = State.awaitingHello
    /// The principal authenticated by the hello; it has no rights before.
    private(set) var principal = Principal(actor: "", rights: [])
    private let inFlightMax: Int

    init(inFlightMax: Int = WireLimits.inFlightMax) {
        precondition(inFlightMax > 0, "at most \(inFlightMax) requests in flight")
        self.inFlightMax = inFlightMax
    }

    var isClosed: Bool { self.state == .closed }

    /// Handles a hello; `principal` is the authenticated principal, or `nil` to trust the hello.
    mutating func helloReceived(_ hello: Hello, of principal: Principal? = nil) -> Action {
        switch self.state {
        case .awaitingHello:
            // The actor's name is recorded in the ledger.
            guard !NormalizedText.hasControlCharacter(hello.actor) else {
                return self.failed(.malformedBody(.hello, .invalidText(offset: 0)))
            }
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

    /// Handles a complete frame.
    ///
    /// `opcode` is `nil` if it is unknown. `isInUse` says whether another request with that ID is still being
    /// answered.
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
            // An answer under that ID could be taken for the answer to the other request.
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

    /// The fast path of ``requestReceived(_:_:isInUse:)`` for a request that may simply run.
    ///
    /// - Returns: Whether it may; if not, nothing has changed and ``requestReceived(_:_:isInUse:)`` decides.
    mutating func admits(_ requestID: UInt64, _ opcode: Opcode, isInUse: Bool = false) -> Bool {
        guard case .active(let inFlight) = self.state, inFlight < self.inFlightMax,
            requestID != 0, !isInUse, self.principal.may(opcode)
        else { return false }
        self.state = .active(inFlight: inFlight + 1)
        return true
    }

    /// Counts replies to `count` requests as sent.
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
            // The connection closed while its requests ran.
            return .nothing
        }
    }

    /// Handles bytes that are not a frame.
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
            // The hello arrived before the timeout.
            return .nothing
        }
    }

    /// Handles a connection without requests for too long.
    mutating func idleTimedOut(seconds: Int) -> Action {
        switch self.state {
        case .active(inFlight: 0):
            self.state = .closed
            let problem = "no request for \(seconds) s"
            return .close(Refusal(.deadlineExceeded, .message(problem)))

        case .active, .draining, .awaitingHello, .closed:
            // A request arrived meanwhile, or the connection ends for another reason.
            return .nothing
        }
    }

    /// Handles a frame that is incomplete for too long.
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

    /// The server stops: answer running requests, accept no more.
    mutating func drain() -> Action { self.drain(Refusal(.shuttingDown)) }

    /// The client has closed its sending side: answer running requests.
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

    /// Traps if the counts of requests in flight or the principal contradict the state.
    func checkInvariants() {
        switch self.state {
        case .awaitingHello:
            precondition(self.principal.rights.isEmpty, "rights before the hello")
        case .active(let inFlight):
            precondition(
                (0...self.inFlightMax).contains(inFlight),
                "\(inFlight) of \(self.inFlightMax) requests are in flight"
            )
        case .draining(let inFlight, _):
            precondition(
                (1...self.inFlightMax).contains(inFlight),
                "draining with \(inFlight) of \(self.inFlightMax) requests in flight"
            )
        case .closed: break
        }
    }
}
