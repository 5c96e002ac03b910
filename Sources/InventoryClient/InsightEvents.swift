public import Bytes
public import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// What a subscription to an insight brings, in order.
public enum InsightEvent: Hashable, Sendable {
    /// The whole result: first of all, and again after a reconnect, or when too much of it changed.
    case result(InsightAnswer)
    /// Some of it is otherwise now.
    case changed(InsightChange)
    /// The result is still what it was, as of this LSN.
    case progress(lsn: LSN)
    /// The connection is gone, or the server refuses the subscription for now (``ClientError/refusal``): it goes
    /// on by itself once there is a connection again that takes it, with the whole result.
    case disconnected(ClientError)
}

/// What became of a result.
public struct InsightChange: Hashable, Sendable {
    /// The whole result as it is now.
    public var answer: InsightAnswer
    /// What makes its table of the one before.
    public var difference: ResultDifference
    /// The rows that are in the result no longer: those that were taken out and not put in again.
    public var left: ResultTable

    /// Rows that are new or otherwise, as they are now, in their order.
    public var rows: ResultTable { self.difference.rows }
}

/// The result of an insight, kept up to date for as long as it is listened to.
///
///     for try await event in client.subscribe(toInsight: insight) {
///         if case .changed(let change) = event { show(change.answer.table) }
///     }
///
/// The connection is read only as fast as events are taken: a slow listener keeps a few of them in
/// memory, and is told by the server what became of the result meanwhile in one. It ends by an error
/// that trying again cannot mend, such as a question that makes no sense.
public struct InsightEvents: AsyncSequence, Sendable {
    public typealias Element = InsightEvent

    let insight: Insight
    let configuration: ClientConfiguration

    /// Subscribes, over a connection of its own.
    public func makeAsyncIterator() -> Iterator {
        let feed = InsightFeed(
            self.insight,
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(base: feed.events(waiting: 2...8))
    }

    /// Dropping it, or cancelling its task, ends the subscription and closes its connection.
    public struct Iterator: AsyncIteratorProtocol {
        var base: FeedIterator<InsightFeed>

        /// The next event.
        ///
        /// - Throws: ``ClientError`` for what trying again cannot mend, and ``ClientError/Code-swift.struct/cancelled``.
        public mutating func next() async throws -> InsightEvent? { try await self.base.next() }
    }
}

/// A client's copy of a result, put together from the messages of its subscription.
///
/// A plain value; ``InsightFeed`` feeds it.
struct InsightCopy {
    private var header: InsightHeader?
    private var rows: ResultTable?
    private(set) var answer: InsightAnswer?

    /// - Returns: What the listener is told; nothing for a part of a whole.
    /// - Throws: `protocol violation` for a message that does not fit what came before.
    mutating func take(_ message: ServerMessage) throws(ClientError) -> InsightEvent? {
        switch message {
        case .subscribed, .reset:
            self = InsightCopy()
            return nil
        case .insightHeader(let header):
            self.header = header
            self.rows = ResultTable(header.schema)
            return nil
        case .resultRows(let bytes):
            guard let header else {
                throw ClientError(.protocolViolation, "rows before their header")
            }
            self.rows?.append(contentsOf: try AnswerReader.table(bytes, header.schema))
            return nil
        case .caughtUp:
            return .result(try self.complete())
        case .insightChanged(let changed):
            return .changed(try self.apply(changed))
        case .progress(let lsn, _):
            if let answer { self.answer?.lsn = max(answer.lsn, lsn) }
            return .progress(lsn: lsn)
        default:
            throw ClientError(.protocolViolation, "\(message.opcode) in an insight")
        }
    }

    /// The answer whose header and rows have come.
    mutating func complete() throws(ClientError) -> InsightAnswer {
        guard let header, let rows else {
            throw ClientError(.protocolViolation, "no header of an insight")
        }
        let answer = InsightAnswer(
            lsn: header.lsn,
            time: header.time,
            window: header.window,
            keyColumnCount: header.keyColumnCount,
            table: rows
        )
        self.answer = answer
        self.rows = nil
        return answer
    }

    private mutating func apply(_ changed: InsightChanged) throws(ClientError) -> InsightChange {
        guard var answer = self.answer else {
            throw ClientError(.protocolViolation, "a change of a result that has not come")
        }
        let old = answer.table
        let difference = try changed.difference(of: old)
        guard let table = difference.applied(to: old) else {
            throw ClientError(.protocolViolation, "a change of another result")
        }
        answer.lsn = changed.lsn
        answer.time = changed.time
        answer.window = changed.window
        answer.table = table
        self.answer = answer
        let left = difference.left(of: old, keyColumnCount: answer.keyColumnCount)
        return InsightChange(answer: answer, difference: difference, left: left)
    }
}

extension InsightChanged {
    fileprivate func difference(of old: ResultTable) throws(ClientError) -> ResultDifference {
        do {
            return try self.difference(old.schema)
        } catch {
            throw ClientError(.protocolViolation, "rows of a change: \(error)")
        }
    }
}
