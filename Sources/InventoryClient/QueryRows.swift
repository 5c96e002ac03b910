internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// The answer to a query, block by block as it arrives.
///
/// The first element has the columns and no rows. The iteration ends with the answer; a refusal or a lost
/// connection is thrown as a ``ClientError``.
///
/// It has its own connection, which is read only as fast as blocks are consumed (back-pressure): for a slow
/// reader a few blocks are buffered in memory, the rest stays at the server, and nothing else is delayed.
/// The deadline applies to the next block, not to the whole answer.
public struct QueryRows: AsyncSequence, Sendable {
    /// A block of rows; the first has only the columns.
    public typealias Element = QueryResult

    /// The messages buffered for the reader before the connection pauses; about a thousand rows each.
    private static let waitingMax = 16

    let query: Query
    let configuration: ClientConfiguration

    /// Sends the query over its own connection.
    public func makeAsyncIterator() -> Iterator {
        let feed = AnswerFeed(
            .query(self.query),
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(messages: feed.events(waiting: 2...Self.waitingMax))
    }

    /// Iterates the blocks.
    ///
    /// Dropping it or cancelling its task ends the server's work and closes the connection.
    public struct Iterator: AsyncIteratorProtocol {
        var messages: FeedIterator<AnswerFeed>
        private var reader = AnswerReader()

        init(messages: FeedIterator<AnswerFeed>) { self.messages = messages }

        /// Returns the next block; `nil` after the last.
        ///
        /// - Throws: ``ClientError``. The blocks read before are then only a part of the answer.
        public mutating func next() async throws -> QueryResult? {
            guard let message = try await self.messages.next() else {
                throw ClientError(.closed)
            }
            return try self.reader.take(message)
        }
    }
}

/// Assembles the messages of an answer: a header, then blocks of rows with its columns.
struct AnswerReader {
    private var header: QueryResult?

    /// Accepts the next message.
    ///
    /// - Returns: The header without rows, or a block of rows; `nil` at the end.
    /// - Throws: `protocol violation` for a message that does not belong to an answer.
    mutating func take(_ message: ServerMessage) throws(ClientError) -> QueryResult? {
        switch message {
        case .resultHeader(let header):
            let result = QueryResult(
                lsn: header.lsn,
                time: header.time,
                table: ResultTable(header.schema)
            )
            self.header = result
            return result
        case .resultRows(let bytes):
            guard var part = self.header else {
                throw ClientError(.protocolViolation, "rows before their header")
            }
            part.table = try Self.table(bytes, part.table.schema)
            return part
        case .resultEnd:
            return nil
        case let message:
            throw ClientError(.protocolViolation, "\(message.opcode) in an answer")
        }
    }

    static func table(
        _ bytes: [UInt8],
        _ schema: [ResultField]
    ) throws(ClientError) -> ResultTable {
        let result = bytes.withUnsafeBytes { bytes -> Result<ResultTable, ByteReaderError> in
            var reader = ByteReader(bytes)
            do throws(ByteReaderError) {
                return .success(try ResultTable(blockFrom: &reader, schema: schema))
            } catch {
                return .failure(error)
            }
        }
        do throws(ByteReaderError) {
            return try result.get()
        } catch {
            throw ClientError(.protocolViolation, "a block of rows: \(error)")
        }
    }
}
