internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// Streams a backup to a connection: its state is fixed on the loop, its bytes are read by the file thread.
///
///     request ─▶ view at LSN m ──durable──▶ file thread: state checksum, image n, log n + 1 … m
///                                              block ─▶ pieces ─▶ writer ──writable, paced──▶ next block
///
/// ``BackupMachine`` decides; this performs. The view is released once its checksum is known. Files that the backup
/// still needs are held back (`RetentionHold`), which ends when too much log was written meanwhile. Used on the
/// engine's loop, except for the source, which the file thread owns while it makes a block, hence
/// `@unchecked Sendable`.
final class BackupRunner: @unchecked Sendable {
    /// What the file thread made.
    private enum Made: Sendable {
        /// The source of the bytes.
        case opened
        case block([UInt8])
        /// Nothing: the last block was the end.
        case end
    }

    private let context: LoopContext
    private let state: any StateReader
    private let snapshots: SnapshotWriter
    private let log: LogWriter
    private let thread: any Worker
    private let limits: ServerConfiguration.BackupLimits
    private var running: SentBackup?

    init(
        _ context: LoopContext,
        of state: any StateReader,
        snapshots: SnapshotWriter,
        log: LogWriter,
        on thread: any Worker,
        limits: ServerConfiguration.BackupLimits
    ) {
        self.context = context
        self.state = state
        self.snapshots = snapshots
        self.log = log
        self.thread = thread
        self.limits = limits
    }

    /// Whether a request of a connection is a running backup.
    func contains(_ requestID: UInt64, of id: ConnectionID) -> Bool {
        self.running.map { $0.requestID == requestID && $0.writer.id == id } ?? false
    }

    /// Whether a backup is sent over a connection.
    func isSent(over id: ConnectionID) -> Bool { self.running?.writer.id == id }

    /// Bytes of log written while the running backup holds back older files.
    var heldByteCount: Int { self.running?.machine.loggedByteCount ?? 0 }

    // MARK: - The start

    /// Backs up the current state, at most at this rate; 0 for the server's limit.
    func begin(
        bytesPerSecondMax: UInt64,
        to requestID: UInt64,
        of writer: ConnectionWriter
    ) {
        let refusal = BackupMachine.refusal(
            bytesPerSecondMax: bytesPerSecondMax,
            isAnotherRunning: self.running != nil
        )
        if let refusal { return writer.reply(.refused(refusal), to: requestID, at: 0) }
        let rates = [bytesPerSecondMax, UInt64(self.limits.bytesPerSecondMax)].filter { $0 > 0 }
        let view = self.state.wholeView()
        let backup = SentBackup(
            view,
            to: requestID,
            of: writer,
            machine: BackupMachine(
                at: view.lsn,
                pace: BackupPace(bytesPerSecond: rates.min() ?? 0),
                loggedByteCountMax: self.limits.heldByteCountMax,
                now: self.now
            ),
            at: self.context.loop.now
        )
        self.running = backup
        self.perform(backup.machine.becameDurable(through: self.state.durable), backup)
    }

    private var now: UInt64 { self.context.loop.now.uptimeNanoseconds }

    private func perform(_ action: BackupMachine.Action, _ backup: SentBackup) {
        switch action {
        case .writeLog: self.log.tick()
        case .open: self.open(backup)
        case .makeBlock: self.makeBlock(backup)
        case .sendPiece(let byteCount, let pause): self.sendPiece(byteCount, backup, then: pause)
        case .showAlive: self.send([], backup)
        case .complete: self.complete(backup)
        case .end(let refusal, let cause): self.end(backup, refusal, as: cause)
        case .nothing: break
        }
    }

    // MARK: - The file thread

    private func open(_ backup: SentBackup) {
        guard let view = backup.view.take() else {
            preconditionFailure("a backup at LSN \(backup.lsn) is opened without its state")
        }
        let store = self.snapshots.store
        let log = self.log.store
        let now = max(self.context.now(), view.time).microseconds
        self.run(backup) { () throws(DurabilityError) in
            backup.checksum = view.wholeChecksum()
            backup.source = try store.beginBackup(
                through: view.lsn,
                end: (backup.checksum, view.time.microseconds),
                time: now,
                firstRetained: log.firstRetainedLSN,
                log: { StoredBlocks(log.cursor(after: $0), after: $0) },
                cut: Self.cut
            )
            return .opened
        }
    }

    private func makeBlock(_ backup: SentBackup) {
        guard let source = backup.source else {
            preconditionFailure("a block of a backup at LSN \(backup.lsn) without its files")
        }
        self.run(backup) { () throws(DurabilityError) in
            try source.next().map { .block($0) } ?? .end
        }
    }

    private static func cut(
        _ block: UnsafeRawBufferPointer,
        through last: LSN
    ) throws(DurabilityError) -> Int {
        do throws(ByteReaderError) {
            return try EntryView.prefix(of: block) { lsn, _ in lsn <= last }.byteCount
        } catch {
            throw .unreadable(path: "the log", lsn: last, reason: "\(error)")
        }
    }

