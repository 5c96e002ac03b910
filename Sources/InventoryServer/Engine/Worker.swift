internal import Glibc
internal import NIOPosix

/// Does work elsewhere than on the event loop, in the order it was given.
///
/// Beside the threads of the running server there is the one of a simulation, which does it when a
/// seed says so.
protocol Worker: Sendable {
    /// Does `work` later, unless the server stops first.
    func submit(_ work: @escaping @Sendable () -> Void)
}

/// The threads of a pool.
struct ThreadWorker: Worker {
    private let pool: NIOThreadPool
    private let isUrgent: Bool

    /// How much the threads of work that can wait give way, as `nice` says it.
    ///
    /// A sale that waits for a processor holds up all that is in flight with it.
    private static let niceness: Int32 = 5

    /// `isUrgent`: Whether sales wait for the work.
    init(_ pool: NIOThreadPool, isUrgent: Bool) {
        self.pool = pool
        self.isUrgent = isUrgent
    }

    func submit(_ work: @escaping @Sendable () -> Void) {
        let isUrgent = self.isUrgent
        self.pool.submit { state in
            guard case .active = state else { return }
            // Of the calling thread alone, on Linux; it costs less than a microsecond.
            if !isUrgent {
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
            }
            work()
        }
    }
}
