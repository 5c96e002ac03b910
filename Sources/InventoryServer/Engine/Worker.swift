internal import Glibc
internal import NIOPosix

/// Runs work outside the event loop, in submission order.
///
/// Implemented by the threads of the running server and by a simulation, which runs work when its seed
/// says so.
protocol Worker: Sendable {
    /// Runs `work` later, unless the server stops first.
    func submit(_ work: @escaping @Sendable () -> Void)
}

/// The threads of a pool.
struct ThreadWorker: Worker {
    private let pool: NIOThreadPool
    private let isUrgent: Bool

    /// The `nice` value of threads whose work can wait.
    ///
    /// A sale that waits for a processor delays everything in flight with it.
    private static let niceness: Int32 = 5

    /// `isUrgent` says whether sales wait for the work.
    init(_ pool: NIOThreadPool, isUrgent: Bool) {
        self.pool = pool
        self.isUrgent = isUrgent
    }

    func submit(_ work: @escaping @Sendable () -> Void) {
        let isUrgent = self.isUrgent
        self.pool.submit { state in
            guard case .active = state else { return }
            // On Linux, for the calling thread only; it takes less than a microsecond.
            if !isUrgent {
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
            }
            work()
        }
    }
}
