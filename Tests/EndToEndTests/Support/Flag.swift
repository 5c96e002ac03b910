import Synchronization

/// A flag shared by tasks, set once.
final class Flag: Sendable {
    let isRaised = Atomic<Bool>(false)
}
