import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// Connections are limited by a setting and by the file descriptors of the process.
@Suite struct ConnectionLimitTests {
    private func log(_ daemon: Daemon) throws -> String {
        try String(contentsOfFile: daemon.directory.path + ".log", encoding: .utf8)
    }

    /// Returns connections that have sent hello, as far as they were accepted.
    private func connections(
        _ daemon: Daemon,
        _ count: Int,
        subscribing: Bool = false
    ) throws -> [RawConnection] {
        var subscription = ByteWriter()
        Subscription(topics: .stock, start: .snapshot).encode(into: &subscription)
        return try (0..<count).map { _ in
            let connection = try RawConnection(daemon)
            connection.send(RawConnection.hello)
            if subscribing { connection.sendFrame(5, subscription.array(), id: 1) }
            return connection
        }
    }

    @Test
    func `beyond the limit clients wait until a connection closes, and the log reports it once`()
        async throws
    {
        let daemon = try Daemon(["--connections", "4"])
        var first = try self.connections(daemon, 4)
        for connection in first { #expect(connection.readSome() > 0) }
        let waiting = try self.connections(daemon, 2)
        #expect(try self.log(daemon).split(separator: "which is the limit").count == 2)
        // The server does not read from the two that wait, and answers them when connections are free.
        first.removeFirst(2)
        for connection in waiting { #expect(connection.readSome() > 0) }
        first = []
        let isSaid = try await eventually { try self.log(daemon).contains("are accepted again") }
        let log = try self.log(daemon)
        #expect(isSaid, "\(log)")
        _ = try await daemon.client().ping()
    }

    @Test func `only a connection without requests or subscriptions is closed for another`()
        async throws
    {
        let daemon = try Daemon(["--connections", "2", "--idle-timeout", "2s"])
        let listener = try self.connections(daemon, 1, subscribing: true)[0]
        let silent = try self.connections(daemon, 1)[0]
        #expect(silent.readSome() > 0)
        // This one waits to be accepted until the idle one is closed, then sends its request.
        let client = daemon.client()
        _ = try await client.ping()
        let last = silent.messages().last
        guard case .goodbye(let refusal)? = last else {
            Issue.record("\(String(describing: last)) in place of goodbye")
            return
        }
        #expect(refusal.code == .deadlineExceeded)
        let product = try await client.stockedProducts(1, stock: 7)[0]
        #expect(try await client.level(product).onHand == 7)
        #expect(listener.readSome() > 0, "a subscriber stays")
    }

    @Test func `connections never use up the descriptors of the log and snapshots`() async throws {
        let launcher = ["bash", "-c", "ulimit -n 128; exec \"$@\""]
        let daemon = try Daemon(launcher: launcher)
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 1_000_000)[0]
        // Each needs a second descriptor, since it subscribes.
        let crowd = try self.connections(daemon, 140, subscribing: true)
        for connection in crowd[..<36] { #expect(connection.readSome() > 0) }
        // Several log files, and snapshots.
        for _ in 0..<5 {
            let sales = (0..<4_000).map { _ in
                let note = (0..<6).map { _ in "\(UInt64.random(in: 0 ... .max))" }
                let line = SaleLine(product: product, quantity: 1)
                return Command.sell(Sale(lines: [line], note: note.joined(separator: "-")))
            }
            _ = try await client.send(.batch(sales, .errorsOnly))
            _ = try await client.takeSnapshot()
        }
        let log = try self.log(daemon)
        #expect(log.contains("connections instead of 10000"), "\(log)")
        #expect(log.contains("which is the limit"), "\(log)")
        #expect(!log.contains(" error "), "\(log)")
        _ = try await client.verified()
        withExtendedLifetime(crowd) {}
        #expect(daemon.stop() == 0)
    }

    @Test func `the soft limit of descriptors is raised to the hard one`() throws {
        let launcher = ["bash", "-c", "ulimit -Sn 100; exec \"$@\""]
        let daemon = try Daemon(launcher: launcher)
        let id = try #require(daemon.processID)
        let limits = try String(contentsOfFile: "/proc/\(id)/limits", encoding: .utf8)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open") })
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        #expect(numbers.count == 2 && numbers[0] == numbers[1], "\(line)")
    }
}
