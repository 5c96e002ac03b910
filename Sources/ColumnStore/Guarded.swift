internal import Glibc

/// A value that several threads share, behind a lock.
///
/// It is what `Mutex` of the standard library is, on a lock of the C library. ThreadSanitizer knows that
/// one; of `Mutex` it sees no more than the way without contention, and once two threads have met at one
/// it reports what the lock guards as a race.
public struct Guarded<Value>: ~Copyable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

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

    /// Lends the value to `body`, and to nobody else meanwhile.
    public borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(self.lock)
        defer { pthread_mutex_unlock(self.lock) }
        return try body(&self.value.pointee)
    }
}

extension Guarded: @unchecked Sendable {}
