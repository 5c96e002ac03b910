import InventoryClient
internal import InventoryModel
import InventoryTransfer
import Synchronization
import TerminalKit

/// Imports, exports and `apply` speak through the shell: its streams, its settings, its interruption.
extension Shell: TransferHost {
    var startFilter: FilterStart { Subprocess.startFilter }

    func configuration(session: SessionID) throws(Failure) -> ClientConfiguration {
        try self.settings.client(session: session)
    }

    // MARK: - Messages

    var report: TransferReport {
        switch self.format {
        case .json: .json
        case .ndjson: .ndjson
        case .table, .plain, .csv, .tsv, .md: .text
        }
    }

    var isQuiet: Bool { self.options.quiet }
    var showsProgress: Bool { Terminal.isError }

    func print(_ line: String) { Terminal.print(line) }
    func note(_ line: String) { Terminal.note(line) }
    func progress(_ line: String) { Terminal.progress(line) }
    func endProgress() { Terminal.endProgress() }

    func say(ifInterrupted word: String?) { Interruption.say(word) }

    func whenInterrupted(_ cleanUp: @escaping @Sendable () -> Void) {
        Interruption.state.withLock { state in
            let before = state.restore
            state.restore = {
                before?()
                cleanUp()
            }
        }
    }
}

extension Subprocess: FilterProcess {
    /// Starts a program that packs or unpacks.
    static let startFilter: FilterStart = { arguments, file in
        if let file { return Subprocess(filter: arguments, into: file) }
        return Subprocess(filter: arguments)
    }
}
