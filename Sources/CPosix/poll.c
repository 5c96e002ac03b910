#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

int invd_poll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int invd_poll_add(int poll, int descriptor, unsigned number) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

int invd_poll_change(int poll, int descriptor, unsigned number, int writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.u32 = number};
    return epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event);
}

int invd_poll_remove(int poll, int descriptor) {
    return epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, NULL);
}

int invd_poll_wait(int poll, invd_poll_event *events, int capacity, long nanoseconds) {
    struct epoll_event found[256];
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count = epoll_pwait2(poll, found, capacity < 256 ? capacity : 256, &time, NULL);
    if (count < 0) return errno == EINTR ? 0 : -1;
    for (int i = 0; i < count; i++) {
        events[i].number = found[i].data.u32;
        events[i].writable = (found[i].events & EPOLLOUT) != 0;
        events[i].readable = (found[i].events & ~(unsigned)EPOLLOUT) != 0;
    }
    return count;
}
