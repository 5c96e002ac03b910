internal import ColumnStore
internal import Inventory
internal import InventoryWire

/// The answer to a query as its blocks come in.
///
/// The first element has the columns and no rows. Iterating ends with the answer; a refusal or a lost
/// connection is thrown.
public struct QueryRows: AsyncSequence, Sendable {
    public typealias Element = QueryResult
    public typealias Failure = ClientError

    let core: ClientCore
    let query: Query

    public func makeAsyncIterator() -> Iterator {
        let (stream, continuation) = AsyncStream<Result<ServerMessage, ClientError>>.makeStream()
        self.core.request(.query(self.query)) { result in
            continuation.yield(result)
            switch result {
            case .success(.resultEnd), .failure:
                continuation.finish()
                return true
            case .success:
                return false
            }
        }
        return Iterator(messages: stream.makeAsyncIterator())
    }

    public struct Iterator: AsyncIteratorProtocol {
        var messages: AsyncStream<Result<ServerMessage, ClientError>>.AsyncIterator
        private var header: QueryResult?

        init(messages: AsyncStream<Result<ServerMessage, ClientError>>.AsyncIterator) {
            self.messages = messages
        }

        public mutating func next() async throws(ClientError) -> QueryResult? {
            try await self.next(isolation: nil)
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> QueryResult? {
            guard let result = await self.messages.next(isolation: actor) else {
                throw ClientError(.closed)
            }
            switch try result.get() {
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

        private static func table(
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
}
