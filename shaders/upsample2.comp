#version 450
// upsample2.comp — nearest doubling of channel-last images; a shard starts at an even line of the result.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count, w, channels; // w: of the result
} push;

FLOATS_IN(0, x)
FLOATS_OUT(1, y)

float value(uint i)
{
    uint channel = i % push.channels, column = i / push.channels % push.w, line = i / (push.channels * push.w);
    return x((line / 2 * (push.w / 2) + column / 2) * push.channels + channel); // heights are even: items need no care
}
#include "inc/each.glsl"
