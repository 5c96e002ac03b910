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

    init(_ pool: NIOThreadPool) { self.pool = pool }

    func submit(_ work: @escaping @Sendable () -> Void) {
        self.pool.submit { state in
            guard case .active = state else { return }
            work()
        }
    }
}
