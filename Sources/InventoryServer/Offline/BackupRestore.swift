public import Bytes
public import Durability
internal import Glibc
internal import InventoryEngine
public import InventoryModel

/// Restores a backup into a directory that does not exist yet, as of its last step or an earlier one.
///
///     backup ──verified──▶ DIR.restoring ──whole, synced──▶ DIR
///
/// The whole backup is read and its state compared with the checksum at its end, also when only a part of its
/// steps is restored. Until then the directory has another name and no identity, so whatever ends a restore,
/// no start takes its remains for a database. The next restore of that name removes them.
public struct BackupRestore: Sendable {
    /// The last step to restore.
    public enum Until: Sendable, Equatable {
        /// The step with this LSN.
        case lsn(LSN)
        /// The last step recorded by this time, inclusive.
        case time(Instant)
    }

    /// The result.
    public struct Restored: Sendable {
        /// The last restored step.
        public var lsn: LSN
        /// When it was recorded.
        public var time: Instant
        /// The state checksum after it.
        public var checksum: StateChecksum
        /// The steps of the backup.
        public var backup: BackupHead
    }

    /// The suffix of the directory's name until it is complete.
    static let unfinishedSuffix = ".restoring"

    private let directory: String
    private let until: Until?
    private let configuration: LogConfiguration

    /// Prepares to restore into `directory`, all steps if `until` is `nil`.
    public init(
        into directory: String,
        until: Until? = nil,
        configuration: LogConfiguration = LogConfiguration()
    ) {
        var directory = directory
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        self.directory = directory
        self.until = until
        self.configuration = configuration
    }

    /// Restores the backup that `reader` has begun to read.
    ///
    /// - Throws: ``RestoreError``. The directory does not exist then.
    public func run(_ reader: inout BackupReader) throws(RestoreError) -> Restored {
        try self.check(reader.head)
        let unfinished = self.directory + Self.unfinishedSuffix
        let base = try Self.emptyDirectory(unfinished)
        do {
            let restored = try self.restore(&reader, into: RestoringStorage(base))
            try self.publish(unfinished)
            return restored
        } catch {
            _ = try? RestoringStorage.clear(base)
            rmdir(unfinished)
            throw Self.failure(error)
        }
    }

    /// Creates or empties the directory of an unfinished restore, and locks it.
    private static func emptyDirectory(_ path: String) throws(RestoreError) -> DirectoryStorage {
        let base: DirectoryStorage
        let isEmpty: Bool
        do throws(DurabilityError) {
            base = try DirectoryStorage(directory: path)
            isEmpty = try RestoringStorage.begin(base)
        } catch {
            throw .data(error)
        }
        guard isEmpty else { throw .inTheWay(path: path) }
        return base
    }

    private static func failure(_ error: any Error) -> RestoreError {
        switch error {
        case let error as RestoreError: error
        case let error as DurabilityError: .data(error)
        default: preconditionFailure("a restore failed: \(error)")
        }
    }

    /// Checks that the directory does not exist, and the LSN is one of the backup's.
    private func check(_ head: BackupHead) throws(RestoreError) {
        var status = stat()
        if lstat(self.directory, &status) == 0 { throw .exists(path: self.directory) }
        guard case .lsn(let lsn) = self.until else { return }
        if lsn < head.earliest { throw .earlier("LSN \(lsn)", earliest: "LSN \(head.earliest)") }
        if lsn > head.last { throw .later("LSN \(lsn)", last: "LSN \(head.last)") }
    }

    private func restore(
        _ reader: inout BackupReader,
        into storage: RestoringStorage
    ) throws -> Restored {
        let now = Instant.now()
        var state = InventoryState()
        let opened = try DataDirectory.restore(
            into: storage,
            from: &reader,
            configuration: self.configuration,
            newID: DatabaseID(.random(in: .min ... .max), .random(in: .min ... .max)),
            time: now.microseconds,
            load: { (loader) throws(DurabilityError) in
                state = try OpenedDatabase.load(&loader)
            }
        )
        try self.checkTime(state, reader.head)
        var replayed = Replayed(state: state)
        while let entries = try reader.nextEntries() {
            try self.replay(entries, into: &replayed, log: opened.log, reader, now: now)
        }
        let end = try reader.end()
        replayed.end()
        let found = replayed.state.checksum()
        guard found == end.checksum else {
            throw DurabilityError.differentState(
                path: reader.path,
                lsn: replayed.state.lsn,
                found: "\(found)",
                expected: "\(end.checksum)"
            )
        }
        let restored = replayed.restored
        if restored.lsn < reader.head.earliest {
            throw RestoreError.earlier("a time before every step", earliest: "LSN 1")
        }
        try opened.log.close(acknowledged: restored.lsn, time: now.microseconds)
        try storage.complete()
        return Restored(
            lsn: restored.lsn,
            time: restored.time,
            checksum: restored.checksum,
            backup: reader.head
        )
    }

