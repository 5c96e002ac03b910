internal import Glibc

/// A value shared by several threads, behind a lock.
///
/// It equals the standard library's `Mutex`, but uses a lock of the C library, which ThreadSanitizer
/// knows. Of `Mutex` it sees only the uncontended path, and after the first contention it reports a race
/// on what the lock protects.
public struct Guarded<Value>: ~Copyable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// Creates the lock, unlocked, around `value`.
    public init(_ value: consuming sending Value) {
        self.lock = .allocate(capacity: 1)
        self.lock.initialize(to: pthread_mutex_t())
        let code = pthread_mutex_init(self.lock, nil)
        precondition(code == 0, "no lock: errno \(code)")
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        pthread_mutex_destroy(self.lock)
        self.lock.deallocate()
        self.value.deinitialize(count: 1)
        self.value.deallocate()
    }

    /// Calls `body` with exclusive access to the value; rethrows its error.
    public borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(self.lock)
        defer { pthread_mutex_unlock(self.lock) }
        return try body(&self.value.pointee)
    }
}

extension Guarded: @unchecked Sendable {}
