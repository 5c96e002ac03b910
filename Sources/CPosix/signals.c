#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// MARK: - Signals that end the program

static const int fatal[] = {SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
enum { fatal_count = sizeof fatal / sizeof fatal[0] };

// The handlers installed before: the Swift runtime's, which runs swift-backtrace to report the position.
// It then returns, and relies on the faulty instruction being executed again.
static struct sigaction reporters[fatal_count];
static unsigned report_seconds;

// Everything below is called from handlers: only what POSIX lists as async-signal-safe.
static void unblock(int number) {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

static void reset(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
    unblock(number);
}

static void die(int number) {
    reset(number);
    raise(number);
    _exit(128 + number);
}

// Whether this program raised the signal itself, by an instruction or by a call of abort().
static int is_own(int number, const siginfo_t *info) {
    if (info->si_code <= 0) return info->si_code != SI_TIMER && info->si_pid == getpid();
    return number != SIGQUIT && number != SIGABRT;
}

static void fatal_received(int number, siginfo_t *info, void *context) {
    if (!is_own(number, info)) die(number);
    for (int i = 0; i < fatal_count; i++) {
        if (fatal[i] != number) continue;
        // All other threads are suspended meanwhile, so a crashed program must not stay for long.
        reset(SIGALRM);
        alarm(report_seconds);
        if (reporters[i].sa_flags & SA_SIGINFO) {
            reporters[i].sa_sigaction(number, info, context);
        } else {
            reporters[i].sa_handler(number);
        }
    }
    die(number);
}

void invd_end_on_fatal_signals(unsigned seconds) {
    report_seconds = seconds;
    for (int i = 0; i < fatal_count; i++) {
        // A blocked signal is inherited, like an ignored one: from a thread that blocks all, for instance.
        unblock(fatal[i]);
        if (sigaction(fatal[i], NULL, &reporters[i]) != 0) continue;
        if (reporters[i].sa_handler == SIG_DFL) continue;
        if (reporters[i].sa_handler == SIG_IGN) {
            // Inherited from a shell that runs the program in the background.
            signal(fatal[i], SIG_DFL);
            continue;
        }
        struct sigaction action = reporters[i];
        action.sa_sigaction = fatal_received;
        action.sa_flags |= SA_SIGINFO | SA_ONSTACK;
        sigdelset(&action.sa_mask, SIGALRM);
        sigaction(fatal[i], &action, NULL);
    }
}

// MARK: - Signals that a thread waits for

static int signal_inlet = -1;

static void signal_received(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds thousands of unread signals: one more would change nothing.
    if (write(signal_inlet, &byte, 1) != 1) errno = saved;
    errno = saved;
}

int invd_signals_open(const int *numbers, int count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) return -1;
    signal_inlet = ends[1];
    for (int i = 0; i < count; i++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = signal_received;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], &action, NULL) != 0) return -1;
        unblock(numbers[i]);
    }
    return ends[0];
}

int invd_signals_next(int outlet) {
    unsigned char byte;
    ssize_t count;
    do {
        count = read(outlet, &byte, 1);
    } while (count < 0 && errno == EINTR);
    return count == 1 ? byte : -1;
}
