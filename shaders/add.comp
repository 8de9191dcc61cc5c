#version 450
// add.comp — y = a + b; b is read again from its start every `period` elements.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, first, period; // first: where in the period element 0 of this shard lies
} push;

FLOATS_IN(0, a)
FLOATS_IN(1, b)
FLOATS_OUT(2, y)

float value(uint i)
{
    return a(i) + b((push.first + i) % push.period);
}
#include "inc/each.glsl"
