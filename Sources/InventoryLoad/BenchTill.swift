internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

/// A till: pings, reads of a product and sales of one, in turns, at even intervals.
///
/// Requests are due whatever the server does (open loop), and a latency counts from when its request was
/// due, so a stall is charged to every request that it delayed.
final class BenchTill: BenchPeer {
    enum Kind: Int, CaseIterable, Sendable {
        case ping, read, sale

        var name: String { "\(self)" }
    }

    /// The latencies by kind; used only by the thread that serves it until that has ended.
    private(set) var latencies = Kind.allCases.map { _ in LatencyHistogram() }
    let tally = BenchTally()

    private let product: ProductID
    private let interval: UInt64
    private var nextID: UInt64 = 1
    private var dueAt: UInt64 = 0
    private var isOpen = false
    /// When each request in flight was due, by its id modulo ``inFlightMax``.
    private var startedAt = [UInt64](repeating: 0, count: BenchTill.inFlightMax)
    private var inFlight = 0

    private static let inFlightMax = 4_096

    /// Creates a till.
    ///
    /// - Parameters:
    ///   - product: The product to read and sell.
    ///   - interval: Nanoseconds between two requests.
    init(_ product: ProductID, interval: UInt64) {
        self.product = product
        self.interval = interval
    }

    func connected(_ out: inout ByteWriter) {
        out.writeBenchHello()
        Request.ping.encodeFrame(requestID: .max, into: &out)
    }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        let now = benchNanoseconds()
        while let frame = frames.next() {
            switch Opcode(rawValue: frame.opcode) {
            case .helloAccepted: break
            case .pong where frame.requestID == .max:
                self.isOpen = true
                self.dueAt = now
            case .outcome:
                let isDone = self.tally.take(outcome: frame.body) > 0
                self.answered(frame.requestID, now, isDone: isDone)
            case .product, .pong: self.answered(frame.requestID, now, isDone: true)
            case .refused, .goodbye: self.tally.refuse(frame.body)
            default: self.tally.failures += 1
            }
        }
        return frames.consumed
    }

    private func answered(_ id: UInt64, _ now: UInt64, isDone: Bool) {
        self.inFlight -= 1
        guard isDone else { return }
        let started = self.startedAt[Int(id) % Self.inFlightMax]
        self.latencies[Int(id) % Kind.allCases.count].record((now - min(now, started)) / 1_000)
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? {
        guard self.isOpen else { return now + 1_000_000 }
        while self.dueAt <= now, self.inFlight < Self.inFlightMax {
            self.send(&out)
            self.dueAt += self.interval
        }
        return max(self.dueAt, now + 20_000)
    }

    private func send(_ out: inout ByteWriter) {
        let id = self.nextID
        self.nextID += 1
        self.inFlight += 1
        self.startedAt[Int(id) % Self.inFlightMax] = self.dueAt
        let request: Request =
            switch Kind.allCases[Int(id) % Kind.allCases.count] {
            case .ping: .ping
            case .read: .getProduct(.id(self.product))
            case .sale:
                .command(
                    sequence: 0,
                    .sell(Sale(lines: [SaleLine(product: self.product, quantity: 1)]))
                )
            }
        request.encodeFrame(requestID: id, into: &out)
    }
}
