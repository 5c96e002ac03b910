public import Bytes

/// A condition of the disk or its data that a person must resolve.
///
/// Each error names the file, the byte or LSN, and what to do. A mistake in this program is never an
/// error; it is a failed precondition.
public enum DurabilityError: Error, Equatable, Sendable {
    /// A call to the operating system failed.
    case failed(operation: String, path: String, errno: Int32, reason: String)
    /// The disk has no free space.
    case full(operation: String, path: String)
    /// Another process holds the directory's lock.
    case locked(path: String)
    /// A file does not have the magic that its name implies.
    case wrongKind(path: String, expected: String)
    /// A newer version of this program wrote the file.
    case unsupportedVersion(path: String, found: UInt16, newestKnown: UInt16)
    /// A file belongs to another database than its directory.
    case foreignFile(path: String)
    /// The checksum of a file's head does not match.
    case corruptHead(path: String)
    /// A block of the log is damaged, and it is not a torn tail.
    case corruptBlock(path: String, offset: UInt64, lsn: LSN, reason: String)
    /// The log lacks steps between two of its files, or between a snapshot and its first file.
    case missingLog(expected: LSN, found: LSN, path: String)
    /// The newest file of the log is missing.
    case missingNewestLog(path: String, firstLSN: LSN)
    /// The log ends before an acknowledged step.
    case shortLog(path: String, last: LSN, acknowledged: LSN)
    /// A block or the manifest of a snapshot is damaged.
    case corruptSnapshot(path: String, offset: UInt64, reason: String)
    /// The content of a snapshot or log block matches its checksum but cannot be decoded.
    case unreadable(path: String, lsn: LSN, reason: String)
    /// The requested steps were already removed.
    case retired(requested: LSN, firstRetained: LSN)
    /// An earlier write or sync failed, so all later writes are refused.
    case poisoned(path: String)
    /// A directory has database files but no identity file.
    case nameless(path: String)
    /// A file does not start like a backup.
    case notABackup(path: String)
    /// A backup ends in the middle.
    case cutOffBackup(path: String, byteCount: UInt64)
    /// A block of a backup is damaged, missing or out of order.
    case corruptBackup(path: String, offset: UInt64, reason: String)
    /// The restored state is not the one that was backed up.
    case differentState(path: String, lsn: LSN, found: String, expected: String)
}

extension DurabilityError: CustomStringConvertible {
    /// The message for the operator: the file, the position and what to do.
    public var description: String {
        switch self {
        case .failed(let operation, let path, let errno, let reason):
            "cannot \(operation) \(path): \(reason) (errno \(errno))"
        case .full(let operation, let path):
            "cannot \(operation) \(path): the disk is full; free some space"
        case .locked(let path):
            "\(path) is in use by another invd; stop it, or use another directory"
        case .wrongKind(let path, let expected):
            "\(path) is not \(expected); restore it from a backup"
        case .unsupportedVersion(let path, let found, let newest):
            "\(path) has format version \(found); this program reads up to \(newest); run a newer "
                + "version"
        case .foreignFile(let path):
            "\(path) belongs to another database; move it away"
        case .corruptHead(let path):
            "the head of \(path) is damaged; restore the file from a backup"
        case .corruptBlock(let path, let offset, let lsn, let reason):
            "\(path) is damaged at byte \(offset), LSN \(lsn): \(reason). Nothing was changed; restore "
                + "the file from a backup"
        case .missingLog(let expected, let found, let path):
            "\(path) starts with LSN \(found), but the steps from LSN \(expected) on are missing; restore "
                + "the missing log files from a backup"
        case .missingNewestLog(let path, let first):
            "\(path), the newest file of the log, is missing, with the steps from LSN \(first) on. "
                + "Nothing was changed; restore the file from a backup"
        case .shortLog(let path, let last, let acknowledged):
            "the log ends with LSN \(last) in \(path), but steps up to LSN \(acknowledged) were "
                + "acknowledged. Nothing was changed; restore the file from a backup"
        case .corruptSnapshot(let path, let offset, let reason):
            "\(path) is damaged at byte \(offset): \(reason). Nothing was changed; restore the "
                + "file from a backup"
        case .unreadable(let path, let lsn, let reason):
            "\(path) matches its checksum at LSN \(lsn), but cannot be decoded: \(reason)"
        case .retired(let requested, let first):
            "the log starts with LSN \(first); LSN \(requested) was already removed"
        case .poisoned(let path):
            "an earlier write to \(path) failed, so all writes are refused"
        case .nameless(let path):
            "\(path) has database files, but no identity file; restore "
                + "\(DataDirectory.identityName) from a backup"
        case .notABackup(let path):
            "\(path) is not a backup: it does not start like one"
        case .cutOffBackup(let path, let byteCount):
            "\(path) is incomplete: it was cut off after \(byteCount) bytes; nothing was restored"
        case .corruptBackup(let path, let offset, let reason):
            "\(path) is damaged at byte \(offset): \(reason); nothing was restored"
        case .differentState(let path, let lsn, let found, let expected):
            "\(path) restores another state at LSN \(lsn): its checksum is \(found), but was \(expected) "
                + "when it was backed up; nothing was restored"
        }
    }

    /// Whether a restart cannot succeed until somebody repairs the data.
    public var isDataRefused: Bool {
        switch self {
        case .wrongKind, .unsupportedVersion, .foreignFile, .corruptHead, .corruptBlock,
            .missingLog, .missingNewestLog, .shortLog, .corruptSnapshot, .unreadable, .nameless,
            .notABackup, .cutOffBackup, .corruptBackup, .differentState:
            true
        case .failed, .full, .locked, .retired, .poisoned:
            false
        }
    }

    /// Whether restoring a page from parity may resolve the error.
    var mayBeHealed: Bool {
        if case .failed(operation: "read", _, _, _) = self { return true }
        return self.isDataRefused
    }
}
