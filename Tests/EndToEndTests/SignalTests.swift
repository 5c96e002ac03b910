import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

/// Signals to the running daemon.
@Suite struct SignalTests {
    private func log(_ daemon: Daemon) throws -> String {
        try String(contentsOfFile: daemon.directory.path + ".log", encoding: .utf8)
    }

    /// Returns whether the process ends within about a second.
    private func hasEnded(_ daemon: Daemon) async throws -> Bool {
        let id = try #require(daemon.processID)
        for _ in 0..<100 {
            var info = siginfo_t()
            let options = WEXITED | WNOHANG | WNOWAIT
            if waitid(P_PID, id_t(id), &info, options) != 0 || info.si_signo != 0 { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    @Test(arguments: [SIGABRT, SIGQUIT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP])
    func `a fatal signal from outside ends the daemon at once, without a trap report`(
        _ signal: Int32
    ) async throws {
        let daemon = try Daemon(launcher: ["env", "-u", "SWIFT_BACKTRACE", "bash", "-c", Self.skip])
        daemon.signal(signal)
        #expect(try await self.hasEnded(daemon), "signal \(signal)")
    }

    @Test func `a signal that shells ignore for background jobs still ends the daemon`()
        async throws
    {
        let script = "trap '' QUIT INT; " + Self.skip
        let daemon = try Daemon(launcher: ["env", "-u", "SWIFT_BACKTRACE", "bash", "-c", script])
        daemon.signal(SIGQUIT)
        #expect(try await self.hasEnded(daemon))
        #expect(daemon.wait() == 128 + SIGQUIT)
        try daemon.start()
        daemon.signal(SIGINT)
        #expect(try await self.hasEnded(daemon))
    }

    /// A bash command that skips the data directory and execs the program.
    private static let skip = "exec \"$@\""

    @Test(arguments: [(SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2")])
    func `a signal without a meaning is ignored, with a log line`(
        _ signal: (number: Int32, name: String)
    ) async throws {
        let daemon = try Daemon()
        daemon.signal(signal.number)
        #expect(
            try await eventually { try self.log(daemon).contains("ignored \(signal.name)") }
        )
        _ = try await daemon.client().ping()
        #expect(daemon.stop() == 0)
    }

    /// Whether the runtime reports traps here, which needs its tool and a known processor.
    private static let reportsTraps: Bool = {
        #if arch(x86_64)
            // Its reported size is 0, so it is read to its end.
            let file = FileHandle(forReadingAtPath: "/proc/self/maps")
            let maps = String(decoding: (try? file?.readToEnd()) ?? Data(), as: UTF8.self)
            let core = maps.split(separator: "\n").first { $0.hasSuffix("libswiftCore.so") }
            guard let path = core?.split(separator: " ").last else { return false }
            let library = URL(fileURLWithPath: String(path)).deletingLastPathComponent()
            let tool = library.path + "/../../../libexec/swift/linux/swift-backtrace"
            return FileManager.default.isExecutableFile(atPath: tool)
        #else
            return false
        #endif
    }()

    @Test(.enabled(if: Self.reportsTraps, "needs swift-backtrace"))
    func `a trap ends the daemon and logs a backtrace`() async throws {
        let daemon = try Daemon(launcher: ["env", "-u", "SWIFT_BACKTRACE", "bash", "-c", Self.skip])
        let id = try #require(daemon.processID)
        let script = try #require(
            Bundle.module.url(forResource: "trap", withExtension: "py", subdirectory: "Resources")
        )
        let tracer = try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["python3", script.path, "\(id)"],
            environment: ProcessInfo.processInfo.environment,
            output: STDOUT_FILENO,
            errors: STDERR_FILENO
        )
        // Not observable on a machine that forbids ptrace.
        guard tracer.wait() == 0 else { return }
        let start = ContinuousClock.now
        #expect(daemon.wait() == 128 + SIGSEGV)
        print("ended \(ContinuousClock.now - start) after the trap")
        let log = try self.log(daemon)
        #expect(log.contains("Program crashed") || log.contains("Crash"), "\(log.suffix(2_000))")
    }

    /// A library that shifts the clocks of a program; `nil` without a compiler.
    private static let clock: String? = {
        let path = FileManager.default.temporaryDirectory.path + "/invd-clock-\(getpid()).so"
        guard
            let source = Bundle.module.url(
                forResource: "clock",
                withExtension: "c",
                subdirectory: "Resources"
            )
        else { return nil }
        let compiler = try? ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["clang", "-shared", "-fPIC", "-O1", "-o", path, source.path, "-ldl"],
            environment: ProcessInfo.processInfo.environment,
            output: STDOUT_FILENO,
            errors: STDERR_FILENO
        )
        return compiler?.wait() == 0 ? path : nil
    }()

    /// A jump forward in seconds, of the wall clock alone or of every clock.
    struct Jump: Sendable, CustomTestStringConvertible {
        var seconds: Double
        var isOfAll: Bool
        var testDescription: String { "\(self.seconds) s\(self.isOfAll ? ", every clock" : "")" }
    }

    @Test(
        .enabled(if: Self.clock != nil, "needs clang"),
        arguments: [1.5, 3, 86_400].flatMap { seconds in
            [false, true].map { Jump(seconds: seconds, isOfAll: $0) }
        }
    )
    func `SIGTERM stops the daemon under load, after its clocks jumped forward`(
        _ jump: Jump
    ) async throws {
        let library = try #require(Self.clock)
        let setting = FileManager.default.temporaryDirectory.path + "/invd-jump-\(UUID())"
        defer { unlink(setting) }
        try "0 0".write(toFile: setting, atomically: false, encoding: .utf8)
        let daemon = try Daemon(launcher: [
            "env", "LD_PRELOAD=\(library)", "CLOCK_JUMP=\(setting)", "bash", "-c", Self.skip,
        ])
        let client = daemon.client(timeoutMilliseconds: 5_000)
        let product = try await client.stockedProducts(1, stock: 1_000_000_000)[0]
        let loads = (0..<4).map { number in
            Task {
                let client = daemon.client("till-\(number)", timeoutMilliseconds: 5_000)
                let sale = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
                while case .done? = try? await client.send(sale) {}
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        // The server reads the file whenever it reads a clock.
        try "\(jump.seconds) \(jump.isOfAll ? 1 : 0)"
            .write(toFile: setting, atomically: false, encoding: .utf8)
        try await Task.sleep(for: .milliseconds(200))
        #expect(daemon.stop() == 0)
        for load in loads { await load.value }
        #expect(try self.log(daemon).contains("stopped: everything"))
    }
}
