#version 450
// randn.comp — normal deviates from Philox4x32-10, element for element as a CUDA launch of `subsequences` threads
// draws them: thread i % P, call i / 4P of that thread, word pair and sine or cosine by i / P % 4.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/exact.glsl"
#include "inc/tick.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count;
} push;

WORDS_IN(0, now)
FLOATS_OUT(1, y)

uvec4 philox(uvec4 counter, uvec2 key)
{
    for (uint round = 0; round < 10; round++) {
        uint high0, low0, high1, low1;
        umulExtended(0xD2511F53u, counter.x, high0, low0);
        umulExtended(0xCD9E8D57u, counter.z, high1, low1);
        counter = uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return counter;
}

float value(uint i)
{
    uint threads = max(now_word(TICK_SUBSEQUENCES), 1u), slot = i / threads % 4u;
    uint carry, low = uaddCarry(now_word(TICK_OFFSET), i / threads / 4u, carry);
    uvec4 counter = uvec4(low, now_word(TICK_OFFSET + 1) + carry, i % threads, 0u);
    uvec4 words = philox(counter, uvec2(now_word(TICK_SEED), now_word(TICK_SEED + 1)));
    uvec2 pair = slot < 2u ? words.xy : words.zw;
    precise float u = float(pair.x) * 2.3283064365386963e-10 + 1.1641532182693481e-10;
    precise float v = float(pair.y) * 1.4629180792671596e-9 + 7.3145903963357980e-10;
    float sine, cosine;
    sin_cos(v, sine, cosine);
    return sqrt(-2.0 * log_exact(min(u, 1.0))) * ((slot & 1u) == 0u ? sine : cosine);
}
#include "inc/each.glsl"
