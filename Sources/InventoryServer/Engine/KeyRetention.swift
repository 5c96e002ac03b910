internal import InventoryEngine
internal import InventoryModel

/// How long, and within how much memory, requests are remembered under their idempotency keys.
///
/// Only decisions go by it: what is forgotten is a step of the log. So it may be another after a restart.
struct KeyRetention: Sendable {
    /// Keys are remembered for at least so long.
    var seconds: Int64 = 86_400
    /// Bytes of memory that all keys may take; a new one beyond it is refused with `overloaded`.
    var byteCountMax = 512 << 20

    /// Bytes that the keys of one connection may take: a quarter.
    var shareByteCountMax: Int { self.byteCountMax / 4 }

    /// A key that was decided then, or before, may be forgotten at `now`.
    func horizon(at now: Instant) -> Instant { now.advanced(bySeconds: -self.seconds) }

    /// Whether it is time to forget: keys are kept a little longer, so that one step forgets many.
    func isDue(_ oldest: Instant, at now: Instant) -> Bool {
        guard oldest.microseconds < .max else { return false }
        return oldest.microseconds <= self.horizon(at: now).microseconds &- self.slack
    }

    /// In microseconds: a sixteenth of the time, and at most a minute.
    private var slack: Int64 { min(self.seconds * 1_000_000 / 16, 60_000_000) }

    /// Why a connection that has `share` may add no key to what there is; `nil` if it may.
    func refusal(_ use: KeyUse, _ share: Int) -> Refusal? {
        let next = InventoryState.keyByteCount(ofOutcome: Limits.outcomeByteCountMax)
        if use.byteCount + next > self.byteCountMax {
            return Self.refusal(
                "bytes of idempotency keys",
                value: use.byteCount + next,
                limit: self.byteCountMax
            )
        }
        if share + next > self.shareByteCountMax {
            let name = "bytes of idempotency keys of this connection"
            return Self.refusal(name, value: share + next, limit: self.shareByteCountMax)
        }
        return nil
    }

    private static func refusal(_ name: String, value: Int, limit highest: Int) -> Refusal {
        Refusal(
            .overloaded,
            .range(name, value: Int64(value), lowest: 0, highest: Int64(highest))
        )
    }
}

/// What the keys take that one connection brought and that are still remembered.
///
/// Keys are forgotten in the order in which they came, so it is enough to know how far runs of them go.
struct KeyShare {
    private struct Run {
        /// The number of its last key.
        var last: UInt64
        var byteCount: Int
    }

    private static let runsMax = 64
    private var runs: [Run] = []
    private(set) var byteCount = 0

    /// A key of that number was added, at most `byteCountMax` being the connection's.
    mutating func add(_ number: UInt64, byteCount: Int, of byteCountMax: Int) {
        self.byteCount += byteCount
        if let last = self.runs.last, last.byteCount < byteCountMax / Self.runsMax {
            self.runs[self.runs.count - 1].last = number
            self.runs[self.runs.count - 1].byteCount += byteCount
        } else {
            self.runs.append(Run(last: number, byteCount: byteCount))
        }
    }

    /// Keys below that number are forgotten.
    mutating func forget(before number: UInt64) {
        var count = 0
        for run in self.runs where run.last < number {
            count += 1
            self.byteCount -= run.byteCount
        }
        if count > 0 { self.runs.removeFirst(count) }
    }
}
