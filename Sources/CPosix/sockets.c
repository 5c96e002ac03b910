#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int invd_poll_await_writable(int poll, int descriptor, unsigned number, int isNew) {
    struct epoll_event event = {.events = EPOLLOUT | EPOLLONESHOT, .data.u32 = number};
    return epoll_ctl(poll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

int invd_bell_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void invd_bell_ring(int bell) {
    uint64_t one = 1;
    // It fails only after 2^64 - 2 rings, and then the bell is readable anyway.
    if (write(bell, &one, sizeof one) < 0) return;
}

void invd_bell_hear(int bell) {
    uint64_t count;
    if (read(bell, &count, sizeof count) < 0) return;
}

int invd_duplicate(int descriptor, int sendByteCount) {
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return -1;
    // A kernel that ignores the hint buffers more; nothing depends on it.
    (void)setsockopt(copy, SOL_SOCKET, SO_SNDBUF, &sendByteCount, sizeof sendByteCount);
    return copy;
}

long invd_send_parts(int descriptor, const invd_part *parts, int count) {
    struct iovec vectors[16];
    if (count > 16) count = 16;
    for (int i = 0; i < count; i++) {
        vectors[i].iov_base = (void *)parts[i].bytes;
        vectors[i].iov_len = parts[i].count;
    }
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = (size_t)count};
    return sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}
