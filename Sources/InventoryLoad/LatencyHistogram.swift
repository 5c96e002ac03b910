/// A histogram of latencies in microseconds, with a relative error of at most 3 % at any size.
///
/// The buckets are those of HdrHistogram: exact below 64, then 32 per doubling.
package struct LatencyHistogram: Sendable {
    private static let subBits: UInt64 = 5
    private var buckets = [UInt64](repeating: 0, count: 2_048)
    /// The number of values recorded.
    package private(set) var count = 0

    package init() {}

    /// Records a latency in microseconds.
    package mutating func record(_ value: UInt64) {
        self.buckets[Self.bucket(value)] += 1
        self.count += 1
    }

    mutating func add(_ other: LatencyHistogram) {
        for index in self.buckets.indices { self.buckets[index] += other.buckets[index] }
        self.count += other.count
    }

    /// Returns the quantile at `share`, from 0 to 1; 0 if the histogram is empty.
    package func value(at share: Double) -> UInt64 {
        let rank = UInt64((Double(self.count) * share).rounded(.up))
        var sum: UInt64 = 0
        for (index, bucket) in self.buckets.enumerated() {
            sum += bucket
            if sum >= max(rank, 1) { return Self.value(index) }
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
