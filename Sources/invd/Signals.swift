import CPosix
import Glibc
import Logging

/// Handles signals of the daemon.
///
///     SIGTERM, SIGINT             graceful stop
///     SIGHUP, SIGUSR1, SIGALRM …  a log line: there is nothing to reload or rotate
///     SIGXFSZ, SIGPIPE            ignored: the failed write reports the error
///
/// A signal handler writes the number to a pipe, and the thread that waits for the stop reads it. There is
/// no clock, queue or other thread between them, so no signal is lost.
struct Signals {
    private static let stopping = [SIGTERM, SIGINT]
    /// Signals whose default action would kill the process although it has no fault.
    private static let ignored = [
        (SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2"), (SIGALRM, "SIGALRM"),
        (SIGVTALRM, "SIGVTALRM"), (SIGPROF, "SIGPROF"), (SIGIO, "SIGIO"), (SIGPWR, "SIGPWR"),
        (SIGXCPU, "SIGXCPU"),
    ]

    private let outlet: Int32
    private let logger: Logger

    /// Installs the handlers; signals before ``waitForStop()`` stay in the pipe.
    init(_ logger: Logger) {
        self.logger = logger
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        let numbers = Self.stopping + Self.ignored.map { $0.0 }
        self.outlet = invd_signals_open(numbers, Int32(numbers.count))
        precondition(self.outlet >= 0, "cannot open the pipe of signals: errno \(errno)")
    }

    /// Blocks until a signal to stop arrives.
    func waitForStop() {
        while true {
            let number = invd_signals_next(self.outlet)
            precondition(number > 0, "cannot read the pipe of signals: errno \(errno)")
            guard let name = Self.ignored.first(where: { $0.0 == number })?.1 else { return }
            self.logger.notice(
                "ignored \(name): there is nothing to reload; SIGTERM stops the server"
            )
        }
    }
}
