import ColumnStore
import Inventory
import InventoryClient
import InventoryWire
import NIOCore
import NIOPosix

/// One connection that listens to all stock, and notes how long after its recording each step came.
///
/// Of its event loop, which is why it is `@unchecked Sendable`.
final class BenchSubscriber: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: any EventLoop
    private var partial: ByteBuffer?
    private var isMeasuring = false
    private var lastLSN: UInt64 = 0
    private(set) var histogram = LatencyHistogram()
    /// Steps out of order, frames that are none, refusals.
    private(set) var failures = 0

    init(on loop: any EventLoop) { self.loop = loop }

    func connect(to address: ServerAddress) -> EventLoopFuture<Void> {
        address.connect(on: self.loop) { channel in
            try channel.pipeline.syncOperations.addHandler(self)
        }
    }

    func beginMeasuring() { self.isMeasuring = true }

    func channelActive(context: ChannelHandlerContext) {
        var writer = ByteWriter()
        writer.writeBenchHello()
        Request.subscribe(Subscription(topics: .stock, start: .now))
            .encodeFrame(requestID: 1, into: &writer)
        var buffer = context.channel.allocator.buffer(capacity: writer.count)
        writer.withBytes { _ = buffer.writeBytes($0) }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = self.unwrapInboundIn(data)
        if var partial = self.partial {
            partial.writeBuffer(&read)
            read = partial
            self.partial = nil
        }
        let now = benchClock()
        let consumed = read.withUnsafeReadableBytes { bytes -> Int in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            do throws(WireError) {
                while let frame = try frames.next() { self.receive(frame, now) }
            } catch {
                self.failures += 1
            }
            return frames.consumed
        }
        read.moveReaderIndex(forwardBy: consumed)
        if read.readableBytes > 0 { self.partial = read }
    }

    private func receive(_ frame: Frame, _ now: Int64) {
        switch Opcode(rawValue: frame.opcode) {
        case .entries:
            do throws(ByteReaderError) {
                var reader = ByteReader(frame.body)
                while reader.remaining > 0 { try self.receive(&reader, now) }
            } catch {
                self.failures += 1
            }
        case .refused, .goodbye, .closed, .reset:
            self.failures += 1
        default:
            break
        }
    }

    /// An entry begins with its byte count, its LSN and when it was recorded.
    private func receive(_ reader: inout ByteReader, _ now: Int64) throws(ByteReaderError) {
        let byteCount = Int(try reader.readUInt32())
        var entry = ByteReader(try reader.readBytes(byteCount))
        let lsn = try entry.readUInt64()
        let recordedAt = try entry.readInt64()
        if lsn <= self.lastLSN { self.failures += 1 }
        self.lastLSN = lsn
        if self.isMeasuring { self.histogram.record(UInt64(max(0, now - recordedAt))) }
    }
}

extension ServerAddress {
    func connect(
        on loop: any EventLoop,
        _ initialize: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<Void> {
        let bootstrap = ClientBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try initialize(channel) }
        }
        switch self {
        case .tcp(let host, let port):
            return bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port).map { _ in }
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path).map { _ in }
        }
    }
}
