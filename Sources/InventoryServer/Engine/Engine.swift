internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The single writer: decides commands in order of arrival, applies them, and gathers the entries of the
/// next log block.
///
/// A plain value without thread, clock, socket or file: time and the log's progress come in through its
/// methods, bytes go out. A reply may be sent only once the LSN it names is durable; the driver ensures
/// that.
struct Engine: ~Copyable {
    /// Internal only for the engine's own files; the driver reads ``state`` and calls methods.
    var state: InventoryState
    private(set) var commit: GroupCommit
    var gathered = ByteWriter(capacity: Engine.gatheredByteCountAtFirst)
    /// The first LSN of the next block.
    private(set) var gatheredFirst: LSN
    private var gatheredCount = 0
    /// The plain sale that is being decided.
    var step = PlainSale.Step()
    /// Sales that are decided but not yet in the ledger; empty between two calls.
    var sales = GatheredMovements(of: .sale)
    /// The plain product that is being decided, and the products that are not yet in the tables; empty
    /// between two requests.
    var creation = PlainProduct.Step()
    var products = GatheredProducts()
    /// The plain receipt that is being decided.
    var receipt = PlainReceipt.Step()

    /// Bytes of entries that may wait for the log; requests beyond it are refused with `overloaded`
    /// (back-pressure).
    static let gatheredByteCountMax = 16 << 20

    private static let gatheredByteCountAtFirst = 1 << 20

    let keys: KeyRetention

    init(state: InventoryState, keys: KeyRetention = KeyRetention()) {
        self.state = state
        self.keys = keys
        self.commit = GroupCommit(durable: state.lsn)
        self.gatheredFirst = state.lsn + 1
    }

    /// The newest LSN that the state reflects.
    var lsn: LSN { self.state.lsn }
    var durable: LSN { self.commit.durable }
    var gatheredByteCount: Int { self.gathered.count }

    // MARK: - Requests

    /// The principal of a request, its time, and whether it may write.
    struct Context {
        var principal: Principal
        var now: Instant
        /// The reason why writes are refused now; `nil` if they are accepted.
        var refusal: Refusal?
        /// The number of the session that the connection has open; `nil` for none.
        var session: UInt32?

        var actor: String { self.principal.actor }
    }

    /// Counts of the requests that one call of the engine ran.
    struct RunCounts {
        var commands: Int64 = 0
        /// Reads of products and of idempotency key outcomes.
        var reads: Int64 = 0
        /// Of all those, complete frames with a malformed body.
        var malformed: Int64 = 0
    }

    /// Returns the opcode if ``run(_:session:context:machine:isInUse:into:share:counting:)`` accepts it;
    /// otherwise `nil`.
    static func runs(_ opcode: UInt8) -> Opcode? {
        switch Opcode(rawValue: opcode) {
        case .command: .command
        case .keyedCommand: .keyedCommand
        case .getProduct: .getProduct
        case .keyedOutcome: .keyedOutcome
        default: nil
        }
    }

    /// Whether the next frame is one that the engine runs.
    static func runsNext(of frames: borrowing FrameReader) -> Bool {
        frames.nextOpcode.flatMap { Self.runs($0) } != nil
    }

    /// ``run(_:session:context:machine:isInUse:into:share:counting:)``, counted in the server's metrics.
    mutating func run(
        _ frames: inout FrameReader,
        session: UInt32?,
        context: borrowing Context,
        machine: inout ConnectionStateMachine,
        isInUse: ((UInt64) -> Bool)?,
        into pending: inout PendingReplies,
        share: inout KeyShare,
        countingIn metrics: ServerMetrics
    ) throws(WireError) -> Frame? {
        var counts = RunCounts()
        defer { metrics.count(counts) }
        return try self.run(
            &frames,
            session: session,
            context: context,
            machine: &machine,
            isInUse: isInUse,
            into: &pending,
            share: &share,
            counting: &counts
        )
    }

