import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// The memory that clients can make the server hold is limited, and other clients are still served.
@Suite struct HeldMemoryTests {
    /// The resident memory of the process, in MiB.
    private static func mebibytes(_ daemon: Daemon) throws -> Int {
        let id = try #require(daemon.processID)
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) / 1_024
    }

    private static func hello(_ daemon: Daemon) throws -> RawConnection {
        let connection = try RawConnection(daemon)
        connection.send(RawConnection.hello)
        #expect(connection.readSome() > 0)
        return connection
    }

    /// Sends as many of the bytes on each connection as the server reads in the time.
    private static func pour(_ bytes: [UInt8], into connections: [RawConnection]) async throws {
        var sent = [Int](repeating: 0, count: connections.count)
        for _ in 0..<20 {
            for (index, connection) in connections.enumerated() where sent[index] < bytes.count {
                sent[index] += connection.offer(bytes[sent[index]...])
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test
    func `incomplete large frames stay within their shared limit, and small frames pass`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(100, stock: 1_000)
        let frame = RawConnection.frame(
            Opcode.query.rawValue,
            [UInt8](repeating: 0, count: WireLimits.requestByteCountMax)
        )
        let before = try Self.mebibytes(daemon)
        var crowd = try (0..<200).map { _ in try Self.hello(daemon) }
        try await Self.pour(Array(frame.dropLast()), into: crowd)
        let grown = try Self.mebibytes(daemon) - before
        let highest = WireLimits.begunFrameByteCountMax >> 20
        #expect(grown > highest / 2 && grown < highest + 40, "\(grown) MiB")
        // Another client's sale does not wait; a large request waits until they are closed.
        try await client.done(.sell(Sale(lines: [SaleLine(product: products[0], quantity: 1)])))
        #expect(try await client.figure("begunFrameBytes") <= WireLimits.begunFrameByteCountMax)
        async let large = client.send(
            .batch(
                products.flatMap { product in
                    (0..<20).map { _ in
                        let line = SaleLine(product: product, quantity: 1)
                        return .sell(Sale(lines: [line], note: String(repeating: "n", count: 90)))
                    }
                },
                .errorsOnly
            )
        )
        crowd = []
        _ = try await large
        // The server may not have noticed all closed connections yet.
        let isFree = try await eventually { try await client.figure("begunFrameBytes") == 0 }
        #expect(isFree)
    }

    @Test func `a client that queries between sales and reads no answers holds few read views`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(6_000, stock: 1_000)
        let before = try Self.mebibytes(daemon)
        let connection = try Self.hello(daemon)
        var random = SplitMix64(seed: 3)
        let count = 900
        var sent = ByteWriter()
        for id in 1...UInt64(count) {
            let sales = (0..<16).map { _ in
                let product = products[Int(random.next() % UInt64(products.count))]
                return Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
            }
            Request.command(sequence: 0, .batch(sales, .errorsOnly))
                .encodeFrame(requestID: 2 * id, into: &sent)
            Request.query(.levels(LevelQuery())).encodeFrame(requestID: 2 * id + 1, into: &sent)
        }
        let bytes = sent.array()
        var offset = 0
        for _ in 0..<60 where offset < bytes.count {
            offset += connection.offer(bytes[offset...])
            try await Task.sleep(for: .milliseconds(50))
        }
        try await Task.sleep(for: .seconds(1))
        let grown = try Self.mebibytes(daemon) - before
        #expect(grown < 64, "\(grown) MiB")
        try await client.done(.sell(Sale(lines: [SaleLine(product: products[0], quantity: 1)])))
    }

    @Test func `the queries of a connection are limited to its share, and the refusal says so`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(6_000, stock: 1)
        var open: RawConnection? = try Self.hello(daemon)
        var sent = ByteWriter()
        // These keep the query thread busy for a while.
        for id in 1...UInt64(WireLimits.begunQueriesPerConnectionMax) {
            Request.query(.verify).encodeFrame(requestID: id, into: &sent)
        }
        let ids = (1...UInt32(InsightLimits.filterIDsMax)).map { ProductID($0) }
        let insight = Insight.named(NamedInsight(.velocity, filter: InsightFilter(products: ids)))
        for id in 100..<400 as Range<UInt64> {
            Request.insight(insight).encodeFrame(requestID: id, into: &sent)
        }
        open?.send(sent.array())
        var refused: [Refusal] = []
        while refused.isEmpty, let received = open?.next(), !received.isEmpty {
            refused += received.compactMap {
                if case .refused(let refusal) = $0.message { refusal } else { nil }
            }
        }
        let refusal = try #require(refused.first)
        #expect(refusal.code == .overloaded)
        guard case .range(let what, let value, _, let highest) = refusal.detail else {
            Issue.record("\(refusal)")
            return
        }
        #expect(what == "bytes of open queries of a connection")
        #expect(highest == Int64(WireLimits.openQueryByteCountPerConnectionMax))
        #expect(value > highest)
        let held = try await client.figure("openQueryBytes")
        #expect(held > highest / 2 && held <= highest)
        #expect(try await client.query(.levels(LevelQuery(limit: 1))).table.rowCount == 1)
        // Once it is closed, its memory is available to others.
        open = nil
        #expect(try await eventually { try await client.figure("openQueryBytes") == 0 })
    }
}

extension InventoryClient {
    /// Returns one of the server's statistics.
    fileprivate func figure(_ name: String) async throws -> Int64 {
        let statistics = try await self.statistics()
        return try #require(statistics[name])
    }
}
