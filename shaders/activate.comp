#version 450
// activate.comp — y = act(a).
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/act.glsl"

layout(constant_id = 2) const uint ACT = 0;

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count;
} push;

FLOATS_IN(0, a)
FLOATS_OUT(1, y)

float value(uint i)
{
    return activate(a(i), ACT);
}
#include "inc/each.glsl"
