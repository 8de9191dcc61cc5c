// png_crc.h — the checksum of PNG chunks, for tests that make broken files on purpose.
#ifndef VKDIT_TEST_PNG_CRC_H
#define VKDIT_TEST_PNG_CRC_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc(const uint8_t *p, size_t n)
{
    uint32_t c = ~0U;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0xEDB88320U : 0);
    }
    return ~c;
}

#endif
