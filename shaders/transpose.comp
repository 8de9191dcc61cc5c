#version 450
// transpose.comp — swaps rows and columns of every item, times a factor: NCHW images to pixel rows and back.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count, rows, cols; // of an item of the result
    float factor;
} push;

FLOATS_IN(0, x)
FLOATS_OUT(1, y)

float value(uint i)
{
    uint col = i % push.cols, row = i / push.cols % push.rows, item = i / (push.cols * push.rows);
    return x((item * push.cols + col) * push.rows + row) * push.factor;
}
#include "inc/each.glsl"
