#include "CKernels.h"

// Plain loops that the compiler vectorizes separately for each of these processors; the linker's resolver
// selects the version for this machine. All of them return the same result.
//
// ThreadSanitizer instruments that resolver, which runs before TSan itself: it gets a single version.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WIDE
#endif
#endif
#if !defined(WIDE) && defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif !defined(WIDE)
#define WIDE
#endif

// The number of 16-bit values whose sum always fits in 32 bits.
enum { RUN = 1 << 16 };

WIDE static uint64_t sum_1(const uint8_t *values, size_t count) {
    uint64_t total = 0;
    while (count > 0) {
        size_t run = count < RUN ? count : RUN;
        uint32_t part = 0;
        for (size_t i = 0; i < run; i++) part += values[i];
        total += part;
        values += run;
        count -= run;
    }
    return total;
}

WIDE static uint64_t sum_2(const uint16_t *values, size_t count) {
    uint64_t total = 0;
    while (count > 0) {
        size_t run = count < RUN ? count : RUN;
        uint32_t part = 0;
        for (size_t i = 0; i < run; i++) part += values[i];
        total += part;
        values += run;
        count -= run;
    }
    return total;
}

WIDE static uint64_t sum_4(const uint32_t *values, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) total += values[i];
    return total;
}

WIDE static uint64_t sum_8(const uint64_t *values, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) total += values[i];
    return total;
}

uint64_t invd_sum(const void *values, size_t width, size_t count) {
    switch (width) {
    case 1: return sum_1(values, count);
    case 2: return sum_2(values, count);
    case 4: return sum_4(values, count);
    default: return sum_8(values, count);
    }
}

// Returns one value of a column of `width` bytes; `width` is a constant after inlining.
#define INLINE static inline __attribute__((always_inline))
INLINE uint64_t value(const void *values, size_t width, size_t i) {
    switch (width) {
    case 1: return ((const uint8_t *)values)[i];
    case 2: return ((const uint16_t *)values)[i];
    case 4: return ((const uint32_t *)values)[i];
    default: return 0;
    }
}

// The bytes of a cache line; also the number of rows after which the next lines are prefetched.
enum { LINE = 64 };

// Adjacent rows go to different tables, so that one addition does not wait for the other
// if both have the same code.
INLINE void add(const invd_group_sums *g, size_t codes, size_t map, size_t first, size_t second) {
    uint64_t *tables[4];
    for (size_t i = 0; i < 4; i++) tables[i] = g->tables + (i % g->table_count) * g->slots;
    const char *next[3] = {g->next_codes, g->next_first, g->next_second};
    const size_t widths[3] = {codes, first, second};
    size_t i = 0;
#define ROW(TABLE, I)                                                                              \
    tables[TABLE][value(g->map, map, value(g->codes, codes, I))] +=                                \
        g->each + (value(g->first, first, I) << g->first_shift) +                                  \
        (value(g->second, second, I) << g->second_shift)
    while (i + LINE <= g->count) {
        for (size_t part = 0; part < 3; part++)
            for (size_t line = 0; line < widths[part] && next[part]; line++, next[part] += LINE)
                __builtin_prefetch(next[part]);
        for (size_t end = i + LINE; i < end; i += 4) {
            ROW(0, i);
            ROW(1, i + 1);
            ROW(2, i + 2);
            ROW(3, i + 3);
        }
    }
    for (; i < g->count; i++) ROW(0, i);
}

// One specialized loop for each combination of widths.
#define SECOND(C, M, F)                                                                            \
    switch (g->second_width) {                                                                     \
    case 0: add(g, C, M, F, 0); return;                                                            \
    case 1: add(g, C, M, F, 1); return;                                                            \
    case 2: add(g, C, M, F, 2); return;                                                            \
    default: add(g, C, M, F, 4); return;                                                           \
    }
#define FIRST(C, M)                                                                                \
    switch (g->first_width) {                                                                      \
    case 0: add(g, C, M, 0, 0); return;                                                            \
    case 1: SECOND(C, M, 1)                                                                        \
    case 2: SECOND(C, M, 2)                                                                        \
    default: SECOND(C, M, 4)                                                                       \
    }
#define MAPPED(C)                                                                                  \
    if (g->map_width == 1) FIRST(C, 1)                                                             \
    FIRST(C, 2)

void invd_add_groups(const invd_group_sums *g) {
    switch (g->codes_width) {
    case 1: MAPPED(1)
    case 2: MAPPED(2)
    default: MAPPED(4)
    }
}

WIDE void invd_fold_groups(uint64_t *tables, size_t slots, size_t table_count) {
    for (size_t table = 1; table < table_count; table++) {
        uint64_t *other = tables + table * slots;
        for (size_t i = 0; i < slots; i++) {
            tables[i] += other[i];
            other[i] = 0;
        }
    }
}

WIDE void invd_take_groups(int64_t *totals, const uint64_t *words, const uint64_t *counts,
                           size_t slots, unsigned shift, uint64_t mask, uint64_t base) {
    for (size_t i = 0; i < slots; i++) {
        uint64_t sum = base * counts[i] + ((words[i] >> shift) & mask);
        totals[i] = (int64_t)((uint64_t)totals[i] + sum);
    }
}
