import Synchronization

/// Raised once, seen by all.
final class Flag: Sendable {
    let isRaised = Atomic<Bool>(false)
}
