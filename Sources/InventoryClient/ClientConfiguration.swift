public import InventoryModel

/// The address of a server.
public enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A TCP port of a host, which is a name or an IPv4 or IPv6 address.
    case tcp(host: String, port: Int)
    /// A Unix domain socket in the file system.
    case unix(path: String)

    /// The TCP port on which a server listens by default.
    public static let defaultPort = 7411
    /// The default port on this machine.
    public static let standard = ServerAddress.tcp(host: "127.0.0.1", port: Self.defaultPort)

    /// Parses `HOST:PORT`, `[IPv6]:PORT`, `HOST` or `unix:PATH`; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
            guard !text.isEmpty else { return nil }
            self = .tcp(host: text.trimmingBrackets, port: Self.defaultPort)
            return
        }
        let host = String(text[..<colon]).trimmingBrackets
        let digits = text[text.index(after: colon)...]
        guard !host.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        self = .tcp(host: host, port: port)
    }

    /// The address in the form that ``init(_:)`` parses.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension String {
    fileprivate var trimmingBrackets: String {
        self.hasPrefix("[") && self.hasSuffix("]") ? String(self.dropFirst().dropLast()) : self
    }
}

/// The identity, timeouts and retry behaviour of a client.
public struct ClientConfiguration: Sendable {
    /// The address of the server.
    public var address: ServerAddress
    /// The actor that the ledger records for each command.
    public var actor: String
    /// The name of the program, for the server's diagnostic log.
    public var software: String
    /// The token that authenticates the client, if the server requires one; empty for none.
    public var token: [UInt8]
    /// The session to which numbered commands belong; by default a new random one.
    public var session: SessionID
    /// Whether the sequence numbers of commands continue after the session's last number on the server.
    ///
    /// Otherwise they begin with 1, so that a program that sends the same commands again retries them:
    /// those that were executed get their original outcomes.
    public var continuesSession: Bool
    /// Whether the client makes a dry run: the server decides its commands on a copy of the state, which later
    /// commands, reads and queries of the client see, and which ends with the connection.
    ///
    /// The client connects once, since another connection would begin from the start: after the connection is
    /// lost, every call fails. Insights are refused. Subscriptions and ``InventoryClient/rows(of:)`` have
    /// connections of their own and show the server's state, not the copy's.
    public var isDryRun: Bool
    /// The timeout of a call in milliseconds, including reconnects.
    public var timeoutMilliseconds: Int64
    /// Whether a command that is refused because the server's disk is full is retried until its deadline.
    ///
    /// Otherwise it fails with that refusal and is not executed. Numbered commands that wait behind it are
    /// not sent any more and fail with the same refusal.
    public var waitsForStorage: Bool
    /// The shortest and the longest pause of the exponential backoff between attempts to connect, in ms.
    public var backoffMilliseconds: ClosedRange<Int64>
    /// How long ``InventoryClient/connect()`` repeats attempts that fail, in ms, if no connection was ever made.
    ///
    /// It then fails before its deadline, and at once if the peer does not speak the protocol. By default (`nil`)
    /// it tries until its deadline: a program may be started before its server.
    public var firstConnectMilliseconds: Int64?

    /// Creates a configuration; by default with a new session and a timeout of ten seconds.
    public init(
        address: ServerAddress = .standard,
        actor: String,
        software: String = "InventoryClient",
        token: [UInt8] = [],
        session: SessionID? = nil,
        continuesSession: Bool = false,
        isDryRun: Bool = false,
        timeoutMilliseconds: Int64 = 10_000,
        waitsForStorage: Bool = true,
        backoffMilliseconds: ClosedRange<Int64> = 10...1_000,
        firstConnectMilliseconds: Int64? = nil
    ) {
        self.address = address
        self.actor = actor
        self.software = software
        self.token = token
        self.session = session ?? .random()
        self.continuesSession = continuesSession
        self.isDryRun = isDryRun
        self.timeoutMilliseconds = timeoutMilliseconds
        self.waitsForStorage = waitsForStorage
        self.backoffMilliseconds = backoffMilliseconds
        self.firstConnectMilliseconds = firstConnectMilliseconds
    }
}

extension IdempotencyKey {
    /// Returns a unique key: 16 random bytes.
    public static func random() -> IdempotencyKey {
        IdempotencyKey(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}

extension SessionID {
    /// Returns a unique session id: 16 random bytes.
    public static func random() -> SessionID {
        SessionID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}
