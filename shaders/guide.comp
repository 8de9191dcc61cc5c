#version 450
// guide.comp — u + s (c - u) on the first channels, c on the others; c is the first half of the batch, u the second.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/tick.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, guided, item; // guided: elements of an item that guidance touches, item: all of them
} push;

FLOATS_IN(0, x)
WORDS_IN(1, now)
FLOATS_OUT(2, y)

float value(uint i)
{
    float c = x(i);
    if (i % push.item >= push.guided) return c;
    float u = x(push.count + i);
    return u + uintBitsToFloat(now_word(TICK_CFG)) * (c - u);
}
#include "inc/each.glsl"
