internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Measures the duration of the turns of the engine's loop, from one poll of the sockets to the next.
///
/// In CPU time of the loop's thread, for which others waited, and in wall-clock time, which is longer where
/// the thread had to wait for a processor. Over the last minute, and the longest since the start. NIO calls
/// it at the end of each turn; it is used on the loop's thread only, hence `@unchecked Sendable`.
final class LoopTurns: NIOEventLoopMetricsDelegate, @unchecked Sendable {
    /// The number of the turn; 0 if turns are not counted.
    private(set) var number: UInt64 = 0
    /// The thread's CPU time when it was last read, and when that was.
    private var stampCPU: UInt64 = 0
    private var stampedAt: UInt64 = 0
    /// The same value for other threads.
    private let used = Atomic(UInt64(0))
    private var lastEnd: UInt64 = 0
    /// The time of the first socket read in this turn; `nil` if there was none.
    private var readAt: UInt64?
    private var cpu = TurnHistogram()
    private var wall = TurnHistogram()

    /// Nanoseconds after which the thread's CPU time is read again, by a system call.
    private static let stampNanoseconds: UInt64 = 50_000

    var isCounting: Bool { self.number > 0 }

    /// Records a socket read; NIO's own measure starts later.
    func began(at now: UInt64) { if self.readAt == nil { self.readAt = now } }

    func processedTick(info: NIOEventLoopTickInfo) {
        self.turned(from: info.startTime.uptimeNanoseconds, to: info.endTime.uptimeNanoseconds)
    }

    /// Records the end of a turn; times in nanoseconds, `start` after its sockets were read.
    func turned(from start: UInt64, to end: UInt64) {
        let start = min(self.readAt ?? .max, start)
        self.readAt = nil
        self.number += 1
        self.wall.record(end - min(end, start), at: end)
        if end - min(end, self.stampedAt) >= Self.stampNanoseconds {
            let cpu = Self.threadNanoseconds()
            // It includes short turns in between, of less than ``stampNanoseconds``.
            if self.stampedAt > 0 { self.cpu.record(cpu - min(cpu, self.stampCPU), at: end) }
            (self.stampCPU, self.stampedAt) = (cpu, end)
            self.used.store(cpu, ordering: .relaxed)
        } else {
            self.cpu.record(end - min(end, self.lastEnd), at: end)
        }
        self.lastEnd = end
    }

    /// CPU time of the loop when it was last read; may be called on any thread.
    @Sendable func usedNanoseconds() -> UInt64 { self.used.load(ordering: .relaxed) }

    /// CPU time of the calling thread.
    @Sendable static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Traps if its histograms are inconsistent, or the last turn ended before the CPU time was read.
    func checkInvariants() {
        self.cpu.checkInvariants()
        self.wall.checkInvariants()
        precondition(
            self.stampedAt <= self.lastEnd,
            "read at \(self.stampedAt), ended \(self.lastEnd)"
        )
    }

    func rows(at now: UInt64) -> [(name: String, value: Int64)] {
        let cpu = self.cpu.recent(at: now)
        let wall = self.wall.recent(at: now)
        return [
            ("turnCpuMicrosecondsMax", Int64(cpu.max / 1_000)),
            ("turnCpuMicrosecondsP99", Int64(cpu.value(at: 0.99) / 1_000)),
            ("turnWallMicrosecondsMax", Int64(wall.max / 1_000)),
            ("turnWallMicrosecondsP99", Int64(wall.value(at: 0.99) / 1_000)),
            ("turnCpuMicrosecondsMaxEver", Int64(self.cpu.maxEver / 1_000)),
        ]
    }
}

/// Durations of the last minute, in six parts that are replaced one by one.
struct TurnHistogram {
    /// Nanoseconds of one part.
    static let partNanoseconds: UInt64 = 10_000_000_000
    static let partCount = 6

    private var parts: [(number: UInt64, counts: DurationCounts)] = []
    private(set) var maxEver: UInt64 = 0

    /// - Complexity: O(1)
    mutating func record(_ nanoseconds: UInt64, at now: UInt64) {
        self.maxEver = max(self.maxEver, nanoseconds)
        let number = now / Self.partNanoseconds
        if self.parts.last?.number != number {
            self.parts.append((number, DurationCounts()))
            if self.parts.count > Self.partCount { self.parts.removeFirst() }
        }
        self.parts[self.parts.count - 1].counts.record(nanoseconds)
    }

    /// Traps if the parts are too many or out of order, or exceed the longest duration.
    func checkInvariants() {
        precondition(self.parts.count <= Self.partCount, "\(self.parts.count) parts")
        for (part, next) in zip(self.parts, self.parts.dropFirst()) {
            precondition(part.number < next.number, "part \(next.number) behind \(part.number)")
        }
        for part in self.parts {
            part.counts.checkInvariants()
            precondition(part.counts.max <= self.maxEver, "\(part.counts.max) ns is the longest")
        }
    }

    /// All of the last minute.
    func recent(at now: UInt64) -> DurationCounts {
        let number = now / Self.partNanoseconds
        var all = DurationCounts()
        for part in self.parts where part.number + UInt64(Self.partCount) > number {
            all.add(part.counts)
        }
        return all
    }
}

/// A histogram of durations; each bucket is within an eighth of its values.
struct DurationCounts {
    private static let partsLog2 = 3
    private var counts = [UInt64](repeating: 0, count: 64 << Self.partsLog2)
    private(set) var count: UInt64 = 0
    private(set) var max: UInt64 = 0

    private static func bucket(_ value: UInt64) -> Int {
        let power = 63 - (value | 1).leadingZeroBitCount
        guard power > Self.partsLog2 else { return Int(value) }
        let part = Int(value >> UInt64(power - Self.partsLog2)) & (1 << Self.partsLog2 - 1)
        return power << Self.partsLog2 + part
    }

    /// The largest value counted in the bucket.
    private static func upperBound(_ bucket: Int) -> UInt64 {
        let power = bucket >> Self.partsLog2
        guard power > Self.partsLog2 else { return UInt64(bucket) }
        let part = UInt64(bucket & (1 << Self.partsLog2 - 1))
        let step = UInt64(1) << UInt64(power - Self.partsLog2)
        return (UInt64(1) << UInt64(power)) + (part + 1) * step - 1
    }

    mutating func record(_ value: UInt64) {
        self.counts[Self.bucket(value)] += 1
        self.count += 1
        self.max = Swift.max(self.max, value)
    }

    mutating func add(_ other: DurationCounts) {
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
        self.count += other.count
        self.max = Swift.max(self.max, other.max)
    }

    /// Traps if the buckets do not add up.
    ///
    /// - Complexity: O(buckets)
    func checkInvariants() {
        let sum = self.counts.reduce(0, +)
        precondition(sum == self.count, "\(self.count) durations, \(sum) in buckets")
        precondition(self.count > 0 || self.max == 0, "\(self.max) ns is the longest of none")
    }

    /// The value that a share of the durations, above 0 and at most 1, does not exceed (nearest rank); 0 if
    /// empty.
    func value(at share: Double) -> UInt64 {
        precondition(share > 0 && share <= 1, "a share of \(share)")
        var rest = UInt64((Double(self.count) * share).rounded(.up))
        guard rest > 0 else { return 0 }
        for (bucket, count) in self.counts.enumerated() where count > 0 {
            if count >= rest { return min(Self.upperBound(bucket), self.max) }
            rest -= count
        }
        return self.max
    }
}
