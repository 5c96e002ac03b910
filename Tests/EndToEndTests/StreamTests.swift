import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

/// Long lists are streamed: neither side holds the rows in memory.
@Suite struct StreamTests {
    private static let rows = 40_000
    private static let few = 2_000
    /// How much more memory many rows may use than few: that of buffers, not the tens of megabytes of the
    /// rows themselves.
    private static let growthMax = 14 << 20

    /// Returns a daemon with a ledger of many sales with long references.
    private static func shop() async throws -> Daemon {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 1_000_000)[0]
        let sale = Sale(
            lines: [SaleLine(product: product, quantity: 1)],
            reference: String(repeating: "long reference ", count: 13)
        )
        for _ in 0..<(Self.rows / 2_000) {
            let sales = [Command](repeating: .sell(sale), count: 2_000)
            guard
                case .errorsOnly(let errorsOnly) = try await client.send(.batch(sales, .errorsOnly))
            else {
                Issue.record("an errors-only batch has no errors-only answer")
                return daemon
            }
            #expect(errorsOnly.refused.isEmpty)
        }
        return daemon
    }

    /// Returns the peak memory of a process so far, in bytes.
    private static func peak(_ process: pid_t) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
    }

    /// Lists `rows` rows, stops reading shortly before their end, and returns the client's peak memory by
    /// then, in bytes.
    private func peak(_ daemon: Daemon, _ format: String, rows: Int) throws -> Int {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon.address.description
        let process = try ChildProcess(
            Daemon.program("invctl"),
            [
                "ledger", "list", "-o", format, "--fields", "lsn,reference", "--limit", "\(rows)",
            ],
            environment: environment,
            output: ends[1],
            errors: STDERR_FILENO
        )
        close(ends[1])
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var lines = 0
        // The rest is more than a pipe holds, so the client is still running.
        while lines < rows - 1_000 {
            let count = read(ends[0], &chunk, chunk.count)
            try #require(count > 0, "\(format) ends after \(lines) lines")
            lines += chunk[..<count].count { $0 == 0x0A }
        }
        let peak = try Self.peak(process.id)
        close(ends[0])
        #expect(process.wait() == 0, "a closed pipe is not an error")
        return peak
    }

    @Test func `many rows need no more memory than few, on either side`() async throws {
        let daemon = try await Self.shop()
        let server = try #require(daemon.processID)
        for format in ["csv", "tsv", "ndjson", "json"] {
            let few = try self.peak(daemon, format, rows: Self.few)
            let serverBefore = try Self.peak(server)
            let many = try self.peak(daemon, format, rows: Self.rows)
            #expect(many - few < Self.growthMax, "\(format): \(few) bytes, then \(many)")
            let growth = try Self.peak(server) - serverBefore
            #expect(growth < Self.growthMax, "\(format): the server took \(growth) bytes more")
        }
    }
}
