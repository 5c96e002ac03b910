import Foundation
import Glibc
import InventoryClient
import InventoryModel

/// A running `invctl`, to be killed in the middle.
final class RunningClient {
    private let process: ChildProcess

    /// Starts `invctl` with the file `input` as standard input.
    init(_ daemon: Daemon, _ arguments: [String], input: String = "/dev/null") throws {
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon.address.description
        environment["INVCTL_ACTOR"] = "tester"
        environment["INVCTL_CONFIG"] = "/nonexistent"
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(nowhere) }
        self.process = try ChildProcess(
            Daemon.program("invctl"),
            arguments,
            environment: environment,
            input: input,
            output: nowhere,
            errors: nowhere
        )
    }

    deinit { self.kill() }

    func kill() {
        self.process.signal(SIGKILL)
        self.process.wait()
    }

    func wait() -> Int32 { self.process.wait() }

    /// Whether it has exited by itself.
    private var hasEnded: Bool {
        var info = siginfo_t()
        let options = WEXITED | WNOHANG | WNOWAIT
        return waitid(P_PID, id_t(self.process.id), &info, options) != 0 || info.si_signo != 0
    }

    /// Kills it as soon as the daemon's ledger has more than a number of movements.
    ///
    /// - Returns: The number of movements then.
    func kill(beyond movements: Int64, in daemon: Daemon) async throws -> Int64 {
        let client = daemon.client()
        var count: Int64 = 0
        for _ in 0..<10_000 {
            count = try await client.statistics()["movements"] ?? 0
            if count > movements || self.hasEnded { break }
            try await Task.sleep(for: .milliseconds(2))
        }
        self.kill()
        try await client.close()
        return count
    }
}
