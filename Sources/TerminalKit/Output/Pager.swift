import Glibc
import Synchronization

/// Writes rows to standard output, directly or through a pager if they do not fit the screen.
///
///     on a terminal   the first screenful is buffered; more starts the pager, less is printed
///     piped           written at once
package final class RowSink {
    /// The user quit the pager, so no more rows are needed.
    package struct ReaderLeft: Error {}

    private let command: String?
    private let lineMax: Int
    private var held: [UInt8] = []
    private var lineCount = 0
    private var pager: Subprocess?

    /// Creates a sink that pages with the command `pager`; `nil` for no pager.
    package init(pager: String?) {
        self.command = Terminal.isOutput ? pager : nil
        self.lineMax = max(4, Terminal.size.rows - 2)
    }

    /// Writes bytes and clears the array.
    package func write(_ bytes: inout [UInt8]) throws(ReaderLeft) {
        defer { bytes.removeAll(keepingCapacity: true) }
        guard !bytes.isEmpty else { return }
        if let pager = self.pager {
            if !pager.write(bytes) { try self.leave(pager) }
            return
        }
        guard self.command != nil else {
            Terminal.write(bytes, to: STDOUT_FILENO)
            return
        }
        self.held += bytes
        self.lineCount += bytes.count { $0 == 0x0A }
        if self.lineCount > self.lineMax { try self.startPager() }
    }

    /// Writes the buffered rows and waits for the pager to exit.
    package func finish() {
        if let pager = self.pager {
            pager.closeInput()
            pager.wait()
            self.pager = nil
            Interruption.state.withLock { $0.isLent = false }
        } else {
            Terminal.write(self.held, to: STDOUT_FILENO)
        }
        self.held = []
    }

    private func startPager() throws(ReaderLeft) {
        guard let command = self.command,
            let pager = Subprocess(shell: command, environment: ["LESS": "FRX"])
        else {
            Terminal.write(self.held, to: STDOUT_FILENO)
            self.held = []
            return
        }
        self.pager = pager
        Interruption.state.withLock { $0.isLent = true }
        let held = self.held
        self.held = []
        if !pager.write(held) { try self.leave(pager) }
    }

    private func leave(_ pager: Subprocess) throws(ReaderLeft) {
        pager.closeInput()
        pager.wait()
        self.pager = nil
        Interruption.state.withLock { $0.isLent = false }
        throw ReaderLeft()
    }
}
