import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

/// What signals make of the running daemon.
@Suite struct SignalTests {
    private func log(_ daemon: Daemon) throws -> String {
        try String(contentsOfFile: daemon.directory.path + ".log", encoding: .utf8)
    }

    /// Whether the process has ended within a second or so.
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
    func `a fatal signal from outside ends it at once, whatever the runtime would report`(
        _ signal: Int32
    ) async throws {
        let daemon = try Daemon(launcher: ["env", "-u", "SWIFT_BACKTRACE", "bash", "-c", Self.skip])
        daemon.signal(signal)
        #expect(try await self.hasEnded(daemon), "signal \(signal)")
    }

    @Test func `a signal that a shell has it ignore in the background ends it all the same`()
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

    /// The data directory comes first; bash becomes the program.
    private static let skip = "exec \"$@\""

    @Test(arguments: [(SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2")])
    func `a signal that means nothing to it is ignored, with a log line`(
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

    /// Whether the runtime reports traps here: it needs its tool, and this test a processor it knows.
    private static let reportsTraps: Bool = {
        #if arch(x86_64)
            // Its size is said to be 0, so it is read to its end.
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
    func `a trap of its own leaves where it was in the log, and ends it`() async throws {
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
        // A machine that lets nobody trace has no way to see this.
        guard tracer.wait() == 0 else { return }
        let start = ContinuousClock.now
        #expect(daemon.wait() == 128 + SIGSEGV)
        print("ended \(ContinuousClock.now - start) after the trap")
        let log = try self.log(daemon)
        #expect(log.contains("Program crashed") || log.contains("Crash"), "\(log.suffix(2_000))")
    }

    /// A library that moves the clocks a program sees; nil where there is no compiler.
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

    /// Seconds forward, of the time of day alone or of every clock.
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
    func `SIGTERM stops it under load, after the clocks that it sees were moved forward`(
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
        // The server reads the file at each look at a clock.
        try "\(jump.seconds) \(jump.isOfAll ? 1 : 0)"
            .write(toFile: setting, atomically: false, encoding: .utf8)
        try await Task.sleep(for: .milliseconds(200))
        #expect(daemon.stop() == 0)
        for load in loads { await load.value }
        #expect(try self.log(daemon).contains("stopped: everything"))
    }
}
