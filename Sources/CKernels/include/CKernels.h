// Byte kernels that the compiler cannot reach from Swift: each has a portable version that gives
// the same result, chosen at run time where the processor lacks the instruction.
#ifndef INVD_CKERNELS_H
#define INVD_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected 0x82F63B78) of `count` bytes, continued from `seed` (0 to start).
uint32_t invd_crc32c(uint32_t seed, const void *bytes, size_t count);

// Gathers byte 0 of every `stride`-byte value, then byte 1, and so on. `count` is a number of values.
void invd_shuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count);
void invd_unshuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count);

// The exclusive or of two runs of bytes, put into the first. They do not overlap.
void invd_xor(uint8_t *target, const uint8_t *source, size_t count);

#endif
