public import InventoryModel

/// Where a server is.
public enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A port of a host, which is a name or an IPv4 or IPv6 address.
    case tcp(host: String, port: Int)
    /// A Unix socket in the file system.
    case unix(path: String)

    /// Where a server listens that is told nothing else.
    public static let defaultPort = 7411
    /// The default port of this machine.
    public static let standard = ServerAddress.tcp(host: "127.0.0.1", port: Self.defaultPort)

    /// Reads `HOST:PORT`, `[IPv6]:PORT`, `HOST` or `unix:PATH`; `nil` for anything else.
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

    /// As ``init(_:)`` reads it.
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

/// How a client presents itself, and how long it waits.
public struct ClientConfiguration: Sendable {
    /// Where the server is.
    public var address: ServerAddress
    /// Who acts, as the ledger will say.
    public var actor: String
    /// The program, as the server's log will say.
    public var software: String
    /// Proof of who asks, where the server wants one; empty for none.
    public var token: [UInt8]
    /// The session of the commands; a new random one if not given.
    public var session: SessionID
    /// Whether commands are numbered on from where the server says the session stands.
    ///
    /// Otherwise they begin with 1, so that the same commands given again are the same requests:
    /// those that were carried out are answered as they were then.
    public var continuesSession: Bool
    /// How long a call takes at most, in milliseconds, reconnecting included.
    public var timeoutMilliseconds: Int64
    /// Whether a command that is refused because the server's disk is full is sent again until its deadline.
    ///
    /// Otherwise that is its answer: nothing was done. Of numbered commands none that waits behind it is
    /// sent any more, and all fail with the same refusal.
    public var waitsForStorage: Bool
    /// The first and the longest pause between two attempts to connect, in milliseconds.
    public var backoffMilliseconds: ClosedRange<Int64>

    /// A configuration with the defaults of what is not named: a new session, ten seconds for a call.
    public init(
        address: ServerAddress = .standard,
        actor: String,
        software: String = "InventoryClient",
        token: [UInt8] = [],
        session: SessionID? = nil,
        continuesSession: Bool = false,
        timeoutMilliseconds: Int64 = 10_000,
        waitsForStorage: Bool = true,
        backoffMilliseconds: ClosedRange<Int64> = 10...1_000
    ) {
        self.address = address
        self.actor = actor
        self.software = software
        self.token = token
        self.session = session ?? .random()
        self.continuesSession = continuesSession
        self.timeoutMilliseconds = timeoutMilliseconds
        self.waitsForStorage = waitsForStorage
        self.backoffMilliseconds = backoffMilliseconds
    }
}

extension IdempotencyKey {
    /// A key that nobody else has: 16 random bytes.
    public static func random() -> IdempotencyKey {
        IdempotencyKey(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}

extension SessionID {
    /// A session that nobody else has.
    public static func random() -> SessionID {
        SessionID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}
