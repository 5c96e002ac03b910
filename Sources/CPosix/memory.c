#define _GNU_SOURCE
#include "CPosix.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
#define HAS_FIGURES 1
#endif
#endif

long invd_memory_unused(void) {
#ifdef HAS_FIGURES
    // Some free memory was already returned: count only what is resident, less what is in use.
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return -1;
    long size = 0, resident = 0, shared = 0;
    int count = fscanf(file, "%ld %ld %ld", &size, &resident, &shared);
    fclose(file);
    if (count != 3) return -1;
    struct mallinfo2 figures = mallinfo2();
    long anonymous = (resident - shared) * sysconf(_SC_PAGESIZE);
    long unused = anonymous - (long)figures.uordblks - (long)figures.hblkhd;
    return unused > 0 ? unused : 0;
#else
    return -1;
#endif
}

void invd_memory_give_back(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
