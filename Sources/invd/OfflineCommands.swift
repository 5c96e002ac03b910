import ArgumentParser
internal import Bytes
import Durability
import Glibc
import InventoryServer

/// `invd check`: reads and verifies a whole data directory without changing it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Verifies a data directory that no server has open; changes nothing.",
        discussion: """
            Reads every file: pages with their parity, the whole chain of the log, each snapshot; then \
            opens it as a start would, and recomputes every balance from the ledger.

            Lists also what a server repairs by itself or does not need; the verdict is that of a \
            start. Exit: 0 a start serves everything, 1 failed, 2 wrong usage, 3 a start is refused, \
            or balances differ from the ledger, 4 a server has it open.
            """
    )

    @Argument(help: "The data directory.") var directory: String

    func run() throws {
        let check = try Offline.run { () throws(DurabilityError) in
            try OfflineDirectory(self.directory).check()
        }
        let scan = check.scan
        print(
            """
            read      \(scan.files) files, \(scan.byteCount) bytes: \(scan.blocks) blocks of log, \
            \(scan.segments) segments of snapshots
            """
        )
        for finding in scan.findings { print(Offline.line(finding)) }
        if case .opens(let report) = check.opening {
            for notice in report.notices { print("noted     \(notice)") }
        }
        print(Offline.line(check.opening))
        for violation in check.violations { print("wrong     \(violation)") }
        let isClean = check.scan.findings.isEmpty
        let sound =
            isClean
            ? "sound     everything is as it was written"
            : "sound     a start serves everything; see above for what it repairs or does not need"
        print(check.isSound ? sound : "damaged   see above")
        if !check.isSound { throw ExitCode(3) }
    }
}

/// `invd repair`: lists the repairs of a data directory, and makes them with `--write`.
struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Lists the repairs that a data directory needs; makes them with --write.",
        discussion: """
            Damaged pages are restored from parity. A snapshot that cannot be restored is set aside \
            for the one before it, which has the same state together with the log. If a block of the \
            log is lost, --cut drops the steps from there on, and no others. Changed files are kept \
            under a name that begins with aside-.

            Exit: 0 the directory opens, or will, 1 failed, 2 wrong usage, 3 it still would not open, \
            4 a server has it open.
            """
    )

    @Argument(help: "The data directory.") var directory: String
    @Flag(help: "Makes the repairs instead of listing them.") var write = false
    @Flag(help: "Allows dropping acknowledged steps, from the first lost one on.") var cut = false

    func run() throws {
        let repaired = try Offline.run { () throws(DurabilityError) in
            try OfflineDirectory(self.directory).repair(writes: self.write, mayCut: self.cut)
        }
        for action in repaired.actions { print(Offline.line(action, isDone: self.write)) }
        if repaired.actions.isEmpty { print("nothing   no repair is needed") }
        print(Offline.line(repaired.opening))
        if !self.write, !repaired.actions.isEmpty {
            print("unchanged use --write to make the repairs")
        }
        guard case .refused(let error) = repaired.opening else { return }
        if let lsn = Offline.firstLost(error), !self.cut {
            print("lost      use --cut to drop everything from LSN \(lsn) on")
        }
        throw ExitCode(3)
    }
}

/// Output of both commands, one line per item: a keyword, then the details.
private enum Offline {
    static func run<Result>(
        _ body: () throws(DurabilityError) -> Result
    ) throws -> Result {
        do throws(DurabilityError) {
            return try body()
        } catch {
            let line = Array("error: \(error)\n".utf8)
            _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            throw ExitCode(Invd.exitCode(error))
        }
    }

    static func line(_ finding: DirectoryScan.Finding) -> String {
        switch finding {
        case .damagedPage(let path, let offset, isHealable: true):
            "damaged   \(path), byte \(offset): can be restored from parity"
        case .damagedPage(let path, let offset, isHealable: false):
            "damaged   \(path), byte \(offset): cannot be restored from parity"
        case .noParity(let path):
            "unguarded \(path) has no complete parity; a server or invd repair --write creates it"
        case .refused(let error):
            "damaged   \(error)"
        case .noHistory(let error):
            "reduced   the log before the newest snapshot, which a start does not need, is damaged: \(error)"
        case .noFallback(let error):
            "reduced   the older snapshot, which a start does not need, is damaged: \(error)"
        }
    }

    /// Returns the first step that a cut would drop.
    static func firstLost(_ error: DurabilityError) -> LSN? {
        switch error {
        case .corruptBlock(_, _, let lsn, _): lsn
        case .missingNewestLog(_, let first): first
        case .shortLog(_, let last, _): last.next
        default: nil
        }
    }

    static func line(_ opening: OfflineDirectory.Opening) -> String {
        switch opening {
        case .opens(let report):
            let torn =
                report.torn.map { ", without a torn block at byte \($0.offset) of \($0.path)" }
                ?? ""
            return "opens     at LSN \(report.lastLSN.value)\(torn)"
        case .refused(let error):
            return "refused   \(error)"
        }
    }

    static func line(_ action: Repair.Action, isDone: Bool) -> String {
        let will = isDone ? "" : "would "
        return switch action {
        case .healed(let path, let offset):
            "\(will)heal \(path), byte \(offset), from parity"
        case .parityWritten(let path):
            "\(will)write the parity of \(path)"
        case .named(let path):
            "\(will)rewrite \(path) with the identity of the log's database"
        case .setAside(let path, let kept):
            "\(will)set \(path) aside as \(kept)"
        case .cut(let path, let offset, let lsn, let kept):
            "\(will)truncate \(path) at byte \(offset): steps from LSN \(lsn) on are lost; it is kept as \(kept)"
        case .abandoned(let lsn):
            "\(will)drop the steps from LSN \(lsn) on: the end of the log is missing"
        }
    }
}
