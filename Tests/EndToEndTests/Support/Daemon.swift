import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// A real `invd` with its own data directory and port; killed on deinitialization.
final class Daemon: @unchecked Sendable {
    let directory: URL
    private var process: ChildProcess?
    private(set) var address = ServerAddress.standard
    private(set) var readyLine = ""
    private var port = 0

    /// Returns the URL of a program that was built beside this test.
    static func program(_ name: String) -> URL {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [
            beside, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent(),
        ]
        for folder in candidates {
            let url = folder.appending(path: name)
            if FileManager.default.isExecutableFile(atPath: url.path) { return url }
        }
        return beside.appending(path: name)
    }

    /// A command that starts the program in place of this process; its arguments are the data directory,
    /// then the program and its arguments.
    private let launcher: [String]

    /// Starts a daemon on a new directory, or on a copy of one.
    init(
        _ arguments: [String] = [],
        launcher: [String] = [],
        onCopyOf source: URL? = nil
    ) throws {
        self.directory = FileManager.default.temporaryDirectory
            .appending(path: "invd-test-\(UUID().uuidString)")
        self.launcher = launcher
        if let source { try FileManager.default.copyItem(at: source, to: self.directory) }
        try self.start(arguments)
    }

    /// The directory as the daemon sees it, which may be a mount.
    var directoryInside: String {
        "/proc/\(self.process?.id ?? 0)/root\(self.directory.path)"
    }

    deinit {
        self.kill()
        try? FileManager.default.removeItem(at: self.directory)
        try? FileManager.default.removeItem(atPath: self.directory.path + ".log")
    }

    /// Restarts the daemon on the same directory and port.
    func start(_ arguments: [String] = []) throws {
        precondition(self.process == nil, "the daemon is running already")
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        // No other child may inherit the end of the pipe that signals the daemon's exit.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let errors = open(
            self.directory.path + ".log",
            O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
            0o600
        )
        let all =
            [
                "--data-dir", self.directory.path, "--listen", "127.0.0.1:\(self.port)",
                "--log-file-mib", "4",
            ] + arguments
        let invd = Self.program("invd")
        let process = try ChildProcess(
            self.launcher.isEmpty ? invd : URL(fileURLWithPath: "/usr/bin/env"),
            self.launcher.isEmpty ? all : self.launcher + [self.directory.path, invd.path] + all,
            environment: ProcessInfo.processInfo.environment,
            output: ends[1],
            errors: errors
        )
        close(ends[1])
        close(errors)
        self.process = process
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(ends[0], &byte, 1) == 1, byte != 10 { line.append(byte) }
        close(ends[0])
        self.readyLine = String(decoding: line, as: UTF8.self)
        let words = self.readyLine.split(separator: " ")
        try #require(words.first == "ready", "it said \"\(self.readyLine)\"")
        self.address = try #require(ServerAddress(String(words[1])))
        if case .tcp(_, let port) = self.address { self.port = port }
    }

    /// Sends SIGKILL, a power cut for the process.
    func kill() {
        guard let process = self.process else { return }
        process.signal(SIGKILL)
        process.wait()
        self.process = nil
    }

    /// Sends SIGTERM and waits for the exit.
    ///
    /// - Returns: The exit code.
    func stop() -> Int32 {
        guard let process = self.process else { return -1 }
        process.signal(SIGTERM)
        self.process = nil
        return process.wait()
    }

    func signal(_ number: Int32) { self.process?.signal(number) }

    /// Waits until the daemon exits by itself.
    ///
    /// - Returns: The exit code, or 128 plus the signal that ended it.
    func wait() -> Int32 {
        guard let process = self.process else { return -1 }
        self.process = nil
        return process.wait()
    }

    var isRunning: Bool { self.process?.isRunning ?? false }
    var processID: pid_t? { self.process?.id }

    func client(
        _ actor: String = "test",
        session: SessionID? = nil,
        timeoutMilliseconds: Int64 = 20_000
    ) -> InventoryClient {
        InventoryClient(
            ClientConfiguration(
                address: self.address,
                actor: actor,
                session: session,
                timeoutMilliseconds: timeoutMilliseconds
            )
        )
    }
}

