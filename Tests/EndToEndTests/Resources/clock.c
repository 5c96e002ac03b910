// A preloaded library that shifts clocks: it adds the seconds in the file CLOCK_JUMP to the wall clock, or
// to every clock if a 1 follows.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double jump(int is_of_day) {
    static __thread int is_inside;
    double seconds = 0;
    int all = 0;
    const char *path = getenv("CLOCK_JUMP");
    if (path == NULL || is_inside) return 0;
    is_inside = 1;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char text[64] = {0};
    if (file >= 0 && read(file, text, sizeof text - 1) > 0) sscanf(text, "%lf %d", &seconds, &all);
    if (file >= 0) close(file);
    is_inside = 0;
    return is_of_day || all ? seconds : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    double seconds = jump(clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE);
    long nanoseconds = time->tv_nsec + (long)((seconds - (long)seconds) * 1e9);
    time->tv_sec += (long)seconds + nanoseconds / 1000000000;
    time->tv_nsec = nanoseconds % 1000000000;
    return result;
}

int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t time(time_t *seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds != NULL) *seconds = now.tv_sec;
    return now.tv_sec;
}
