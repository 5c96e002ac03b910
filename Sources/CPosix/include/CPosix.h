// C library functions that need _GNU_SOURCE, or are macros or variadic, which Swift cannot call.
#ifndef INVD_CSYSTEM_H
#define INVD_CSYSTEM_H

// Opens a file for reading and writing. Returns a descriptor, or -1 with errno set.
int invd_open(const char *path, int create, int direct);

// Takes an exclusive lock that lasts while the descriptor is open. Returns 0, or -1 with errno set.
int invd_lock(int descriptor);

// Returns whether a process listens on a Unix socket; 1 also if that cannot be determined.
int invd_unix_socket_is_live(const char *path);

// Makes SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV and SIGTRAP end the program.
//
// The Swift runtime installs a handler for them if it finds swift-backtrace: it reports, returns,
// and expects the faulty instruction to be executed again. A signal from another process has no such
// instruction: the program would continue with its threads and handlers in an undefined state. Such a
// signal therefore ends it at once, as by default. The program's own trap or abort() is reported
// first, for at most `seconds`. Call it once, before other threads exist.
void invd_end_on_fatal_signals(unsigned seconds);

// Makes these signals write their numbers to a pipe, whichever thread receives them. Returns the read
// end, or -1 with errno set. Call it once.
int invd_signals_open(const int *numbers, int count);

// Waits for the next signal without polling. Returns its number, or -1.
int invd_signals_next(int outlet);

// One epoll of many sockets, each identified by a number. With `writing` it also waits until the socket
// is writable. They return 0, or -1 with errno set; the first returns a descriptor.
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

// Waits for at most `nanoseconds`. Returns the number of events; 0 if interrupted.
int invd_poll_wait(int poll, invd_poll_event *events, int capacity, long nanoseconds);

// Waits once until the socket is writable or its peer is gone; `isNew` for the first call.
int invd_poll_await_writable(int poll, int descriptor, unsigned number, int isNew);

// A descriptor that wakes its poller. Ringing it, from any thread, makes it readable; hearing it resets it.
int invd_bell_create(void);
void invd_bell_ring(int bell);
void invd_bell_hear(int bell);

// Duplicates the descriptor of a socket and limits its send buffer to about `sendByteCount` bytes.
int invd_duplicate(int descriptor, int sendByteCount);

typedef struct {
    const void *bytes;
    unsigned long count;
} invd_part;

// Writes as much of the first 16 parts as the socket accepts, without waiting and without SIGPIPE.
// Returns the number of bytes written, or -1 with errno set.
long invd_send_parts(int descriptor, const invd_part *parts, int count);

// Returns a lower bound of the bytes that the allocator holds but the program does not use, as far as the C
// library reports them, or -1 if it does not. Counting may take milliseconds.
long invd_memory_unused(void);

// Returns unused heap memory to the system, wherever it lies in the heap; does nothing if the C library has
// no such call. It may take milliseconds.
void invd_memory_give_back(void);

#endif
