#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int invd_open(const char *path, int create, int direct) {
    int flags = O_RDWR | O_CLOEXEC;
    if (create) flags |= O_CREAT;
#ifdef O_DIRECT
    if (direct) flags |= O_DIRECT;
#endif
    return open(path, flags, 0600);
}

int invd_lock(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }

int invd_unix_socket_is_live(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return 0;
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return 1;
    int result = connect(descriptor, (struct sockaddr *)&address, sizeof address);
    int code = errno;
    close(descriptor);
    // A listener with a full queue answers EAGAIN.
    return result == 0 || (code != ECONNREFUSED && code != ENOENT);
}
