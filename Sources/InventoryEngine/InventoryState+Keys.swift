public import InventoryModel

/// The result of looking up a request's idempotency key.
public enum KeyCheck: Sendable, Equatable {
    /// The key is not remembered: it is new, or was forgotten long ago. Decide the request.
    case new
    /// A retry: the request was decided before, with this outcome. Return it again, byte for byte.
    case repeated([UInt8])
    /// The request must not be decided.
    case refused(Refusal)
}

/// How much is remembered under idempotency keys.
public struct KeyUse: Sendable, Hashable {
    /// Keys that are remembered.
    public var count: Int
    /// Bytes of memory that they occupy, including the index.
    public var byteCount: Int
    /// When the oldest was decided; `nil` if there are none.
    public var oldest: Instant?
    /// The number of the oldest key; keys are numbered from the start of the process.
    public var firstNumber: UInt64
    /// The number that the next key gets.
    public var nextNumber: UInt64

    /// Creates the numbers as they are given.
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
    /// How much is remembered under idempotency keys now.
    public var keyUse: KeyUse {
        KeyUse(
            count: self.keys.count,
            byteCount: self.keys.byteCount,
            oldest: self.keys.count == 0 ? nil : self.keys.log.oldestTime,
            firstNumber: self.keys.forgottenCount,
            nextNumber: self.keys.forgottenCount + UInt64(self.keys.count)
        )
    }

    /// Bytes of memory that one more key occupies, with an outcome of `count` bytes.
    public static func keyByteCount(ofOutcome count: Int) -> Int {
        KeyTable.byteCount(ofOutcome: count)
    }

    /// Checks whether the request under an idempotency key may be decided now.
    ///
    /// - Parameters:
    ///   - key: The fingerprint of the key and its principal.
    ///   - digest: The digest of the command: the same key with another command is refused. `nil`
    ///     accepts any command.
    ///   - firstTried: When the client first sent the request, if it says so. A request that is not
    ///     remembered and was first sent at `horizon` or before, or before a key that is forgotten,
    ///     may have been executed, and is refused.
    ///   - horizon: The time up to which keys may have been forgotten.
    /// - Returns: Whether the request is new, a retry, or refused.
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

    /// When the oldest key was decided; the end of time if there are none.
    public var oldestKeyTime: Instant { self.keys.log.oldestTime }

    /// The changes that forget the keys decided at `time` or before, oldest first, at most
    /// `Limits/tickKeysMax` of them.
    ///
    /// Empty if there are none.
    /// - Complexity: O(forgotten keys)
    public func forgettingKeys(through time: Instant) -> [Change] {
        let due = self.keys.log.countOfEntries(through: time, limit: Limits.tickKeysMax)
        return due == 0 ? [] : [.keysForgotten(count: due)]
    }
}
