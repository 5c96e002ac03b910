internal import ColumnStore
internal import Durability
internal import Inventory
internal import InventoryWire

/// The single writer: decides each command in the order of arrival, applies it, and gathers the
/// entries of the next block of the log.
///
/// A plain value. It has no thread, clock, socket or file: time and the log's progress come in
/// through its methods, bytes go out. What it answers may be told only once the LSN it names is
/// durable; keeping to that is its driver's part.
struct Engine: ~Copyable {
    private(set) var state: InventoryState
    private(set) var commit: GroupCommit
    private var gathered = ByteWriter(capacity: 1 << 20)
    private var gatheredFirst: UInt64
    private var gatheredCount = 0
    private var scratch = ByteWriter(capacity: 4_096)

    /// Entries that may wait for the log; a request beyond it is refused with `overloaded`.
    static let gatheredByteCountMax = 16 << 20

    init(state: InventoryState) {
        self.state = state
        self.commit = GroupCommit(durable: LSN(state.lsn))
        self.gatheredFirst = state.lsn + 1
    }

    /// The step that everything so far reflects.
    var lsn: UInt64 { self.state.lsn }
    var durable: UInt64 { self.commit.durable.value }
    var gatheredByteCount: Int { self.gathered.count }

    // MARK: - Requests

    /// Who asks, and when.
    struct Context {
        /// What stands for the session the connection has opened; nothing without one.
        var session: UInt32?
        var actor: String
        var now: Instant
        /// Why nothing may be written now, if so.
        var refusal: Refusal?
    }

    /// Decides the command of a request and appends the answer's body to `reply`.
    ///
    /// `body`: Sequence number, then the command, as they came.
    /// Gives: The LSN that must be durable before the answer is sent.
    mutating func run(
        _ body: UnsafeRawBufferPointer,
        _ context: Context,
        into reply: inout ByteWriter
    ) throws(WireError) -> UInt64 {
        do throws(ByteReaderError) {
            var reader = ByteReader(body)
            let sequence = try reader.readUInt64()
            let commandBytes = UnsafeRawBufferPointer(rebasing: body[8...])
            let digest = Hash64.hash(commandBytes)
            if sequence > 0 {
                guard let session = context.session else {
                    return self.refuse(
                        Refusal(.sessionExpired, .message("no session is open here")),
                        &reply
                    )
                }
                switch self.state.check(session, sequence: sequence, digest: digest) {
                case .next: break
                case .repeated(let outcome):
                    reply.write(bytes: outcome)
                    return self.lsn
                case .refused(let refusal):
                    return self.refuse(refusal, &reply)
                }
            }
            let command = try Command(from: &reader)
            try reader.finish()
            if let refusal = context.refusal { return self.refuse(refusal, &reply) }
            let advance = sequence > 0 ? context.session.map { ($0, sequence, digest) } : nil
            self.run(command, context, advance, &reply)
            return self.lsn
        } catch {
            throw .malformedBody(.command, error)
        }
    }

    private mutating func refuse(_ refusal: Refusal, _ reply: inout ByteWriter) -> UInt64 {
        Outcome.refused(refusal).encode(into: &reply)
        return self.lsn
    }

    private typealias Advance = (session: UInt32, sequence: UInt64, digest: UInt64)

    /// Decides a command, with the session's progress in its last step.
    private mutating func run(
        _ command: Command,
        _ context: Context,
        _ advance: Advance?,
        _ reply: inout ByteWriter
    ) {
        guard case .batch(let commands, .independent) = command else {
            let time = self.time(context.now)
            let decision = self.state.decide(command, at: time)
            self.conclude(decision.outcome, decision.changes, time, context, advance, &reply)
            return
        }
        do throws(Refusal) {
            try InventoryState.checkBatch(commands)
        } catch {
            self.conclude(
                .refused(error),
                [],
                self.time(context.now),
                context,
                advance,
                &reply
            )
            return
        }
        // The last one's step also carries the session's progress, so all but that are applied
        // here. One block takes them all: a crash leaves the whole request, or nothing of it.
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(commands.count)
        for command in commands.dropLast() {
            let time = self.time(context.now)
            let decision = self.state.decide(command, at: time)
            self.apply(decision.changes, time, context.actor)
            outcomes.append(decision.outcome)
        }
        let time = self.time(context.now)
        guard let last = commands.last else { preconditionFailure("an empty batch was let in") }
        let decision = self.state.decide(last, at: time)
        outcomes.append(decision.outcome)
        self.conclude(.batch(outcomes), decision.changes, time, context, advance, &reply)
    }

    /// Applies the last step of a request, with what the session remembers of it, and answers.
    private mutating func conclude(
        _ outcome: Outcome,
        _ changes: [Change],
        _ time: Instant,
        _ context: Context,
        _ advance: Advance?,
        _ reply: inout ByteWriter
    ) {
        guard let advance else {
            outcome.encode(into: &reply)
            self.apply(changes, time, context.actor)
            return
        }
        self.scratch.removeAll()
        outcome.encode(into: &self.scratch)
        let bytes = self.scratch.array()
        reply.write(bytes: bytes)
        var changes = changes
        changes.append(
            .sessionAdvanced(
                number: advance.session,
                sequence: advance.sequence,
                digest: advance.digest,
                outcome: bytes
            )
        )
        self.apply(changes, time, context.actor)
    }

    /// Opens a session, or says where it stands.
    ///
    /// - Returns: Nothing if it may not be created and is not there.
    mutating func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        _ context: Context
    ) throws(Refusal) -> SessionStanding {
        if let standing = self.state.standing(of: id) { return standing }
        guard mayCreate else { throw Refusal(.sessionExpired) }
        if let refusal = context.refusal { throw refusal }
        let time = self.time(context.now)
        self.apply(self.state.opening(id, at: time), time, context.actor)
        guard let standing = self.state.standing(of: id) else {
            preconditionFailure("a session that was opened is not there")
        }
        return standing
    }

    /// Makes the first step of a new database.
    mutating func found(currency: Currency, now: Instant) {
        precondition(self.lsn == 0, "founded at LSN \(self.lsn)")
        self.apply(InventoryState.founding(currency: currency), self.time(now), "")
    }

    // MARK: - Steps

    /// Now, or just after the last step if the clock went back.
    private func time(_ now: Instant) -> Instant {
        max(now, Instant(microseconds: self.state.time.microseconds &+ 1))
    }

    /// One step: encoded for the log, and put into the state.
    private mutating func apply(_ changes: [Change], _ time: Instant, _ actor: String) {
        guard !changes.isEmpty else { return }
        let entry = Entry(lsn: self.state.lsn + 1, time: time, actor: actor, changes: changes)
        entry.encode(into: &self.gathered)
        self.gatheredCount += 1
        self.state.evolve(entry)
        self.commit.gathered(LSN(self.state.lsn))
    }

    /// Takes what was gathered as the next block to write; nothing if one is in flight.
    mutating func beginBlock() -> FeedBlock? {
        guard let last = self.commit.begin() else { return nil }
        let block = FeedBlock(
            first: self.gatheredFirst,
            count: self.gatheredCount,
            bytes: self.gathered.array()
        )
        precondition(block.last == last.value, "a block up to \(block.last), not \(last)")
        self.gathered.removeAll()
        self.gatheredFirst = last.value + 1
        self.gatheredCount = 0
        return block
    }

    /// The block in flight is durable.
    mutating func blockWritten() { self.commit.written() }

    /// Freezes the state for a snapshot.
    mutating func takeImage() -> StateImage { self.state.takeImage() }
}
