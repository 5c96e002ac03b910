import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// What clients have the server hold for them is bounded, and others are served beside it.
@Suite struct HeldMemoryTests {
    /// MiB that the process has in memory.
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

    /// Sends each of them as much of the bytes as the server takes in the time.
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
    func `large frames that are never whole take what they may together, and small ones go by`()
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
        // Another client's sale has nothing to wait for; a large request comes when they are gone.
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
        // Those that are gone may not all have been heard of yet.
        let isFree = try await eventually { try await client.figure("begunFrameBytes") == 0 }
        #expect(isFree)
    }

    @Test func `a client that asks between sales and reads nothing has few states kept for it`()
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

    @Test func `questions of a connection hold no more than its share, and the refusal says so`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(6_000, stock: 1)
        var open: RawConnection? = try Self.hello(daemon)
        var sent = ByteWriter()
        // These take the query thread a while.
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
        // Once it is gone, what it held is there for others.
        open = nil
        #expect(try await eventually { try await client.figure("openQueryBytes") == 0 })
    }
}

extension InventoryClient {
    /// One of the figures that the server counts about itself.
    fileprivate func figure(_ name: String) async throws -> Int64 {
        let statistics = try await self.statistics()
        return try #require(statistics[name])
    }
}
