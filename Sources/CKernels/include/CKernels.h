// Byte kernels that the compiler cannot reach from Swift: each has a portable version that gives
// the same result, chosen at run time where the processor lacks the instruction.
#ifndef INVD_CKERNELS_H
#define INVD_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected 0x82F63B78) of `count` bytes, continued from `seed` (0 to start).
uint32_t invd_crc32c(uint32_t seed, const void *bytes, size_t count);

// Gathers byte 0 of every `stride`-byte value, then byte 1, and so on. `count` is a number of values.
void invd_shuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count);
void invd_unshuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count);

// The exclusive or of two runs of bytes, put into the first. They do not overlap.
void invd_xor(uint8_t *target, const uint8_t *source, size_t count);

// Whether two runs of bytes are equal.
bool invd_equal(const void *one, const void *two, size_t count);

// The sum of little-endian values of 1, 2, 4 or 8 bytes, wrapping.
uint64_t invd_sum(const void *values, size_t width, size_t count);

// Sums of up to two columns for each group of rows, put together in one word a group:
//
//     word:  | second column's sum | first column's sum | rows |
//
// The caller chooses shifts so far apart that no sum reaches the next.
typedef struct {
    // `table_count` (1, 2 or 4) tables of a word for each of `slots` groups. A sum is that of all tables.
    uint64_t *tables;
    size_t slots, table_count;
    // Of each row: its group is map[code]. Codes have 1, 2 or 4 bytes, what they are mapped to 1 or 2.
    const void *codes, *map;
    size_t codes_width, map_width;
    // Of each row: what is added, of 1, 2 or 4 bytes, or 0 for nothing; the second only with the first.
    const void *first, *second;
    size_t first_width, second_width;
    unsigned first_shift, second_shift;
    // Where the rows that will be added next have theirs, or nothing: they are called for ahead of time.
    const void *next_codes, *next_first, *next_second;
    // What each row adds beside: 1 to count it.
    uint64_t each;
    size_t count;
} invd_group_sums;

void invd_add_groups(const invd_group_sums *sums);

// Adds up the tables in the first one, and clears the others.
void invd_fold_groups(uint64_t *tables, size_t slots, size_t table_count);

// Adds to each total base · count + the part of its word that `shift` and `mask` say, wrapping.
void invd_take_groups(int64_t *totals, const uint64_t *words, const uint64_t *counts, size_t slots,
                      unsigned shift, uint64_t mask, uint64_t base);

// Asks the processor to bring the memory at an address near, for a read or a write soon after. Any address may be
// given; one that is not mapped is ignored.
static inline void invd_prefetch(const void *address) { __builtin_prefetch(address, 1); }

#endif
