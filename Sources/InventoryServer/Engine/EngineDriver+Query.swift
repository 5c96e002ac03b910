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
    /// What goes before the rows, and the rows block by block.
    typealias Beginning = (header: ServerMessage, nextBlock: () -> ResultTable?)

    let requestID: UInt64
    let view: ReadView
    private let begin: (ReadView) throws(Refusal) -> Beginning
    private var nextBlock: (() -> ResultTable?)?
    fileprivate var rowCount: UInt64 = 0
    /// Its next block waits until the connection takes more bytes.
    fileprivate(set) var isStalled = false
    fileprivate var isCancelled = false

    /// `begin`: Called once, by whoever makes the first block.
    init(
        of view: ReadView,
        requestID: UInt64,
        _ begin: @escaping (ReadView) throws(Refusal) -> Beginning
    ) {
        self.view = view
        self.requestID = requestID
        self.begin = begin
    }

    convenience init(_ query: Query, _ view: ReadView, at now: Instant, requestID: UInt64) {
        self.init(of: view, requestID: requestID) { (view) throws(Refusal) in
            let answer = try view.answer(query, at: now)
            let (lsn, time) = try view.version(of: query)
            let header = ResultHeader(lsn: lsn, time: time, schema: answer.schema)
            return (.resultHeader(header), { answer.nextBlock() })
        }
    }

    /// How an answer ends that its asker no longer wants.
    static let cancelled = Refusal(.invalidField, .message("cancelled"))

    func cancel() { self.isCancelled = true }

    /// Encodes the next frames of the answer.
    ///
    /// - Returns: The frames, and whether they are the last.
    fileprivate func next() -> (bytes: [UInt8], isLast: Bool) {
        var writer = ByteWriter(capacity: 1 << 16)
        if self.nextBlock == nil {
            do throws(Refusal) {
                let beginning = try self.begin(self.view)
                self.nextBlock = beginning.nextBlock
                self.write(beginning.header, &writer)
            } catch {
                self.write(.refused(error), &writer)
                return (writer.array(), true)
            }
        }
        while let block = self.nextBlock?() {
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
        let stream = AnswerStream(
            query,
            self.engine.state.readView(),
            at: self.now(),
            requestID: requestID
        )
        if case .product(_, nil) = query {
            // One row: cheaper made here than handed over.
            let (bytes, _) = stream.next()
            self.send(bytes, stream.view.lsn, isLast: true, connection)
            return
        }
        self.begin(stream, of: connection)
    }

    /// Has an answer made on the query threads, and sent at its reader's pace.
    func begin(_ stream: AnswerStream, of connection: ConnectionHandler) {
        let requestID = stream.requestID
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
