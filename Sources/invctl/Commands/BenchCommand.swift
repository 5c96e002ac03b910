import ArgumentParser
import ColumnStore
import Inventory
import InventoryClient
import InventoryWire
import NIOCore
import NIOPosix

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Puts a server under load and tells how it did.",
        subcommands: [Sell.self, Get.self, Ping.self]
    )

    struct Options: ParsableArguments {
        @OptionGroup var global: GlobalOptions
        @Option(help: "Connections at once.") var connections = 8
        @Option(help: "Requests that each has in flight.") var depth = 64
        @Option(help: "Seconds to measure for, after one to warm up.") var seconds = 5
        @Option(help: "Products that are sold or read.") var products = 1_000

        func validate() throws {
            guard (1...1_000).contains(self.connections) else {
                throw ValidationError("--connections must be 1 to 1000")
            }
            guard (1...1_024).contains(self.depth) else {
                throw ValidationError("--depth must be 1 to 1024")
            }
            guard (1...3_600).contains(self.seconds) else {
                throw ValidationError("--seconds must be 1 to 3600")
            }
            guard (1...100_000).contains(self.products) else {
                throw ValidationError("--products must be 1 to 100000")
            }
        }

        func bench(_ work: BenchWork) async throws {
            try await Shell.run(self.global) { shell in
                let ids = try await shell.benchProducts(self.products)
                try await BenchRun(self, work, ids, shell).run()
            }
        }
    }

    struct Sell: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Durable sales of one line: check, decrement, ledger row, event, reply."
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.bench(.sell) }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Reads of one product by its id.")
        @OptionGroup var options: Options
        func run() async throws { try await self.options.bench(.get) }
    }

    struct Ping: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Empty round trips.")
        @OptionGroup var options: Options
        func run() async throws { try await self.options.bench(.ping) }
    }
}

enum BenchWork: String, Sendable {
    case sell, get, ping
}

extension Shell {
    /// Products of the bench's own, with stock that no run uses up.
    fileprivate func benchProducts(_ count: Int) async throws -> [ProductID] {
        let search = ProductSearch(skuPrefix: "bench-", limit: UInt32(count))
        var ids = try await self.client.query(.products(search)).table.productIDs
        if ids.count >= count { return ids }
        _ = try await self.client.send(.createCategory(name: "Bench"))
        let category = try await self.category("Bench")
        for start in stride(from: 0, to: count, by: 500) {
            let commands = (start..<min(start + 500, count)).map { number in
                Command.createProduct(
                    ProductDraft(
                        sku: "bench-\(number)",
                        name: "Bench product \(number)",
                        category: category,
                        price: Price(1_999),
                        opening: OpeningStock(quantity: 100_000_000_000, unitCost: Money(1))
                    )
                )
            }
            _ = try await self.client.send(.batch(commands, .independent))
        }
        ids = try await self.client.query(.products(search)).table.productIDs
        return ids
    }
}

extension ResultTable {
    fileprivate var productIDs: [ProductID] {
        (0..<self.rowCount).map { ProductID(UInt32(clamping: self.integer($0, "id") ?? 0)) }
    }
}

/// One run of load: its connections on one event loop, so that the client leaves the other core to
/// the server.
private struct BenchRun {
    let options: BenchCommand.Options
    let work: BenchWork
    let ids: [ProductID]
    let shell: Shell

