/// The limits of what a turn of the loop does for subscribers of live insights.
enum LiveInsightLimits {
    /// Nanoseconds for which a turn serves subscribers; the last one may exceed it.
    static let turnNanosecondsMax: UInt64 = 500_000
    /// Bytes that a turn sends to subscribers; the last one may exceed it.
    static let turnByteCountMax = 1 << 20
    /// What a message counts at least, in bytes: so a turn writes to 64 sockets at most.
    static let messageByteCountMin = turnByteCountMax / 64
    /// What a subscriber counts for which nothing is new, in bytes: so a turn looks at 1,024 of them at most.
    static let visitByteCount = turnByteCountMax / 1_024
}

/// What serving a subscriber came to.
enum Served {
    /// Nothing was new, or it could not receive it.
    case none
    /// A short message.
    case sent
    /// The newest result.
    case result(byteCount: Int)

    /// What it counts of a turn's budget, in bytes.
    var costByteCount: Int {
        switch self {
        case .none: LiveInsightLimits.visitByteCount
        case .sent: LiveInsightLimits.messageByteCountMin
        case .result(let byteCount): max(byteCount, LiveInsightLimits.messageByteCountMin)
        }
    }
}
