internal import Bytes
public import Durability
internal import Glibc
internal import InventoryEngine

/// A data directory that no server has open: looked at whole, or put in order.
///
/// Both take the directory's lock, so they never work beside a server. Trying whether it opens is
/// done on an overlay: a start seals the log and drops a torn tail, and to look must not.
public struct OfflineDirectory: Sendable {
    private let storage: DirectoryStorage

    /// What an open of the directory comes to.
    public enum Opening: Sendable {
        /// It opens; with this the last step, and these pages healed on the way.
        case opens(RecoveryReport)
        case refused(DurabilityError)
    }

    /// What there is to say of a directory.
    public struct Check: Sendable {
        public var scan: DirectoryScan
        public var opening: Opening
        /// What does not hold of the state that its files add up to.
        public var violations: [String]

        /// Whether a start serves all that was written, and it holds.
        ///
        /// The verdict is that of the start that was tried. What the scan found is named, but whatever a
        /// start needs of it made that refuse as well; a page that parity brings back, parity that is
        /// missing, damaged history or a damaged older snapshot did not.
        public var isSound: Bool {
            if case .refused = self.opening { return false }
            return self.violations.isEmpty
        }
    }

    /// What a repair did, or would do, and what an open comes to after it.
    public struct Repaired: Sendable {
        public var actions: [Repair.Action]
        public var opening: Opening
    }

    /// Takes a directory that is there.
    ///
    /// - Throws: `DurabilityError/locked(path:)` if a server has it, or that it is not there.
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

    /// Says what would put the directory in order, or does it.
    ///
    /// With `mayCut` the log may lose acknowledged steps: those from the first damaged one on, where
    /// nothing else makes it open. Everything that is changed, but for pages that parity proves right,
    /// is kept under another name.
    public func repair(
        writes: Bool,
        mayCut: Bool
    ) throws(DurabilityError) -> Repaired {
        let target: any Storage = writes ? self.storage : try OverlayStorage(over: self.storage)
        var actions = try Repair.nameAgain(target)
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

    /// The next thing to try; nothing if there is none.
    private static func mend(
        _ error: DurabilityError,
        _ repair: Repair,
        mayCut: Bool
    ) throws(DurabilityError) -> [Repair.Action]? {
        switch error {
        case .corruptBlock(let path, let offset, let lsn, _):
            mayCut ? try repair.cut(path: path, offset: offset, lsn: lsn) : nil
        case .missingNewestLog(_, let first):
            mayCut ? try repair.giveUp(from: first) : nil
        case .shortLog(_, let last, _):
            mayCut ? try repair.giveUp(from: last.next) : nil
        case .corruptSnapshot(let path, _, _), .corruptHead(let path), .wrongKind(let path, _),
            .unreadable(let path, _, _):
            try repair.goBackOneSnapshot(from: path).map { [$0] }
        default:
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
