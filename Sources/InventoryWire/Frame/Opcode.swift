/// What a frame is: the registry.
///
/// Below 128 from client to server, from 128 the other way.
///
/// Numbers are never given a second meaning; PROTOCOL.md's table is checked against this one.
public enum Opcode: UInt8, CaseIterable, Sendable {
    // Client to server.
    case hello = 1
    case openSession = 2
    case command = 3
    case query = 4
    case subscribe = 5
    case unsubscribe = 6
    case cancel = 7
    case ping = 8
    case takeSnapshot = 9
    case getProduct = 10
    case insight = 11
    case subscribeInsight = 12
    case keyedCommand = 13
    case keyedOutcome = 14

    // Server to client.
    case helloAccepted = 129
    case sessionOpened = 130
    case outcome = 131
    case resultHeader = 132
    case resultRows = 133
    case resultEnd = 134
    case refused = 135
    case pong = 136
    case subscribed = 137
    case snapshotRows = 138
    case caughtUp = 139
    case entries = 140
    case progress = 141
    case reset = 142
    case closed = 143
    case goodbye = 144
    case snapshotTaken = 145
    case product = 146
    case digest = 147
    case insightHeader = 148
    case insightChanged = 149
    case replayedOutcome = 150

    public var isRequest: Bool { self.rawValue < 128 }
}
