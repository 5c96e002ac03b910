public import InventoryModel

/// What a request's idempotency key says about it before it is decided.
public enum KeyCheck: Sendable, Equatable {
    /// It was not decided under this key, or so long ago that it is forgotten: decide it.
    case new
    /// Decided before, with this outcome: return it again, byte for byte.
    case repeated([UInt8])
    /// Not to be decided.
    case refused(Refusal)
}

/// How much is remembered under idempotency keys.
public struct KeyUse: Sendable, Hashable {
    public var count: Int
    /// Bytes of memory that they take, the index included.
    public var byteCount: Int
    /// When the oldest was decided; `nil` if there is none.
    public var oldest: Instant?
    /// The number of the oldest key, and of the next: they are counted from the start of the process.
    public var firstNumber: UInt64
    public var nextNumber: UInt64

    public init(
        count: Int,
        byteCount: Int,
        oldest: Instant?,
        firstNumber: UInt64,
        nextNumber: UInt64
    ) {
        self.count = count
        self.byteCount = byteCount
        self.oldest = oldest
        self.firstNumber = firstNumber
        self.nextNumber = nextNumber
    }
}

extension InventoryState {
    public var keyUse: KeyUse {
        KeyUse(
            count: self.keys.count,
            byteCount: self.keys.byteCount,
            oldest: self.keys.count == 0 ? nil : self.keys.log.oldestTime,
            firstNumber: self.keys.forgottenCount,
            nextNumber: self.keys.forgottenCount + UInt64(self.keys.count)
        )
    }

    /// Bytes of memory that one more key takes, with an outcome of `count` bytes.
    public static func keyByteCount(ofOutcome count: Int) -> Int {
        KeyTable.byteCount(ofOutcome: count)
    }

    /// Whether the request under a key may be decided now.
    ///
    /// `digest`: Of the command: the same key with another one is refused; `nil` to take it whatever its
    /// command was. `firstTried`: When its client first sent the request, if it says so; one that is not
    /// remembered and was first sent at `horizon` or before, or before a key that is forgotten, may have been
    /// executed, and is refused.
    ///
    /// - Complexity: O(1) on average
    public func check(
        _ key: KeyFingerprint,
        digest: UInt64?,
        firstTried: Instant?,
        horizon: Instant
    ) -> KeyCheck {
        if let address = self.keys.find(key) {
            guard digest == nil || self.keys.log.digest(address) == digest else {
                return .refused(Refusal(.keyReused))
            }
            return .repeated([UInt8](self.keys.log.outcome(address)))
        }
        if let firstTried, firstTried <= max(horizon, self.keys.log.forgottenThrough) {
            return .refused(Refusal(.outcomeForgotten))
        }
        return .new
    }

    /// When the oldest key was decided; the end of time if there is none.
    public var oldestKeyTime: Instant { self.keys.log.oldestTime }

    /// The changes that forget the keys that were decided at `time` or before, the oldest first, at most
    /// `Limits/tickKeysMax` of them.
    ///
    /// Empty if there is none.
    /// - Complexity: O(keys that are forgotten)
    public func forgettingKeys(through time: Instant) -> [Change] {
        let due = self.keys.log.countOfEntries(through: time, limit: Limits.tickKeysMax)
        return due == 0 ? [] : [.keysForgotten(count: due)]
    }
}
