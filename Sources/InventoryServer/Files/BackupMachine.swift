internal import Bytes
internal import InventoryModel
internal import InventoryWire

/// The life of one backup that is sent: what happens next, and when it ends early.
///
///     waiting ──durable──▶ opening ──opened──▶ making ◀──last piece── pausing
///                                              │   └──block──▶ piece ──▶ ▲ │ paced
///                                              │ end             stalled ┘◀┘ its reader is behind
///                                              ▼
///     too much log, a stall, a failure, cancelled, closed ─────▶ ended, from anywhere
///
/// One block is in memory at a time, and nothing of it is made while the reader is behind or the rate is used up.
/// A plain value; ``BackupRunner`` performs the actions that it returns. Times are nanoseconds of a monotonic clock.
struct BackupMachine: Equatable {
    enum State: Equatable {
        /// Steps of it are not durable: a power failure could undo them.
        case waiting
        /// The file thread computes its checksum, and opens its files.
        case opening
        /// The file thread makes the next block.
        case making
        /// A piece was sent; the next may be after a pause. `rest` bytes of the block are left.
        case pausing(rest: Int)
        /// The reader is behind since that time.
        case stalled(rest: Int, since: UInt64)
        case ended
    }

    enum Action: Equatable {
        /// Write what was gathered, so that its steps become durable.
        case writeLog
        /// Compute the checksum and open the files.
        case open
        case makeBlock
        /// Send the next bytes of the block, and report when the pause is over.
        case sendPiece(byteCount: Int, pauseNanoseconds: UInt64)
        /// Send an empty piece, which shows that the backup continues.
        case showAlive
        /// Send the end with the state checksum.
        case complete
        case end(Refusal, Cause)
        case nothing
    }

    /// Why a backup ends early.
    enum Cause: Equatable {
        /// Its client, or the stop of the server.
        case requested
        case tooSlow
        case failed
    }

    /// The LSN whose state it is of.
    let lsn: LSN
    private(set) var state = State.waiting
    private var pace: BackupPace
    /// Bytes of the pieces that were sent.
    private(set) var byteCount: UInt64 = 0
    /// Bytes of log written since it began, for as long as it holds back older files.
    private(set) var loggedByteCount = 0
    private let loggedByteCountMax: Int
    private var lastPieceAt: UInt64

    /// Nanoseconds without a piece after which an empty one shows that the backup continues.
    static let aliveNanoseconds: UInt64 = 1_000_000_000
    /// Nanoseconds for which a reader may be behind.
    static let stallNanosecondsMax = UInt64(WireLimits.backupStallMillisecondsMax) * 1_000_000

    init(at lsn: LSN, pace: BackupPace, loggedByteCountMax: Int, now: UInt64) {
        self.lsn = lsn
        self.pace = pace
        self.loggedByteCountMax = loggedByteCountMax
        self.lastPieceAt = now
    }

    // MARK: - The start

    /// Returns the refusal of a backup at a rate, where 0 is the server's limit; `nil` if it may begin.
    static func refusal(bytesPerSecondMax: UInt64, isAnotherRunning: Bool) -> Refusal? {
        let lowest = WireLimits.backupBytesPerSecondMin
        if bytesPerSecondMax > 0, bytesPerSecondMax < lowest {
            return Refusal(
                .outOfRange,
                .range(
                    "bytes per second",
                    value: Int64(bytesPerSecondMax),
                    lowest: Int64(lowest),
                    highest: .max
                )
            )
        }
        guard isAnotherRunning else { return nil }
        let highest = Int64(WireLimits.backupsMax)
        return Refusal(
            .overloaded,
            .range("backups at once", value: highest + 1, lowest: 0, highest: highest)
        )
    }

    /// Steps up to `durable` are durable; it opens once its own are.
    mutating func becameDurable(through durable: LSN) -> Action {
        guard self.state == .waiting else { return .nothing }
        guard self.lsn <= durable else { return .writeLog }
        self.state = .opening
        return .open
    }

    /// Bytes of the log were written, and steps up to `durable` are durable.
    mutating func logged(_ byteCount: Int, durable: LSN) -> Action {
        precondition(self.state != .ended, "log is counted for a backup that has ended")
        self.loggedByteCount += byteCount
        guard self.loggedByteCount > self.loggedByteCountMax else {
            return self.becameDurable(through: durable)
        }
        let refusal = Refusal(
            .overloaded,
            .range(
                "bytes of log written during the backup (--backup-hold-mib)",
                value: Int64(self.loggedByteCount),
                lowest: 0,
                highest: Int64(self.loggedByteCountMax)
            )
        )
        return self.end(refusal, .tooSlow)
    }

    // MARK: - Blocks and pieces

    /// Its files are open.
    mutating func opened(takesMore: Bool, at now: UInt64) -> Action {
        // It ended while the file thread opened them.
        if self.state == .ended { return .nothing }
        precondition(self.state == .opening, "a backup was opened while \(self.state)")
        return self.proceed(rest: 0, takesMore: takesMore, at: now)
    }

