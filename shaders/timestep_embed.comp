#version 450
// timestep_embed.comp — [cos(t f) | sin(t f)], the product rounded to F32 first as the reference does.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/exact.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, frequencies;
} push;

FLOATS_IN(0, t)
FLOATS_IN(1, f)
FLOATS_OUT(2, y)

float value(uint i)
{
    uint row = i / (2 * push.frequencies), col = i % (2 * push.frequencies);
    precise float angle = t(row) * f(col % push.frequencies);
    float sine, cosine;
    sin_cos(angle, sine, cosine);
    return col < push.frequencies ? cosine : sine;
}
#include "inc/each.glsl"
