#version 450
// gather.comp — row i of y is row index[i] of the table; indices past the end read the last row.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, cols, table_rows;
} push;

FLOATS_IN(0, table)
WORDS_IN(1, index)
FLOATS_OUT(2, y)

float value(uint i)
{
    uint row = min(index_word(i / push.cols), push.table_rows - 1);
    return table(row * push.cols + i % push.cols);
}
#include "inc/each.glsl"
