internal import Bytes
internal import InventoryModel
import InventoryWire

/// One connection that listens to all stock, or to an insight, and notes how long after its recording
/// each step came, or the result of it.
///
/// Beside an import that is faster than a step a microsecond, the times of steps run ahead of the clock:
/// there it is the first and the last step of a frame, and how long ago the import heard of them.
///
/// Of each step it reads the head, which says its LSN and when it was recorded: that none is missing
/// or out of order shows in the LSNs, and what is in it is the client library's part.
final class BenchSubscriber: BenchPeer {
    /// What it listens to.
    enum Interest: Sendable {
        case stock
        /// All stock from the state on, with checksums.
        case copy
        case insight(Insight)

        /// Whether it begins with a result, or with a snapshot.
        fileprivate var hasResult: Bool {
            if case .stock = self { false } else { true }
        }

        /// Conflated to so many windows a second, where that is given.
        fileprivate func request(updatesPerSecond rate: UInt8?) -> Request {
            switch self {
            case .stock:
                .subscribe(Subscription(topics: .stock, start: .now, updatesPerSecond: rate))
            case .copy:
                .subscribe(
                    Subscription(
                        topics: [.stock, .proof],
                        start: .snapshot,
                        updatesPerSecond: rate
                    )
                )
            case .insight(let insight): .subscribeInsight(insight)
            }
        }
    }

    private let interest: Interest
    private let updatesPerSecond: UInt8?
    private let phase: BenchPhase
    private let tally: BenchTally
    /// Where a bench waits until it has everything.
    private let progress: TillProgress?
    private var lastLSN: LSN = 0
    private var hasBegun = false
    /// Of one that holds its copy against the server's.
    private var copy: BenchCopy?
    private var reachedLSN: LSN = 0
    private var verifiedLSN: LSN = 0
    private var notifiedLSN: LSN = 0

    init(
        _ interest: Interest,
        phase: BenchPhase,
        tally: BenchTally,
        progress: TillProgress? = nil,
        updatesPerSecond: UInt8? = nil
    ) {
        self.interest = interest
        self.updatesPerSecond = updatesPerSecond
        self.phase = phase
        self.tally = tally
        self.progress = progress
        if case .copy = interest { self.copy = BenchCopy() }
    }

    func connected(_ out: inout ByteWriter) {
        out.writeBenchHello()
        self.interest.request(updatesPerSecond: self.updatesPerSecond)
            .encodeFrame(requestID: 1, into: &out)
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? { nil }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        let now = benchClock()
        let isMeasuring = self.phase.isMeasuring
        var delivered = 0
        while let frame = frames.next() {
            switch Opcode(rawValue: frame.opcode) {
            case .subscribed where !self.interest.hasResult,
                .caughtUp where self.interest.hasResult:
                if !self.hasBegun { self.phase.subscriberBegan() }
                self.hasBegun = true
            case .entries: delivered += self.receive(frame.body, at: now, isMeasuring: isMeasuring)
            case .snapshotRows: self.applySnapshot(frame.body)
            case .progress where frame.body.count >= 8: self.progressed(frame.body)
            case .digest where frame.body.count >= 16: self.compare(frame.body)
            case .insightChanged:
                guard frame.body.count >= 16 else { break }
                self.heard(frame.body, at: now, isMeasuring: isMeasuring)
            case .refused, .goodbye: self.tally.refuse(frame.body)
            case .closed, .reset: self.tally.failures += 1
            default: break
            }
        }
        if let progress { self.tell(progress, delivered) }
        return frames.consumed
    }

    /// An entry begins with its byte count, its LSN and when it was recorded.
    ///
    /// There are ten million a second, on the processors that the server has too: what is the same for all
    /// is looked up once.
    ///
    /// - Returns: How many there were.
    private func receive(
        _ body: UnsafeRawBufferPointer,
        at now: Int64,
        isMeasuring: Bool
    ) -> Int {
        let progress = self.progress
        let hasCopy = self.copy != nil
        var (offset, count, failures) = (0, 0, 0)
        func receive(lastLSN: inout LSN, histogram: inout LatencyHistogram) {
            while body.count - offset >= 20 {
                let byteCount = body.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let lsn = LSN(body.loadUnaligned(fromByteOffset: offset + 4, as: UInt64.self))
                let end = offset + 4 + Int(byteCount)
                if lsn <= lastLSN { failures += 1 }
                lastLSN = lsn
                if let progress {
                    if isMeasuring, offset == 0 || end == body.count,
                        let latency = progress.microseconds(since: lsn, until: now)
                    {
                        histogram.record(latency)
                    }
                } else if isMeasuring {
                    histogram.record(Self.latency(body, at: offset + 12, now))
                }
                if hasCopy, end <= body.count { self.apply(body[offset..<end]) }
                offset = end
                count += 1
            }
        }
        receive(lastLSN: &self.lastLSN, histogram: &self.tally.histogram)
        if offset != body.count { failures += 1 }
        if failures > 0 { self.tally.failures += failures }
        return count
    }

    /// Microseconds since what was recorded at the time that is there.
    private static func latency(
        _ body: UnsafeRawBufferPointer,
        at offset: Int,
        _ now: Int64
    ) -> UInt64 {
        let recordedAt = body.loadUnaligned(fromByteOffset: offset, as: Int64.self)
        return now > recordedAt ? UInt64(bitPattern: now &- recordedAt) : 0
    }

    /// A result: its LSN, and when that was recorded.
    private func heard(_ body: UnsafeRawBufferPointer, at now: Int64, isMeasuring: Bool) {
        let lsn = LSN(body.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        if lsn <= self.lastLSN { self.tally.failures += 1 }
        self.lastLSN = lsn
        if isMeasuring { self.tally.histogram.record(Self.latency(body, at: 8, now)) }
    }

    // MARK: - A copy, and how far it is

    private func apply(_ entry: UnsafeRawBufferPointer.SubSequence) {
        do {
            try self.copy?.apply(entry: UnsafeRawBufferPointer(rebasing: entry))
        } catch {
            self.tally.failures += 1
        }
    }

    private func applySnapshot(_ body: UnsafeRawBufferPointer) {
        do {
            try self.copy?.apply(snapshotRows: body)
        } catch {
            self.tally.failures += 1
        }
    }

    /// Everything up to an LSN was delivered.
    private func progressed(_ body: UnsafeRawBufferPointer) {
        let lsn = LSN(body.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        self.lastLSN = max(self.lastLSN, lsn)
    }

    /// The server's checksum after an LSN: to be compared where that is the copy's too.
    private func compare(_ body: UnsafeRawBufferPointer) {
        let lsn = LSN(body.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        let value = body.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        // Entries behind that LSN may have come already: then the next one is waited for.
        guard let copy, lsn >= self.lastLSN else { return }
        if copy.value == value { self.verifiedLSN = lsn } else { self.tally.failures += 1 }
    }

    /// Says what was delivered, and once for each target that it was reached.
    private func tell(_ progress: TillProgress, _ delivered: Int) {
        if delivered > 0 { progress.delivered(delivered) }
        let target = progress.target
        guard target != .max else { return }
        if self.lastLSN >= target, self.reachedLSN < target {
            self.reachedLSN = target
            progress.subscriberReached()
        }
        if self.verifiedLSN >= target, self.notifiedLSN < target {
            self.notifiedLSN = target
            progress.replicaVerified()
        }
    }
}
