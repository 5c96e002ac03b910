// Byte kernels that need C: each has a portable version with the same result, selected at run time if the
// processor lacks the instruction.
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

// XORs `source` into `target`. They do not overlap.
void invd_xor(uint8_t *target, const uint8_t *source, size_t count);

// Returns whether two byte ranges are equal.
bool invd_equal(const void *one, const void *two, size_t count);

// Returns the wrapping sum of little-endian values of 1, 2, 4 or 8 bytes.
uint64_t invd_sum(const void *values, size_t width, size_t count);

// Sums up to two columns per group of rows, packed in one word per group:
//
//     word:  | second column's sum | first column's sum | rows |
//
// The caller chooses the shifts so that no sum overflows into the next.
typedef struct {
    // `table_count` (1, 2 or 4) tables with one word for each of `slots` groups. A group's sum is the sum over
    // all tables.
    uint64_t *tables;
    size_t slots, table_count;
    // The group of each row is map[code]. Codes have 1, 2 or 4 bytes, groups 1 or 2.
    const void *codes, *map;
    size_t codes_width, map_width;
    // The values to add per row, of 1, 2 or 4 bytes; width 0 means none. The second requires the first.
    const void *first, *second;
    size_t first_width, second_width;
    unsigned first_shift, second_shift;
    // The values of the rows that will be added next, for prefetching, or NULL.
    const void *next_codes, *next_first, *next_second;
    // A constant added for each row: 1 to count rows.
    uint64_t each;
    size_t count;
} invd_group_sums;

void invd_add_groups(const invd_group_sums *sums);

// Adds all tables to the first one and clears the others.
void invd_fold_groups(uint64_t *tables, size_t slots, size_t table_count);

// Adds base · count + ((word >> shift) & mask) to each total, wrapping.
void invd_take_groups(int64_t *totals, const uint64_t *words, const uint64_t *counts, size_t slots,
                      unsigned shift, uint64_t mask, uint64_t base);

// Prefetches the memory at an address for a read or write soon after. Any address may be given; an
// unmapped one is ignored.
static inline void invd_prefetch(const void *address) { __builtin_prefetch(address, 1); }

#endif
