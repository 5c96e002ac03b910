internal import ColumnStore
internal import Durability
internal import Inventory
internal import InventoryWire
internal import NIOCore
internal import NIOPosix

/// An answer on its way: made on a query thread block by block, sent as fast as its reader reads.
///
/// `@unchecked Sendable`: the answer belongs to whoever makes its next block, and there is one at a
/// time; the flags belong to the loop.
final class AnswerStream: @unchecked Sendable {
    let requestID: UInt64
    let view: ReadView
    let query: Query
    fileprivate var answer: Answer?
    fileprivate var rowCount: UInt64 = 0
    /// Its next block waits until the connection takes more bytes.
    fileprivate(set) var isStalled = false
    fileprivate var isCancelled = false

    init(_ query: Query, _ view: ReadView, requestID: UInt64) {
        self.query = query
        self.view = view
        self.requestID = requestID
    }

    /// How an answer ends that its asker no longer wants.
    static let cancelled = Refusal(.invalidField, .message("cancelled"))

    func cancel() { self.isCancelled = true }

    /// Encodes the next frames of the answer.
    ///
    /// - Returns: The frames, and whether they are the last.
    fileprivate func next() -> (bytes: [UInt8], isLast: Bool) {
        var writer = ByteWriter(capacity: 1 << 16)
        if self.answer == nil {
            do throws(Refusal) {
                let answer = try self.view.answer(self.query)
                self.answer = answer
                let header = ResultHeader(
                    lsn: self.view.lsn,
                    time: self.view.time,
                    schema: answer.schema
                )
                self.write(.resultHeader(header), &writer)
            } catch {
                self.write(.refused(error), &writer)
                return (writer.array(), true)
            }
        }
        while let block = self.answer?.nextBlock() {
            self.rowCount += UInt64(block.rowCount)
            let frame = FrameWriter(.resultRows, requestID: self.requestID, into: &writer)
            block.encodeBlock(into: &writer)
            frame.finish(into: &writer)
            if writer.count >= 1 << 17 { return (writer.array(), false) }
        }
        self.write(.resultEnd(rowCount: self.rowCount), &writer)
        return (writer.array(), true)
    }

    private func write(_ message: ServerMessage, _ writer: inout ByteWriter) {
        message.encodeFrame(requestID: self.requestID, into: &writer)
    }

    fileprivate func stall(_ isStalled: Bool) { self.isStalled = isStalled }
}

/// Queries: keys are resolved and a view is taken on the loop, which is free; the rest is done by
/// the query threads, at the reader's pace.
extension EngineDriver {
    func answer(_ query: Query, to requestID: UInt64, of connection: ConnectionHandler) {
        if query == .stats {
            self.answerStats(requestID, connection)
            return
        }
        var query = query
        if case .product(let key, let asOf) = query {
            guard let id = self.engine.state.resolve(key) else {
                connection.reply(.refused(.notFound(key)), to: requestID)
                return
            }
            query = .product(.id(id), asOf: asOf)
        }
        let stream = AnswerStream(query, self.engine.state.readView(), requestID: requestID)
        if case .product(_, nil) = query {
            // One row: cheaper made here than handed over.
            let (bytes, _) = stream.next()
            self.send(bytes, stream.view.lsn, isLast: true, connection)
            return
        }
        guard connection.streams[requestID] == nil else {
            let refusal = Refusal(.invalidField, .field("request id", problem: "is in use"))
            connection.reply(.refused(refusal), to: requestID)
            return
        }
        connection.streams[requestID] = stream
        self.advance(stream, of: connection)
    }

    private func send(
        _ bytes: [UInt8],
        _ lsn: UInt64,
        isLast: Bool,
        _ connection: ConnectionHandler
    ) {
        connection.pending.writer.write(bytes: bytes)
        connection.pending.mark(lsn: lsn, isFinal: isLast)
        connection.releaseSoon()
    }

    /// Has the next block of an answer made.
    func advance(_ stream: AnswerStream, of connection: ConnectionHandler) {
        stream.stall(false)
        let connection = NIOLoopBound(connection, eventLoop: self.loop)
        self.queryPool.submit {
            let (bytes, isLast) = stream.next()
            self.loop.execute {
                self.blockMade(stream, bytes, isLast, connection.value)
            }
        }
    }

    private func blockMade(
        _ stream: AnswerStream,
        _ bytes: [UInt8],
        _ isLast: Bool,
        _ connection: ConnectionHandler
    ) {
        guard connection.context != nil else { return }
        if stream.isCancelled {
            connection.reply(.refused(AnswerStream.cancelled), to: stream.requestID)
            connection.releaseSoon()
            return
        }
        self.send(bytes, stream.view.lsn, isLast: isLast, connection)
        if isLast {
            connection.streams[stream.requestID] = nil
        } else if connection.isWritable,
            connection.pending.byteCount < WireLimits.outboxByteCountMax
        {
            self.advance(stream, of: connection)
        } else {
            stream.stall(true)
        }
    }

    private func answerStats(_ requestID: UInt64, _ connection: ConnectionHandler) {
        let view = self.engine.state.readView()
        var table = ResultTable([ResultField("name", .text), ResultField("value", .integer)])
        do throws(Refusal) {
            table = try view.answer(.stats).wholeTable()
        } catch {
            preconditionFailure("the tables do not count themselves: \(error)")
        }
        let now = self.now().microseconds
        var rows = self.metrics.rows
        rows.append(("durableLsn", Int64(self.engine.durable)))
        rows.append(("logBytes", Int64(self.log.byteCount)))
        rows.append(("firstRetainedLsn", Int64(self.log.firstRetainedLSN.value)))
        rows.append(("snapshotLsn", Int64(self.snapshots.store.newestLSN?.value ?? 0)))
        if let time = self.snapshots.store.newestTime {
            rows.append(("snapshotAgeSeconds", max(0, now - time) / 1_000_000))
        }
        rows.append(("tornTailsDropped", self.recovery.torn == nil ? 0 : 1))
        rows.append(("uptimeSeconds", (now - self.metrics.startedAt.microseconds) / 1_000_000))
        for row in rows { table.append([.text(row.name), .integer(row.value)]) }
        var writer = ByteWriter()
        let header = ResultHeader(lsn: view.lsn, time: view.time, schema: table.schema)
        ServerMessage.resultHeader(header).encodeFrame(requestID: requestID, into: &writer)
        let frame = FrameWriter(.resultRows, requestID: requestID, into: &writer)
        table.encodeBlock(into: &writer)
        frame.finish(into: &writer)
        ServerMessage.resultEnd(rowCount: UInt64(table.rowCount))
            .encodeFrame(requestID: requestID, into: &writer)
        self.send(writer.array(), view.lsn, isLast: true, connection)
    }
}
