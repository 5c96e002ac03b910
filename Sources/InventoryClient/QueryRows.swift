internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// The answer to a query as its blocks come in.
///
/// The first element has the columns and no rows. Iterating ends with the answer; a refusal or a lost
/// connection is thrown, as a ``ClientError``.
///
/// It has a connection of its own, which is read only as fast as blocks are taken: a reader that pauses
/// keeps a few blocks in memory and the rest at the server, and holds up nothing else. The deadline is for
/// the next block, not for the whole.
public struct QueryRows: AsyncSequence, Sendable {
    public typealias Element = QueryResult

    /// Messages that wait for the reader before the connection pauses; about a thousand rows each.
    private static let waitingMax = 16

    let query: Query
    let configuration: ClientConfiguration

    /// Asks, over a connection of its own.
    public func makeAsyncIterator() -> Iterator {
        let feed = AnswerFeed(
            self.query,
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(messages: feed.events(waiting: 2...Self.waitingMax))
    }

    /// Dropping it, or cancelling its task, ends the server's work and closes the connection.
    public struct Iterator: AsyncIteratorProtocol {
        var messages: FeedIterator<AnswerFeed>
        private var reader = AnswerReader()

        init(messages: FeedIterator<AnswerFeed>) { self.messages = messages }

        /// The next block; `nil` after the last.
        ///
        /// - Throws: ``ClientError``. What was read before is part of the answer, but not all of it.
        public mutating func next() async throws -> QueryResult? {
            guard let message = try await self.messages.next() else {
                throw ClientError(.closed)
            }
            return try self.reader.take(message)
        }
    }
}

/// Puts the messages of an answer together: a header, then blocks of rows with its columns.
struct AnswerReader {
    private var header: QueryResult?

    /// - Returns: The header without rows, a block of rows, or nothing at the end.
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
