// philox.c — the counter-based numbers CUDA's torch.randn gives, computed on the host.
// Knows nothing about devices; the same arithmetic runs as a shader, which is checked against this file.
#include "sample/sample.h"

#include <math.h>

enum { BLOCK = 256, SLOTS = 4, ROUNDS = 10 };

void philox_words(uint64_t seed, uint64_t offset, uint64_t subsequence, uint32_t word[4])
{
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t c[4] = {(uint32_t)offset, (uint32_t)(offset >> 32), (uint32_t)subsequence, (uint32_t)(subsequence >> 32)};
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t a = UINT64_C(0xD2511F53) * c[0], b = UINT64_C(0xCD9E8D57) * c[2];
        uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ key[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ key[1],
                            (uint32_t)a};
        for (int k = 0; k < 4; k++) c[k] = next[k];
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    for (int k = 0; k < 4; k++) word[k] = c[k];
}

// One pair of words gives a sine and a cosine deviate, in this order.
static void normal_pair(uint32_t x, uint32_t y, float out[2])
{
    const float turn = 6.2831853071795865f * 0x1p-32f;
    float u = fmaf((float)x, 0x1p-32f, 0x1p-33f);
    float v = fmaf((float)y, turn, turn * 0.5f);
    float radius = sqrtf(-2.0f * logf(u));
    out[0] = radius * sinf(v);
    out[1] = radius * cosf(v);
}

uint64_t philox_randn(uint64_t seed, uint64_t offset, uint32_t threads, float *out, uint64_t n)
{
    uint64_t wave = threads ? threads : align_up(n ? n : 1, BLOCK);
    uint64_t calls = n / (SLOTS * wave) + (n % (SLOTS * wave) != 0);
    for (uint64_t call = 0; call < calls; call++) {
        for (uint64_t thread = 0; thread < wave && call * SLOTS * wave + thread < n; thread++) {
            uint32_t word[4];
            float value[SLOTS];
            philox_words(seed, offset + call, thread, word);
            normal_pair(word[0], word[1], value);
            normal_pair(word[2], word[3], value + 2);
            for (uint32_t slot = 0; slot < SLOTS; slot++) {
                uint64_t i = (call * SLOTS + slot) * wave + thread;
                if (i < n) out[i] = value[slot];
            }
        }
    }
    return offset + calls;
}
