import InventoryClient
internal import InventoryModel
import InventoryTransfer
import Synchronization
import TerminalKit

/// Provides imports, exports and `apply` with the shell's streams, settings and interruption handling.
extension Shell: TransferHost {
    var startFilter: FilterStart { Subprocess.startFilter }

    // MARK: - Messages

    var report: TransferReport {
        switch self.format {
        case .json: .json
        case .ndjson: .ndjson
        case .table, .vertical, .plain, .csv, .tsv, .md: .text
        }
    }

    var isQuiet: Bool { self.options.isQuiet }
    var showsProgress: Bool { Terminal.isError }

    func print(_ line: String) {
        if self.format.isJSON { Terminal.print(line) } else { Terminal.say(line) }
    }

    func note(_ line: String) {
        if self.format.isJSON { Terminal.printError(line) } else { Terminal.note(line) }
    }

    func progress(_ line: String) { Terminal.progress(line) }
    func endProgress() { Terminal.endProgress() }

    func setInterruptionMessage(_ message: String?) { Interruption.setMessage(message) }

    func onInterruption(_ cleanUp: @escaping @Sendable () -> Void) {
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
    /// Starts a program that compresses or decompresses.
    static let startFilter: FilterStart = { arguments, file in
        if let file { return Subprocess(filter: arguments, into: file) }
        return Subprocess(filter: arguments)
    }
}
