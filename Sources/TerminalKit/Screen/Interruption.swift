import Glibc
package import Synchronization

/// Handles signals: Ctrl-C restores the terminal, prints one message and ends the program by that signal.
///
/// A shell sees that the program died of SIGINT and ends its loop or script too; an exit code would not do
/// that. SIGTERM and SIGHUP likewise.
///
/// Ctrl-Z restores the terminal while the program is stopped; when continued, the program takes it
/// again.
///
/// A signal handler only writes the signal's number to a pipe; a dedicated thread reads it, so the
/// handling may take locks and write. (Signals cannot be blocked and waited for instead: the
/// runtime's main thread unblocks them all.) Call ``begin()`` once, before anything else.
package enum Interruption {
    /// What to do on signals; set by the program as it runs.
    package struct State: Sendable {
        /// What was done so far, and how to continue; `nil` if nothing can have changed.
        package var message: String?
        /// Whether another program, such as a pager or a command of the shell, has the terminal and
        /// handles Ctrl-C.
        package var isLent = false
        /// Whether Ctrl-C never ends this program: a shell, to which it is a key.
        ///
        /// The signal for a command of it may be handled only once the command has ended and the terminal is
        /// no longer lent.
        package var isIgnored = false
        /// Restores the terminal before the program exits.
        package var restore: (@Sendable () -> Void)?
        /// Restores the terminal before the program stops.
        var suspend: (@Sendable () -> Void)?
        /// Takes the terminal again when the program continues.
        var resume: (@Sendable () -> Void)?
        /// Called when the terminal was resized, or the program continued.
        package var resized: (@Sendable () -> Void)?
    }

    package static let state = Mutex(State())

    /// Sets the message to print if the program is interrupted from here on.
    package static func setMessage(_ message: String?) {
        self.state.withLock { $0.message = message }
    }

    /// The read and write ends of the pipe of signal numbers.
    private static let outlet = Atomic<Int32>(-1)
    private static let inlet = Atomic<Int32>(-1)

    /// Installs the signal handlers and starts the thread that handles signals.
    package static func begin() {
        // A closed pipe must fail the write (EPIPE), not kill the program.
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.outlet.store(ends[0], ordering: .relaxed)
        self.inlet.store(ends[1], ordering: .relaxed)
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { _ in
                while true { Interruption.takeNext() }
            },
            nil
        )
        for number in [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT] { self.handle(number) }
        // If SIGTSTP is ignored, no shell can continue the program, so it must not stop.
        var found = sigaction()
        sigaction(SIGTSTP, nil, &found)
        let isIgnored = unsafeBitCast(found.__sigaction_handler.sa_handler, to: Int.self) == 1
        self.canStop.store(!isIgnored, ordering: .relaxed)
        if !isIgnored { self.handle(SIGTSTP) }
    }

    /// Installs a handler that writes the signal's number to the pipe.
    private static func handle(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(Interruption.inlet.load(ordering: .relaxed), &byte, 1)
            errno = saved
        }
        action.sa_flags = SA_RESTART
        sigaction(number, &action, nil)
    }

    // MARK: - Ctrl-Z

    private static let canStop = Atomic(false)

    /// Stops the whole job, as Ctrl-Z does in cooked mode; returns once it is continued.
    package static func suspendJob() {
        guard self.canStop.load(ordering: .relaxed) else { return }
        signal(SIGTSTP, SIG_IGN)
        kill(0, SIGTSTP)
        self.suspend()
    }

    /// Restores the terminal and stops this program; returns once it is continued and has the terminal
    /// again.
    private static func suspend() {
        Terminal.pause {
            let state = self.state.withLock { $0 }
            if !state.isLent { state.suspend?() }
            // Sent to this thread, so that it stops here and not a little later; threads may start with
            // all signals blocked.
            signal(SIGTSTP, SIG_DFL)
            var stops = sigset_t()
            sigemptyset(&stops)
            sigaddset(&stops, SIGTSTP)
            pthread_sigmask(SIG_UNBLOCK, &stops, nil)
            pthread_kill(pthread_self(), SIGTSTP)
            self.handle(SIGTSTP)
        }
        self.takeTerminalAgain()
    }

    /// Takes the terminal again after the program was continued: its settings may have changed.
    private static func takeTerminalAgain() {
        let state = self.state.withLock { $0 }
        guard !state.isLent else { return }
        Terminal.pause { state.resume?() }
        state.resized?()
    }

    private static func takeNext() {
        var number: UInt8 = 0
        guard read(self.outlet.load(ordering: .relaxed), &number, 1) == 1 else { return }
        let signal = Int32(number)
        let state = self.state.withLock { $0 }
        switch signal {
        case SIGWINCH: state.resized?()
        case SIGTSTP: self.suspend()
        case SIGCONT: self.takeTerminalAgain()
        case SIGINT where state.isLent || state.isIgnored: break
        case SIGINT:
            state.restore?()
            Terminal.endProgress()
            Terminal.note("interrupted: \(state.message ?? "nothing was changed")")
            self.end(by: signal)
        default:
            state.restore?()
            if let message = state.message { Terminal.note("ended: \(message)") }
            self.end(by: signal)
        }
    }

    /// Ends the program by a signal, as if it had no handler.
    private static func end(by number: Int32) -> Never {
        signal(number, SIG_DFL)
        var numbers = sigset_t()
        sigemptyset(&numbers)
        sigaddset(&numbers, number)
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
        raise(number)
        _exit(128 + number)
    }
}
