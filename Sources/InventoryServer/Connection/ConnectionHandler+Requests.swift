internal import Bytes
internal import InventoryModel
internal import InventoryWire

/// Requests: those of the engine run at once, all others are passed on.
extension ConnectionHandler {
    /// Runs all commands and product reads at the front of `frames`.
    ///
    /// - Returns: The first frame that is neither, or one that the connection may not run now.
    func runCommands(_ frames: inout FrameReader) throws(WireError) -> Frame? {
        try self.service.run(
            &frames,
            session: self.session.number,
            machine: &self.machine,
            isInUse: self.hasOpenAnswers ? { self.isInUse($0) } : nil,
            into: &self.writer.pending,
            share: &self.keyShare
        )
    }

    /// Whether a request may still be answered in parts, or later, while others are answered.
    var hasOpenAnswers: Bool {
        !self.queries.isEmpty || !self.snapshots.isEmpty
            || self.streams.hasStreams(self.id)
    }

    private func isInUse(_ requestID: UInt64) -> Bool {
        self.queries.contains(requestID) || self.snapshots.contains(requestID)
            || self.streams.isStreamed(requestID, of: self.id)
    }

    // MARK: - Frames

    /// Handles a complete frame that the engine does not run.
    func receive(_ frame: Frame) {
        let opcode = Opcode(rawValue: frame.opcode).flatMap { $0.isRequest ? $0 : nil }
        if opcode == .hello {
            self.receiveHello(frame)
            return
        }
        let id = frame.requestID
        let isInUse = self.hasOpenAnswers && self.isInUse(id)
        let action = self.machine.requestReceived(id, opcode, isInUse: isInUse)
        guard action == .run else {
            self.perform(action, requestID: id)
            return
        }
        do throws(WireError) {
            // A frame with an unknown opcode is answered too, since the next frame can still be found.
            guard let opcode else { throw .unknownOpcode(frame.opcode) }
            self.host.metrics.requests += 1
            try self.run(opcode, frame)
        } catch {
            self.host.metrics.refusedFrames += 1
            self.writer.reply(.refused(error.refusal), to: id)
        }
    }

    private func receiveHello(_ frame: Frame) {
        var reader = ByteReader(frame.body)
        do throws(ByteReaderError) {
            let hello = try Hello(from: &reader)
            try reader.finish()
            let action = self.machine.helloReceived(hello)
            if action == .accept { self.accept(frame.requestID) }
            self.perform(action, requestID: frame.requestID)
        } catch {
            self.perform(self.machine.failed(.malformedBody(.hello, error)), requestID: 0)
        }
    }

    private func accept(_ requestID: UInt64) {
        let accepted = self.host.accepted()
        let pending = FrameWriter(
            .helloAccepted,
            requestID: requestID,
            into: &self.writer.pending.writer
        )
        accepted.encode(into: &self.writer.pending.writer)
        pending.finish(into: &self.writer.pending.writer)
        // The currency in the answer is that of the first step.
        self.writer.pending.mark(lsn: min(1, self.host.lsn), isFinal: false)
    }

    // MARK: - Dispatch

    private func run(_ opcode: Opcode, _ frame: Frame) throws(WireError) {
        var reader = ByteReader(frame.body)
        switch try Request(opcode, from: &reader) {
        case .openSession(let session, let mayCreate):
            self.service.openSession(
                session,
                mayCreate: mayCreate,
                for: self.machine.principal,
                in: &self.session,
                to: frame.requestID,
                of: self.writer
            )
        case .takeSnapshot:
            self.takeSnapshot(frame.requestID)
        case .beginDryRun:
            self.beginDryRun(frame.requestID)
        case let request:
            self.service.answer(
                request.asked(by: self.machine.principal),
                to: frame.requestID,
                of: self.queries,
                holding: ByteBudget.held(body: frame.body.count)
            )
        }
    }

    /// Passes all further requests to a dry run, whose sessions and keys are not the server's.
    private func beginDryRun(_ id: UInt64) {
        guard
            let dryRun = self.service.beginDryRun(
                of: self.writer,
                sessionBefore: self.session.number,
                to: id
            )
        else { return }
        self.service = dryRun
        self.session = ConnectionSession()
        self.keyShare = KeyShare()
    }

    private func takeSnapshot(_ id: UInt64) {
        self.snapshots.insert(id)
        self.service.takeSnapshot { [weak self] result in
            guard let self else { return }
            self.snapshots.remove(id)
            switch result {
            case .success(let taken): self.writer.reply(.snapshotTaken(taken), to: id)
            case .failure(let refusal): self.writer.reply(.refused(refusal), to: id)
            }
            self.writer.releaseSoon()
        }
    }
}

extension Request {
    /// The request with what it leaves to its connection filled in: the actor of its principal.
    fileprivate func asked(by principal: Principal) -> Request {
        guard case .query(.lastStep(actor: "")) = self else { return self }
        return .query(.lastStep(actor: principal.actor))
    }
}
