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
/// One block is in memory at a time, and nothing of it is made while the reader is behind or the rate is
/// used up. The view is released once its checksum is known. Files that the backup still needs are held back
/// (`RetentionHold`), which ends when too much log was written meanwhile. Used on the engine's loop, except for
/// the source, which the file thread owns while it makes a block, hence `@unchecked Sendable`.
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

    /// Milliseconds without a piece after which an empty one shows that the backup continues.
    private static let aliveMilliseconds: Int64 = 1_000

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
    var heldByteCount: Int { self.running?.loggedByteCount ?? 0 }

    // MARK: - The start

    /// Backs up the current state, at most at this rate; 0 for the server's limit.
    func begin(
        bytesPerSecondMax: UInt64,
        to requestID: UInt64,
        of writer: ConnectionWriter
    ) {
        guard bytesPerSecondMax == 0 || bytesPerSecondMax >= WireLimits.backupBytesPerSecondMin
        else {
            let refusal = Refusal(
                .outOfRange,
                .range(
                    "bytes per second",
                    value: Int64(bytesPerSecondMax),
                    lowest: Int64(WireLimits.backupBytesPerSecondMin),
                    highest: .max
                )
            )
            writer.reply(.refused(refusal), to: requestID, at: 0)
            return
        }
        guard self.running == nil else {
            let highest = Int64(WireLimits.backupsMax)
            let refusal = Refusal(
                .overloaded,
                .range("backups at once", value: highest + 1, lowest: 0, highest: highest)
            )
            writer.reply(.refused(refusal), to: requestID, at: 0)
            return
        }
        let rates = [bytesPerSecondMax, UInt64(self.limits.bytesPerSecondMax)].filter { $0 > 0 }
        self.running = SentBackup(
            self.state.wholeView(),
            to: requestID,
            of: writer,
            pace: BackupPace(bytesPerSecond: rates.min() ?? 0),
            context: self.context
        )
        self.openIfDurable()
    }

    /// Counts bytes of the log as durable: the steps that the backup waits for may be among them.
    func logged(_ byteCount: Int) {
        guard let backup = self.running else { return }
        backup.loggedByteCount += byteCount
        guard backup.loggedByteCount <= self.limits.heldByteCountMax else {
            let refusal = Refusal(
                .overloaded,
                .range(
                    "bytes of log written during the backup (--backup-hold-mib)",
                    value: Int64(backup.loggedByteCount),
                    lowest: 0,
                    highest: Int64(self.limits.heldByteCountMax)
                )
            )
            self.context.logger.warning("a backup was too slow: \(refusal)")
            return self.end(backup, refusal)
        }
        self.openIfDurable()
    }

    /// A backup must not have steps that a power failure could undo.
    private func openIfDurable() {
        guard let backup = self.running, let view = backup.view else { return }
        guard backup.lsn <= self.state.durable else { return self.log.tick() }
        backup.view = nil
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
        backup.isAwaited = true
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
        backup.isAwaited = false
        guard self.running === backup else { return }
        switch result {
        case .success(.opened):
            self.proceed(backup)
        case .success(.block(let bytes)):
            backup.rest = bytes[...]
            self.proceed(backup)
        case .success(.end):
            self.complete(backup)
        case .failure(let error):
            self.context.logger.error("cannot make a backup: \(error)")
            self.end(backup, Refusal(.internal, .message("\(error)")))
        }
    }

    // MARK: - Pieces

    /// Sends the next piece, or has the next block made, unless the backup waits for its reader.
    private func proceed(_ backup: SentBackup) {
        guard self.running === backup, !backup.isAwaited else { return }
        guard backup.writer.takesAnswers else {
            backup.stalledAt = backup.stalledAt ?? self.context.milliseconds
            return
        }
        backup.stalledAt = nil
        guard backup.rest.isEmpty else { return self.sendPiece(backup) }
        guard let source = backup.source else { return }
        self.run(backup) { () throws(DurabilityError) in
            try source.next().map { .block($0) } ?? .end
        }
    }

    private func complete(_ backup: SentBackup) {
        self.running = nil
        let image = backup.source?.head.image ?? .zero
        let took = (self.context.loop.now - backup.startedAt).nanoseconds / 1_000_000
        self.context.metrics.backups += 1
        self.context.logger.info(
            """
            backup up to LSN \(backup.lsn) with the image of LSN \(image): \(backup.byteCount) bytes, \
            state checksum \(backup.checksum), \(took) ms
            """
        )
        let taken = BackupTaken(
            image: image,
            last: backup.lsn,
            byteCount: backup.byteCount,
            checksum: backup.checksum
        )
        backup.writer.reply(.backupEnd(taken), to: backup.requestID, at: backup.lsn)
        backup.writer.releaseSoon()
    }

    private func sendPiece(_ backup: SentBackup) {
        let piece = backup.rest.prefix(WireLimits.backupPieceByteCountMax)
        backup.rest = backup.rest.dropFirst(piece.count)
        backup.byteCount += UInt64(piece.count)
        self.context.metrics.backupBytes += Int64(piece.count)
        self.send(piece, backup)
        let nanoseconds = backup.pace.sent(
            piece.count,
            at: self.context.loop.now.uptimeNanoseconds
        )
        backup.isAwaited = true
        // Another turn of the loop: this one has other work as well.
        self.context.loop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(nanoseconds))) {
            backup.isAwaited = false
            self.proceed(backup)
        }
    }

    private func send(_ piece: ArraySlice<UInt8>, _ backup: SentBackup) {
        var bytes = ByteWriter(capacity: piece.count + 64)
        let frame = FrameWriter(.backupPiece, requestID: backup.requestID, into: &bytes)
        piece.withUnsafeBytes { bytes.write(bytes: $0) }
        frame.finish(into: &bytes)
        backup.writer.send(bytes.array(), at: backup.lsn, isLast: false)
        backup.lastPieceAt = self.context.milliseconds
    }

    // MARK: - Events

    /// The client reads again.
    func becameWritable(_ id: ConnectionID) {
        guard let backup = self.running, backup.writer.id == id else { return }
        self.proceed(backup)
    }

    /// Ends a backup whose reader stopped, and shows the reader of a slow one that it continues.
    func keepTime(_ now: Int64) {
        guard let backup = self.running else { return }
        if let since = backup.stalledAt {
            guard now - since > Int64(WireLimits.backupStallMillisecondsMax) else { return }
            let seconds = WireLimits.backupStallMillisecondsMax / 1_000
            let problem = "nothing of the backup was read for \(seconds) s"
            self.end(backup, Refusal(.deadlineExceeded, .message(problem)))
        } else if now - backup.lastPieceAt >= Self.aliveMilliseconds, backup.writer.takesAnswers {
            self.send([], backup)
        }
    }

    /// Cancels a backup, if it is running.
    func cancel(_ requestID: UInt64, of id: ConnectionID) {
        guard let backup = self.running, self.contains(requestID, of: id) else { return }
        self.end(backup, WorkToken.cancellation)
    }

    /// The connection is closed, or about to be.
    func forget(_ id: ConnectionID) {
        guard self.isSent(over: id) else { return }
        self.running = nil
    }

    /// The server stops.
    func drain() {
        guard let backup = self.running else { return }
        self.end(backup, Refusal(.shuttingDown))
    }

    private func end(_ backup: SentBackup, _ refusal: Refusal) {
        self.running = nil
        backup.writer.reply(.refused(refusal), to: backup.requestID, at: 0)
        backup.writer.releaseSoon()
    }

    /// Traps if the running backup contradicts itself.
    func checkInvariants() {
        guard let backup = self.running else { return }
        precondition(
            backup.view == nil || backup.source == nil,
            "a backup at LSN \(backup.lsn) has begun and holds its view"
        )
        precondition(
            backup.loggedByteCount <= self.limits.heldByteCountMax,
            "a backup held back files for \(backup.loggedByteCount) bytes of log"
        )
        precondition(
            backup.stalledAt == nil || !backup.isAwaited,
            "a backup waits for its reader and for its next bytes"
        )
    }
}
