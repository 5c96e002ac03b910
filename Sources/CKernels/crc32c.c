#include "CKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

// Bit by bit; only for processors without the instruction.
static uint32_t crc32c_portable(uint32_t crc, const uint8_t *p, size_t n) {
    for (; n > 0; p++, n--) {
        crc ^= *p;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
    }
    return crc;
}

#if defined(__x86_64__)
// One function, because most calls are for the twenty bytes of a frame's head.
__attribute__((target("sse4.2"))) uint32_t invd_crc32c(uint32_t seed, const void *bytes,
                                                       size_t count) {
    uint32_t crc = ~seed;
    const uint8_t *p = bytes;
    if (!__builtin_cpu_supports("sse4.2")) return ~crc32c_portable(crc, p, count);
    uint64_t wide = crc;
    for (; count >= 8; p += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    // At most three steps for what is left: most heads and bodies end in a part of a word.
    crc = (uint32_t)wide;
    if (count & 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        crc = _mm_crc32_u32(crc, word);
        p += 4;
    }
    if (count & 2) {
        uint16_t word;
        memcpy(&word, p, 2);
        crc = _mm_crc32_u16(crc, word);
        p += 2;
    }
    if (count & 1) crc = _mm_crc32_u8(crc, *p);
    return ~crc;
}
#else
uint32_t invd_crc32c(uint32_t seed, const void *bytes, size_t count) {
    return ~crc32c_portable(~seed, bytes, count);
}
#endif
