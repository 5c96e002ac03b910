import Glibc
package import Synchronization

/// What happens when somebody presses Ctrl-C or ends the program: one clear word, the terminal as it
/// was, exit 130.
///
/// And on Ctrl-Z: the terminal as it was while the program is stopped, then taken again.
///
/// A signal only leaves its number in a pipe; a thread of its own takes it from there, so what
/// follows may take locks and write. (Signals can't be blocked and waited for instead: the runtime's
/// main thread unblocks them all.) Call ``begin()`` once, before anything else.
package enum Interruption {
    package struct State: Sendable {
        /// What was done so far, and how to go on; nothing if nothing can have changed.
        package var word: String?
        /// Whether another program has the terminal, and so the right to Ctrl-C: a pager, a command of
        /// the shell.
        package var isLent = false
        package var restore: (@Sendable () -> Void)?
        /// Puts the terminal back for as long as the program is stopped, and takes it again.
        var suspend: (@Sendable () -> Void)?
        var resume: (@Sendable () -> Void)?
        package var resized: (@Sendable () -> Void)?
    }

    /// What an interrupted program exits with.
    package static let exitCode: Int32 = 130

    package static let state = Mutex(State())

    /// Says what to tell should the program be interrupted from here on.
    package static func say(_ word: String?) { self.state.withLock { $0.word = word } }

    /// Where the numbers of signals come out of the pipe, and where they go in.
    private static let outlet = Atomic<Int32>(-1)
    private static let inlet = Atomic<Int32>(-1)

    package static func begin() {
        // A reader that goes away is an error of the write, not the end of the program by signal.
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
        // Where nobody can continue it, nothing is stopped.
        var found = sigaction()
        sigaction(SIGTSTP, nil, &found)
        let isIgnored = unsafeBitCast(found.__sigaction_handler.sa_handler, to: Int.self) == 1
        self.canStop.store(!isIgnored, ordering: .relaxed)
        if !isIgnored { self.handle(SIGTSTP) }
    }

    /// Has the number of a signal put into the pipe.
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

    /// Stops all of the job, as Ctrl-Z does where it is no key; comes back once it is continued.
    package static func suspendJob() {
        guard self.canStop.load(ordering: .relaxed) else { return }
        signal(SIGTSTP, SIG_IGN)
        kill(0, SIGTSTP)
        self.suspend()
    }

    /// Stops this program, with the terminal as it was; comes back once it is continued and the terminal
    /// taken again.
    private static func suspend() {
        Terminal.pause {
            let state = self.state.withLock { $0 }
            if !state.isLent { state.suspend?() }
            // To this thread, so that it stops here and not a little later; threads may be begun with all
            // signals blocked.
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

    /// The program was continued: whoever had the terminal meanwhile has left it as they like.
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
        case SIGINT where state.isLent: break
        case SIGINT:
            state.restore?()
            Terminal.endProgress()
            Terminal.note("interrupted: \(state.word ?? "nothing was changed")")
            _exit(Self.exitCode)
        default:
            state.restore?()
            if let word = state.word { Terminal.note("ended: \(word)") }
            _exit(128 + signal)
        }
    }
}
