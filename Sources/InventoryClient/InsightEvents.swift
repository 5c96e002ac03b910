public import Bytes
public import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// An event of a subscription to an insight (a live insight).
public enum InsightEvent: Hashable, Sendable {
    /// The whole result: the first event, and again after a reconnect or when too much of it changed.
    case result(InsightAnswer)
    /// Part of the result changed.
    case changed(InsightChange)
    /// The result is unchanged as of this LSN.
    case progress(lsn: LSN)
    /// The connection was lost, or the server refuses the subscription temporarily (``ClientError/refusal``).
    ///
    /// The subscription reconnects by itself and continues with the whole result.
    case disconnected(ClientError)
}

/// A change of a result.
public struct InsightChange: Hashable, Sendable {
    /// The whole result after the change.
    public var answer: InsightAnswer
    /// The difference from the previous table to the current one.
    public var difference: ResultDifference
    /// The rows that left the result: removed and not inserted again.
    public var left: ResultTable

    /// The new and changed rows with their current values, in the order of the result.
    public var rows: ResultTable { self.difference.rows }
}

/// A live insight: the result of an insight, kept up to date while the sequence is iterated.
///
///     for try await event in client.subscribe(toInsight: insight) {
///         if case .changed(let change) = event { show(change.answer.table) }
///     }
///
/// The connection is read only as fast as events are consumed (back-pressure): for a slow consumer a few
/// events are buffered in memory, and the server conflates later changes into one. The sequence ends
/// with an error that a retry cannot fix, such as an invalid insight.
public struct InsightEvents: AsyncSequence, Sendable {
    /// An event, in the order in which the server sent it.
    public typealias Element = InsightEvent

    let insight: Insight
    let configuration: ClientConfiguration

    /// Subscribes over its own connection.
    public func makeAsyncIterator() -> Iterator {
        let feed = InsightFeed(
            self.insight,
            self.configuration,
            by: self.configuration.address,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        return Iterator(base: feed.events(waiting: 2...8))
    }

    /// Iterates the events.
    ///
    /// Dropping it or cancelling its task ends the subscription and closes its connection.
    public struct Iterator: AsyncIteratorProtocol {
        var base: FeedIterator<InsightFeed>

        /// Returns the next event.
        ///
        /// - Throws: ``ClientError`` for what a retry cannot fix, or `cancelled`.
        public mutating func next() async throws -> InsightEvent? { try await self.base.next() }
    }
}

/// A client's copy of a result, assembled from the messages of its subscription.
///
/// A plain value; ``InsightFeed`` feeds it.
struct InsightCopy {
    fileprivate private(set) var header: InsightHeader?
    fileprivate private(set) var rows: ResultTable?
    private(set) var answer: InsightAnswer?

    /// Applies a message.
    ///
    /// - Returns: The event for the listener; `nil` for a message that is only part of a result.
    /// - Throws: `protocol violation` for a message that does not fit the previous ones.
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

    /// Returns the answer whose header and rows have been received.
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
            throw ClientError(.protocolViolation, "a change before the result")
        }
        let old = answer.table
        let difference = try changed.difference(of: old)
        guard let table = difference.applied(to: old) else {
            throw ClientError(.protocolViolation, "a change that does not fit the result")
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

extension InsightCopy {
    /// Traps if rows are not those of the header before them.
    func checkInvariants() {
        guard let rows else { return }
        guard let header else { preconditionFailure("rows of no header") }
        precondition(rows.schema == header.schema, "rows with the columns of another result")
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
