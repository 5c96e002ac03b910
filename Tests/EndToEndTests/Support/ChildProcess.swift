import Foundation
import Glibc

/// A child process started by `posix_spawn` and awaited by its process id.
///
/// Foundation's `Process` detects an exit through a descriptor that other children, started at the same
/// time, can inherit; a daemon among them would then block every wait.
final class ChildProcess: @unchecked Sendable {
    let id: pid_t
    private var status: Int32?

    struct SpawnError: Error {
        var program: String
        var code: Int32
    }

    /// Starts a program that reads from the file `input`, if there is one, and writes to `output`.
    init(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String],
        input: String = "/dev/null",
        output: Int32,
        errors: Int32
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        let words = ([program.path] + arguments).map { strdup($0) }
        let settings = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in words + settings { free(text) } }
        var id = pid_t()
        let code = posix_spawn(&id, program.path, &actions, nil, words + [nil], settings + [nil])
        guard code == 0 else { throw SpawnError(program: program.path, code: code) }
        self.id = id
    }

    func signal(_ number: Int32) { if self.status == nil { Glibc.kill(self.id, number) } }

    /// Waits for the exit; a program that does not exit within two minutes is killed.
    ///
    /// - Returns: The exit code, or 128 plus the signal that ended it.
    @discardableResult
    func wait() -> Int32 {
        if let status { return status }
        var raw: Int32 = 0
        var pauses = 0
        while waitpid(self.id, &raw, WNOHANG) == 0 {
            pauses += 1
            if pauses == 60_000 { Glibc.kill(self.id, SIGKILL) }
            usleep(2_000)
        }
        let status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        self.status = status
        return status
    }

    var isRunning: Bool { self.status == nil && Glibc.kill(self.id, 0) == 0 }
}
