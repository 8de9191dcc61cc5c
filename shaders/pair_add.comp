#version 450
// pair_add.comp — row i*m + j of y is act(a[i] + b[j]).
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/act.glsl"

layout(constant_id = 2) const uint ACT = 0;

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, first_row, b_rows, cols;
} push;

FLOATS_IN(0, a)
FLOATS_IN(1, b)
FLOATS_OUT(2, y)

float value(uint i)
{
    uint row = push.first_row + i / push.cols, col = i % push.cols;
    return activate(a(row / push.b_rows * push.cols + col) + b(row % push.b_rows * push.cols + col), ACT);
}
#include "inc/each.glsl"