    init(
        _ options: BenchCommand.Options,
        _ work: BenchWork,
        _ ids: [ProductID],
        _ shell: Shell
    ) {
        self.options = options
        self.work = work
        self.ids = ids
        self.shell = shell
    }

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        var loads: [BenchLoad] = []
        for number in 0..<self.options.connections {
            let load = BenchLoad(
                self.work,
                self.ids,
                depth: self.options.depth,
                seed: UInt64(number) + 1,
                on: loop
            )
            loads.append(load)
            try await load.connect(to: self.shell.client.configuration.address).get()
        }
        try await Task.sleep(for: .seconds(1))
        let all = loads
        try await loop.submit { for load in all { load.beginMeasuring() } }.get()
        let clock = ContinuousClock()
        let start = clock.now
        try await Task.sleep(for: .seconds(self.options.seconds))
        let (histogram, failures) = try await loop.submit {
            var sum = LatencyHistogram()
            var failures = 0
            for load in all {
                load.stop()
                sum.add(load.histogram)
                failures += load.failures
            }
            return (sum, failures)
        }.get()
        let seconds = (clock.now - start) / .seconds(1)
        try await group.shutdownGracefully()
        self.report(histogram, failures, seconds)
        if failures > 0 { throw Exit.failed }
    }

    private func report(_ histogram: LatencyHistogram, _ failures: Int, _ seconds: Double) {
        let rate = Int(Double(histogram.count) / seconds)
        let isJSON = self.shell.options.format == .json || self.shell.options.format == .ndjson
        let points: [(String, Double)] = [
            ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1),
        ]
        if isJSON {
            var object = JSONObject()
            object.add("work", self.work.rawValue)
            object.add("connections", raw: String(self.options.connections))
            object.add("depth", raw: String(self.options.depth))
            object.add("perSecond", raw: String(rate))
            object.add("failures", raw: String(failures))
            for (name, share) in points {
                object.add(name + "Microseconds", raw: String(histogram.value(at: share)))
            }
            Terminal.print(object.text)
            return
        }
        let latencies = points.map { "\($0.0) \(histogram.value(at: $0.1)) µs" }
        Terminal.print(
            """
            \(self.work.rawValue): \(DecimalText.grouped(String(rate)))/s with \
            \(self.options.connections) connections × \(self.options.depth) deep for \
            \(self.options.seconds) s, \(failures) failures
            \(latencies.joined(separator: "   "))
            """
        )
    }
}

