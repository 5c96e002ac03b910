internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Queries: keys are resolved and a view is taken on the loop, which is free; the rest is done by
/// the query threads, at the reader's pace.
extension EngineDriver {
    /// `heldByteCount`: What the query takes as long as it is held.
    func answer(
        _ query: Query,
        to requestID: UInt64,
        of connection: ConnectionHandler,
        holding heldByteCount: Int
    ) {
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
        if case .product(_, nil) = query {
            // One row: cheaper made here than handed over. Its job has no slice of a query thread, so it
            // may want to pause behind that row, with the end still to come.
            let stream = self.stream(query, requestID, connection)
            var isLast = false
            while !isLast {
                let part = stream.next()
                self.send(part.bytes, stream.view.lsn, isLast: part.isLast, connection)
                isLast = part.isLast
            }
            return
        }
        connection.ask(
            OpenQuestion(requestID: requestID, heldByteCount: heldByteCount) {
                [unowned connection] in
                self.stream(query, requestID, connection)
            }
        )
    }

    /// The answer to a query of the state as it is now.
    private func stream(
        _ query: Query,
        _ requestID: UInt64,
        _ connection: ConnectionHandler
    ) -> AnswerStream {
        let view = self.engine.state.readView()
        let cost = QueryJob.Cost(of: query, view)
        let job = QueryJob(connection.queryOwner, self.queries, cost: cost)
        return AnswerStream(query, view, at: self.now(), requestID: requestID, job)
    }

    /// Has an answer made on the query threads, and sent at its reader's pace.
    ///
    /// - Throws: `overloaded`.
    func begin(_ stream: AnswerStream, of connection: ConnectionHandler) throws(Refusal) {
        let connectionBound = NIOLoopBound(connection, eventLoop: self.loop)
        let gauge = connection.gauge
        try self.queries.admit(stream.job) {
            self.makeBlock(of: stream, connectionBound, gauge)
        }
    }

    /// Whether more questions may wait to begin.
    ///
    /// - Throws: `overloaded`.
    func checkWaiting(_ count: Int, and waiting: Int) throws(Refusal) {
        try QueryQueue.check(
            "waiting queries of a connection",
            waiting + count,
            WireLimits.waitingQueriesPerConnectionMax
        )
        try QueryQueue.check(
            "waiting queries",
            self.queries.waitingCount + self.waitingQuestionCount + count,
            WireLimits.waitingQueriesMax
        )
    }

    /// Ends an answer that is no longer wanted.
    func cancel(_ stream: AnswerStream, of connection: ConnectionHandler) {
        stream.job.token.cancel()
        // One that waits, for a thread or for its reader, has no block on its way that would end it.
        if stream.isStalled || self.queries.withdraw(stream.job) {
            connection.reply(.refused(WorkToken.cancellation), to: stream.requestID)
        }
    }

    private func send(
        _ bytes: [UInt8],
        _ lsn: UInt64,
        isLast: Bool,
        _ connection: ConnectionHandler
    ) {
        self.metrics.answerBytes += Int64(bytes.count)
        connection.send(bytes, at: lsn, isLast: isLast)
    }

    /// Has the next block of an answer made.
    func advance(_ stream: AnswerStream, of connection: ConnectionHandler) {
        stream.stall(false)
        let connection = NIOLoopBound(connection, eventLoop: self.loop)
        let gauge = connection.value.gauge
        self.queries.submit(stream.job, .slice) { self.makeBlock(of: stream, connection, gauge) }
    }

    /// On a query thread.
    private func makeBlock(
        of stream: AnswerStream,
        _ connection: NIOLoopBound<ConnectionHandler>,
        _ gauge: OutboxGauge
    ) {
        guard gauge.takesMore || stream.job.token.isCancelled else {
            self.loop.execute { self.continueOrStall(stream, connection.value) }
            return
        }
        let (bytes, isLast) = stream.next()
        gauge.made(bytes.count)
        self.loop.execute {
            gauge.arrived(bytes.count)
            self.blockMade(stream, bytes, isLast, connection.value)
        }
    }

    private func blockMade(
        _ stream: AnswerStream,
        _ bytes: [UInt8],
        _ isLast: Bool,
        _ connection: ConnectionHandler
    ) {
        guard connection.context != nil else { return }
        if stream.job.token.isCancelled {
            connection.reply(.refused(WorkToken.cancellation), to: stream.requestID)
            connection.releaseSoon()
            return
        }
        if !bytes.isEmpty { self.send(bytes, stream.view.lsn, isLast: isLast, connection) }
        if isLast {
            connection.gauge.set(isFull: !connection.takesAnswers)
            connection.close(stream.requestID)
        } else {
            self.continueOrStall(stream, connection)
        }
    }

    /// Continues an answer, now or once its client takes more.
    private func continueOrStall(_ stream: AnswerStream, _ connection: ConnectionHandler) {
        guard connection.context != nil else { return }
        connection.gauge.set(isFull: !connection.takesAnswers)
        if stream.job.token.isCancelled {
            connection.reply(.refused(WorkToken.cancellation), to: stream.requestID)
            connection.releaseSoon()
        } else if connection.takesAnswers {
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
        rows.append(
            ("waitingQueries", Int64(self.queries.waitingCount + self.waitingQuestionCount))
        )
        rows.append(("openQueryBytes", Int64(self.queryBytes.byteCount)))
        rows.append(("subscriptionBytes", Int64(self.subscriptionBytes.byteCount)))
        rows.append(("begunFrameBytes", Int64(self.frameSpace.byteCount)))
        rows += self.fanoutBoard.rows
        rows += self.turns.rows(at: self.clock())
        rows.append(("durableLsn", Int64(self.engine.durable)))
        rows.append(("logBytes", Int64(self.log.byteCount)))
        rows.append(("firstRetainedLsn", Int64(self.log.firstRetainedLSN.value)))
        rows.append(("snapshotLsn", Int64(self.snapshots.store.newestLSN?.value ?? 0)))
        if let time = self.snapshots.store.newestTime {
            rows.append(("snapshotAgeSeconds", max(0, now - time) / 1_000_000))
        }
        let keys = self.engine.state.keyUse
        rows.append(("sessions", Int64(self.engine.state.sessionCount)))
        rows.append(("keys", Int64(keys.count)))
        rows.append(("keyBytes", Int64(keys.byteCount)))
        rows.append(("keyBytesMax", Int64(self.configuration.keyByteCountMax)))
        rows.append(("keyRetentionSeconds", self.configuration.keyRetentionSeconds))
        let oldest = keys.oldest.map { max(0, now - $0.microseconds) / 1_000_000 }
        rows.append(("keyOldestSeconds", oldest ?? 0))
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
