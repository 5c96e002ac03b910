internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The queries of one connection: which are being answered, which wait, and the memory that they hold.
///
/// ``OpenAnswers`` and ``ByteBudget`` decide, ``QueryRunner`` makes the answers. Used on the engine's loop.
final class ConnectionQueries {
    /// The owner of their work in the query queue.
    let owner: QueryQueue.Owner
    /// The writer of their answers.
    let writer: ConnectionWriter
    private let runner: QueryRunner
    private var answers = OpenAnswers<OpenAnswer, WaitingQuery>()
    private(set) var share = ByteBudget.Share()

    init(_ runner: QueryRunner, _ writer: ConnectionWriter) {
        self.runner = runner
        self.writer = writer
        self.owner = writer.id.owner
    }

    var isEmpty: Bool { self.answers.isEmpty }

    func contains(_ requestID: UInt64) -> Bool { self.answers.contains(requestID) }

    // MARK: - Submitting

    /// Answers a query, now or once those before it are answered.
    func submit(_ query: WaitingQuery) {
        do throws(Refusal) {
            if self.answers.contains(query.requestID) {
                throw Refusal(.invalidField, .field("request id", problem: "is in use"))
            }
            let hasSpace = self.answers.hasSpace
            if !hasSpace { try self.runner.checkWaiting(1, and: self.answers.waitingCount) }
            try self.runner.bytes.take(query.heldByteCount, for: &self.share)
            if hasSpace {
                self.begin(query)
            } else {
                self.answers.wait(query.requestID, query)
                self.runner.waitingQueryCount += 1
            }
        } catch {
            self.writer.reply(.refused(error), to: query.requestID)
        }
    }

    private func begin(_ query: WaitingQuery) {
        let stream = query.begin()
        let answer = OpenAnswer(stream: stream, heldByteCount: query.heldByteCount)
        self.answers.begin(query.requestID, answer)
        do throws(Refusal) {
            try self.runner.begin(stream, of: self)
        } catch {
            self.forget(query.requestID)
            self.writer.reply(.refused(error), to: query.requestID)
        }
    }

    /// Begins the next waiting queries.
    private func beginNext() {
        while let (_, query) = self.answers.next() {
            self.runner.waitingQueryCount -= 1
            self.begin(query)
        }
    }

    /// Continues stalled answers once the client is writable.
    func becameWritable() {
        for answer in self.answers.begun.values where answer.stream.isStalled {
            self.runner.advance(answer.stream, of: self)
        }
    }

    // MARK: - Ending

    /// Ends a completed answer, so that the next query may begin.
    func close(_ requestID: UInt64) {
        self.forget(requestID)
        self.beginNext()
    }

    private func forget(_ requestID: UInt64) {
        guard let answer = self.answers.end(requestID) else { return }
        self.runner.bytes.give(answer.heldByteCount, of: &self.share)
    }

    /// Cancels a query, if it is open.
    func cancel(_ requestID: UInt64) {
        if let query = self.answers.withdraw(requestID) {
            self.runner.waitingQueryCount -= 1
            self.runner.bytes.give(query.heldByteCount, of: &self.share)
            self.writer.reply(.refused(WorkToken.cancellation), to: requestID)
        } else if let answer = self.answers.begun[requestID] {
            self.runner.cancel(answer.stream, of: self)
            self.close(requestID)
        }
    }

    /// Cancels all open queries, without notifying the client.
    func cancelAll() {
        guard !self.answers.isEmpty else { return }
        for answer in self.answers.begun.values { answer.stream.job.token.cancel() }
        self.runner.waitingQueryCount -= self.answers.waitingCount
        self.runner.free(self.answers.removeAll())
        self.runner.bytes.giveAll(of: &self.share)
    }

    /// The connection is closed.
    func connectionClosed() {
        self.cancelAll()
        self.runner.forget(self.owner)
    }

    /// The number of waiting queries.
    var waitingCount: Int { self.answers.waitingCount }

    func checkInvariants() {
        self.answers.checkInvariants()
        for answer in self.answers.begun.values { answer.stream.checkInvariants() }
        precondition(!self.isEmpty || self.share.byteCount == 0, "no query holds bytes")
    }
}
