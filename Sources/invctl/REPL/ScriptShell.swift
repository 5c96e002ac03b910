import Glibc
import InventoryTransfer
import TerminalKit

/// The shell that executes a script from standard input.
///
/// Commands run within this process, so that thousands of them do not start thousands of processes.
struct ScriptShell {
    private var state = ShellState()
    private var bytes: [UInt8] = []
    private var next = 0
    private var isAtEnd = false

    /// Runs all commands.
    ///
    /// - Returns: The exit code of the first command that failed.
    mutating func run() async -> ExitStatus {
        // A pager would wait for input that never comes.
        setenv("INVCTL_PAGER", "off", 1)
        var first = ExitStatus.success
        var command = ""
        while let line = self.readLine() {
            command += command.isEmpty ? line : "\n" + line
            if CommandWords(command).open != .none, !self.isDrained { continue }
            let code = await self.perform(command)
            command = ""
            guard let code else { break }
            if first == .success { first = code }
        }
        return first
    }

    /// Executes one command.
    ///
    /// - Returns: The exit code; `nil` if the shell exits.
    private mutating func perform(_ command: String) async -> ExitStatus? {
        do throws(Failure) {
            if CommandWords(command).open != .none {
                throw Failure.usage("the script ends within '\(command)'")
            }
            switch try self.state.request(command) {
            case .none, .listHistory: return .success
            case .leave: return nil
            case .say(let text):
                Terminal.print(text)
                return .success
            case .run(let words):
                return await Self.execute(words)
            case .watch(let words, let pause):
                while true {
                    let code = await Self.execute(words)
                    if code != .success { return code }
                    usleep(UInt32(pause) * 1_000)
                }
            }
        } catch {
            error.report(asJSON: CommandLineText.wantsJSON([]))
            return error.exit
        }
    }

    private static func execute(_ words: [String]) async -> ExitStatus {
        let code = await Invctl.run(words)
        Interruption.setMessage(nil)
        return code
    }

    // MARK: - Lines

    private var isDrained: Bool { self.isAtEnd && self.next == self.bytes.count }

    private mutating func readLine() -> String? {
        while true {
            if let end = self.bytes[self.next...].firstIndex(of: 0x0A) {
                defer { self.next = end + 1 }
                return String(decoding: self.bytes[self.next..<end], as: UTF8.self)
            }
            if self.isAtEnd {
                guard self.next < self.bytes.count else { return nil }
                defer { self.next = self.bytes.count }
                return String(decoding: self.bytes[self.next...], as: UTF8.self)
            }
            self.bytes.removeFirst(self.next)
            self.next = 0
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count > 0 { self.bytes += chunk[..<count] } else { self.isAtEnd = true }
        }
    }
}
