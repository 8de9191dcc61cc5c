#version 450
// table_put.comp — copies rows of a into `a_cols` consecutive elements of the modulation table's rows.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count, a_cols, table_cols, first; // table_cols: elements of one table row, first: offset inside it
} push;

FLOATS_IN(0, a)
FLOATS_OUT(1, table)

void main()
{
    for (uint i = gl_GlobalInvocationID.x; i < push.count; i += gl_NumWorkGroups.x * THREADS)
        table_put(i / push.a_cols * push.table_cols + push.first + i % push.a_cols, a(i));
}
