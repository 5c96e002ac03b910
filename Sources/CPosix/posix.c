#define _GNU_SOURCE
#include "CPosix.h"

#include <fcntl.h>
#include <sys/file.h>

int invd_open(const char *path, int create, int direct) {
    int flags = O_RDWR | O_CLOEXEC;
    if (create) flags |= O_CREAT;
#ifdef O_DIRECT
    if (direct) flags |= O_DIRECT;
#endif
    return open(path, flags, 0600);
}

int invd_lock(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }
