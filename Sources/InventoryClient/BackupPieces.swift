public import InventoryWire
internal import NIOCore
internal import NIOPosix

/// A backup, piece by piece as it arrives.
///
/// The connection is read only as fast as pieces are consumed (back-pressure): a slow reader slows the backup
/// down, and nothing else. The deadline applies to the next piece. A refusal or a lost connection is thrown as
/// a ``ClientError``; the pieces read before are then not a backup.
public struct BackupPieces: AsyncSequence, Sendable {
    /// A part of the backup.
    public enum Element: Sendable {
        /// The next bytes; none while the server works on the following ones.
        case bytes([UInt8])
        /// The backup is complete.
        case end(BackupTaken)
    }

    /// The pieces buffered for the reader before the connection pauses.
    private static let waitingMax = 8

    let bytesPerSecondMax: UInt64
    let configuration: ClientConfiguration

    /// Requests the backup over its own connection.
    public func makeAsyncIterator() -> Iterator {
        let feed = AnswerFeed(
            .backup(bytesPerSecondMax: self.bytesPerSecondMax),
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(messages: feed.events(waiting: 2...Self.waitingMax))
    }

    /// Iterates the pieces.
    ///
    /// Dropping it or cancelling its task ends the backup and closes the connection.
    public struct Iterator: AsyncIteratorProtocol {
        var messages: FeedIterator<AnswerFeed>
        private var isEnded = false

        init(messages: FeedIterator<AnswerFeed>) { self.messages = messages }

        /// Returns the next piece; `nil` after the end.
        ///
        /// - Throws: ``ClientError``.
        public mutating func next() async throws -> Element? {
            if self.isEnded { return nil }
            guard let message = try await self.messages.next() else { throw ClientError(.closed) }
            switch message {
            case .backupPiece(let bytes):
                return .bytes(bytes)
            case .backupEnd(let taken):
                self.isEnded = true
                return .end(taken)
            case let message:
                throw ClientError(.protocolViolation, "\(message.opcode) in a backup")
            }
        }
    }
}
