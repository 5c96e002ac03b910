/// The kind of a frame's message: below 128 from client to server, from 128 the other way.
///
/// Numbers never change their meaning; PROTOCOL.md's table is checked against this enumeration.
public enum Opcode: UInt8, CaseIterable, Sendable {
    // Client to server.
    /// ``Hello``: the first frame of a connection.
    case hello = 1
    /// ``Request/openSession(_:mayCreate:)``.
    case openSession = 2
    /// ``Request/command(sequence:fingerprint:_:)``.
    case command = 3
    /// ``Request/query(_:)``.
    case query = 4
    /// ``Request/subscribe(_:)``.
    case subscribe = 5
    /// ``Request/unsubscribe(requestID:)``.
    case unsubscribe = 6
    /// ``Request/cancel(requestID:)``.
    case cancel = 7
    /// ``Request/ping``.
    case ping = 8
    /// ``Request/takeSnapshot``.
    case takeSnapshot = 9
    /// ``Request/getProduct(_:)``.
    case getProduct = 10
    /// ``Request/insight(_:)``.
    case insight = 11
    /// ``Request/subscribeInsight(_:)``.
    case subscribeInsight = 12
    /// ``Request/keyedCommand(_:firstTried:fingerprint:_:)``.
    case keyedCommand = 13
    /// ``Request/keyedOutcome(_:firstTried:fingerprint:)``.
    case keyedOutcome = 14
    /// ``Request/backup(bytesPerSecondMax:)``.
    case backup = 15
    /// ``Request/beginDryRun``.
    case beginDryRun = 16

    // Server to client.
    /// ``HelloAccepted``: the reply to the hello.
    case helloAccepted = 129
    /// ``ServerMessage/sessionOpened(_:)``.
    case sessionOpened = 130
    /// ``ServerMessage/outcome(_:)``.
    case outcome = 131
    /// ``ServerMessage/resultHeader(_:)``.
    case resultHeader = 132
    /// ``ServerMessage/resultRows(_:)``.
    case resultRows = 133
    /// ``ServerMessage/resultEnd(rowCount:)``.
    case resultEnd = 134
    /// ``ServerMessage/refused(_:)``.
    case refused = 135
    /// ``ServerMessage/pong(durable:time:)``.
    case pong = 136
    /// ``ServerMessage/subscribed(_:)``.
    case subscribed = 137
    /// ``ServerMessage/snapshotRows(_:)``.
    case snapshotRows = 138
    /// ``ServerMessage/caughtUp(lsn:)``.
    case caughtUp = 139
    /// ``ServerMessage/entries(_:)``.
    case entries = 140
    /// ``ServerMessage/progress(lsn:time:)``.
    case progress = 141
    /// ``ServerMessage/reset(_:)``.
    case reset = 142
    /// ``ServerMessage/closed(_:lsn:)``.
    case closed = 143
    /// ``ServerMessage/goodbye(_:)``.
    case goodbye = 144
    /// ``ServerMessage/snapshotTaken(_:)``.
    case snapshotTaken = 145
    /// ``ServerMessage/product(_:)``.
    case product = 146
    /// ``ServerMessage/digest(lsn:value:)``.
    case digest = 147
    /// ``ServerMessage/insightHeader(_:)``.
    case insightHeader = 148
    /// ``ServerMessage/insightChanged(_:)``.
    case insightChanged = 149
    /// ``ServerMessage/replayedOutcome(_:)``.
    case replayedOutcome = 150
    /// ``ServerMessage/backupPiece(_:)``.
    case backupPiece = 151
    /// ``ServerMessage/backupEnd(_:)``.
    case backupEnd = 152

    /// Whether a client sends it.
    public var isRequest: Bool { self.rawValue < 128 }
}
