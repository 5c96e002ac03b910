internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// One-shot queries and insights: keys are resolved and a view is taken on the loop, which is cheap; query
/// threads do the rest, at the reader's pace (back-pressure).
///
///     query ──space──▶ view ──▶ query thread: a block ──▶ writer ──writable──▶ the next block
///
/// Used on the engine's loop, except for making blocks, hence `@unchecked Sendable`.
final class QueryRunner: @unchecked Sendable {
    /// Schedules query threads for queries, live insights and reading old log files.
    let scheduler: QueryScheduler
    private let context: LoopContext
    private let state: any ViewSource
    /// Threads that one scan may use.
    private let threadCount: Int

    /// Memory of open queries, of all connections.
    var bytes = ByteBudget.queries
    /// Queries of all connections that wait to begin.
    var waitingQueryCount = 0

    /// Rows of one block of an insight's answer.
    private static let blockRowsMax = 1_024

    init(
        _ context: LoopContext,
        of state: any ViewSource,
        on threads: any Worker,
        configuration: ServerConfiguration
    ) {
        self.context = context
        self.state = state
        self.threadCount = configuration.queryThreads
        self.scheduler = QueryScheduler(
            threads,
            limitMilliseconds: configuration.queryMilliseconds,
            now: context.clocks.nanoseconds,
            work: context.clocks.threadNanoseconds
        )
    }

    /// Queries that wait to begin, or for a query thread.
    var waitingCount: Int { self.scheduler.waitingCount + self.waitingQueryCount }

    // MARK: - Queries

    /// Answers a query, except `stats`, which concerns the whole server.
    ///
    /// `heldByteCount` is the memory of the query until it is answered; `other` is the state to read in place of
    /// the server's.
    func answer(
        _ query: Query,
        to requestID: UInt64,
        of queries: ConnectionQueries,
        holding heldByteCount: Int,
        in other: (any ViewSource)? = nil
    ) {
        let state = other ?? self.state
        var query = query
        if case .product(let key, let asOf) = query {
            guard let id = state.resolve(key) ?? key.id(asOf: asOf) else {
                queries.writer.reply(.refused(.notFound(key)), to: requestID)
                return
            }
            query = .product(.id(id), asOf: asOf)
        }
        if case .product(_, nil) = query {
            // One row: cheaper to answer here than to pass on. Its job has no slice of a query thread, so it
            // may pause after that row, with the end still to come.
            let stream = self.stream(query, of: state, requestID: requestID, queries.owner)
            var isLast = false
            while !isLast {
                let part = stream.next()
                self.send(
                    part.bytes,
                    at: stream.view.lsn,
                    isLast: part.isLast,
                    into: queries.writer
                )
                isLast = part.isLast
            }
            return
        }
        let owner = queries.owner
        queries.submit(
            WaitingQuery(requestID: requestID, heldByteCount: heldByteCount) {
                self.stream(query, of: state, requestID: requestID, owner)
            }
        )
    }

    /// The answer to a query of a state as it is now.
    private func stream(
        _ query: Query,
        of state: any ViewSource,
        requestID: UInt64,
        _ owner: QueryQueue.Owner
    ) -> AnswerStream {
        let view = query.needsWholeView ? state.wholeView() : state.readView()
        let job = QueryJob(owner, self.scheduler, cost: QueryJob.Cost(of: query, view))
        return AnswerStream(query, of: view, at: self.context.now(), requestID: requestID, job: job)
    }

    /// Answers an insight once.
    ///
    /// `heldByteCount` is the memory of the request until it is answered.
    func answer(
        _ insight: Insight,
        to requestID: UInt64,
        of queries: ConnectionQueries,
        holding heldByteCount: Int
    ) {
        let owner = queries.owner
        queries.submit(
            WaitingQuery(requestID: requestID, heldByteCount: heldByteCount) {
                self.stream(insight, requestID: requestID, of: owner)
            }
        )
    }

    /// The answer to an insight on the current state.
    private func stream(
        _ insight: Insight,
        requestID: UInt64,
        of owner: QueryQueue.Owner
    ) -> AnswerStream {
        let now = self.context.now()
        let threads = self.threadCount
        let view = self.state.readView()
        let job = QueryJob(owner, self.scheduler, cost: QueryJob.Cost(of: insight, view))
        return AnswerStream(of: view, requestID: requestID, job) { (view) throws(Refusal) in
            var answer = try view.answer(insight, at: now, threads: threads)
            // A subscription counts versions of the data; an answer names its version.
            (answer.lsn, answer.time) = try view.version(insight.asOf)
            var rest = 0..<answer.table.rowCount
            return (
                .insightHeader(InsightHeader(of: answer)),
                { () throws(Refusal) in
                    let rows = rest.prefix(Self.blockRowsMax)
                    rest = rest.dropFirst(rows.count)
                    return rows.isEmpty ? nil : answer.table.rows(rows)
                }
            )
        }
    }

    // MARK: - Blocks

    /// Starts an answer on the query threads, sent at its reader's pace.
    ///
    /// - Throws: `overloaded`.
    func begin(_ stream: AnswerStream, of queries: ConnectionQueries) throws(Refusal) {
        let bound = NIOLoopBound(queries, eventLoop: self.context.loop)
        let gauge = queries.writer.gauge
        try self.scheduler.admit(stream.job) { self.makeBlock(of: stream, bound, gauge) }
    }

