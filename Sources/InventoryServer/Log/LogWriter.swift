internal import Bytes
internal import Durability
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// Receives the log's events.
protocol LogWriterDelegate: AnyObject {
    /// A block is durable, and the replies that waited for it are on their way.
    func blockIsDurable(_ block: FeedBlock)
    /// The last file may be complete.
    func logFileEnded()
    /// The disk failed: no client may be notified of anything further.
    func logFailed(_ error: DurabilityError)
}

/// Writes gathered entries to the log, block by block, and ensures that there is space.
///
///     gathered ──tick──▶ block on the log thread ──synced──▶ replies, events, insights
///                            └ full: retried; its steps are not published, new writes are refused
///
/// Runs on the engine's loop except for ``store``, hence `@unchecked Sendable`.
final class LogWriter: @unchecked Sendable {
    let store: any LogStore
    weak var delegate: (any LogWriterDelegate)?
    private let context: LoopContext
    /// Writes blocks, one at a time.
    private let thread: any Worker
    /// Prepares the next log file, which must not wait for a snapshot.
    private let spareThread: any Worker
    private let sizes: LogSizes
    private let source: any BlockSource
    private let turns: RequestTurns
    private let board: FanoutBoard

    private var pace = BlockPace()
    private var isTickScheduled = false
    private var isPreparing = false
    private var isSealed = true
    /// Bytes of the entries being written.
    private var inFlightByteCount = 0
    private var isDiskFull = false
    /// Whether the last attempt to prepare the next log file failed.
    private var isNextFileMissing = false
    private var lastWriteAt: Int64 = 0
    private var lastPrepareAt: Int64 = 0

    /// The most bytes of entries that the requests of one socket read add.
    private static let admittedByteCountMax = 8 << 20
    /// Milliseconds until a retry, after a block found no space or the next file could not be prepared.
    private static let retryMilliseconds: Int64 = 500
    /// Milliseconds without a write after which the log is sealed.
    private static let idleMilliseconds: Int64 = 100

    /// Creates a writer that has written nothing.
    ///
    /// `board` reports whether the fan-out is busy, which throttles blocks.
    init(
        _ context: LoopContext,
        to store: any LogStore,
        of source: any BlockSource,
        workers: EngineDriver.Workers,
        turns: RequestTurns,
        board: FanoutBoard
    ) {
        self.context = context
        self.store = store
        self.sizes = store.sizes
        self.source = source
        self.thread = workers.log
        self.spareThread = workers.spare
        self.turns = turns
        self.board = board
    }

    // MARK: - Space

    /// Returns the reason why writes are refused now; `nil` if they are accepted.
    func refusal() -> Refusal? {
        if let refusal = self.source.backlogRefusal { return refusal }
        return self.isDiskFull ? Self.noSpace : self.spaceRefusal()
    }

    private static var noSpace: Refusal {
        Refusal(.storageFull, .message("no space for another log file"))
    }

    /// Checks that everything accepted can be written, even if the disk becomes full.
    ///
    /// Readers already see accepted steps and get no reply until they are durable. So on a nearly full disk
    /// there must be space in existing files for the block in flight, the next block, a seal, and what the
    /// requests at hand may add. While the next file is being prepared there, requests are refused for a
    /// retry shortly. Where a file is too small for all this, only a disk that is known to be full refuses.
    private func spaceRefusal() -> Refusal? {
        let fileByteCount = self.sizes.fileByteCount
        let needed =
            self.inFlightByteCount + self.source.gatheredByteCount
            + min(Self.admittedByteCountMax, fileByteCount / 8)
            + self.sizes.blockOverheadByteCount + self.sizes.sealByteCount
        switch self.store.space(for: needed) {
        case .certain, .likely: return nil
        case .full: return Self.noSpace
        case .unknown:
            self.prepareIfNeeded(self.context.milliseconds)
            let fits = needed + self.sizes.fileOverheadByteCount <= fileByteCount
            guard fits else { return nil }
            return Refusal(.overloaded, .message("the next log file is being prepared"))
        }
    }

    // MARK: - Blocks

    /// Writes the gathered entries once this round of socket reads is over.
    func tick() {
        self.context.loop.assertInEventLoop()
        guard !self.isTickScheduled else { return }
        self.isTickScheduled = true
        self.context.loop.execute {
            self.isTickScheduled = false
            self.turns.endRequests()
            self.writeBlock()
            self.turns.releaseReplies()
        }
    }

    private func writeBlock() {
        guard !self.isBlockPutOff(), let block = self.source.beginBlock() else { return }
        self.pace.began(at: self.context.clocks.nanoseconds())
        self.inFlightByteCount = block.bytes.count + self.sizes.blockOverheadByteCount
        self.isSealed = false
        self.write(block)
    }

    /// Whether a block is delayed.
    private func isBlockPutOff() -> Bool {
        guard self.source.hasGathered, !self.source.isWriting else { return false }
        let wasPutOff = self.pace.isPutOff
        let pause = self.pace.pause(
            at: self.context.clocks.nanoseconds(),
            gathered: self.source.gatheredByteCount,
            isFanoutBusy: self.board.isBusy
        )
        guard pause > 0 else { return false }
        if !wasPutOff {
            self.context.loop.scheduleTask(in: .nanoseconds(Int64(pause))) {
                self.pace.resumed()
                self.writeBlock()
            }
        }
        return true
    }

