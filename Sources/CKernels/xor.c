#include "CKernels.h"

void invd_xor(uint8_t *restrict target, const uint8_t *restrict source, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] ^= source[i];
}
