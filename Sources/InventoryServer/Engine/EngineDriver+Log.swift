internal import Bytes
internal import Durability
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// Writes what was gathered to the log, block by block, and sees to it that there is room.
///
///     gathered ──tick──▶ block on the log thread ──synced──▶ replies, events, insights
///                            └ full: tried again; nobody hears of its steps, new writes are refused
extension EngineDriver {
    // MARK: - Room

    /// Why nothing may be written now; nothing if it may.
    func writeRefusal() -> Refusal? {
        if self.isDraining { return Refusal(.shuttingDown) }
        if let refusal = self.engine.backlogRefusal { return refusal }
        return self.isDiskFull ? Self.noRoom : self.roomRefusal()
    }

    private static var noRoom: Refusal {
        Refusal(.storageFull, .message("no room for another file of the log"))
    }

    /// What is taken in must be written, whatever the disk says then: readers see it, and so are told
    /// nothing until it is durable.
    ///
    /// So where the disk is nearly full there has to be room in files that are there already: for the
    /// block on its way, the next one, a seal, and what the requests at hand may add. While the next
    /// file is still being made there, requests are to come again shortly. A file that could not hold
    /// all this promises nothing, and only a disk that is known to be full refuses then.
    private func roomRefusal() -> Refusal? {
        let fileByteCount = self.configuration.log.fileByteCount
        let needed =
            self.inFlightByteCount + self.engine.gatheredByteCount
            + min(Self.admittedByteCountMax, fileByteCount / 8)
            + WriteAheadLog.blockOverheadByteCount + StorageAlignment.byteCount
        switch self.log.room(for: needed) {
        case .certain, .likely: return nil
        case .full: return Self.noRoom
        case .unknown:
            self.prepareLogIfNeeded(self.milliseconds)
            guard needed + 2 * StorageAlignment.byteCount <= fileByteCount else { return nil }
            return Refusal(.overloaded, .message("the next file of the log is being made"))
        }
    }

    /// Entries that the requests of one read add, at most.
    private static var admittedByteCountMax: Int { 8 << 20 }

    // MARK: - Blocks

    /// Something was gathered: writes it once this round of reads is over.
    func tick() {
        self.loop.assertInEventLoop()
        guard !self.isTickScheduled else { return }
        self.isTickScheduled = true
        self.loop.execute {
            self.isTickScheduled = false
            self.endRequests()
            self.writeBlock()
            self.releaseReplies()
        }
    }

    func writeBlock() {
        guard !self.isBlockPutOff(), let block = self.engine.beginBlock() else { return }
        self.blockPace.began(at: self.clock())
        self.inFlightByteCount = block.bytes.count + WriteAheadLog.blockOverheadByteCount
        self.isSealed = false
        self.write(block)
    }

    /// Whether a block waits for its time.
    private func isBlockPutOff() -> Bool {
        guard self.engine.commit.hasGathered, !self.engine.commit.isWriting else { return false }
        let wasPutOff = self.blockPace.isPutOff
        let pause = self.blockPace.pause(
            at: self.clock(),
            gathered: self.engine.gatheredByteCount,
            isFanoutBusy: self.fanoutBoard.isBusy
        )
        guard pause > 0 else { return false }
        if !wasPutOff {
            self.loop.scheduleTask(in: .nanoseconds(Int64(pause))) {
                self.blockPace.resumed()
                self.writeBlock()
            }
        }
        return true
    }

    /// A full disk took nothing of the block: it is tried again until there is room.
    ///
    /// Nobody hears of its steps meanwhile, and new writes are refused.
    private func writeLater(_ block: FeedBlock, _ error: DurabilityError) {
        self.logger.warning("writes wait: \(error)")
        self.isDiskFull = true
        self.loop.scheduleTask(in: .milliseconds(500)) { self.write(block) }
    }

    private func write(_ block: FeedBlock) {
        let acknowledged = LSN(self.engine.durable)
        self.logThread.submit {
            let start = NIODeadline.now()
            let result = self.append(block, acknowledged: acknowledged)
            let took = (NIODeadline.now() - start).nanoseconds / 1_000
            self.loop.execute {
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
                try self.log.append(
                    body: bytes,
                    first: LSN(block.first),
                    count: block.count,
                    acknowledged: acknowledged,
                    time: self.now().microseconds
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
        self.engine.blockWritten()
        self.founded?.succeed(self.engine.durable)
        self.founded = nil
        self.metrics.blocks += 1
        self.metrics.blockBytes += Int64(block.bytes.count)
        self.metrics.syncMicroseconds += took
        self.metrics.syncs.record(took)
        self.lastWriteAt = self.milliseconds
        self.snapshots.logByteCount += block.bytes.count
        self.prepareLogIfNeeded(self.lastWriteAt)
        // The next block goes first, so that the disk works while replies are sent.
        self.writeBlock()
        self.releaseReplies()
        self.deliver(block)
        self.advanceInsights()
        self.beginSnapshotIfDue()
        self.finishDrainIfDone()
    }

    /// The disk can no longer be believed: nobody is told anything more.
    func fail(_ error: DurabilityError) {
        self.logger.critical("the log failed, so this server stops: \(error)")
        self.onFailure(error)
    }

    /// After 100 ms without a write the log says on disk that it is complete.
    func sealIfIdle(_ now: Int64) {
        guard !self.isSealed, !self.engine.commit.isWriting, !self.engine.commit.hasGathered,
            now - self.lastWriteAt >= 100
        else { return }
        self.isSealed = true
        let acknowledged = LSN(self.engine.durable)
        self.logThread.submit {
            do throws(DurabilityError) {
                try self.log.seal(
                    acknowledged: acknowledged,
                    time: self.now().microseconds
                )
            } catch {
                self.loop.execute { self.fail(error) }
            }
        }
    }

    // MARK: - The next file

    /// Has the next file of the log made ready as soon as it is needed, and tries again every half
    /// second if the disk is full: so writes go on by themselves once there is room.
    func prepareLogIfNeeded(_ now: Int64) {
        guard !self.isPreparingLog, self.log.wantsNext,
            !self.isLogFileMissing || now - self.lastPrepareAt >= 500
        else { return }
        self.isPreparingLog = true
        self.spareThread.submit {
            var failure: DurabilityError?
            do throws(DurabilityError) { try self.log.prepareNext() } catch { failure = error }
            let problem = failure
            self.loop.execute {
                self.isPreparingLog = false
                self.lastPrepareAt = self.milliseconds
                // A next file is wanted when the last one was sealed.
                self.protection.isWanted = true
                self.reportPreparing(problem)
            }
        }
    }

    /// Says once that there is no room, and once that there is again.
    private func reportPreparing(_ problem: DurabilityError?) {
        guard let problem else {
            if self.isLogFileMissing {
                self.logger.notice("there is room for the log again: writes go on")
            }
            self.isLogFileMissing = false
            return
        }
        if !self.isLogFileMissing {
            self.logger.warning(
                """
                no file for the log to go on in: \(problem). Once the current one is full, writes \
                are refused with storage_full; reads and subscriptions go on
                """
            )
        }
        self.isLogFileMissing = true
    }
}
