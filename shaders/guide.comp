#version 450
// guide.comp — u + s (c - u) on the first channels; c is the first half of the batch, u the second. The other channels
// are each half's own (only the first half is asked for, unless both are).
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/tick.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, half_count, guided, item; // guided: elements of an item that guidance touches, item: all of them
} push;

FLOATS_IN(0, x)
WORDS_IN(1, now)
FLOATS_OUT(2, y)

float value(uint i)
{
    if (i % push.item >= push.guided) return x(i);
    float c = x(i % push.half_count), u = x(push.half_count + i % push.half_count);
    float scale = uintBitsToFloat(now_word(TICK_CFG));
    return scale == 1.0 ? c : u + scale * (c - u); // exactly unguided where guidance is off
}
#include "inc/each.glsl"
