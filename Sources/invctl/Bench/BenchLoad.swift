import ColumnStore
import InventoryClient
import InventoryWire
import NIOCore

/// One connection that asks: a number of requests in flight, or so many a second.
///
/// Of its event loop, which is why it is `@unchecked Sendable`.
final class BenchLoad: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let requests: BenchRequests
    private let depth: Int
    /// Nanoseconds between two requests; 0 for as many as go.
    private let interval: UInt64
    private let loop: any EventLoop
    private var random: BenchRandom
    private var sequence: UInt64 = 0
    private var nextID: UInt64 = 1
    private var inFlight = 0
    /// When the next request is due, with an interval.
    private var due: UInt64 = 0
    /// When each request in flight was sent, or was due, by its id modulo the depth.
    private var startedAt: [UInt64]
    private var partial: ByteBuffer?
    private var writer = ByteWriter(capacity: 1 << 16)
    private var isMeasuring = false
    private var isStopped = false
    private(set) var histogram = LatencyHistogram()
    private(set) var failures = 0

    init(
        _ requests: BenchRequests,
        depth: Int,
        interval: UInt64,
        seed: UInt64,
        on loop: any EventLoop
    ) {
        self.requests = requests
        self.depth = depth
        self.interval = interval
        self.random = BenchRandom(seed: seed)
        self.loop = loop
        self.startedAt = Array(repeating: 0, count: depth)
    }

    func connect(to address: ServerAddress) -> EventLoopFuture<Void> {
        address.connect(on: self.loop) { channel in
            try channel.pipeline.syncOperations.addHandler(self)
        }
    }

    func beginMeasuring() { self.isMeasuring = true }
    func stop() { self.isStopped = true }

    func channelActive(context: ChannelHandlerContext) {
        self.writer.writeBenchHello()
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
                while let frame = try frames.next() { self.receive(frame, now, context) }
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

    private func receive(_ frame: Frame, _ now: UInt64, _ context: ChannelHandlerContext) {
        switch Opcode(rawValue: frame.opcode) {
        case .sessionOpened:
            if self.interval > 0 {
                // Connections begin apart from each other, within one interval.
                let interval = Int(clamping: self.interval)
                self.due = now + UInt64(self.random.next(below: interval))
                self.sendDue(context)
            } else {
                for _ in 0..<self.depth { self.send(startedAt: now) }
            }
        case .outcome:
            // The first byte says done, refused or batch.
            if frame.body.first == 2 { self.failures += 1 }
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
        self.inFlight -= 1
        if self.isMeasuring {
            self.histogram.record((now - self.startedAt[Int(id) % self.depth]) / 1_000)
        }
        if self.isStopped { return }
        if self.interval == 0 {
            self.send(startedAt: now)
        } else {
            self.catchUp(now)
        }
    }

    /// Sends what is due, and has itself called for what comes next.
    private func sendDue(_ context: ChannelHandlerContext) {
        if self.isStopped { return }
        self.catchUp(NIODeadline.now().uptimeNanoseconds)
        self.flush(context)
        let bound = NIOLoopBound(context, eventLoop: self.loop)
        let next = NIODeadline.uptimeNanoseconds(self.due)
        // At the full depth an answer sends what is due; until then there is nothing to do.
        let floor = NIODeadline.now() + .microseconds(20)
        self.loop.scheduleTask(deadline: max(next, floor)) { self.sendDue(bound.value) }
    }

    private func catchUp(_ now: UInt64) {
        while self.due <= now, self.inFlight < self.depth {
            self.send(startedAt: self.due)
            self.due += self.interval
        }
    }

    private func send(startedAt: UInt64) {
        let id = self.nextID
        self.nextID += 1
        self.inFlight += 1
        self.startedAt[Int(id) % self.depth] = startedAt
        let isCommand = self.requests.append(
            id,
            sequence: self.sequence + 1,
            &self.random,
            into: &self.writer
        )
        if isCommand { self.sequence += 1 }
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard self.writer.count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: self.writer.count)
        self.writer.withBytes { _ = buffer.writeBytes($0) }
        self.writer.removeAll()
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }
}

extension ByteWriter {
    mutating func writeBenchHello() {
        let hello = FrameWriter(.hello, requestID: 0, into: &self)
        Hello(actor: "bench", software: "invctl bench").encode(into: &self)
        hello.finish(into: &self)
    }
}
