#version 450
// linear_tile.comp — matrix product for GPUs and for every device: tiles of x and w in shared memory, TM x TN sums in
// the registers of each thread. Needs nothing beyond Vulkan 1.1; tile sizes are chosen by the host within its limits.
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"
#include "inc/quant.glsl"

layout(constant_id = 5) const uint BM = 64; // rows of y per workgroup
layout(constant_id = 6) const uint BN = 64; // columns
layout(constant_id = 7) const uint BK = 16; // k per trip, even
layout(constant_id = 8) const uint TM = 8;  // rows per thread
layout(constant_id = 9) const uint TN = 4;  // columns per thread, even; THREADS == BM / TM * BN / TN
layout(constant_id = 10) const bool K_ODD = false;

const uint COLS = BN / TN;
const uint X_LOADS = BM * BK / 2 / THREADS, W_LOADS = BN * BK / 2 / THREADS; // pairs of k per thread and trip
const uint PAD_M = BM + 4, PAD_N = BN + 4; // k-major, four extra words: neighbouring k fall into different banks
shared float x_tile[BK * PAD_M];
shared float w_tile[BK * PAD_N];

// Elements k and k + 1 (k even) of a row, zero outside the matrix. Without branches, so that many loads are under way.
vec2 fetch_x(uint row, uint k)
{
    bool inside = row < push.rows && k < push.k;
    uint i = inside ? row * push.k + k : 0;
    vec2 v = K_ODD ? vec2(x(i), k + 1 < push.k ? x(i + 1) : 0.0) : x_two(i);
    return inside ? v : vec2(0.0);
}
vec2 fetch_w(uint row, uint k)
{
    bool inside = row < push.n && k < push.k;
    uint i = inside ? row * push.k + k : 0;
    if (QUANT_BITS != 0) {
        uint word = w_word(i / QUANT_K), pairs = (push.n + 1) / 2, at = push.n * (push.k / QUANT_K);
        vec2 two = quant_scales(at + (inside ? k / 64 * pairs + row / 2 : 0));
        vec2 q = vec2(quant_at(word, i), quant_at(word, i + 1)) * ((row & 1u) == 0u ? two.x : two.y);
        return inside ? q : vec2(0.0);
    }
    vec2 v = K_ODD ? vec2(w(i), k + 1 < push.k ? w(i + 1) : 0.0) : w_two(i);
    return inside ? v : vec2(0.0);
}

void main()
{
    uint row_tiles = (push.rows + BM - 1) / BM, col_tiles = (push.n + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint row0 = group % row_tiles * BM, col0 = group / row_tiles * BN;
    uint t = gl_LocalInvocationIndex, my_row = t / COLS * TM, my_col = t % COLS * TN;
    uint load_row = t / (BK / 2), load_k = t % (BK / 2) * 2; // THREADS is a multiple of BK / 2
    const uint STEP = THREADS / (BK / 2);
    vec2 x_next[X_LOADS], w_next[W_LOADS];
    float sum[TM][TN];
    [[unroll]] for (uint i = 0; i < TM; i++) [[unroll]] for (uint j = 0; j < TN; j++) sum[i][j] = 0.0;

    [[unroll]] for (uint l = 0; l < X_LOADS; l++) x_next[l] = fetch_x(row0 + load_row + l * STEP, load_k);
    [[unroll]] for (uint l = 0; l < W_LOADS; l++) w_next[l] = fetch_w(col0 + load_row + l * STEP, load_k);
    for (uint k0 = 0; k0 < push.k; k0 += BK) {
        [[unroll]] for (uint l = 0; l < X_LOADS; l++) {
            x_tile[load_k * PAD_M + load_row + l * STEP] = x_next[l].x;
            x_tile[(load_k + 1) * PAD_M + load_row + l * STEP] = x_next[l].y;
        }
        [[unroll]] for (uint l = 0; l < W_LOADS; l++) {
            w_tile[load_k * PAD_N + load_row + l * STEP] = w_next[l].x;
            w_tile[(load_k + 1) * PAD_N + load_row + l * STEP] = w_next[l].y;
        }
        barrier();
        uint k1 = k0 + BK + load_k; // fetched while this trip computes
        [[unroll]] for (uint l = 0; l < X_LOADS; l++) x_next[l] = fetch_x(row0 + load_row + l * STEP, k1);
        [[unroll]] for (uint l = 0; l < W_LOADS; l++) w_next[l] = fetch_w(col0 + load_row + l * STEP, k1);
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
