public import Bytes
public import InventoryModel

/// Everything a client can ask once it has said hello.
public enum Request: Hashable, Sendable {
    /// Begins a session, or goes on with one. `mayCreate` is false for a client that has used the
    /// session before: if the server has forgotten it, that must be an error.
    case openSession(SessionID, mayCreate: Bool)
    /// A command: the next of the connection's session, or 0 outside of any.
    case command(sequence: UInt64, fingerprint: RequestFingerprint? = nil, Command)
    /// A command that is executed once under its key; when its client first sent it, if it says so.
    case keyedCommand(
        IdempotencyKey,
        firstTried: Instant?,
        fingerprint: RequestFingerprint? = nil,
        Command
    )
    /// What became of the command with a key, if it is remembered: compared by its fingerprint where one is
    /// given, and otherwise by nothing.
    case keyedOutcome(
        IdempotencyKey,
        firstTried: Instant?,
        fingerprint: RequestFingerprint?
    )
    case query(Query)
    case subscribe(Subscription)
    /// Ends the subscription that the request of that id began.
    case unsubscribe(requestID: UInt64)
    /// Ends the answer to the query of that id.
    case cancel(requestID: UInt64)
    case ping
    /// Writes a snapshot now.
    case takeSnapshot
    /// One product as it is, with its stock.
    case getProduct(ProductKey)
    /// An insight, answered once.
    case insight(Insight)
    /// An insight, answered now and whenever its result changes.
    case subscribeInsight(Insight)

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
        }
    }

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
        case .ping, .takeSnapshot:
            break
        }
    }

    /// Appends the whole frame.
    public func encodeFrame(requestID: UInt64, into writer: inout ByteWriter) {
        let frame = FrameWriter(self.opcode, requestID: requestID, into: &writer)
        self.encodeBody(into: &writer)
        frame.finish(into: &writer)
    }

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
    /// Appends the whole frame of the request that this command is: what ``Request/command(sequence:fingerprint:_:)``
    /// makes of the command that it was.
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

    /// Appends the whole frame of the request that this command is under a key: what
    /// ``Request/keyedCommand(_:firstTried:fingerprint:_:)`` makes of the command that it was.
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
