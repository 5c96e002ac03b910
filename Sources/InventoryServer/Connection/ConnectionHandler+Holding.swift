internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// What a connection has the server hold for it, taken and given back: ``ByteBudget``, ``OpenAnswers`` and
/// ``FrameSpace`` decide.
extension ConnectionHandler {
    // MARK: - Answers

    /// Has a question answered, now or once those before it are.
    func ask(_ question: OpenQuestion) {
        do throws(Refusal) {
            if self.answers.contains(question.requestID) {
                throw Refusal(.invalidField, .field("request id", problem: "is in use"))
            }
            let hasRoom = self.answers.hasRoom
            if !hasRoom { try self.driver.checkWaiting(1, and: self.answers.waitingCount) }
            try self.driver.queryBytes.take(question.heldByteCount, for: &self.queryShare)
            if hasRoom {
                self.begin(question)
            } else {
                self.answers.wait(question.requestID, question)
                self.driver.waitingQuestionCount += 1
            }
        } catch {
            self.reply(.refused(error), to: question.requestID)
        }
    }

    private func begin(_ question: OpenQuestion) {
        let stream = question.begin()
        let answer = OpenAnswer(stream: stream, heldByteCount: question.heldByteCount)
        self.answers.begin(question.requestID, answer)
        do throws(Refusal) {
            try self.driver.begin(stream, of: self)
        } catch {
            self.forget(question.requestID)
            self.reply(.refused(error), to: question.requestID)
        }
    }

    /// Begins what waited for room.
    private func beginNext() {
        while let (_, question) = self.answers.next() {
            self.driver.waitingQuestionCount -= 1
            self.begin(question)
        }
    }

    /// An answer was sent to its end: the next question may begin.
    func close(_ requestID: UInt64) {
        self.forget(requestID)
        self.beginNext()
    }

    private func forget(_ requestID: UInt64) {
        guard let answer = self.answers.end(requestID) else { return }
        self.driver.queryBytes.give(answer.heldByteCount, of: &self.queryShare)
    }

    /// Ends a question that is no longer wanted, if it is open.
    func cancelAnswer(_ requestID: UInt64) {
        if let question = self.answers.withdraw(requestID) {
            self.driver.waitingQuestionCount -= 1
            self.driver.queryBytes.give(question.heldByteCount, of: &self.queryShare)
            self.reply(.refused(WorkToken.cancellation), to: requestID)
        } else if let answer = self.answers.begun[requestID] {
            self.driver.cancel(answer.stream, of: self)
            self.close(requestID)
        }
    }

    /// Ends all that is open, without a word.
    func cancelAnswers() {
        guard !self.answers.isEmpty else { return }
        for answer in self.answers.begun.values { answer.stream.job.token.cancel() }
        self.driver.waitingQuestionCount -= self.answers.waitingCount
        self.driver.letGo(self.answers.removeAll())
        self.driver.queryBytes.giveAll(of: &self.queryShare)
    }

    // MARK: - Frames that were begun

    /// Takes the space that a frame needs whose rest is to come, and gives back that of the one before.
    ///
    /// `begun`: The bytes of that frame, if it said so already. `isAnother`: Whether frames were whole.
    func claimSpace(_ begun: Int?, isAnother: Bool) {
        if isAnother { self.giveBackSpace() }
        guard let begun, begun > WireLimits.smallFrameByteCountMax, self.begunByteCount == 0 else {
            return
        }
        self.begunByteCount = begun
        self.isAwaitingSpace = !self.driver.frameSpace.begun(ObjectIdentifier(self), begun)
    }

    private func giveBackSpace() {
        guard self.begunByteCount > 0 else { return }
        self.isAwaitingSpace = false
        self.begunByteCount = 0
        for next in self.driver.frameSpace.ended(ObjectIdentifier(self)) {
            self.driver.connections[next]?.spaceFound()
        }
    }

    private func spaceFound() {
        self.isAwaitingSpace = false
        self.resumeReading()
    }

    // MARK: - The end

    /// The connection is gone.
    func giveBackAll() {
        self.giveBackSpace()
        self.cancelAnswers()
        self.driver.subscriptionBytes.giveAll(of: &self.subscriptionShare)
    }
}
