#include "CKernels.h"

void invd_shuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count) {
    for (size_t byte = 0; byte < stride; byte++)
        for (size_t i = 0; i < count; i++) target[byte * count + i] = source[i * stride + byte];
}

void invd_unshuffle(uint8_t *target, const uint8_t *source, size_t stride, size_t count) {
    for (size_t byte = 0; byte < stride; byte++)
        for (size_t i = 0; i < count; i++) target[i * stride + byte] = source[byte * count + i];
}
