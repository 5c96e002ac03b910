// What the C library offers only under _GNU_SOURCE, or as a macro or variadic that Swift cannot call.
#ifndef INVD_CSYSTEM_H
#define INVD_CSYSTEM_H

// Opens a file for reading and writing. Returns a descriptor, or -1 with errno set.
int invd_open(const char *path, int create, int direct);

// Takes an exclusive lock for as long as the descriptor is open. Returns 0, or -1 with errno set.
int invd_lock(int descriptor);

// Whether somebody listens on a Unix socket; 1 also where that cannot be found out.
int invd_unix_socket_is_live(const char *path);

// Sees to it that SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV and SIGTRAP end the program.
//
// The Swift runtime installs a handler for them where it finds swift-backtrace: it reports, returns,
// and expects the faulty instruction to be run again. A signal that somebody else sent has no such
// instruction: the program would live on, with its threads and its handlers in disorder. So such a
// signal ends it at once, as by default. What the program did itself, a trap or abort(), is reported
// first, for at most that number of seconds. Call it once, before there are other threads.
void invd_end_on_fatal_signals(unsigned seconds);

// Has these signals leave their numbers in a pipe, whatever thread takes them. Returns the end to
// read from, or -1 with errno set. Call it once.
int invd_signals_open(const int *numbers, int count);

// Waits for the next signal, with no clock involved. Returns its number, or -1.
int invd_signals_next(int outlet);

// One epoll of many sockets, each known by a number. `writing` waits until it takes bytes as well.
// They return 0, or -1 with errno set; the first returns a descriptor.
int invd_poll_create(void);
int invd_poll_add(int poll, int descriptor, unsigned number);
int invd_poll_change(int poll, int descriptor, unsigned number, int writing);
int invd_poll_remove(int poll, int descriptor);

typedef struct {
    unsigned number;
    // There are bytes to read, or the other side has closed.
    int readable;
    int writable;
} invd_poll_event;

// Waits for at most so many nanoseconds. Returns how many events there are; 0 if it was interrupted.
int invd_poll_wait(int poll, invd_poll_event *events, int room, long nanoseconds);

// Waits, once, until the socket takes bytes or its other side is gone; `isNew` the first time.
int invd_poll_await_writable(int poll, int descriptor, unsigned number, int isNew);

// A descriptor that wakes who polls it. Ringing it from any thread makes it readable; hearing it, not.
int invd_bell_create(void);
void invd_bell_ring(int bell);
void invd_bell_hear(int bell);

// Another descriptor of the same socket, which holds at most about that number of unsent bytes from now on.
int invd_duplicate(int descriptor, int sendByteCount);

typedef struct {
    const void *bytes;
    unsigned long count;
} invd_part;

// Writes what a socket takes of the first parts, at most 16, without waiting and without a signal.
// Returns how many bytes it took, or -1 with errno set.
long invd_send_parts(int descriptor, const invd_part *parts, int count);

// Bytes that the allocator keeps from the system although nobody uses them: at least so many, as far as the
// C library says. Counting them may take milliseconds. -1 if it doesn't say.
long invd_memory_unused(void);

// Gives memory that nobody uses back to the system, wherever in the heap it lies; a C library without such a
// call keeps it. It may take milliseconds.
void invd_memory_give_back(void);

#endif
