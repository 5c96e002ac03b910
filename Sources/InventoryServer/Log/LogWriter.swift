internal import Bytes
internal import Durability
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// What happens to the log, for who serves it.
protocol LogWriterDelegate: AnyObject {
    /// A block is on disk, and the replies that waited for it are on their way.
    func blockIsDurable(_ block: FeedBlock)
    /// The last file may have come to its end.
    func logFileEnded()
    /// The disk can no longer be believed: nobody may be told anything more.
    func logFailed(_ error: DurabilityError)
}

/// Writes what was gathered to the log, block by block, and sees to it that there is room.
///
///     gathered ──tick──▶ block on the log thread ──synced──▶ replies, events, insights
///                            └ full: tried again; nobody hears of its steps, new writes are refused
///
/// Of the engine's loop, but for ``store``: that is why it is `@unchecked Sendable`.
final class LogWriter: @unchecked Sendable {
    let store: any LogStore
    weak var delegate: (any LogWriterDelegate)?
    private let context: LoopContext
    /// Writes blocks, one at a time.
    private let thread: any Worker
    /// Makes the log's next file ready, which must not wait for a snapshot.
    private let spareThread: any Worker
    /// Bytes of one file of the log.
    private let fileByteCount: Int
    private let source: any BlockSource
    private let turns: RequestTurns
    private let board: FanoutBoard

    private var pace = BlockPace()
    private var isTickScheduled = false
    private var isPreparing = false
    private var isSealed = true
    /// Bytes of the entries that are being written.
    private var inFlightByteCount = 0
    private var isDiskFull = false
    /// Whether the last attempt to make the log's next file ready failed.
    private var isNextFileMissing = false
    private var lastWriteAt: Int64 = 0
    private var lastPrepareAt: Int64 = 0

    /// Entries that the requests of one read add, at most.
    private static let admittedByteCountMax = 8 << 20
    /// Milliseconds until a block that found no space, or the next file, is tried again.
    private static let retryMilliseconds: Int64 = 500
    /// Milliseconds without a write after which the log is sealed.
    private static let idleMilliseconds: Int64 = 100

    /// One that has written nothing.
    ///
    /// `fileByteCount`: Of one file of the log. `board`: Says whether telling everybody takes long, so that blocks
    /// keep apart.
    init(
        _ context: LoopContext,
        to store: any LogStore,
        fileByteCount: Int,
        of source: any BlockSource,
        workers: EngineDriver.Workers,
        turns: RequestTurns,
        board: FanoutBoard
    ) {
        self.context = context
        self.store = store
        self.fileByteCount = fileByteCount
        self.source = source
        self.thread = workers.log
        self.spareThread = workers.spare
        self.turns = turns
        self.board = board
    }

    // MARK: - Room

    /// Why nothing may be written now; `nil` if it may.
    func refusal() -> Refusal? {
        if let refusal = self.source.backlogRefusal { return refusal }
        return self.isDiskFull ? Self.noSpace : self.spaceRefusal()
    }

    private static var noSpace: Refusal {
        Refusal(.storageFull, .message("no room for another file of the log"))
    }

    /// What is taken in must be written, whatever the disk says then: readers see it, and so are told
    /// nothing until it is durable.
    ///
    /// So where the disk is nearly full there has to be room in files that are there already: for the
    /// block on its way, the next one, a seal, and what the requests at hand may add. While the next
    /// file is still being made there, requests are to come again shortly. A file that could not hold
    /// all this promises nothing, and only a disk that is known to be full refuses then.
    private func spaceRefusal() -> Refusal? {
        let fileByteCount = self.fileByteCount
        let needed =
            self.inFlightByteCount + self.source.gatheredByteCount
            + min(Self.admittedByteCountMax, fileByteCount / 8)
            + WriteAheadLog.blockOverheadByteCount + StorageAlignment.byteCount
        switch self.store.room(for: needed) {
        case .certain, .likely: return nil
        case .full: return Self.noSpace
        case .unknown:
            self.prepareIfNeeded(self.context.milliseconds)
            guard needed + 2 * StorageAlignment.byteCount <= fileByteCount else { return nil }
            return Refusal(.overloaded, .message("the next file of the log is being made"))
        }
    }

    // MARK: - Blocks

    /// Something was gathered: writes it once this round of reads is over.
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
        self.inFlightByteCount = block.bytes.count + WriteAheadLog.blockOverheadByteCount
        self.isSealed = false
        self.write(block)
    }

    /// Whether a block waits for its time.
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

    /// A full disk took nothing of the block: it is tried again until there is room.
    ///
    /// Nobody hears of its steps meanwhile, and new writes are refused.
    private func writeLater(_ block: FeedBlock, _ error: DurabilityError) {
        self.context.logger.warning("writes wait: \(error)")
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
        // The next block goes first, so that the disk works while replies are sent.
        self.writeBlock()
        self.turns.releaseReplies()
        self.delegate?.blockIsDurable(block)
    }

    private func fail(_ error: DurabilityError) {
        self.context.logger.critical("the log failed, so this server stops: \(error)")
        self.delegate?.logFailed(error)
    }

    /// After 100 ms without a write the log says on disk that it is complete.
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

    /// Has the next file of the log made ready as soon as it is needed, and tries again every half
    /// second if the disk is full: so writes go on by themselves once there is room.
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
                // A next file is wanted when the last one was sealed.
                self.delegate?.logFileEnded()
                self.reportPreparing(problem)
            }
        }
    }

    /// Says once that there is no room, and once that there is again.
    private func reportPreparing(_ problem: DurabilityError?) {
        guard let problem else {
            if self.isNextFileMissing {
                self.context.logger.notice("there is room for the log again: writes go on")
            }
            self.isNextFileMissing = false
            return
        }
        if !self.isNextFileMissing {
            self.context.logger.warning(
                """
                no file for the log to go on in: \(problem). Once the current one is full, writes \
                are refused with storage_full; reads and subscriptions go on
                """
            )
        }
        self.isNextFileMissing = true
    }

    // MARK: - The end

    /// Says on disk, as the last word, that the log is complete; calls back on the log thread.
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
                self.context.logger.error("the log has no seal at its end: \(error)")
            }
            completion()
        }
    }

    /// Whether everything that was decided is on disk.
    var isIdle: Bool { !self.source.isWriting && !self.source.hasGathered }

    /// While nothing is being written.
    func checkInvariants() {
        self.store.checkInvariants()
        precondition(
            self.source.isWriting == (self.inFlightByteCount > 0),
            "\(self.inFlightByteCount) bytes in flight, writing: \(self.source.isWriting)"
        )
        precondition(!self.isSealed || !self.source.isWriting, "sealed while a block is written")
    }
}
