#version 450
// sample.comp — the linear part of every sampler: each invocation owns one element of all registers, so that every
// source is read before any register is written. A source with a zero coefficient is not looked at: registers of an
// earlier run may hold anything.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/tick.glsl"

layout(constant_id = 2) const uint REGS = 1;
layout(constant_id = 3) const bool NOISE = false;
layout(constant_id = 4) const bool VARIANCE = false; // the model's output has variance channels

layout(push_constant) uniform Push {
    PUSH_AT(5)
    uint count, item, model_item; // elements of a register, of an image, of an image's model output
} push;

FLOATS_IN(1, model)
FLOATS_IN(2, noise)
WORDS_IN(3, now)
FLOATS_OUT(4, regs)

float now_float(uint i)
{
    return uintBitsToFloat(now_word(i));
}

float scaled_noise(uint i, uint at)
{
    if (!NOISE) return 0.0;
    float v = noise(i);
    if (!VARIANCE || now_word(TICK_USE_VAR) == 0u) return v;
    float f = (model(at + push.item) + 1.0) * 0.5;
    return v * exp(0.5 * (f * now_float(TICK_VAR_HI) + (1.0 - f) * now_float(TICK_VAR_LO)));
}

void main()
{
    uint used = min(now_word(TICK_N_REGS), REGS);
    for (uint i = gl_GlobalInvocationID.x; i < push.count; i += gl_NumWorkGroups.x * THREADS) {
        uint at = i / push.item * push.model_item + i % push.item;
        float source[TICK_SRC];
        for (uint s = 0; s < REGS; s++) source[s] = regs(s * push.count + i);
        float m = model(at), n = scaled_noise(i, at);
        for (uint r = 0; r < used; r++) {
            uint row = TICK_MATRIX + r * TICK_SRC;
            float sum = 0.0;
            for (uint s = 0; s < REGS; s++) {
                float k = now_float(row + s);
                if (k != 0.0) sum = fma(k, source[s], sum);
            }
            float km = now_float(row + TICK_REGS), kn = now_float(row + TICK_REGS + 1);
            if (km != 0.0) sum = fma(km, m, sum);
            if (kn != 0.0) sum = fma(kn, n, sum);
            regs_put(r * push.count + i, sum);
        }
    }
}
