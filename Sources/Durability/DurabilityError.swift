public import Bytes

/// Something about the disk is not as it must be, told to the person who has to act.
///
/// These are conditions of the world: each names the file, the byte, the LSN, and what to do. A
/// mistake in this program is never an error; it is a failed precondition.
public enum DurabilityError: Error, Equatable, Sendable {
    /// A call to the operating system failed.
    case failed(operation: String, path: String, errno: Int32, reason: String)
    /// There is no room on the disk.
    case full(operation: String, path: String)
    /// Another process has the directory.
    case locked(path: String)
    /// A file does not begin as its name says it must.
    case wrongKind(path: String, expected: String)
    /// A newer version of this program wrote the file.
    case unsupportedVersion(path: String, found: UInt16, newestKnown: UInt16)
    /// A file belongs to another database than its directory does.
    case foreignFile(path: String)
    /// A file's own head does not match its checksum.
    case corruptHead(path: String)
    /// A block of the log is damaged, and it is not an unfinished last one.
    case corruptBlock(path: String, offset: UInt64, lsn: LSN, reason: String)
    /// The log lacks steps between two of its files, or between a snapshot and its first file.
    case missingLog(expected: LSN, found: LSN, path: String)
    /// The newest file of the log is not there.
    case missingNewestLog(path: String, firstLSN: LSN)
    /// The log ends before a step that was acknowledged.
    case shortLog(path: String, last: LSN, acknowledged: LSN)
    /// A snapshot's block or manifest is damaged.
    case corruptSnapshot(path: String, offset: UInt64, reason: String)
    /// What a snapshot or a log block holds is whole, but does not say what it should.
    case unreadable(path: String, lsn: LSN, reason: String)
    /// The steps asked for are no longer kept.
    case retired(asked: LSN, firstRetained: LSN)
    /// An earlier write or sync failed; nothing more is written.
    case poisoned(path: String)
    /// Files of a database are there, but not the one that names it.
    case nameless(path: String)
}

extension DurabilityError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .failed(let operation, let path, let errno, let reason):
            "cannot \(operation) \(path): \(reason) (errno \(errno))"
        case .full(let operation, let path):
            "cannot \(operation) \(path): the disk is full; free some space"
        case .locked(let path):
            "\(path) is in use by another invd; stop that one, or name another directory"
        case .wrongKind(let path, let expected):
            "\(path) is not \(expected); restore it from a backup"
        case .unsupportedVersion(let path, let found, let newest):
            "\(path) has format version \(found); this program reads up to \(newest): run a newer "
                + "one"
        case .foreignFile(let path):
            "\(path) belongs to another database; move it away"
        case .corruptHead(let path):
            "the head of \(path) is damaged; restore the file from a backup"
        case .corruptBlock(let path, let offset, let lsn, let reason):
            "\(path) is damaged at byte \(offset), LSN \(lsn): \(reason). Nothing was changed; restore "
                + "the file from a backup"
        case .missingLog(let expected, let found, let path):
            "\(path) goes on with LSN \(found), but the log lacks LSN \(expected); restore the files of the "
                + "log between from a backup"
        case .missingNewestLog(let path, let first):
            "\(path), the newest file of the log, is missing, and with it the steps from LSN \(first) on. "
                + "Nothing was changed; restore the file from a backup"
        case .shortLog(let path, let last, let acknowledged):
            "the log ends with LSN \(last) in \(path), but steps up to LSN \(acknowledged) were "
                + "acknowledged. Nothing was changed; restore the file from a backup"
        case .corruptSnapshot(let path, let offset, let reason):
            "\(path) is damaged at byte \(offset): \(reason). Nothing was changed; restore the "
                + "file from a backup"
        case .unreadable(let path, let lsn, let reason):
            "\(path) is whole at LSN \(lsn), but cannot be understood: \(reason)"
        case .retired(let asked, let first):
            "the log reaches back to LSN \(first), not to LSN \(asked)"
        case .poisoned(let path):
            "an earlier write to \(path) failed, so nothing more is written"
        case .nameless(let path):
            "\(path) has data of a database, but not the file that names it; restore "
                + "\(DataDirectory.identityName) from a backup"
        }
    }

    /// Whether starting again cannot help until somebody mends the data.
    public var isDataRefused: Bool {
        switch self {
        case .wrongKind, .unsupportedVersion, .foreignFile, .corruptHead, .corruptBlock,
            .missingLog, .missingNewestLog, .shortLog, .corruptSnapshot, .unreadable, .nameless:
            true
        case .failed, .full, .locked, .retired, .poisoned:
            false
        }
    }

    /// Whether a page that is healed may make it go away.
    var mayBeHealed: Bool {
        if case .failed(operation: "read", _, _, _) = self { return true }
        return self.isDataRefused
    }
}