    /// Runs the commands and product reads at the front of `frames`, up to the first frame that is neither.
    ///
    /// One call handles a whole socket read, so its setup is paid once. `isInUse` reports whether another
    /// request with an ID is still being answered; `nil` where none can be.
    ///
    /// - Returns: The first frame that is neither; `nil` at the end of the bytes.
    mutating func run(
        _ frames: inout FrameReader,
        session: UInt32?,
        context: borrowing Context,
        machine: inout ConnectionStateMachine,
        isInUse: ((UInt64) -> Bool)?,
        into pending: inout PendingReplies,
        share: inout KeyShare,
        counting counts: inout RunCounts
    ) throws(WireError) -> Frame? {
        // Expired reservations are released first, so that the first command may sell their stock.
        if context.refusal == nil { _ = self.tick(now: context.now) }
        defer { self.state.settle(&self.sales) }
        while let frame = try frames.next() {
            let id = frame.requestID
            guard let opcode = Self.runs(frame.opcode),
                machine.admits(id, opcode, isInUse: isInUse?(id) ?? false)
            else { return frame }
            let start = pending.writer.count
            var lsn = self.lsn
            do throws(WireError) {
                switch opcode {
                case .command:
                    counts.commands += 1
                    let reply = FrameWriter(.outcome, requestID: id, into: &pending.writer)
                    lsn = try self.run(frame.body, session: session, context, into: &pending.writer)
                    reply.finish(into: &pending.writer)
                case .keyedCommand:
                    counts.commands += 1
                    lsn = try self.runKeyed(
                        frame,
                        context: context,
                        share: &share,
                        into: &pending.writer
                    )
                case .keyedOutcome:
                    counts.reads += 1
                    try self.readOutcome(frame, context, into: &pending.writer)
                default:
                    counts.reads += 1
                    try self.read(frame, into: &pending.writer)
                }
            } catch {
                counts.malformed += 1
                pending.writer.truncate(to: start)
                ServerMessage.refused(error.refusal)
                    .encodeFrame(requestID: frame.requestID, into: &pending.writer)
            }
            pending.mark(lsn: lsn, isFinal: true, gathered: self.gatheredFirst)
        }
        return nil
    }

    /// Answers a read of one product.
    private func read(_ frame: Frame, into writer: inout ByteWriter) throws(WireError) {
        do throws(ByteReaderError) {
            var reader = ByteReader(frame.body)
            guard let id = try self.state.resolve(encoded: &reader) else {
                var again = ByteReader(frame.body)
                let refusal = Refusal.notFound(try ProductKey(from: &again))
                ServerMessage.refused(refusal).encodeFrame(
                    requestID: frame.requestID,
                    into: &writer
                )
                return
            }
            let reply = FrameWriter(.product, requestID: frame.requestID, into: &writer)
            self.state.encodeStocked(id, into: &writer)
            reply.finish(into: &writer)
        } catch {
            throw .malformedBody(.getProduct, error)
        }
    }

