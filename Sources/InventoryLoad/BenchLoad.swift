internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire
import Synchronization

/// The results of the connections of one thread.
///
/// `@unchecked Sendable`: used only by that thread until it has ended.
final class BenchTally: @unchecked Sendable {
    /// The latencies in microseconds of executed requests; refused ones are not recorded.
    var histogram = LatencyHistogram()
    /// The number of commands, reads and pings executed while measuring.
    var doneCount = 0
    /// The first refusal.
    private(set) var firstRefusal: Refusal?
    /// The number of refusals, and of steps out of order.
    var failures = 0 {
        didSet { self.failed.store(self.failures > 0, ordering: .relaxed) }
    }
    private let failed = Atomic(false)

    /// Whether there were any failures so far; other threads may read it.
    var hasFailed: Bool { self.failed.load(ordering: .relaxed) }

    func refuse(_ refusal: Refusal) {
        self.failures += 1
        if self.firstRefusal == nil { self.firstRefusal = refusal }
    }

    /// Counts a `refused` or `goodbye` frame, whose body is the refusal.
    func refuse(_ body: UnsafeRawBufferPointer) {
        if self.firstRefusal == nil {
            var reader = ByteReader(body)
            self.firstRefusal = try? Refusal(from: &reader)
        }
        self.failures += 1
    }

    /// Counts the refusals in the answer to a request of commands.
    ///
    /// - Returns: The number of commands executed.
    func take(outcome body: UnsafeRawBufferPointer) -> Int {
        // Fast path: the first byte is the tag of a result, as it nearly always is.
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

/// A connection that sends requests: a number in flight, or at a rate.
final class BenchLoad: BenchPeer {
    private let requests: BenchRequests
    private let depth: Int
    /// Nanoseconds between two requests; 0 for no rate limit.
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
    /// When each request in flight was sent or due, by its id modulo the depth rounded up to a power of two.
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
        var capacity = 1
        while capacity < depth { capacity *= 2 }
        self.startedAt = Array(repeating: 0, count: capacity)
        self.mask = UInt64(capacity - 1)
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
                // Connections start at random times within one interval.
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
        // At full depth the next answer sends what is due; until then nothing can be sent.
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