    /// Checks that more queries may wait to begin.
    ///
    /// - Throws: `overloaded`.
    func checkWaiting(_ count: Int, and waiting: Int) throws(Refusal) {
        try QueryQueue.check(
            "waiting queries of a connection",
            count: waiting + count,
            limit: WireLimits.waitingQueriesPerConnectionMax
        )
        try QueryQueue.check(
            "waiting queries",
            count: self.waitingCount + count,
            limit: WireLimits.waitingQueriesMax
        )
    }

    /// Cancels an answer.
    func cancel(_ stream: AnswerStream, of queries: ConnectionQueries) {
        stream.job.token.cancel()
        // One that waits for a thread or for its reader has no block in progress that would end it.
        if stream.isStalled || self.scheduler.withdraw(stream.job) {
            queries.writer.reply(.refused(WorkToken.cancellation), to: stream.requestID)
        }
    }

    private func send(
        _ bytes: [UInt8],
        at lsn: LSN,
        isLast: Bool,
        into writer: ConnectionWriter
    ) {
        self.context.metrics.answerBytes += Int64(bytes.count)
        writer.send(bytes, at: lsn, isLast: isLast)
    }

    /// Schedules the next block of an answer.
    func advance(_ stream: AnswerStream, of queries: ConnectionQueries) {
        stream.stall(false)
        let gauge = queries.writer.gauge
        let bound = NIOLoopBound(queries, eventLoop: self.context.loop)
        self.scheduler.submit(stream.job, as: .slice) { self.makeBlock(of: stream, bound, gauge) }
    }

    /// Makes a block, on a query thread.
    private func makeBlock(
        of stream: AnswerStream,
        _ queries: NIOLoopBound<ConnectionQueries>,
        _ gauge: OutboxGauge
    ) {
        guard gauge.takesMore || stream.job.token.isCancelled else {
            self.context.loop.execute { self.continueOrStall(stream, queries.value) }
            return
        }
        let (bytes, isLast) = stream.next()
        gauge.made(bytes.count)
        self.context.loop.execute {
            gauge.arrived(bytes.count)
            self.blockMade(stream, bytes: bytes, isLast: isLast, of: queries.value)
        }
    }

    private func blockMade(
        _ stream: AnswerStream,
        bytes: [UInt8],
        isLast: Bool,
        of queries: ConnectionQueries
    ) {
        guard queries.writer.isOpen, !self.isCancelled(stream, queries.writer) else { return }
        if !bytes.isEmpty {
            self.send(bytes, at: stream.view.lsn, isLast: isLast, into: queries.writer)
        }
        if isLast {
            queries.writer.updateGauge()
            queries.close(stream.requestID)
        } else {
            self.continueOrStall(stream, queries)
        }
    }

    /// Continues an answer now, or once its client is writable.
    private func continueOrStall(_ stream: AnswerStream, _ queries: ConnectionQueries) {
        guard queries.writer.isOpen else { return }
        queries.writer.updateGauge()
        if self.isCancelled(stream, queries.writer) { return }
        if queries.writer.takesAnswers {
            self.advance(stream, of: queries)
        } else {
            stream.stall(true)
        }
    }

    /// Whether an answer was cancelled; the client is notified then.
    private func isCancelled(_ stream: AnswerStream, _ writer: ConnectionWriter) -> Bool {
        guard stream.job.token.isCancelled else { return false }
        writer.reply(.refused(WorkToken.cancellation), to: stream.requestID)
        writer.releaseSoon()
        return true
    }

    /// Sends a table made on the loop as the answer to a query.
    func answer(
        _ table: ResultTable,
        of view: ReadView,
        to requestID: UInt64,
        of writer: ConnectionWriter
    ) {
        var bytes = ByteWriter()
        let header = ResultHeader(lsn: view.lsn, time: view.time, schema: table.schema)
        ServerMessage.resultHeader(header).encodeFrame(requestID: requestID, into: &bytes)
        let frame = FrameWriter(.resultRows, requestID: requestID, into: &bytes)
        table.encodeBlock(into: &bytes)
        frame.finish(into: &bytes)
        ServerMessage.resultEnd(rowCount: UInt64(table.rowCount))
            .encodeFrame(requestID: requestID, into: &bytes)
        self.send(bytes.array(), at: view.lsn, isLast: true, into: writer)
    }

    // MARK: - Ending

    /// Drops all work of a closed connection that waits for a query thread.
    func forget(_ owner: QueryQueue.Owner) { self.scheduler.remove(owner) }

    /// Frees, on a query thread, values that may take milliseconds to free: queries, results, the states that
    /// answers read.
    func free<Value>(_ value: consuming Value) {
        let handed = Handed(value)
        self.scheduler.submit { _ = handed.take() }
    }

    /// ``free(_:)``; `done` is called on the loop once the value has been freed.
    func free<Value>(_ handed: Handed<Value>, then done: @escaping @Sendable () -> Void) {
        let loop = self.context.loop
        self.scheduler.submit {
            _ = handed.take()
            loop.execute(done)
        }
    }
}

/// Passes a value to another thread, which alone keeps it alive from then on.
///
/// A closure may live on, on the thread that made it, after it ran elsewhere; so the closure holds this, and not
/// the value. `@unchecked Sendable`: the sender does not use it after passing it on.
final class Handed<Value>: @unchecked Sendable {
    private var value: Value?

    init(_ value: consuming Value) { self.value = value }

    /// Removes the value; `nil` if it was taken before.
    func take() -> Value? { self.value.take() }
}

extension ProductKey {
    /// The id in a key about the past, in which a deleted product may have existed.
    fileprivate func id(asOf: AsOf?) -> ProductID? {
        guard asOf != nil, case .id(let id) = self else { return nil }
        return id
    }
}
