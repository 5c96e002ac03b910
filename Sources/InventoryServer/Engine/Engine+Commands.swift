internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// One command: whether its request may run it, then the fast path or the slow path.
///
///     body ──▶ retry? ──▶ the same outcome as before
///               │ no
///               └─▶ plain? ──▶ fast path ─┐
///                    │ no                 ├──▶ entry, state, answer
///                    └─▶ slow path ───────┘
extension Engine {
    /// Decides the command of a request and appends the answer's body to `reply`.
    ///
    /// `body` holds the sequence number and the command, as received; `session` is the session that the
    /// connection has opened.
    ///
    /// - Returns: The LSN that must be durable before the answer is sent.
    mutating func run(
        _ body: UnsafeRawBufferPointer,
        session: UInt32?,
        _ context: borrowing Context,
        into reply: inout ByteWriter
    ) throws(WireError) -> LSN {
        guard body.count > 8 else {
            let needed = body.count < 8 ? 8 : 1
            let offset = body.count < 8 ? 0 : 8
            throw .malformedBody(
                .command,
                .truncated(offset: offset, needed: needed, available: body.count - offset)
            )
        }
        let sequence = UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))
        let identity = try RequestIdentity(body, at: 8, of: .command)
        var completion: Completion?
        if sequence > 0 {
            guard let session else {
                let refusal = Refusal(.sessionExpired, .message("no session is open here"))
                return try self.refuse(
                    body,
                    at: identity.offset,
                    refusal: refusal,
                    context: context,
                    into: &reply
                )
            }
            let digest = identity.digest(of: body)
            if !self.state.isNext(sequence, of: session) {
                let check = self.state.check(session, sequence: sequence, digest: digest)
                let lsn = try self.answer(
                    body,
                    check: check,
                    at: identity.offset,
                    context: context,
                    into: &reply
                )
                if let lsn { return lsn }
            }
            completion = Completion(.session(session, sequence: sequence), digest: digest)
        }
        return try self.run(
            body,
            at: identity.offset,
            of: .command,
            context: context,
            completing: completion,
            into: &reply
        )
    }

    /// Answers a request whose number is not the next of its session.
    ///
    /// - Returns: The LSN that must be durable before the answer is sent; `nil` if it is to be decided.
    private mutating func answer(
        _ body: UnsafeRawBufferPointer,
        check: SequenceCheck,
        at offset: Int,
        context: borrowing Context,
        into reply: inout ByteWriter
    ) throws(WireError) -> LSN? {
        switch check {
        case .next: return nil
        case .repeated(let outcome):
            if let denial = try Self.denialOfRetry(
                body,
                at: offset,
                of: .command,
                from: context.principal
            ) {
                return self.deny(denial, &reply)
            }
            reply.write(bytes: outcome)
            return self.lsn
        case .refused(let refusal):
            return try self.refuse(
                body,
                at: offset,
                refusal: refusal,
                context: context,
                into: &reply
            )
        }
    }

    /// Decides the command at `offset` in a request's body and appends the answer's body to `reply`.
    ///
    /// - Returns: The LSN that must be durable before the answer is sent.
    mutating func run(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        of opcode: Opcode,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) throws(WireError) -> LSN {
        let mayWrite =
            context.refusal == nil && self.gatheredByteCount <= Self.gatheredByteCountMax
        let bytes = UnsafeRawBufferPointer(rebasing: body[offset...])
        if mayWrite, let permission = context.principal.commands.permission(toRun: bytes),
            self.runPlain(
                bytes,
                with: permission,
                context: context,
                completing: completion,
                into: &reply
            )
        {
            return self.lsn
        }
        let request = try Self.request(body, at: offset, of: opcode)
        if let refusal = Self.denial(request, context.principal) {
            return self.deny(refusal, &reply)
        }
        self.state.settle(&self.sales)
        if let refusal = context.refusal ?? self.backlogRefusal {
            // The refusal does not depend on the state, so it waits for no LSN.
            _ = self.refuse(refusal, &reply)
            return 0
        }
        switch request {
        case .command(.batch(_, .dryRun)) where completion?.isKeyed ?? false:
            // The outcome of a dry run differs each time, so it cannot be idempotent.
            return self.refuse(
                Refusal(.invalidField, .field("key", problem: "is given to a dry run")),
                &reply
            )
        case .command(let command):
            self.run(command, context: context, completing: completion, into: &reply)
        case .refused(_, let refusal):
            let start = reply.count
            Outcome.refused(refusal).encode(into: &reply)
            let time = self.time(context.now)
            self.apply(
                [],
                at: time,
                by: context.actor,
                completing: completion,
                into: reply,
                from: start
            )
        }
        return self.lsn
    }

    /// Back-pressure: the refusal while the log is too far behind; `nil` if more may be decided.
    var backlogRefusal: Refusal? {
        let pending = self.gatheredByteCount
        guard pending > Self.gatheredByteCountMax else { return nil }
        return Refusal(.overloaded, .message("the log is \(pending) bytes behind"))
    }

    /// Refuses a command for its session, unless a malformed body, the principal's rights or the server's
    /// state prevent it from running at all: those errors take precedence.
    private mutating func refuse(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        refusal: Refusal,
        context: borrowing Context,
        into reply: inout ByteWriter
    ) throws(WireError) -> LSN {
        let denial = try Self.checkRequest(
            body,
            at: offset,
            of: .command,
            from: context.principal
        )
        return self.refuse(denial ?? context.refusal ?? refusal, &reply)
    }

    mutating func refuse(_ refusal: Refusal, _ reply: inout ByteWriter) -> LSN {
        Outcome.refused(refusal).encode(into: &reply)
        return self.lsn
    }

    /// Refuses a command for its principal; that does not depend on the state, so it waits for no LSN.
    private func deny(_ refusal: Refusal, _ reply: inout ByteWriter) -> LSN {
        Outcome.refused(refusal).encode(into: &reply)
        return 0
    }

    /// The idempotency record in the last step of a request, by which its outcome is remembered.
    struct Completion {
        var name: RememberedOutcome.Name
        /// A digest of the request's command.
        var digest: UInt64

        init(_ name: RememberedOutcome.Name, digest: UInt64) {
            self.name = name
            self.digest = digest
        }

        var isKeyed: Bool {
            switch self.name {
            case .session: false
            case .key: true
            }
        }
    }

    // MARK: - The slow path

    /// Decides a command on the slow path and remembers its outcome in its last step.
    private mutating func run(
        _ command: Command,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) {
        if case .batch(let commands, let mode) = command,
            mode == .independent || mode == .errorsOnly
        {
            self.runEach(
                of: commands,
                mode: mode,
                outcomeByteCountMax: command.outcomeByteCountMax,
                context: context,
                completing: completion,
                into: &reply
            )
            return
        }
        let start = reply.count
        let time = self.time(context.now)
        var decision = self.state.decide(command, at: time)
        decision.outcome.encode(into: &reply)
        if completion != nil, let refusal = Self.tooLong(reply.count - start) {
            // Deciding has no side effects, so nothing needs to be undone.
            decision.changes = []
            reply.truncate(to: start)
            Outcome.refused(refusal).encode(into: &reply)
        }
        self.apply(
            decision.changes,
            at: time,
            by: context.actor,
            completing: completion,
            into: reply,
            from: start
        )
    }

    /// Decides the commands of a batch one by one, each in a step of its own, and remembers the outcome of all
    /// in the last.
    private mutating func runEach(
        of commands: [Command],
        mode: BatchMode,
        outcomeByteCountMax byteCount: Int,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) {
        let start = reply.count
        do throws(Refusal) {
            try InventoryState.checkBatch(commands, mode)
            if completion != nil, let refusal = Self.tooLong(byteCount) { throw refusal }
        } catch {
            Outcome.refused(error).encode(into: &reply)
            self.apply(
                [],
                at: self.time(context.now),
                by: context.actor,
                completing: completion,
                into: reply,
                from: start
            )
            return
        }
        var answer = BatchAnswer(
            count: commands.count,
            isErrorsOnly: mode == .errorsOnly,
            into: &reply
        )
        var tally = self.state.importTally(
            of: context.session,
            isErrorsOnly: mode == .errorsOnly
        )
        for (index, command) in commands.enumerated() {
            // All steps are in one block: after a crash, either the whole request remains or none of it.
            let isLast = index == commands.count - 1
            let time = self.time(context.now)
            let decision = self.decide(command, at: time, isLast: isLast, of: &tally)
            answer.take(decision.outcome, into: &reply)
            self.apply(
                decision.changes,
                at: time,
                by: context.actor,
                completing: isLast ? completion : nil,
                into: reply,
                from: start
            )
        }
    }

    /// Decides a command of a batch on the slow path; the last step of a request of an import has its counts.
    func decide(
        _ command: Command,
        at time: Instant,
        isLast: Bool,
        of tally: inout ImportTally?
    ) -> Decision {
        var decision = self.state.decide(command, at: time)
        if case .batch = command, case .refused(let refusal) = decision.outcome {
            // In the place of a group there is one refusal: that of its command.
            decision.outcome = .refused(refusal.innermost)
        }
        tally?.note(decision, of: command, in: self.state)
        if isLast, let tally { decision.changes.append(.importPart(tally.part)) }
        return decision
    }

    /// Returns the refusal of an outcome of `byteCount` bytes that is too long to be remembered; `nil` if it
    /// fits.
    private static func tooLong(_ byteCount: Int) -> Refusal? {
        guard byteCount > Limits.outcomeByteCountMax else { return nil }
        return Refusal(
            .tooManyLines,
            .range(
                "bytes of the outcome",
                value: Int64(byteCount),
                lowest: 0,
                highest: Int64(Limits.outcomeByteCountMax)
            )
        )
    }
}