    /// Decides the command of a request and appends the answer's body to `reply`.
    ///
    /// `body` holds the sequence number and the command, as received; `session` is the session that the
    /// connection has opened.
    ///
    /// - Returns: The LSN that must be durable before the answer is sent.
    private mutating func run(
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
                switch self.state.check(session, sequence: sequence, digest: digest) {
                case .next: break
                case .repeated(let outcome):
                    if let denial = try Self.denialOfRetry(
                        body,
                        at: identity.offset,
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
                        at: identity.offset,
                        refusal: refusal,
                        context: context,
                        into: &reply
                    )
                }
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
        let isPermitted = context.principal.commands.permit(first: bytes.first)
        if mayWrite, isPermitted,
            self.runPlain(bytes, context: context, completing: completion, into: &reply)
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

    // MARK: - Any command

    /// Decides a command on the slow path and remembers its outcome in its last step.
    private mutating func run(
        _ command: Command,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) {
        let start = reply.count
        guard case .batch(let commands, let mode) = command,
            mode == .independent || mode == .errorsOnly
        else {
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
            return
        }
        do throws(Refusal) {
            try InventoryState.checkBatch(commands)
            let byteCount = command.outcomeByteCountMax
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
        let isErrorsOnly = mode == .errorsOnly
        var tally = self.state.importTally(of: context.session, isErrorsOnly: isErrorsOnly)
        for (index, command) in commands.enumerated() {
            // All steps are in one block: after a crash, either the whole request remains or none of it.
            let isLast = index == commands.count - 1
            let last = isLast ? completion : nil
            let time = self.time(context.now)
            // The last step of a request of an import has its counts.
            if case .recordPastSale(let sale) = command, !isLast || tally == nil,
                self.state.decide(sale, at: time, into: &self.receipt)
            {
                answer.take(self.receipt, into: &reply)
                tally?.note(sale, recordedBy: self.receipt)
                self.applyReceipt(context.actor, completing: last, into: reply, from: start)
                continue
            }
            var decision = self.state.decide(command, at: time)
            answer.take(decision.outcome, into: &reply)
            tally?.note(decision, of: command, in: self.state)
            if isLast, let tally { decision.changes.append(.importPart(tally.part)) }
            self.apply(
                decision.changes,
                at: time,
                by: context.actor,
                completing: last,
                into: reply,
                from: start
            )
        }
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

    /// Opens a session on a connection, in place of the one that it has open.
    ///
    /// - Returns: The session, and the number of the one that it replaces; `nil` for none.
    /// - Throws: `overloaded` if the connection has created too many, and what opening it throws.
    mutating func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        in session: inout ConnectionSession,
        _ context: borrowing Context,
        unless isOpen: (UInt32) -> Bool
    ) throws(Refusal) -> (status: SessionStatus, replaced: UInt32?) {
        let exists = self.state.sessionStatus(of: id) != nil
        if let refusal = session.refusal(exists: exists, mayCreate: mayCreate) { throw refusal }
        let status = try self.openSession(id, mayCreate: mayCreate, context, unless: isOpen)
        return (status, session.opened(status.number, isNew: !exists))
    }

    /// Opens a session, or returns its current position.
    ///
    /// `isOpen` reports whether the session with that number is open on a connection.
    ///
    /// - Throws: `session_expired` if the session does not exist and may not be created.
    mutating func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        _ context: borrowing Context,
        unless isOpen: (UInt32) -> Bool
    ) throws(Refusal) -> SessionStatus {
        if let status = self.state.sessionStatus(of: id) { return status }
        guard mayCreate else { throw Refusal(.sessionExpired) }
        if let refusal = context.refusal { throw refusal }
        let time = self.time(context.now)
        let changes = try self.state.opening(id, at: time, unless: isOpen)
        self.apply(changes, at: time, by: context.actor, remembering: nil)
        guard let status = self.state.sessionStatus(of: id) else {
            preconditionFailure("a session that was opened is not there")
        }
        return status
    }

    /// Writes the first step of a new database.
    mutating func bootstrap(currency: Currency, now: Instant) {
        precondition(self.lsn == 0, "bootstrapped at LSN \(self.lsn)")
        self.apply(
            InventoryState.bootstrap(currency: currency),
            at: self.time(now),
            by: "",
            remembering: nil
        )
    }

    // MARK: - Steps

    /// Expires reservations that are due and forgets old idempotency keys: each is a system step without
    /// actor.
    ///
    /// At most ``Limits/tickReservationsMax`` and ``Limits/tickKeysMax`` of them, which bounds the delay; the
    /// next call continues.
    ///
    /// - Returns: Whether any was due.
    mutating func tick(now: Instant) -> Bool {
        let hasForgotten = self.forgetKeys(now: now)
        let time = self.time(now)
        guard time >= self.state.nextExpiry else { return hasForgotten }
        self.apply(self.state.tick(at: time), at: time, by: "", remembering: nil)
        return true
    }

    /// Forgets idempotency keys once the oldest is past its retention.
    private mutating func forgetKeys(now: Instant) -> Bool {
        guard self.keys.isDue(self.state.oldestKeyTime, at: now) else { return false }
        let changes = self.state.forgettingKeys(through: self.keys.horizon(at: now))
        self.apply(changes, at: self.time(now), by: "", remembering: nil)
        return !changes.isEmpty
    }

    /// `now`, or just after the last step if the clock went back.
    func time(_ now: Instant) -> Instant {
        max(now, Instant(microseconds: self.state.time.microseconds &+ 1))
    }

    /// Encodes one step for the log and applies it to the state.
    ///
    /// The step that completes a request remembers its outcome: the answer from `start` on.
    mutating func apply(
        _ changes: [Change],
        at time: Instant,
        by actor: String,
        completing completion: Completion?,
        into reply: borrowing ByteWriter,
        from start: Int
    ) {
        guard let completion else {
            self.apply(changes, at: time, by: actor, remembering: nil)
            return
        }
        reply.withBytes { bytes in
            let outcome = RememberedOutcome(completion, answered: bytes, from: start)
            self.apply(changes, at: time, by: actor, remembering: outcome)
        }
    }

    private mutating func apply(
        _ changes: [Change],
        at time: Instant,
        by actor: String,
        remembering outcome: RememberedOutcome?
    ) {
        if changes.isEmpty, outcome == nil { return }
        precondition(self.sales.isEmpty, "a step behind sales that are not in the ledger")
        precondition(self.products.isEmpty, "a step behind products that are not in the tables")
        let lsn = self.state.lsn + 1
        var entry = EntryWriter(lsn: lsn, time: time, actor: actor, into: &self.gathered)
        for change in changes { entry.append(change, into: &self.gathered) }
        if let outcome { entry.append(outcome, into: &self.gathered) }
        self.state.evolve(changes, lsn: lsn, time: time, actor: actor, remembering: outcome)
        entry.finish(into: &self.gathered)
        self.finishStep()
    }

    /// Traps if the engine's invariants do not hold; valid between two calls.
    ///
    /// - Complexity: O(rows of all tables)
    func checkInvariants() {
        precondition(self.sales.isEmpty, "sales that are not in the ledger")
        precondition(self.products.isEmpty, "products that are not in the tables")
        let next = self.gatheredFirst + self.gatheredCount
        precondition(next == self.lsn + 1, "entries up to LSN \(next - 1), not \(self.lsn)")
        self.commit.checkInvariants()
        precondition(self.commit.last == self.lsn, "\(self.commit.last) is the last step")
        self.state.checkInvariants()
    }

    mutating func finishStep() {
        self.gatheredCount += 1
        self.commit.gathered(self.state.lsn)
    }

    /// Takes the gathered entries as the next block to write; `nil` if there are none or a block is in
    /// flight.
    mutating func beginBlock() -> FeedBlock? {
        guard let last = self.commit.begin() else { return nil }
        let block = FeedBlock(
            first: self.gatheredFirst,
            count: self.gatheredCount,
            bytes: self.gathered.array()
        )
        precondition(block.last == last, "a block up to \(block.last), not \(last)")
        self.gathered.removeAll()
        self.gatheredFirst = last.next
        self.gatheredCount = 0
        return block
    }

    /// Frees memory beyond what entries usually need, if none waits for the log.
    mutating func shrink() {
        if self.gathered.count == 0 {
            self.gathered = ByteWriter(capacity: Self.gatheredByteCountAtFirst)
        }
    }

    /// The block in flight is durable.
    mutating func blockWritten() { self.commit.written() }

    /// Freezes the state for a snapshot.
    mutating func takeImage() -> StateImage { self.state.takeImage() }
}

extension Refusal {
    /// The refusal of a product that does not exist.
    static func notFound(_ key: ProductKey) -> Refusal {
        let detail: Detail =
            switch key {
            case .id(let id): .id(UInt64(id.value))
            case .sku(let text), .barcode(let text): .message(text)
            }
        return Refusal(.productNotFound, detail)
    }
}
