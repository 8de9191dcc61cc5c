#version 450
// slice_cols.comp — columns first .. first + cols - 1 of every row.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count, cols, first, in_cols;
} push;

FLOATS_IN(0, x)
FLOATS_OUT(1, y)

float value(uint i)
{
    return x(i / push.cols * push.in_cols + push.first + i % push.cols);
}
#include "inc/each.glsl"