    /// A block was made.
    mutating func blockMade(_ byteCount: Int, takesMore: Bool, at now: UInt64) -> Action {
        // It ended while the file thread made it.
        if self.state == .ended { return .nothing }
        precondition(self.state == .making, "a block was made while \(self.state)")
        return self.proceed(rest: byteCount, takesMore: takesMore, at: now)
    }

    /// The last block was the end.
    mutating func exhausted() -> Action {
        // It ended while the file thread looked for another block.
        if self.state == .ended { return .nothing }
        precondition(self.state == .making, "the last block was made while \(self.state)")
        self.state = .ended
        return .complete
    }

    /// The file thread could not do its work.
    mutating func failed(_ problem: String) -> Action {
        // It ended meanwhile, so nobody is left to be notified.
        if self.state == .ended { return .nothing }
        precondition(
            self.state == .opening || self.state == .making,
            "the file thread failed while \(self.state)"
        )
        return self.end(Refusal(.internal, .message(problem)), .failed)
    }

    /// The pause after a piece is over.
    mutating func pauseEnded(takesMore: Bool, at now: UInt64) -> Action {
        switch self.state {
        case .pausing(let rest): return self.proceed(rest: rest, takesMore: takesMore, at: now)
        // It ended during the pause.
        case .ended: return .nothing
        case .waiting, .opening, .making, .stalled:
            preconditionFailure("a pause ended while \(self.state)")
        }
    }

    /// The reader takes more bytes.
    mutating func becameWritable(takesMore: Bool, at now: UInt64) -> Action {
        switch self.state {
        case .stalled(let rest, let since):
            return self.proceed(rest: rest, takesMore: takesMore, since: since, at: now)
        // The socket reports for every answer; the backup waits for something else, and asks again behind it.
        case .waiting, .opening, .making, .pausing: return .nothing
        case .ended: preconditionFailure("the reader of a backup that has ended is writable")
        }
    }

    private mutating func proceed(
        rest: Int,
        takesMore: Bool,
        since: UInt64? = nil,
        at now: UInt64
    ) -> Action {
        guard takesMore else {
            self.state = .stalled(rest: rest, since: since ?? now)
            return .nothing
        }
        guard rest > 0 else {
            self.state = .making
            return .makeBlock
        }
        let byteCount = min(rest, WireLimits.backupPieceByteCountMax)
        self.state = .pausing(rest: rest - byteCount)
        self.byteCount += UInt64(byteCount)
        self.lastPieceAt = now
        let pause = self.pace.sent(byteCount, at: now)
        return .sendPiece(byteCount: byteCount, pauseNanoseconds: pause)
    }

    // MARK: - Time and the end

    /// Ends a backup whose reader stopped, and shows the reader of a slow one that it continues.
    mutating func timePassed(takesMore: Bool, at now: UInt64) -> Action {
        if case .stalled(_, let since) = self.state {
            guard now - since > Self.stallNanosecondsMax else { return .nothing }
            let seconds = Self.stallNanosecondsMax / 1_000_000_000
            let problem = "nothing of the backup was read for \(seconds) s"
            return self.end(Refusal(.deadlineExceeded, .message(problem)), .requested)
        }
        guard now - self.lastPieceAt >= Self.aliveNanoseconds, takesMore else { return .nothing }
        self.lastPieceAt = now
        return .showAlive
    }

    /// It is cancelled, or the server stops.
    mutating func end(_ refusal: Refusal) -> Action { self.end(refusal, .requested) }

    /// The connection is closed, or about to be: there is nobody to notify.
    mutating func closed() {
        precondition(self.state != .ended, "a backup ends twice")
        self.state = .ended
    }

    private mutating func end(_ refusal: Refusal, _ cause: Cause) -> Action {
        precondition(self.state != .ended, "a backup ends twice")
        self.state = .ended
        return .end(refusal, cause)
    }

    // MARK: - Invariants

    /// Traps if it contradicts itself, or what there is of it.
    ///
    /// - Parameters:
    ///   - hasView: Whether the state is held whose checksum is to be computed.
    ///   - rest: Bytes of the block that were not sent.
    func checkInvariants(hasView: Bool, rest: Int) {
        precondition(hasView == (self.state == .waiting), "a view: \(hasView), while \(self.state)")
        precondition(
            self.state == .ended || self.loggedByteCount <= self.loggedByteCountMax,
            "a backup held back files for \(self.loggedByteCount) bytes of log"
        )
        switch self.state {
        case .waiting, .opening, .making:
            precondition(rest == 0, "\(rest) bytes of a block while \(self.state)")
        case .pausing(let left), .stalled(let left, _):
            precondition(rest == left, "\(rest) bytes of a block, not \(left)")
        case .ended: break
        }
    }
}
