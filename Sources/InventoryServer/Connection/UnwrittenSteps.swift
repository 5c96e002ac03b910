internal import Bytes
internal import DequeModule

/// Back-pressure on steps of one connection that are decided but not durable: beyond a limit it is not read.
///
///     decided   [ 12,000 up to LSN 41,200 ][ 9,000 up to LSN 50,900 ]
///     durable   ──────────────────────────▶│                          12,000 fewer
///
/// A single sale waits for the log block being written and for its own. So the limit on an import's steps
/// in them bounds that wait, however much the import has sent. A plain value.
struct UnwrittenSteps: Equatable {
    /// The most steps with which the connection is read; the last read may exceed it.
    static let countMax = 8_192

    private(set) var count = 0
    private var parts: Deque<(lsn: LSN, count: Int)> = []

    var isFull: Bool { self.count > Self.countMax }

    /// Counts decided steps, the last of them with `lsn`.
    mutating func decided(_ count: Int, through lsn: LSN) {
        guard count > 0 else { return }
        precondition(lsn > self.parts.last?.lsn ?? 0, "LSN \(lsn) was counted before")
        self.count += count
        self.parts.append((lsn, count))
    }

    /// Subtracts the steps up to `lsn`, which are durable.
    mutating func written(through lsn: LSN) {
        while let first = self.parts.first, first.lsn <= lsn {
            self.count -= first.count
            self.parts.removeFirst()
        }
    }

    func checkInvariants() {
        let sum = self.parts.reduce(0) { $0 + $1.count }
        precondition(self.count == sum, "\(self.count) steps in parts of \(sum)")
        precondition(
            zip(self.parts, self.parts.dropFirst()).allSatisfy { $0.lsn < $1.lsn },
            "parts are out of order"
        )
    }

    static func == (left: UnwrittenSteps, right: UnwrittenSteps) -> Bool {
        left.count == right.count && left.parts.elementsEqual(right.parts) { $0 == $1 }
    }
}
