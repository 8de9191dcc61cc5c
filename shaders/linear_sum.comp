#version 450
// linear_sum.comp — finishes a matrix product whose sums over parts of k lie behind y, see PARTS in linear_coop.comp.
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"

layout(constant_id = 5) const uint PARTS = 2;

void main()
{
    uint all = push.rows * push.n, first = ((IS_HALF(7) ? all / 2 : all) + 63) / 64 * 64; // words; n is even
    for (uint e = gl_GlobalInvocationID.x * 2; e < all; e += gl_NumWorkGroups.x * THREADS * 2) {
        uint row = e / push.n, col = e % push.n;
        vec2 v = vec2(0.0);
        [[unroll]] for (uint p = 0; p < PARTS; p++)
            v += uintBitsToFloat(uvec2(y_word(first + p * all + e), y_word(first + p * all + e + 1)));
        finish(row, col, v, bias_pair(col), FINISH == 2 ? gate_at(row) : 0);
    }
}
