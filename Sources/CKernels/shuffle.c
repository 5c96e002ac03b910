#include "CKernels.h"

#if defined(__x86_64__)
#include <emmintrin.h>

// Sixteen values at a time: their bytes are interleaved by halves, first single bytes to pairs, then
// pairs to fours. Each function returns how many values it did; the loops below do the rest.
static size_t unshuffle_2(uint8_t *target, const uint8_t *source, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(source + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(source + count + i));
        _mm_storeu_si128((__m128i *)(target + i * 2), _mm_unpacklo_epi8(a, b));
        _mm_storeu_si128((__m128i *)(target + i * 2 + 16), _mm_unpackhi_epi8(a, b));
    }
    return i;
}

// Interleaves four rows of sixteen bytes to sixteen values of four bytes.
static void interleave_4(const uint8_t *source, size_t count, __m128i out[4]) {
    __m128i row[4];
    for (int byte = 0; byte < 4; byte++)
        row[byte] = _mm_loadu_si128((const __m128i *)(source + (size_t)byte * count));
    __m128i low0 = _mm_unpacklo_epi8(row[0], row[1]), high0 = _mm_unpackhi_epi8(row[0], row[1]);
    __m128i low1 = _mm_unpacklo_epi8(row[2], row[3]), high1 = _mm_unpackhi_epi8(row[2], row[3]);
    out[0] = _mm_unpacklo_epi16(low0, low1);
    out[1] = _mm_unpackhi_epi16(low0, low1);
    out[2] = _mm_unpacklo_epi16(high0, high1);
    out[3] = _mm_unpackhi_epi16(high0, high1);
}

static size_t unshuffle_4(uint8_t *target, const uint8_t *source, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i out[4];
        interleave_4(source + i, count, out);
        for (int part = 0; part < 4; part++)
            _mm_storeu_si128((__m128i *)(target + i * 4 + (size_t)part * 16), out[part]);
    }
    return i;
}

static size_t unshuffle_8(uint8_t *target, const uint8_t *source, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i low[4], high[4];
        interleave_4(source + i, count, low);
        interleave_4(source + i + 4 * count, count, high);
        for (int part = 0; part < 4; part++) {
            __m128i *out = (__m128i *)(target + i * 8 + (size_t)part * 32);
            _mm_storeu_si128(out, _mm_unpacklo_epi32(low[part], high[part]));
            _mm_storeu_si128(out + 1, _mm_unpackhi_epi32(low[part], high[part]));
        }
    }
    return i;
}
#endif

void invd_shuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count) {
    for (size_t byte = 0; byte < stride; byte++)
        for (size_t i = 0; i < count; i++) target[byte * count + i] = source[i * stride + byte];
}

void invd_unshuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count) {
    size_t done = 0;
#if defined(__x86_64__)
    if (stride == 2) done = unshuffle_2(target, source, count);
    if (stride == 4) done = unshuffle_4(target, source, count);
    if (stride == 8) done = unshuffle_8(target, source, count);
#endif
    for (size_t byte = 0; byte < stride; byte++)
        for (size_t i = done; i < count; i++) target[i * stride + byte] = source[byte * count + i];
}
