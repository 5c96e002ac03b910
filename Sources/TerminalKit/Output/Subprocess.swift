import Foundation
import Glibc

/// A child process, with pipes to its standard input and from its standard output as needed.
///
/// Signals have their default handlers in it: this program blocks those that it waits for.
///
/// `@unchecked Sendable`: used by one thread at a time.
package final class Subprocess: @unchecked Sendable {
    private let id: pid_t
    private var input: Int32
    /// The descriptor to read its output from; -1 if it writes to this program's output.
    package let output: Int32

    /// Starts a shell command line whose input is written by ``write(_:)``.
    package convenience init?(shell command: String, environment: [String: String] = [:]) {
        self.init(["/bin/sh", "-c", command], environment, hasInput: true, hasOutput: false)
    }

    /// Starts a program in a process group of its own, whose input is written by ``write(_:)`` and whose output
    /// is this program's.
    ///
    /// The terminal signals its foreground process group: Ctrl-C, Ctrl-Z, and the SIGHUP when the session's
    /// leader exits. None of them reaches this program, from its first instruction on.
    package convenience init?(ownGroup arguments: [String]) {
        self.init(arguments, [:], hasInput: true, hasOutput: false, ownGroup: true)
    }

    /// Starts a program that inherits this program's input and output.
    package convenience init?(sharing arguments: [String]) {
        self.init(arguments, [:], hasInput: false, hasOutput: false)
    }

    /// The descriptor at which a program finds the channel that it was started with.
    package static let channelDescriptor: Int32 = 3

    /// Starts a program that inherits this program's input and output, and an open file as
    /// ``channelDescriptor``.
    package convenience init?(sharing arguments: [String], channel: Int32) {
        self.init(arguments, [:], hasInput: false, hasOutput: false, channel: channel)
    }

    /// Starts a program whose input is written and whose output is read.
    package convenience init?(filter arguments: [String]) {
        self.init(arguments, [:], hasInput: true, hasOutput: true)
    }

    /// Starts a program whose input is written and whose output goes to an open file.
    package convenience init?(filter arguments: [String], into descriptor: Int32) {
        self.init(arguments, [:], hasInput: true, hasOutput: false, outputFile: descriptor)
    }

    /// Starts a program whose output is read and that has no input.
    package convenience init?(reading arguments: [String], environment: [String: String]) {
        self.init(arguments, environment, hasInput: false, hasOutput: true)
    }

    /// Runs a program whose output a shell command line reads, and waits for both.
    ///
    /// The program has no input.
    ///
    /// - Returns: The exit code of the program, else that of the command line; `nil` if one cannot be started.
    package static func runPiped(_ arguments: [String], into command: String) -> Int32? {
        guard let reader = Subprocess(shell: command) else { return nil }
        let writer = Subprocess(filter: arguments, into: reader.input)
        writer?.closeInput()
        reader.closeInput()
        let code = writer?.wait()
        let readerCode = reader.wait()
        return code.map { $0 == 0 ? readerCode : $0 }
    }

    /// Starts a shell command line that inherits this program's output, and its input or none.
    package convenience init?(running command: String, hasInput: Bool) {
        let arguments = ["/bin/sh", "-c", hasInput ? command : "exec </dev/null; \(command)"]
        self.init(arguments, [:], hasInput: false, hasOutput: false)
    }

    private init?(
        _ arguments: [String],
        _ environment: [String: String],
        hasInput: Bool,
        hasOutput: Bool,
        outputFile: Int32? = nil,
        ownGroup: Bool = false,
        channel: Int32? = nil
    ) {
        var inputEnds: [Int32] = [-1, -1]
        var outputEnds: [Int32] = [-1, -1]
        if hasInput, !Self.openPipe(&inputEnds) { return nil }
        if hasOutput, !Self.openPipe(&outputEnds) { return nil }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(
            &actions,
            hasInput ? inputEnds[0] : STDIN_FILENO,
            STDIN_FILENO
        )
        if hasOutput { posix_spawn_file_actions_adddup2(&actions, outputEnds[1], STDOUT_FILENO) }
        if let outputFile {
            posix_spawn_file_actions_adddup2(&actions, outputFile, STDOUT_FILENO)
        }
        if let channel {
            posix_spawn_file_actions_adddup2(&actions, channel, Self.channelDescriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // 0 creates a group that is named after the process.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        let group = ownGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(flags | group))

        let words = arguments.map { strdup($0) }
        let settings = Self.environment(environment).map { strdup($0) }
        defer { for text in words + settings { free(text) } }
        var id = pid_t()
        let code = posix_spawnp(
            &id,
            arguments[0],
            &actions,
            &attributes,
            words + [nil],
            settings + [nil]
        )
        for end in [inputEnds[0], outputEnds[1]] where end >= 0 { close(end) }
        guard code == 0 else {
            for end in [inputEnds[1], outputEnds[0]] where end >= 0 { close(end) }
            return nil
        }
        self.id = id
        self.input = inputEnds[1]
        self.output = outputEnds[0]
    }

    /// Opens a pipe whose ends a child inherits only if they are passed explicitly.
    private static func openPipe(_ ends: inout [Int32]) -> Bool {
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return true
    }

    /// Returns this program's environment merged with `added`.
    private static func environment(_ added: [String: String]) -> [String] {
        var settings = ProcessInfo.processInfo.environment
        // The user's own LESS takes precedence; other added variables replace existing ones.
        settings.merge(added) { known, new in added["LESS"] == nil ? new : known }
        return settings.map { "\($0.key)=\($0.value)" }
    }

    /// Writes to its standard input.
    ///
    /// - Returns: Whether it still reads its input.
    package func write(_ bytes: [UInt8]) -> Bool { Terminal.tryWrite(bytes, to: self.input) }

    /// Closes its standard input, so that it reads the end of the file; further calls do nothing.
    package func closeInput() {
        guard self.input >= 0 else { return }
        close(self.input)
        self.input = -1
    }

    /// Reads its output to the end and returns at most `byteCountMax` bytes of it.
    ///
    /// The rest is read and discarded, so that the process can exit. Call it once only.
    package func readAll(_ byteCountMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(self.output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<min(count, max(0, byteCountMax - bytes.count))]
        }
        close(self.output)
        return bytes
    }

    /// Interrupts it, as Ctrl-C does.
    package func end() { kill(self.id, SIGINT) }

    /// Waits for it to exit.
    ///
    /// - Returns: Its exit code, or 128 plus the number of the signal that killed it.
    @discardableResult
    package func wait() -> Int32 {
        var raw: Int32 = 0
        while waitpid(self.id, &raw, 0) < 0 {
            if errno != EINTR { return 1 }
        }
        return raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    }
}