    /// Retries a block that a full disk refused entirely, until there is space.
    ///
    /// Meanwhile its steps are not published and new writes are refused.
    private func writeLater(_ block: FeedBlock, _ error: DurabilityError) {
        self.context.logger.warning("writes wait for space: \(error)")
        self.isDiskFull = true
        self.context.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
            self.write(block)
        }
    }

    private func write(_ block: FeedBlock) {
        let acknowledged = self.source.durable
        self.thread.submit {
            let start = NIODeadline.now()
            let result = self.append(block, acknowledged: acknowledged)
            let took = (NIODeadline.now() - start).nanoseconds / 1_000
            self.context.loop.execute {
                switch result {
                case .success: self.blockWritten(block, took: took)
                case .failure(.full(let operation, let path)):
                    self.writeLater(block, DurabilityError.full(operation: operation, path: path))
                case .failure(let error): self.fail(error)
                }
            }
        }
    }

    private func append(
        _ block: FeedBlock,
        acknowledged: LSN
    ) -> Result<Void, DurabilityError> {
        block.bytes.withUnsafeBytes { bytes in
            do throws(DurabilityError) {
                try self.store.append(
                    body: bytes,
                    first: block.first,
                    count: block.count,
                    acknowledged: acknowledged,
                    time: self.context.now().microseconds
                )
                return .success(())
            } catch {
                return .failure(error)
            }
        }
    }

    private func blockWritten(_ block: FeedBlock, took: Int64) {
        self.isDiskFull = false
        self.inFlightByteCount = 0
        self.source.blockWritten()
        self.context.metrics.blocks += 1
        self.context.metrics.blockBytes += Int64(block.bytes.count)
        self.context.metrics.syncMicroseconds += took
        self.context.metrics.syncs.record(took)
        self.lastWriteAt = self.context.milliseconds
        self.prepareIfNeeded(self.lastWriteAt)
        // The next block is started first, so that the disk works while replies are sent.
        self.writeBlock()
        self.turns.releaseReplies()
        self.delegate?.blockIsDurable(block)
    }

    private func fail(_ error: DurabilityError) {
        self.context.logger.critical("the log failed, so this server stops: \(error)")
        self.delegate?.logFailed(error)
    }

    /// Seals the log as complete after 100 ms without a write.
    func sealIfIdle(_ now: Int64) {
        guard !self.isSealed, !self.source.isWriting, !self.source.hasGathered,
            now - self.lastWriteAt >= Self.idleMilliseconds
        else { return }
        self.isSealed = true
        let acknowledged = self.source.durable
        self.thread.submit {
            do throws(DurabilityError) {
                try self.store.seal(
                    acknowledged: acknowledged,
                    time: self.context.now().microseconds
                )
            } catch {
                self.context.loop.execute { self.fail(error) }
            }
        }
    }

    // MARK: - The next file

    /// Prepares the next log file as soon as it is needed, and retries every half second if the disk is full,
    /// so writes resume by themselves once there is space.
    func prepareIfNeeded(_ now: Int64) {
        guard !self.isPreparing, self.store.wantsNext,
            !self.isNextFileMissing || now - self.lastPrepareAt >= Self.retryMilliseconds
        else { return }
        self.isPreparing = true
        self.spareThread.submit {
            var failure: DurabilityError?
            do throws(DurabilityError) { try self.store.prepareNext() } catch { failure = error }
            let problem = failure
            self.context.loop.execute {
                self.isPreparing = false
                self.lastPrepareAt = self.context.milliseconds
                // A next file is needed when the last one was sealed.
                self.delegate?.logFileEnded()
                self.reportPreparing(problem)
            }
        }
    }

    /// Logs once that there is no space, and once that there is space again.
    private func reportPreparing(_ problem: DurabilityError?) {
        guard let problem else {
            if self.isNextFileMissing {
                self.context.logger.notice("there is space for the log again: writes resume")
            }
            self.isNextFileMissing = false
            return
        }
        if !self.isNextFileMissing {
            self.context.logger.warning(
                """
                cannot create the next log file: \(problem). Once the current one is full, writes \
                are refused with storage_full; reads and subscriptions continue
                """
            )
        }
        self.isNextFileMissing = true
    }

    // MARK: - The end

    /// Seals the log as complete; calls back on the log thread.
    ///
    /// - Precondition: Everything was written.
    func close(_ completion: @escaping @Sendable () -> Void) {
        precondition(self.isIdle, "the log is closed before all of it is written")
        let acknowledged = self.source.durable
        self.thread.submit {
            do throws(DurabilityError) {
                try self.store.close(
                    acknowledged: acknowledged,
                    time: self.context.now().microseconds
                )
            } catch {
                self.context.logger.error("cannot seal the log: \(error)")
            }
            completion()
        }
    }

    /// Whether everything that was decided is durable.
    var isIdle: Bool { !self.source.isWriting && !self.source.hasGathered }

    /// Traps if the writer's invariants do not hold.
    func checkInvariants() {
        self.store.checkInvariants()
        precondition(
            self.source.isWriting == (self.inFlightByteCount > 0),
            "\(self.inFlightByteCount) bytes in flight, writing: \(self.source.isWriting)"
        )
        precondition(!self.isSealed || !self.source.isWriting, "sealed while a block is written")
    }
}
