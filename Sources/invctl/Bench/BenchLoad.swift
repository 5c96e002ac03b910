import ColumnStore
import InventoryClient
import InventoryWire
import Synchronization

/// What the connections of one thread found out together.
///
/// Of that thread, until it has ended.
final class BenchTally: @unchecked Sendable {
    var histogram = LatencyHistogram()
    /// Refusals, steps out of order.
    var failures = 0 {
        didSet { self.failed.store(self.failures > 0, ordering: .relaxed) }
    }
    private let failed = Atomic(false)

    /// Whether there were any so far: other threads may ask.
    var hasFailed: Bool { self.failed.load(ordering: .relaxed) }
}

/// One connection that asks: a number of requests in flight, or so many a second.
final class BenchLoad: BenchPeer {
    private let requests: BenchRequests
    private let depth: Int
    /// Nanoseconds between two requests; 0 for as many as go.
    private let interval: UInt64
    private let phase: BenchPhase
    private let tally: BenchTally
    private var random: BenchRandom
    private var sequence: UInt64 = 0
    private var nextID: UInt64 = 1
    private var inFlight = 0
    private var isOpen = false
    /// When the next request is due, with an interval.
    private var dueAt: UInt64 = 0
    /// When each request in flight was sent, or was due, by its id modulo the depth's power of two.
    private var startedAt: [UInt64]
    private let mask: UInt64

    init(
        _ requests: BenchRequests,
        depth: Int,
        interval: UInt64,
        seed: UInt64,
        _ phase: BenchPhase,
        _ tally: BenchTally
    ) {
        self.requests = requests
        self.depth = depth
        self.interval = interval
        self.phase = phase
        self.tally = tally
        self.random = BenchRandom(seed: seed)
        var room = 1
        while room < depth { room *= 2 }
        self.startedAt = Array(repeating: 0, count: room)
        self.mask = UInt64(room - 1)
    }

    func connected(_ out: inout ByteWriter) {
        out.writeBenchHello()
        Request.openSession(.random(), mayCreate: true).encodeFrame(requestID: .max, into: &out)
    }

    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int {
        var frames = BenchFrames(bytes)
        let now = benchNanoseconds()
        let isMeasuring = self.phase.isMeasuring
        while let frame = frames.next() { self.receive(frame, now, isMeasuring, &out) }
        return frames.consumed
    }

    private func receive(
        _ frame: BenchFrames.Frame,
        _ now: UInt64,
        _ isMeasuring: Bool,
        _ out: inout ByteWriter
    ) {
        switch Opcode(rawValue: frame.opcode) {
        case .outcome:
            // The first byte says done, refused or batch.
            if frame.body.first == 2 { self.tally.failures += 1 }
            self.answered(frame.requestID, now, isMeasuring, &out)
        case .product, .pong:
            self.answered(frame.requestID, now, isMeasuring, &out)
        case .sessionOpened:
            self.isOpen = true
            if self.interval > 0 {
                // Connections begin apart from each other, within one interval.
                self.dueAt = now + UInt64(self.random.next(below: Int(clamping: self.interval)))
            } else {
                for _ in 0..<self.depth { self.send(startedAt: now, &out) }
            }
        case .refused, .goodbye:
            self.tally.failures += 1
        default:
            break
        }
    }

    private func answered(
        _ id: UInt64,
        _ now: UInt64,
        _ isMeasuring: Bool,
        _ out: inout ByteWriter
    ) {
        self.inFlight -= 1
        if isMeasuring {
            self.tally.histogram.record((now - self.startedAt[Int(id & self.mask)]) / 1_000)
        }
        if self.interval == 0 {
            self.send(startedAt: now, &out)
        } else {
            self.catchUp(now, &out)
        }
    }

    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64? {
        guard self.interval > 0 else { return nil }
        guard self.isOpen else { return now + 1_000_000 }
        self.catchUp(now, &out)
        // At the full depth an answer sends what is due; until then there is nothing to do.
        return max(self.dueAt, now + 20_000)
    }

    private func catchUp(_ now: UInt64, _ out: inout ByteWriter) {
        while self.dueAt <= now, self.inFlight < self.depth {
            self.send(startedAt: self.dueAt, &out)
            self.dueAt += self.interval
        }
    }

    private func send(startedAt: UInt64, _ out: inout ByteWriter) {
        let id = self.nextID
        self.nextID += 1
        self.inFlight += 1
        self.startedAt[Int(id & self.mask)] = startedAt
        let isCommand = self.requests.append(
            id,
            sequence: self.sequence + 1,
            &self.random,
            into: &out
        )
        if isCommand { self.sequence += 1 }
    }
}

extension ByteWriter {
    mutating func writeBenchHello() {
        let hello = FrameWriter(.hello, requestID: 0, into: &self)
        Hello(actor: "bench", software: "invctl bench").encode(into: &self)
        hello.finish(into: &self)
    }
}
