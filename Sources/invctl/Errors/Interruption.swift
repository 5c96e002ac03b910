import ArgumentParser
import Glibc
import Synchronization

/// What happens when somebody presses Ctrl-C or ends the program: one clear word, the terminal as it
/// was, exit 130.
///
/// The signals are blocked in every thread and waited for by one, so that what follows may take locks
/// and write. Call ``begin()`` before any other thread exists.
enum Interruption {
    struct State: Sendable {
        /// What was done so far, and how to go on; nothing if nothing can have changed.
        var word: String?
        /// Whether a pager has the terminal, and so the right to Ctrl-C.
        var isPaging = false
        var restore: (@Sendable () -> Void)?
        var resized: (@Sendable () -> Void)?
    }

    static let state = Mutex(State())

    /// Says what to tell should the program be interrupted from here on.
    static func say(_ word: String?) { self.state.withLock { $0.word = word } }

    static func begin() {
        // A reader that goes away is an error of the write, not the end of the program by signal.
        signal(SIGPIPE, SIG_IGN)
        var awaited = Self.awaited
        pthread_sigmask(SIG_BLOCK, &awaited, nil)
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { _ in
                while true { Interruption.waitForOne() }
            },
            nil
        )
    }

    private static var awaited: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGWINCH] { sigaddset(&set, signal) }
        return set
    }

    private static func waitForOne() {
        var awaited = Self.awaited
        var signal: Int32 = 0
        guard sigwait(&awaited, &signal) == 0 else { return }
        let state = self.state.withLock { $0 }
        switch signal {
        case SIGWINCH: state.resized?()
        case SIGINT where state.isPaging: break
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
