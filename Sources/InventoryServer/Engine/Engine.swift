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
    /// The plain receipts of a request, the one that is being decided, and the movements that are not yet in the
    /// ledger; empty between two requests.
    var receipts = PlainReceipt.Batch()
    var receipt = PlainReceipt.Step()
    var receiptRows = GatheredReceipts()

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

        mutating func count(_ kind: RequestKind) {
            switch kind {
            case .command, .keyedCommand: self.commands += 1
            case .keyedOutcome, .getProduct: self.reads += 1
            }
        }
    }

    /// The requests that ``run(_:session:context:machine:isInUse:into:share:counting:)`` runs.
    enum RequestKind {
        case command, keyedCommand, keyedOutcome, getProduct

        /// `nil` for any other request.
        init?(_ opcode: Opcode) {
            switch opcode {
            case .command: self = .command
            case .keyedCommand: self = .keyedCommand
            case .keyedOutcome: self = .keyedOutcome
            case .getProduct: self = .getProduct
            case .hello, .openSession, .query, .subscribe, .unsubscribe, .cancel, .ping,
                .takeSnapshot, .insight, .subscribeInsight, .backup, .beginDryRun, .helloAccepted,
                .sessionOpened, .outcome, .resultHeader, .resultRows, .resultEnd, .refused, .pong,
                .subscribed, .snapshotRows, .caughtUp, .entries, .progress, .reset, .closed,
                .goodbye, .snapshotTaken, .product, .digest, .insightHeader, .insightChanged,
                .replayedOutcome, .backupPiece, .backupEnd:
                return nil
            }
        }
    }

    /// Whether the next frame is one that the engine runs.
    static func runsNext(of frames: borrowing FrameReader) -> Bool {
        frames.nextOpcode.flatMap { Opcode(rawValue: $0) }.flatMap { RequestKind($0) } != nil
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
            guard let opcode = Opcode(rawValue: frame.opcode), let kind = RequestKind(opcode),
                machine.admits(id, opcode, isInUse: isInUse?(id) ?? false)
            else { return frame }
            let start = pending.writer.count
            var lsn = self.lsn
            do throws(WireError) {
                lsn = try self.run(
                    frame,
                    as: kind,
                    session: session,
                    context: context,
                    share: &share,
                    into: &pending.writer
                )
            } catch {
                counts.malformed += 1
                pending.writer.truncate(to: start)
                ServerMessage.refused(error.refusal)
                    .encodeFrame(requestID: frame.requestID, into: &pending.writer)
            }
            counts.count(kind)
            pending.mark(lsn: lsn, isFinal: true, gathered: self.gatheredFirst)
        }
        return nil
    }

    /// Runs one request.
    ///
    /// - Returns: The LSN that must be durable before its reply is sent.
    @inline(__always)
    private mutating func run(
        _ frame: Frame,
        as kind: RequestKind,
        session: UInt32?,
        context: borrowing Context,
        share: inout KeyShare,
        into writer: inout ByteWriter
    ) throws(WireError) -> LSN {
        let lsn = self.lsn
        switch kind {
        case .command:
            let reply = FrameWriter(.outcome, requestID: frame.requestID, into: &writer)
            let step = try self.run(frame.body, session: session, context, into: &writer)
            reply.finish(into: &writer)
            return step
        case .keyedCommand:
            return try self.runKeyed(frame, context: context, share: &share, into: &writer)
        case .keyedOutcome:
            try self.readOutcome(frame, context, into: &writer)
        case .getProduct:
            try self.read(frame, into: &writer)
        }
        return lsn
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

    // MARK: - Blocks

    /// A step was encoded and applied: it is part of the next block.
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

    // MARK: - Invariants

    /// Traps if the engine's invariants do not hold; valid between two calls.
    ///
    /// - Complexity: O(rows of all tables)
    func checkInvariants() {
        precondition(self.sales.isEmpty, "sales that are not in the ledger")
        precondition(self.products.isEmpty, "products that are not in the tables")
        precondition(self.receiptRows.isEmpty, "receipts that are not in the ledger")
        let next = self.gatheredFirst + self.gatheredCount
        precondition(next == self.lsn + 1, "entries up to LSN \(next - 1), not \(self.lsn)")
        self.commit.checkInvariants()
        precondition(self.commit.last == self.lsn, "\(self.commit.last) is the last step")
        self.state.checkInvariants()
    }
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