/// The output and the exit code of a program.
struct Finished: Sendable {
    var output: String
    var errors: String
    var code: Int32

    var lines: [String] { self.output.split(separator: "\n").map { String($0) } }
}

extension Daemon {
    /// Runs `invctl` against this daemon.
    @discardableResult
    func invctl(_ arguments: String..., input: Data? = nil) throws -> Finished {
        try self.invctl(arguments, input: input)
    }

    @discardableResult
    func invctl(_ arguments: [String], input: Data? = nil) throws -> Finished {
        try Self.run("invctl", arguments, input: input, server: self.address.description)
    }

    static func run(
        _ program: String,
        _ arguments: [String],
        input: Data? = nil,
        server: String = "127.0.0.1:1",
        environment more: [String: String] = [:]
    ) throws -> Finished {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "invctl-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: a program with much output must not wait for its reader.
        let path = { (name: String) in folder.appending(path: name).path }
        let output = open(path("output"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let errors = open(path("errors"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(output)
            close(errors)
        }
        if let input { try input.write(to: folder.appending(path: "input")) }
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = server
        environment["INVCTL_ACTOR"] = "tester"
        // The user's own configuration must not affect the tests.
        environment["INVCTL_CONFIG"] = more["XDG_CONFIG_HOME"] == nil ? "/nonexistent" : nil
        environment.merge(more) { $1 }
        let process = try ChildProcess(
            Self.program(program),
            arguments,
            environment: environment,
            input: input == nil ? "/dev/null" : path("input"),
            output: output,
            errors: errors
        )
        let code = process.wait()
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
        }
        return Finished(
            output: try text("output"),
            errors: try text("errors"),
            code: code
        )
    }
}

// MARK: - Helpers

extension InventoryClient {
    /// Sends a command that must be executed.
    @discardableResult
    func done(
        _ command: Command,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Outcome.Done {
        let outcome = try await self.send(command)
        guard case .done(let done) = outcome else {
            Issue.record("the outcome of \(command) was \(outcome)", sourceLocation: sourceLocation)
            throw Unexpected()
        }
        return done
    }

    /// Sends a command that must be refused.
    func refused(
        _ command: Command,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Refusal {
        let outcome = try await self.send(command)
        guard case .refused(let refusal) = outcome else {
            Issue.record("the outcome of \(command) was \(outcome)", sourceLocation: sourceLocation)
            throw Unexpected()
        }
        return refusal
    }

    /// Creates a category and products in it, each with an opening stock.
    func stockedProducts(
        _ count: Int,
        stock: Int64,
        prefix: String = "P"
    ) async throws -> [ProductID] {
        let category = try await self.done(.createCategory(name: "Category \(prefix)")).id
        let commands = (0..<count).map { number in
            Command.createProduct(
                ProductDraft(
                    sku: "\(prefix)-\(number)",
                    name: "Product \(number)",
                    category: CategoryID(UInt32(category)),
                    price: Price(999),
                    opening: OpeningStock(quantity: Quantity(stock), unitCost: Money(500))
                )
            )
        }
        return try await self.done(.batch(commands, .atomicErrorsOnly)).ids.map {
            ProductID(UInt32($0))
        }
    }

    /// Checks that `verify` succeeds, and returns the state checksum.
    func verified(sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let findings = try await self.verify().rows
        #expect(findings.filter { !$0.isOK } == [], sourceLocation: sourceLocation)
        return findings.last { $0.check == "state checksum" }?.detail ?? ""
    }

    func level(_ product: ProductID) async throws -> (onHand: Int64, available: Int64) {
        let level = try await self.levels(LevelQuery(product: product)).rows.first
        return (level?.onHand.baseUnits ?? 0, level?.available.baseUnits ?? 0)
    }
}

struct Unexpected: Error {}

extension ResultTable {
    func text(_ row: Int, _ name: String) -> String {
        guard let column = self.column(named: name), row < self.rowCount,
            case .text(let text) = self.cell(row, column)
        else { return "" }
        return text
    }

    func integer(_ row: Int, _ name: String) -> Int64? {
        guard let column = self.column(named: name), row < self.rowCount,
            case .integer(let value) = self.cell(row, column)
        else { return nil }
        return value
    }
}
