// What the C library offers only under _GNU_SOURCE, or as a macro or variadic that Swift cannot call.
#ifndef INVD_CSYSTEM_H
#define INVD_CSYSTEM_H

// Opens a file for reading and writing. Returns a descriptor, or -1 with errno set.
int invd_open(const char *path, int create, int direct);

// Takes an exclusive lock for as long as the descriptor is open. Returns 0, or -1 with errno set.
int invd_lock(int descriptor);

#endif
