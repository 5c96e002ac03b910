internal import InventoryEngine
internal import InventoryModel

/// Retention of idempotency keys: for how long and in how much memory outcomes are remembered.
///
/// Only decisions depend on it: forgetting keys is a step of the log. So it may change with a restart.
struct KeyRetention: Sendable {
    /// The minimum retention of a key, in seconds.
    var seconds: Int64 = 86_400
    /// The memory limit of all keys, in bytes; a new key beyond it is refused with `overloaded`.
    var byteCountMax = 512 << 20

    /// The limit of one connection's keys, in bytes: a quarter.
    var shareByteCountMax: Int { self.byteCountMax / 4 }

    /// The newest decision time of keys that may be forgotten at `now`.
    func horizon(at now: Instant) -> Instant { now.advanced(bySeconds: -self.seconds) }

    /// Whether keys are to be forgotten; they are retained slightly longer, so that one step forgets many.
    func isDue(_ oldest: Instant, at now: Instant) -> Bool {
        guard oldest.microseconds < .max else { return false }
        return oldest.microseconds <= self.horizon(at: now).microseconds &- self.slack
    }

    /// Microseconds: a sixteenth of the retention, at most a minute.
    private var slack: Int64 { min(self.seconds * 1_000_000 / 16, 60_000_000) }

    /// Returns the refusal of a new key for a connection whose keys take `share` bytes; `nil` if it fits.
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
