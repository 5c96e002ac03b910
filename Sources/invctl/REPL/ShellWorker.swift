import Foundation
import Glibc
import InventoryTransfer
import Synchronization
import TerminalKit

/// The process that executes the commands of an interactive shell, one after another over one connection.
///
///     shell   line editing, history                 worker   SharedClient, Invctl.run
///       │  words, settings ────────────────────────▶ │
///       │                        the terminal is its own meanwhile: output, pager, Ctrl-C
///       │ ◀──────────────────────────── exit code    │
///
/// It is a process of its own so that Ctrl-C ends a command and not the shell, and that a crash does not
/// affect the shell. If it is gone, the next command starts another one, with a connection of its own.
struct ShellWorker {
    /// The first argument of the program that makes it a worker; no command, so that help does not list it.
    static let word = "shell-worker"
    /// Settings are passed to commands in variables with this prefix.
    private static let variablePrefix = "INVCTL_"

    private let process: Subprocess
    private let channel: MessageChannel

    /// Starts a worker that shares the terminal; `nil` if the system has no more processes or descriptors.
    init?() {
        guard let ends = MessageChannel.pair() else { return nil }
        let arguments = ["/proc/self/exe", Self.word]
        guard let process = Subprocess(sharing: arguments, channel: ends.child.descriptor) else {
            ends.parent.close()
            ends.child.close()
            return nil
        }
        ends.child.close()
        (self.process, self.channel) = (process, ends.parent)
    }

    /// Executes a command.
    ///
    /// - Returns: Its exit code, or the code of the worker, which is gone then: 128 plus the number of the signal
    ///   that ended it.
    func execute(_ words: [String]) -> (code: Int32, isAlive: Bool) {
        let settings = ProcessInfo.processInfo.environment.filter {
            $0.key.hasPrefix(Self.variablePrefix)
        }
        let request = ["\(settings.count)"] + settings.map { "\($0.key)=\($0.value)" } + words
        if self.channel.send(request), let reply = self.channel.receive(),
            let code = reply.first.flatMap({ Int32($0) })
        {
            return (code, true)
        }
        return (self.end(), false)
    }

    /// Ends the worker and waits for it.
    ///
    /// - Returns: Its exit code.
    @discardableResult
    func end() -> Int32 {
        self.channel.close()
        return self.process.wait()
    }
}

/// The worker's side.
extension ShellWorker {
    /// Executes commands until the shell ends.
    static func run() async {
        let channel = MessageChannel(descriptor: Subprocess.channelDescriptor)
        // A program that the worker starts must not keep the channel open.
        _ = fcntl(channel.descriptor, F_SETFD, FD_CLOEXEC)
        let connection = SharedClient()
        var parsed = ParsedCommands()
        // Between commands the terminal is the shell's.
        Interruption.state.withLock { $0.isLent = true }
        while let request = channel.receive(), let words = Self.take(request) {
            Interruption.state.withLock { $0.isLent = false }
            let code = await SharedClient.$current.withValue(connection) {
                await Invctl.run(words, keeping: &parsed)
            }
            Interruption.forgetCommand()
            Interruption.state.withLock { $0.isLent = true }
            guard channel.send(["\(code.rawValue)"]) else { break }
        }
        await connection.close()
    }

    /// Takes over the settings of a request, and returns the words of its command.
    private static func take(_ request: [String]) -> [String]? {
        guard let count = request.first.flatMap({ Int($0) }), count < request.count else {
            return nil
        }
        for name in ProcessInfo.processInfo.environment.keys
        where name.hasPrefix(Self.variablePrefix) {
            unsetenv(name)
        }
        for setting in request[1...].prefix(count) {
            guard let equals = setting.firstIndex(of: "=") else { return nil }
            setenv(
                String(setting[..<equals]),
                String(setting[setting.index(after: equals)...]),
                1
            )
        }
        return Array(request.dropFirst(1 + count))
    }
}

extension Interruption {
    /// Forgets what a command that ended has left: what was done so far, and what would clean up after it.
    static func forgetCommand() {
        self.state.withLock { ($0.message, $0.restore, $0.resized) = (nil, nil, nil) }
    }
}

/// Messages of strings between two processes: a byte count, then each string with a zero byte behind it.
struct MessageChannel {
    let descriptor: Int32

    /// The most bytes of a message: a command line that a person typed, and the settings.
    private static let byteCountMax = 1 << 24

    /// Creates two connected ends; a child inherits one only if it is passed explicitly.
    static func pair() -> (parent: MessageChannel, child: MessageChannel)? {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        return (MessageChannel(descriptor: ends[0]), MessageChannel(descriptor: ends[1]))
    }

    /// Sends a message.
    ///
    /// - Returns: Whether the other end is open and the message is not too long.
    func send(_ strings: [String]) -> Bool {
        var body: [UInt8] = []
        for string in strings { body += Array(string.utf8) + [0] }
        guard body.count <= Self.byteCountMax else { return false }
        let count = withUnsafeBytes(of: UInt32(body.count).littleEndian) { Array($0) }
        return Terminal.tryWrite(count + body, to: self.descriptor)
    }

    /// Waits for a message; `nil` if the other end was closed.
    func receive() -> [String]? {
        guard let head = self.read(4) else { return nil }
        let count = head.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard count <= Self.byteCountMax, let body = self.read(count) else { return nil }
        return body.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(max(count, 1), 65_536))
        while bytes.count < count {
            let read = Glibc.read(self.descriptor, &chunk, min(chunk.count, count - bytes.count))
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { return nil }
            bytes += chunk[..<read]
        }
        return bytes
    }

    func close() { _ = Glibc.close(self.descriptor) }
}
