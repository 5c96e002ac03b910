internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire
import Synchronization

/// What the connections of one thread found out together.
///
/// Of that thread, until it has ended.
final class BenchTally: @unchecked Sendable {
    /// Latencies of what was done; what was refused has none.
    var histogram = LatencyHistogram()
    /// Commands, reads and pings that were done while it was measured.
    var doneCount = 0
    /// Why the first request was refused that was.
    private(set) var firstRefusal: Refusal?
    /// Refusals, steps out of order.
    var failures = 0 {
        didSet { self.failed.store(self.failures > 0, ordering: .relaxed) }
    }
    private let failed = Atomic(false)

    /// Whether there were any so far: other threads may ask.
    var hasFailed: Bool { self.failed.load(ordering: .relaxed) }

    func refuse(_ refusal: Refusal) {
        self.failures += 1
        if self.firstRefusal == nil { self.firstRefusal = refusal }
    }

    /// A `refused` or `goodbye` came, whose body is the refusal.
    func refuse(_ body: UnsafeRawBufferPointer) {
        if self.firstRefusal == nil {
            var reader = ByteReader(body)
            self.firstRefusal = try? Refusal(from: &reader)
        }
        self.failures += 1
    }

    /// Takes the answer to a request of commands.
    ///
    /// - Returns: How many of them were done.
    func take(outcome body: UnsafeRawBufferPointer) -> Int {
        // The first byte says that it was done, as nearly every one is.
        if body.first == 1 { return 1 }
        var reader = ByteReader(body)
        guard let outcome = try? Outcome(from: &reader) else {
            self.failures += 1
            return 0
        }
        var outcomes = [outcome]
        if case .batch(let all) = outcome { outcomes = all }
        var doneCount = 0
        for outcome in outcomes {
            if case .refused(let refusal) = outcome { self.refuse(refusal) } else { doneCount += 1 }
        }
        return doneCount
    }
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
        phase: BenchPhase,
        tally: BenchTally
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
        while let frame = frames.next() {
            self.receive(frame, at: now, isMeasuring: isMeasuring, into: &out)
        }
        return frames.consumed
    }

    private func receive(
        _ frame: BenchFrames.Frame,
        at now: UInt64,
        isMeasuring: Bool,
        into out: inout ByteWriter
    ) {
        switch Opcode(rawValue: frame.opcode) {
        case .outcome:
            let doneCount = self.tally.take(outcome: frame.body)
            self.answered(
                frame.requestID,
                at: now,
                isMeasuring: isMeasuring,
                doneCount: doneCount,
                into: &out
            )
        case .product, .pong:
            self.answered(
                frame.requestID,
                at: now,
                isMeasuring: isMeasuring,
                doneCount: 1,
                into: &out
            )
        case .sessionOpened:
            self.isOpen = true
            if self.interval > 0 {
                // Connections begin apart from each other, within one interval.
                self.dueAt = now + UInt64(self.random.next(below: Int(clamping: self.interval)))
            } else {
                for _ in 0..<self.depth { self.send(startedAt: now, &out) }
            }
        case .refused, .goodbye:
            self.tally.refuse(frame.body)
        default:
            break
        }
    }

    private func answered(
        _ id: UInt64,
        at now: UInt64,
        isMeasuring: Bool,
        doneCount: Int,
        into out: inout ByteWriter
    ) {
        self.inFlight -= 1
        if isMeasuring, doneCount > 0 {
            self.tally.doneCount += doneCount
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
