// sha256.h — the hash SHA-256 (FIPS 180-4), to say which file something was made from. Knows nothing about files.
#ifndef VKDIT_SHA256_H
#define VKDIT_SHA256_H

#include "base/base.h"

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};
void sha256_open(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, uint64_t bytes);
void sha256_text(struct sha256 *s, char out[65]); // ends it: 64 hexadecimal digits

#endif
