import CPosix
import Glibc
import Logging

/// What the daemon makes of signals from outside.
///
///     SIGTERM, SIGINT             stop gracefully
///     SIGHUP, SIGUSR1, SIGALRM …  a log line: there is nothing to reload or to rotate
///     SIGXFSZ, SIGPIPE            nothing: the write that met a limit or a closed pipe says so
///
/// A signal leaves its number in a pipe, and the thread that waits for the stop reads it from there.
/// Between the two are no clock, no queue and no other thread, so that nothing can swallow it.
struct Signals {
    private static let stopping = [SIGTERM, SIGINT]
    /// Those that would end a program that says nothing of them, though no fault of it.
    private static let ignored = [
        (SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2"), (SIGALRM, "SIGALRM"),
        (SIGVTALRM, "SIGVTALRM"), (SIGPROF, "SIGPROF"), (SIGIO, "SIGIO"), (SIGPWR, "SIGPWR"),
        (SIGXCPU, "SIGXCPU"),
    ]

    private let outlet: Int32
    private let logger: Logger

    /// From here on signals are taken; what comes before ``waitForStop()`` waits for it.
    init(_ logger: Logger) {
        self.logger = logger
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        let numbers = Self.stopping + Self.ignored.map { $0.0 }
        self.outlet = invd_signals_open(numbers, Int32(numbers.count))
        precondition(self.outlet >= 0, "no pipe for signals: errno \(errno)")
    }

    /// Returns when the server is to stop.
    func waitForStop() {
        while true {
            let number = invd_signals_next(self.outlet)
            precondition(number > 0, "the pipe of signals cannot be read: errno \(errno)")
            guard let name = Self.ignored.first(where: { $0.0 == number })?.1 else { return }
            self.logger.notice(
                "ignored \(name): there is nothing to reload; SIGTERM stops the server"
            )
        }
    }
}