    /// The state that follows the whole backup, and what it was at the last restored step.
    private struct Replayed: ~Copyable {
        var state: InventoryState
        var buffer = Replay()
        private var last: (lsn: LSN, time: Instant, checksum: StateChecksum)?

        init(state: InventoryState) { self.state = state }

        var isEnded: Bool { self.last != nil }

        /// The state is the one to restore, unless an earlier one was.
        mutating func end() {
            guard self.last == nil else { return }
            self.last = (self.state.lsn, self.state.time, self.state.checksum())
        }

        var restored: (lsn: LSN, time: Instant, checksum: StateChecksum) {
            guard let last else { preconditionFailure("the last step was not reached") }
            return last
        }

        mutating func evolve(_ body: UnsafeRawBufferPointer) throws(ByteReaderError) {
            try self.state.evolve(body, with: &self.buffer)
        }
    }

    /// Applies entries to the state, and appends those to be restored to the log.
    private func replay(
        _ entries: BackupReader.Entries,
        into replayed: inout Replayed,
        log: WriteAheadLog,
        _ reader: BackupReader,
        now: Instant
    ) throws {
        let body = entries.body
        do {
            try body.withUnsafeBytes { body in
                let kept =
                    replayed.isEnded
                    ? (count: 0, byteCount: 0)
                    : try EntryView.prefix(of: body) { self.includes($0, $1) }
                if kept.count > 0 {
                    let part = UnsafeRawBufferPointer(rebasing: body[..<kept.byteCount])
                    try replayed.evolve(part)
                    try log.append(
                        body: part,
                        first: entries.first,
                        count: kept.count,
                        acknowledged: LSN(entries.first.value - 1),
                        time: now.microseconds
                    )
                }
                guard kept.byteCount < body.count else { return }
                replayed.end()
                try replayed.evolve(UnsafeRawBufferPointer(rebasing: body[kept.byteCount...]))
            }
        } catch let error as ByteReaderError {
            throw reader.unreadable(entries.first, "\(error)")
        }
        guard replayed.state.lsn == LSN(entries.first.value + UInt64(entries.count) - 1) else {
            throw reader.unreadable(entries.first, "it has not \(entries.count) entries")
        }
    }

    /// Whether a step is one of those to restore.
    private func includes(_ lsn: LSN, _ time: Instant) -> Bool {
        switch self.until {
        case nil: true
        case .lsn(let last): lsn <= last
        case .time(let last): time <= last
        }
    }

    /// Checks that a time to restore is one of the backup's: not before its image, and not after it was made.
    private func checkTime(_ state: InventoryState, _ head: BackupHead) throws(RestoreError) {
        guard case .time(let time) = self.until else { return }
        if time < state.time {
            let earliest = "LSN \(state.lsn) of \(state.time.rfc3339)"
            throw .earlier(time.rfc3339, earliest: earliest)
        }
        let end = Instant(microseconds: head.time)
        if time > end { throw .later(time.rfc3339, last: "LSN \(head.last) at \(end.rfc3339)") }
    }

    /// Gives the whole directory its name, durably.
    private func publish(_ unfinished: String) throws(RestoreError) {
        guard rename(unfinished, self.directory) == 0 else {
            let code = errno
            throw .data(
                .failed(
                    operation: "rename",
                    path: unfinished,
                    errno: code,
                    reason: String(cString: strerror(code))
                )
            )
        }
        do throws(DurabilityError) {
            // A mark that stays after a kill here has no meaning in a directory with its final name.
            unlink(self.directory + "/" + RestoringStorage.markName)
            try DirectoryStorage.syncParent(of: self.directory)
        } catch {
            throw .data(error)
        }
    }
}

/// Why a backup is not restored.
public enum RestoreError: Error, Equatable, CustomStringConvertible {
    /// The directory exists already.
    case exists(path: String)
    /// The directory of an unfinished restore has other files.
    case inTheWay(path: String)
    /// The requested step or time comes before the image of the backup.
    case earlier(String, earliest: String)
    /// The requested step or time comes after the backup.
    case later(String, last: String)
    /// The backup is damaged, or the disk failed.
    case data(DurabilityError)

    /// The message for the operator.
    public var description: String {
        switch self {
        case .exists(let path):
            "\(path) exists already; a backup is restored into a new directory"
        case .inTheWay(let path):
            "\(path) exists and is not of an unfinished restore; move it away"
        case .earlier(let point, let earliest):
            "cannot restore \(point): the backup begins with \(earliest)"
        case .later(let point, let last):
            "cannot restore \(point): the backup ends with \(last)"
        case .data(let error):
            "\(error)"
        }
    }
}
