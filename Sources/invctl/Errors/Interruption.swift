import ArgumentParser
import Glibc
import InventoryTransfer
import Synchronization

/// What happens when somebody presses Ctrl-C or ends the program: one clear word, the terminal as it
/// was, exit 130.
///
/// A signal only leaves its number in a pipe; a thread of its own takes it from there, so what
/// follows may take locks and write. (Signals can't be blocked and waited for instead: the runtime's
/// main thread unblocks them all.) Call ``begin()`` once, before anything else.
enum Interruption {
    struct State: Sendable {
        /// What was done so far, and how to go on; nothing if nothing can have changed.
        var word: String?
        /// Whether another program has the terminal, and so the right to Ctrl-C: a pager, a command of
        /// the shell.
        var isLent = false
        var restore: (@Sendable () -> Void)?
        var resized: (@Sendable () -> Void)?
    }

    static let state = Mutex(State())

    /// Says what to tell should the program be interrupted from here on.
    static func say(_ word: String?) { self.state.withLock { $0.word = word } }

    /// Where the numbers of signals come out of the pipe, and where they go in.
    private static let outlet = Atomic<Int32>(-1)
    private static let inlet = Atomic<Int32>(-1)

    static func begin() {
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
        for number in [SIGINT, SIGTERM, SIGHUP, SIGWINCH] {
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
    }

    private static func takeNext() {
        var number: UInt8 = 0
        guard read(self.outlet.load(ordering: .relaxed), &number, 1) == 1 else { return }
        let signal = Int32(number)
        let state = self.state.withLock { $0 }
        switch signal {
        case SIGWINCH: state.resized?()
        case SIGINT where state.isLent: break
        case SIGINT:
            state.restore?()
            Terminal.endProgress()
            Terminal.note("interrupted: \(state.word ?? "nothing was changed")")
            _exit(Exit.interrupted.rawValue)
        default:
            state.restore?()
            if let word = state.word { Terminal.note("ended: \(word)") }
            _exit(128 + signal)
        }
    }
}
