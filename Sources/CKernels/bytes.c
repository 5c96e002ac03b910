#include "CKernels.h"

#include <string.h>

void invd_xor(uint8_t *restrict target, const uint8_t *restrict source, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] ^= source[i];
}

bool invd_equal(const void *one, const void *two, size_t count) {
    return count == 0 || memcmp(one, two, count) == 0;
}