/// One connection that keeps a number of requests in flight.
///
/// Of its event loop.
private final class BenchLoad: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let work: BenchWork
    private let ids: [ProductID]
    private let depth: Int
    private let loop: any EventLoop
    private var random: UInt64
    private var sequence: UInt64 = 0
    private var nextID: UInt64 = 1
    /// When each request in flight was sent, by its id modulo the depth.
    private var sentAt: [UInt64]
    private var partial: ByteBuffer?
    private var writer = ByteWriter(capacity: 1 << 16)
    private var isMeasuring = false
    private var isStopped = false
    private(set) var histogram = LatencyHistogram()
    private(set) var failures = 0

    init(_ work: BenchWork, _ ids: [ProductID], depth: Int, seed: UInt64, on loop: any EventLoop) {
        self.work = work
        self.ids = ids
        self.depth = depth
        self.random = seed
        self.loop = loop
        self.sentAt = Array(repeating: 0, count: depth)
    }

    func connect(to address: ServerAddress) -> EventLoopFuture<Void> {
        let bootstrap = ClientBootstrap(group: self.loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(self)
            }
        }
        switch address {
        case .tcp(let host, let port):
            return bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port).map { _ in }
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path).map { _ in }
        }
    }

    func beginMeasuring() { self.isMeasuring = true }
    func stop() { self.isStopped = true }

    func channelActive(context: ChannelHandlerContext) {
        self.writer.removeAll()
        let hello = FrameWriter(.hello, requestID: 0, into: &self.writer)
        Hello(actor: "bench", software: "invctl bench").encode(into: &self.writer)
        hello.finish(into: &self.writer)
        Request.openSession(.random(), mayCreate: true)
            .encodeFrame(requestID: 0, into: &self.writer)
        self.flush(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = self.unwrapInboundIn(data)
        if var partial = self.partial {
            partial.writeBuffer(&read)
            read = partial
            self.partial = nil
        }
        let now = NIODeadline.now().uptimeNanoseconds
        let consumed = read.withUnsafeReadableBytes { bytes -> Int in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            do throws(WireError) {
                while let frame = try frames.next() { self.receive(frame, now) }
            } catch {
                self.failures += 1
                self.isStopped = true
            }
            return frames.consumed
        }
        read.moveReaderIndex(forwardBy: consumed)
        if read.readableBytes > 0 { self.partial = read }
    }

    func channelReadComplete(context: ChannelHandlerContext) { self.flush(context) }

    private func receive(_ frame: Frame, _ now: UInt64) {
        switch Opcode(rawValue: frame.opcode) {
        case .sessionOpened:
            for _ in 0..<self.depth { self.sendNext(now) }
        case .outcome:
            // The first byte says done, refused or batch.
            if frame.body.first != 1 { self.failures += 1 }
            self.answered(frame.requestID, now)
        case .product, .pong:
            self.answered(frame.requestID, now)
        case .refused, .goodbye:
            self.failures += 1
        default:
            break
        }
    }

    private func answered(_ id: UInt64, _ now: UInt64) {
        if self.isMeasuring {
            self.histogram.record((now - self.sentAt[Int(id) % self.depth]) / 1_000)
        }
        if !self.isStopped { self.sendNext(now) }
    }

    private func sendNext(_ now: UInt64) {
        let id = self.nextID
        self.nextID += 1
        self.sentAt[Int(id) % self.depth] = now
        switch self.work {
        case .sell:
            self.sequence += 1
            let sale = Sale(lines: [SaleLine(product: self.pick(), quantity: 1)])
            Request.command(sequence: self.sequence, .sell(sale))
                .encodeFrame(requestID: id, into: &self.writer)
        case .get:
            Request.getProduct(.id(self.pick()))
                .encodeFrame(requestID: id, into: &self.writer)
        case .ping:
            Request.ping.encodeFrame(requestID: id, into: &self.writer)
        }
    }

    /// A product at random: xorshift64, the same for the same seed.
    private func pick() -> ProductID {
        self.random ^= self.random << 13
        self.random ^= self.random >> 7
        self.random ^= self.random << 17
        return self.ids[Int(self.random % UInt64(self.ids.count))]
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard self.writer.count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: self.writer.count)
        self.writer.withBytes { _ = buffer.writeBytes($0) }
        self.writer.removeAll()
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }
}

/// Counts of latencies in microseconds, in buckets 1/32 wide: within 3 % at any size.
private struct LatencyHistogram {
    private static let subBits: UInt64 = 5
    private var buckets = [UInt64](repeating: 0, count: 2_048)
    private(set) var count = 0

    mutating func record(_ value: UInt64) {
        self.buckets[Self.bucket(value)] += 1
        self.count += 1
    }

    mutating func add(_ other: LatencyHistogram) {
        for index in self.buckets.indices { self.buckets[index] += other.buckets[index] }
        self.count += other.count
    }

    /// The value that `share` of all lie at or below.
    func value(at share: Double) -> UInt64 {
        let wanted = UInt64((Double(self.count) * share).rounded(.up))
        var sum: UInt64 = 0
        for (index, bucket) in self.buckets.enumerated() {
            sum += bucket
            if sum >= max(wanted, 1) { return Self.value(index) }
        }
        return 0
    }

    private static func bucket(_ value: UInt64) -> Int {
        guard value >= 1 << (self.subBits + 1) else { return Int(value) }
        let shift = UInt64(63 - value.leadingZeroBitCount) - self.subBits
        return Int((shift << self.subBits) + (value >> shift))
    }

    private static func value(_ bucket: Int) -> UInt64 {
        let bucket = UInt64(bucket)
        guard bucket >= 1 << (self.subBits + 1) else { return bucket }
        let shift = (bucket >> self.subBits) - 1
        return (bucket - (shift << self.subBits)) << shift
    }
}
