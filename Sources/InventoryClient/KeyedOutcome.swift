public import InventoryModel

/// The outcome of a command with an idempotency key.
public struct KeyedOutcome: Sendable, Hashable {
    /// The outcome, done or refused.
    public var outcome: Outcome
    /// Whether it is the outcome of an earlier call with the same key.
    public var isReplayed: Bool
}