    /// Runs work for a backup on the file thread, and continues with the bytes that it made.
    private func run(
        _ backup: SentBackup,
        _ work: @escaping @Sendable () throws(DurabilityError) -> Made
    ) {
        self.thread.submit {
            let result: Result<Made, DurabilityError>
            do throws(DurabilityError) {
                result = .success(try work())
            } catch {
                result = .failure(error)
            }
            self.context.loop.execute { self.worked(backup, result) }
        }
    }

    private func worked(_ backup: SentBackup, _ result: Result<Made, DurabilityError>) {
        let (takesMore, now) = (backup.writer.takesAnswers, self.now)
        let action: BackupMachine.Action
        switch result {
        case .success(.opened): action = backup.machine.opened(takesMore: takesMore, at: now)
        case .success(.block(let bytes)):
            backup.rest = bytes[...]
            action = backup.machine.blockMade(bytes.count, takesMore: takesMore, at: now)
        case .success(.end): action = backup.machine.exhausted()
        case .failure(let error): action = backup.machine.failed("\(error)")
        }
        self.perform(action, backup)
    }

    // MARK: - Pieces

    private func complete(_ backup: SentBackup) {
        self.running = nil
        let image = backup.source?.head.image ?? .zero
        let took = (self.context.loop.now - backup.startedAt).nanoseconds / 1_000_000
        self.context.metrics.backups += 1
        self.context.logger.info(
            """
            backup up to LSN \(backup.lsn) with the image of LSN \(image): \(backup.machine.byteCount) bytes, \
            state checksum \(backup.checksum), \(took) ms
            """
        )
        let taken = BackupTaken(
            image: image,
            last: backup.lsn,
            byteCount: backup.machine.byteCount,
            checksum: backup.checksum
        )
        backup.writer.reply(.backupEnd(taken), to: backup.requestID, at: backup.lsn)
        backup.writer.releaseSoon()
    }

    private func sendPiece(_ byteCount: Int, _ backup: SentBackup, then pause: UInt64) {
        let piece = backup.rest.prefix(byteCount)
        backup.rest = backup.rest.dropFirst(byteCount)
        self.context.metrics.backupBytes += Int64(byteCount)
        self.send(piece, backup)
        // Another turn of the loop: this one has other work as well.
        self.context.loop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(pause))) {
            let takesMore = backup.writer.takesAnswers
            self.perform(backup.machine.pauseEnded(takesMore: takesMore, at: self.now), backup)
        }
    }

    private func send(_ piece: ArraySlice<UInt8>, _ backup: SentBackup) {
        var bytes = ByteWriter(capacity: piece.count + 64)
        let frame = FrameWriter(.backupPiece, requestID: backup.requestID, into: &bytes)
        piece.withUnsafeBytes { bytes.write(bytes: $0) }
        frame.finish(into: &bytes)
        backup.writer.send(bytes.array(), at: backup.lsn, isLast: false)
    }

    // MARK: - Events

    /// Counts bytes of the log as durable: the steps that the backup waits for may be among them.
    func logged(_ byteCount: Int) {
        guard let backup = self.running else { return }
        self.perform(backup.machine.logged(byteCount, durable: self.state.durable), backup)
    }

    /// The client reads again.
    func becameWritable(_ id: ConnectionID) {
        guard let backup = self.running, backup.writer.id == id else { return }
        let takesMore = backup.writer.takesAnswers
        self.perform(backup.machine.becameWritable(takesMore: takesMore, at: self.now), backup)
    }

    func keepTime() {
        guard let backup = self.running else { return }
        let takesMore = backup.writer.takesAnswers
        self.perform(backup.machine.timePassed(takesMore: takesMore, at: self.now), backup)
    }

    /// Cancels a backup, if it is running.
    func cancel(_ requestID: UInt64, of id: ConnectionID) {
        guard let backup = self.running, self.contains(requestID, of: id) else { return }
        self.perform(backup.machine.end(WorkToken.cancellation), backup)
    }

    /// The connection is closed, or about to be.
    func forget(_ id: ConnectionID) {
        guard let backup = self.running, self.isSent(over: id) else { return }
        backup.machine.closed()
        self.running = nil
    }

    /// The server stops.
    func drain() {
        guard let backup = self.running else { return }
        self.perform(backup.machine.end(Refusal(.shuttingDown)), backup)
    }

    private func end(_ backup: SentBackup, _ refusal: Refusal, as cause: BackupMachine.Cause) {
        self.running = nil
        switch cause {
        case .requested: break
        case .tooSlow: self.context.logger.warning("a backup was too slow: \(refusal)")
        case .failed: self.context.logger.error("cannot make a backup: \(refusal)")
        }
        backup.writer.reply(.refused(refusal), to: backup.requestID, at: 0)
        backup.writer.releaseSoon()
    }

    /// Traps if the running backup contradicts itself.
    func checkInvariants() {
        guard let backup = self.running else { return }
        precondition(backup.machine.state != .ended, "a backup that has ended is still running")
        backup.checkInvariants()
    }
}
