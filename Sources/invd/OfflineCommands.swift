import ArgumentParser
internal import Bytes
import Durability
import Glibc
import InventoryServer

/// `invd check`: everything of a directory is read and verified, nothing is changed.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Verifies a data directory that no server has open, and changes nothing.",
        discussion: """
            Reads every file: pages against their parity, the log's whole chain, each snapshot; then \
            opens it as a start would, and recomputes every balance from the ledger.

            What a server puts in order by itself or has no need of is named, and the verdict is that \
            of a start. Exit: 0 a start serves everything, 1 failed, 2 wrong usage, 3 a start is \
            refused, or the balances are not what the ledger says, 4 a server has it.
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
            : "sound     a start serves everything; see above for what it does without or puts in order"
        print(check.isSound ? sound : "damaged   see above")
        if !check.isSound { throw ExitCode(3) }
    }
}

/// `invd repair`: says what would put a directory in order, and does it when told to.
struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Says what would put a data directory in order; does it with --write.",
        discussion: """
            Damaged pages come back from parity. A snapshot that cannot is set aside for the one \
            before it, which with the log holds the same. If a block of the log is lost, --cut gives \
            up the steps from there on, and no others. What is changed is kept under a name that \
            begins with aside-.

            Exit: 0 the directory opens, or will, 1 failed, 2 wrong usage, 3 it still would not open, \
            4 a server has it.
            """
    )

    @Argument(help: "The data directory.") var directory: String
    @Flag(help: "Does it, instead of saying what it would do.") var write = false
    @Flag(help: "May give up acknowledged steps, from the first lost one on.") var cut = false

    func run() throws {
        let repaired = try Offline.run { () throws(DurabilityError) in
            try OfflineDirectory(self.directory).repair(writes: self.write, mayCut: self.cut)
        }
        for action in repaired.actions { print(Offline.line(action, isDone: self.write)) }
        if repaired.actions.isEmpty { print("nothing   there is nothing to repair") }
        print(Offline.line(repaired.opening))
        if !self.write, !repaired.actions.isEmpty {
            print("unchanged say --write to do it")
        }
        guard case .refused(let error) = repaired.opening else { return }
        if let lsn = Offline.firstLost(error), !self.cut {
            print("lost      say --cut to give up everything from LSN \(lsn) on")
        }
        throw ExitCode(3)
    }
}

/// What both commands say, a line for each thing: a word, then what it is about.
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
            "damaged   \(path), byte \(offset): parity can bring it back"
        case .damagedPage(let path, let offset, isHealable: false):
            "damaged   \(path), byte \(offset): beyond what parity can bring back"
        case .noParity(let path):
            "unguarded \(path) has no whole parity; a server makes it, or invd repair --write"
        case .refused(let error):
            "damaged   \(error)"
        case .noHistory(let error):
            "reduced   the log before the newest snapshot does not hold, which a start has no need of: \(error)"
        case .noFallback(let error):
            "reduced   the older snapshot is damaged, which a start has no need of: \(error)"
        }
    }

    /// The first step that a cut would give up.
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
            "\(will)write \(path) again, as the log names the database"
        case .setAside(let path, let kept):
            "\(will)set \(path) aside as \(kept)"
        case .cut(let path, let offset, let lsn, let kept):
            "\(will)cut \(path) off at byte \(offset): steps from LSN \(lsn) on are lost; it is kept as \(kept)"
        case .givenUp(let lsn):
            "\(will)give up the steps from LSN \(lsn) on: the end of the log is not there"
        }
    }
}
