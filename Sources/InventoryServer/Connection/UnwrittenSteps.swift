internal import Bytes
internal import DequeModule

/// Steps of one connection that are decided and not yet on disk: with many, no more of it is read.
///
///     decided   [ 12,000 up to LSN 41,200 ][ 9,000 up to LSN 50,900 ]
///     on disk   ──────────────────────────▶│                          12,000 fewer
///
/// Whoever sells one thing waits for the block of the log that is being written and for its own. So what
/// an import may have in them bounds how long it waits, however much the import has sent. A plain value.
struct UnwrittenSteps: Equatable {
    /// The most of them with which more is read; what one read brings may go beyond it.
    static let countMax = 8_192

    private(set) var count = 0
    private var parts: Deque<(lsn: LSN, count: Int)> = []

    var isFull: Bool { self.count > Self.countMax }

    /// `count` steps were decided, the last of them with `lsn`.
    mutating func decided(_ count: Int, through lsn: LSN) {
        guard count > 0 else { return }
        precondition(lsn > self.parts.last?.lsn ?? 0, "LSN \(lsn) was counted before")
        self.count += count
        self.parts.append((lsn, count))
    }

    /// Everything up to `lsn` is on disk.
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
