public import Bytes
public import InventoryModel

/// A request of a client, after the hello.
public enum Request: Hashable, Sendable {
    /// Opens a new or an existing session.
    ///
    /// `mayCreate` is false for a client that has used the session before: if the server has forgotten it,
    /// the reply must be an error.
    case openSession(SessionID, mayCreate: Bool)
    /// A command with the next sequence number of the connection's session, or 0 without a session.
    case command(sequence: UInt64, fingerprint: RequestFingerprint? = nil, Command)
    /// A command that is executed once under its idempotency key, and when the client first sent it, if
    /// known.
    case keyedCommand(
        IdempotencyKey,
        firstTried: Instant?,
        fingerprint: RequestFingerprint? = nil,
        Command
    )
    /// The remembered outcome of the command with an idempotency key.
    ///
    /// If a fingerprint is given, it must be that of the command; otherwise any command's outcome is
    /// returned.
    case keyedOutcome(
        IdempotencyKey,
        firstTried: Instant?,
        fingerprint: RequestFingerprint?
    )
    /// A query.
    case query(Query)
    /// A subscription to changes.
    case subscribe(Subscription)
    /// Ends the subscription with this request id.
    case unsubscribe(requestID: UInt64)
    /// Cancels the query with this request id.
    case cancel(requestID: UInt64)
    /// A request for a ``ServerMessage/pong(durable:time:)``.
    case ping
    /// Writes a snapshot now.
    case takeSnapshot
    /// One product with its current stock.
    case getProduct(ProductKey)
    /// An insight, executed once.
    case insight(Insight)
    /// A live insight: its result now, and every change of it.
    case subscribeInsight(Insight)
    /// A backup of everything, in pieces, at most at this rate; 0 for the server's limit.
    case backup(bytesPerSecondMax: UInt64)
    /// From here on the connection's commands, reads and queries are those of a copy of the state.
    case beginDryRun

    /// The opcode of its frame.
    public var opcode: Opcode {
        switch self {
        case .openSession: .openSession
        case .command: .command
        case .keyedCommand: .keyedCommand
        case .keyedOutcome: .keyedOutcome
        case .query: .query
        case .subscribe: .subscribe
        case .unsubscribe: .unsubscribe
        case .cancel: .cancel
        case .ping: .ping
        case .takeSnapshot: .takeSnapshot
        case .getProduct: .getProduct
        case .insight: .insight
        case .subscribeInsight: .subscribeInsight
        case .backup: .backup
        case .beginDryRun: .beginDryRun
        }
    }

    /// Writes the body of its frame.
    public func encodeBody(into writer: inout ByteWriter) {
        switch self {
        case .openSession(let id, let mayCreate):
            id.encode(into: &writer)
            writer.write(mayCreate)
        case .command(let sequence, let fingerprint, let command):
            writer.write(sequence)
            fingerprint?.encode(into: &writer)
            command.encode(into: &writer)
        case .keyedCommand(let key, let firstTried, let fingerprint, let command):
            key.encode(into: &writer)
            writer.writeOptional(firstTried)
            fingerprint?.encode(into: &writer)
            command.encode(into: &writer)
        case .keyedOutcome(let key, let firstTried, let fingerprint):
            key.encode(into: &writer)
            writer.writeOptional(firstTried)
            writer.write(fingerprint != nil)
            if let fingerprint { writer.write(fingerprint.value) }
        case .query(let query):
            query.encode(into: &writer)
        case .subscribe(let subscription):
            subscription.encode(into: &writer)
        case .unsubscribe(let requestID), .cancel(let requestID):
            writer.write(requestID)
        case .getProduct(let key):
            key.encode(into: &writer)
        case .insight(let insight), .subscribeInsight(let insight):
            insight.encode(into: &writer)
        case .backup(let bytesPerSecondMax):
            writer.write(bytesPerSecondMax)
        case .ping, .takeSnapshot, .beginDryRun:
            break
        }
    }

    /// Appends the whole frame.
    public func encodeFrame(requestID: UInt64, into writer: inout ByteWriter) {
        let frame = FrameWriter(self.opcode, requestID: requestID, into: &writer)
        self.encodeBody(into: &writer)
        frame.finish(into: &writer)
    }

    /// Reads the body of a frame.
    ///
    /// - Throws: ``WireError/malformedBody(_:_:)`` if the bytes are invalid, or too many.
    public init(
        _ opcode: Opcode,
        from reader: inout ByteReader
    ) throws(WireError) {
        do throws(ByteReaderError) {
            switch opcode {
            case .openSession:
                self = .openSession(
                    try SessionID(from: &reader),
                    mayCreate: try reader.readBool()
                )
            case .command:
                self = .command(
                    sequence: try reader.readUInt64(),
                    fingerprint: try RequestFingerprint.read(from: &reader),
                    try Command(from: &reader)
                )
            case .keyedCommand:
                self = .keyedCommand(
                    try IdempotencyKey(from: &reader),
                    firstTried: try reader.readOptionalInstant(),
                    fingerprint: try RequestFingerprint.read(from: &reader),
                    try Command(from: &reader)
                )
            case .keyedOutcome:
                self = .keyedOutcome(
                    try IdempotencyKey(from: &reader),
                    firstTried: try reader.readOptionalInstant(),
                    fingerprint: try reader.readBool()
                        ? RequestFingerprint(try reader.readUInt64()) : nil
                )
            case .query: self = .query(try Query(from: &reader))
            case .subscribe: self = .subscribe(try Subscription(from: &reader))
            case .unsubscribe: self = .unsubscribe(requestID: try reader.readUInt64())
            case .cancel: self = .cancel(requestID: try reader.readUInt64())
            case .ping: self = .ping
            case .takeSnapshot: self = .takeSnapshot
            case .getProduct: self = .getProduct(try ProductKey(from: &reader))
            case .insight: self = .insight(try Insight(from: &reader))
            case .subscribeInsight: self = .subscribeInsight(try Insight(from: &reader))
            case .beginDryRun: self = .beginDryRun
            case .backup: self = .backup(bytesPerSecondMax: try reader.readUInt64())
            default:
                throw ByteReaderError.unknownCode(
                    offset: 0,
                    code: UInt64(opcode.rawValue),
                    what: "request"
                )
            }
            try reader.finish()
        } catch {
            throw .malformedBody(opcode, error)
        }
    }
}

extension EncodedCommand {
    /// Appends the frame of ``Request/command(sequence:fingerprint:_:)`` with this command.
    public func encodeFrame(
        sequence: UInt64,
        requestID: UInt64,
        into writer: inout ByteWriter
    ) {
        let frame = FrameWriter(.command, requestID: requestID, into: &writer)
        writer.write(sequence)
        writer.write(bytes: self.bytes)
        frame.finish(into: &writer)
    }

    /// Appends the frame of ``Request/keyedCommand(_:firstTried:fingerprint:_:)`` with this command.
    public func encodeFrame(
        key: IdempotencyKey,
        firstTried: Instant?,
        requestID: UInt64,
        into writer: inout ByteWriter
    ) {
        let frame = FrameWriter(.keyedCommand, requestID: requestID, into: &writer)
        key.encode(into: &writer)
        writer.writeOptional(firstTried)
        writer.write(bytes: self.bytes)
        frame.finish(into: &writer)
    }
}
