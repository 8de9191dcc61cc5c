#version 450
// linear_tile.comp — matrix product for GPUs and for every device: tiles of x and w in shared memory, TM x TN sums in
// the registers of each thread. Needs nothing beyond Vulkan 1.1; tile sizes are chosen by the host within its limits.
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"

layout(constant_id = 5) const uint BM = 64; // rows of y per workgroup
layout(constant_id = 6) const uint BN = 64; // columns
layout(constant_id = 7) const uint BK = 16; // k per trip, even
layout(constant_id = 8) const uint TM = 8;  // rows per thread
layout(constant_id = 9) const uint TN = 4;  // columns per thread, even; THREADS == BM / TM * BN / TN

const uint COLS = BN / TN;
const uint PAD_M = BM + 4, PAD_N = BN + 4; // k-major, four extra words: neighbouring k fall into different banks
shared float x_tile[BK * PAD_M];
shared float w_tile[BK * PAD_N];

// Elements k and k + 1 (k even) of a row of x or w, zero outside the matrix.
vec2 x_two_or_zero(uint row, uint k)
{
    if (row >= push.rows || k >= push.k) return vec2(0.0);
    uint i = row * push.k + k;
    if ((push.k & 1u) == 0u) return x_two(i);
    return vec2(x(i), k + 1 < push.k ? x(i + 1) : 0.0);
}
vec2 w_two_or_zero(uint row, uint k)
{
    if (row >= push.n || k >= push.k) return vec2(0.0);
    uint i = row * push.k + k;
    if ((push.k & 1u) == 0u) return w_two(i);
    return vec2(w(i), k + 1 < push.k ? w(i + 1) : 0.0);
}

void main()
{
    uint row_tiles = (push.rows + BM - 1) / BM, col_tiles = (push.n + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint row0 = group % row_tiles * BM, col0 = group / row_tiles * BN;
    uint t = gl_LocalInvocationIndex, my_row = t / COLS * TM, my_col = t % COLS * TN;
    float sum[TM][TN];
    [[unroll]] for (uint i = 0; i < TM; i++) [[unroll]] for (uint j = 0; j < TN; j++) sum[i][j] = 0.0;

    for (uint k0 = 0; k0 < push.k; k0 += BK) {
        for (uint e = t; e < BM * BK / 2; e += THREADS) {
            uint r = e / (BK / 2), k = e % (BK / 2) * 2;
            vec2 v = x_two_or_zero(row0 + r, k0 + k);
            x_tile[k * PAD_M + r] = v.x;
            x_tile[(k + 1) * PAD_M + r] = v.y;
        }
        for (uint e = t; e < BN * BK / 2; e += THREADS) {
            uint r = e / (BK / 2), k = e % (BK / 2) * 2;
            vec2 v = w_two_or_zero(col0 + r, k0 + k);
            w_tile[k * PAD_N + r] = v.x;
            w_tile[(k + 1) * PAD_N + r] = v.y;
        }
        barrier();
        for (uint k = 0; k < BK; k++) {
            float a[TM], b[TN];
            [[unroll]] for (uint i = 0; i < TM; i++) a[i] = x_tile[k * PAD_M + my_row + i];
            [[unroll]] for (uint j = 0; j < TN; j++) b[j] = w_tile[k * PAD_N + my_col + j];
            [[unroll]] for (uint i = 0; i < TM; i++)
                [[unroll]] for (uint j = 0; j < TN; j++) sum[i][j] = fma(a[i], b[j], sum[i][j]);
        }
        barrier();
    }
    [[unroll]] for (uint j = 0; j < TN; j += 2) {
        uint col = col0 + my_col + j;
        vec2 b = bias_pair(col);
        [[unroll]] for (uint i = 0; i < TM; i++) {
            uint row = row0 + my_row + i;
            if (row < push.rows) finish(row, col, vec2(sum[i][j], sum[i][j + 1]), b, FINISH == 2 ? gate_at(row) : 0);
        }
    }
}
