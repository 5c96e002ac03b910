// What the C library offers only under _GNU_SOURCE, or as a macro or variadic that Swift cannot call.
#ifndef INVD_CSYSTEM_H
#define INVD_CSYSTEM_H

// Opens a file for reading and writing. Returns a descriptor, or -1 with errno set.
int invd_open(const char *path, int create, int direct);

// Takes an exclusive lock for as long as the descriptor is open. Returns 0, or -1 with errno set.
int invd_lock(int descriptor);

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

#endif
