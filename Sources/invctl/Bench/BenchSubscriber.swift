import ColumnStore
import Inventory
import InventoryInsights
import InventoryWire

/// One connection that listens to all stock, or to an insight, and notes how long after its recording
/// each step came, or the result of it.
///
/// Of each step it reads the head, which says its LSN and when it was recorded: that none is missing
/// or out of order shows in the LSNs, and what is in it is the client library's part.
final class BenchSubscriber: BenchPeer {
    /// What it listens to.
    enum Interest: Sendable {
        case stock
        case insight(Insight)

        /// Whether it begins with a result.
        fileprivate var hasResult: Bool {
            if case .insight = self { true } else { false }
        }

        fileprivate var request: Request {
            switch self {
            case .stock: .subscribe(Subscription(topics: .stock, start: .now))
            case .insight(let insight): .subscribeInsight(insight)
            }
        }
    }

    private let interest: Interest
    private let phase: BenchPhase
    private let tally: BenchTally
    private var lastLSN: UInt64 = 0
    private var hasBegun = false

    init(_ interest: Interest, _ phase: BenchPhase, _ tally: BenchTally) {
        self.interest = interest
        self.phase = phase
        self.tally = tally
    }

    func connected(_ out: inout ByteWriter) {
        out.writeBenchHello()
        self.interest.request.encodeFrame(requestID: 1, into: &out)
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? { nil }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        let now = benchClock()
        let isMeasuring = self.phase.isMeasuring
        while let frame = frames.next() {
            switch Opcode(rawValue: frame.opcode) {
            case .subscribed where !self.interest.hasResult,
                .caughtUp where self.interest.hasResult:
                if !self.hasBegun { self.phase.subscriberBegan() }
                self.hasBegun = true
            case .entries: self.receive(frame.body, now, isMeasuring)
            case .insightChanged:
                // It begins as an entry does behind its byte count.
                guard frame.body.count >= 16 else { break }
                self.heard(frame.body, at: 0, now, isMeasuring)
            case .refused, .goodbye, .closed, .reset: self.tally.failures += 1
            default: break
            }
        }
        return frames.consumed
    }

    /// An entry begins with its byte count, its LSN and when it was recorded.
    private func receive(_ body: UnsafeRawBufferPointer, _ now: Int64, _ isMeasuring: Bool) {
        var offset = 0
        while body.count - offset >= 20 {
            let byteCount = body.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            self.heard(body, at: offset + 4, now, isMeasuring)
            offset += 4 + Int(byteCount)
        }
        if offset != body.count { self.tally.failures += 1 }
    }

    /// An LSN, and when it was recorded.
    private func heard(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        _ now: Int64,
        _ isMeasuring: Bool
    ) {
        let lsn = body.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let recordedAt = body.loadUnaligned(fromByteOffset: offset + 8, as: Int64.self)
        if lsn <= self.lastLSN { self.tally.failures += 1 }
        self.lastLSN = lsn
        if isMeasuring { self.tally.histogram.record(UInt64(max(0, now - recordedAt))) }
    }
}
