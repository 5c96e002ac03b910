internal import Bytes
public import Durability
internal import Glibc
internal import InventoryEngine

/// A data directory that no server has open: verified or repaired as a whole.
///
/// Both take the directory's lock, so they never run beside a server. Recovery is tried on an overlay: a
/// start seals the log and drops a torn tail, which a check must not do.
public struct OfflineDirectory: Sendable {
    private let storage: DirectoryStorage

    /// The result of opening the directory.
    public enum Opening: Sendable {
        /// It opens; the report has the last LSN and the pages healed on the way.
        case opens(RecoveryReport)
        case refused(DurabilityError)
    }

    /// The result of a check.
    public struct Check: Sendable {
        /// The findings of reading every file.
        public var scan: DirectoryScan
        /// The result of a start, tried on an overlay.
        public var opening: Opening
        /// Violated invariants of the recovered state.
        public var violations: [String]

        /// Whether a start serves everything that was written, and the state is valid.
        ///
        /// The verdict is that of the attempted start. The scan's findings are reported, but a finding that a
        /// start depends on also makes the start fail; a page that parity can restore, missing parity,
        /// damaged history or a damaged older snapshot do not.
        public var isSound: Bool {
            if case .refused = self.opening { return false }
            return self.violations.isEmpty
        }
    }

    /// The steps of a repair, done or planned, and the result of opening the directory afterwards.
    public struct Repaired: Sendable {
        /// The steps, in the order in which they are applied.
        public var actions: [Repair.Action]
        /// The result of a start after them, tried on an overlay.
        public var opening: Opening
    }

    /// Locks an existing directory.
    ///
    /// - Throws: `DurabilityError/locked(path:)` if a server has it open, or an error if it does not exist.
    public init(_ path: String) throws(DurabilityError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .failed(
                operation: "open",
                path: path,
                errno: errno,
                reason: String(cString: strerror(errno))
            )
        }
        self.storage = try DirectoryStorage(directory: path)
    }

    /// Reads and verifies everything; changes nothing.
    public func check() throws(DurabilityError) -> Check {
        let scan = try DirectoryScan(self.storage)
        let (opening, state) = Self.open(try OverlayStorage(over: self.storage))
        return Check(
            scan: scan,
            opening: opening,
            violations: state?.readView().violations() ?? []
        )
    }

    /// Repairs the directory, or returns the plan as a dry run.
    ///
    /// With `mayCut` the log may lose acknowledged steps: those from the first damaged one on, if nothing
    /// else makes the directory open. Everything changed, except pages whose parity is verified, is retained
    /// under another name.
    public func repair(
        writes: Bool,
        mayCut: Bool
    ) throws(DurabilityError) -> Repaired {
        let target: any Storage = writes ? self.storage : try OverlayStorage(over: self.storage)
        var actions = try Repair.rewriteIdentity(target)
        let repair = try Repair(target)
        actions += try repair.heal()
        while true {
            let opening = Self.open(try OverlayStorage(over: target)).opening
            guard case .refused(let error) = opening,
                let more = try Self.mend(error, repair, mayCut: mayCut)
            else { return Repaired(actions: actions, opening: opening) }
            actions += more
        }
    }

    /// The next repair to try; `nil` if there is none.
    private static func mend(
        _ error: DurabilityError,
        _ repair: Repair,
        mayCut: Bool
    ) throws(DurabilityError) -> [Repair.Action]? {
        switch error {
        case .corruptBlock(let path, let offset, let lsn, _):
            mayCut ? try repair.cut(path: path, offset: offset, lsn: lsn) : nil
        case .missingNewestLog(_, let first):
            mayCut ? try repair.abandonSteps(from: first) : nil
        case .shortLog(_, let last, _):
            mayCut ? try repair.abandonSteps(from: last.next) : nil
        case .corruptSnapshot(let path, _, _), .corruptHead(let path), .wrongKind(let path, _),
            .unreadable(let path, _, _):
            try repair.goBackOneSnapshot(from: path).map { [$0] }
        case .failed, .full, .locked, .unsupportedVersion, .foreignFile, .missingLog, .retired,
            .poisoned, .nameless, .notABackup, .cutOffBackup, .corruptBackup, .differentState:
            nil
        }
    }

    private static func open(
        _ storage: any Storage
    ) -> (opening: Opening, state: InventoryState?) {
        do throws(DurabilityError) {
            let opened = try OpenedDatabase.open(
                storage,
                LogConfiguration(),
                newID: DatabaseID(0, 0),
                now: .now()
            )
            return (.opens(opened.directory.report), opened.state)
        } catch {
            return (.refused(error), nil)
        }
    }
}
