#version 450
// conv_tile.comp — convolution for GPUs and for every device: tiles of BM pixels and BN channels in shared memory, read
// tap by tap straight from the image, TM x TN sums in the registers of each thread. Needs nothing beyond Vulkan 1.1.
#extension GL_GOOGLE_include_directive : require
#include "inc/conv.glsl"

layout(constant_id = 9) const uint BM = 64;  // pixels per workgroup
layout(constant_id = 10) const uint BN = 64;  // channels
layout(constant_id = 11) const uint BK = 16; // input channels per trip, even
layout(constant_id = 12) const uint TM = 8;  // pixels per thread
layout(constant_id = 13) const uint TN = 4;  // channels per thread, even; THREADS == BM / TM * BN / TN

const uint COLS = BN / TN, STEP = THREADS / (BK / 2); // a thread loads one pair of channels of every STEP-th row
const uint X_LOADS = BM / STEP, W_LOADS = BN / STEP;
const uint PAD_M = BM + 4, PAD_N = BN + 4; // k-major, four extra words: neighbouring k fall into different banks
shared float x_tile[BK * PAD_M];
shared float w_tile[BK * PAD_N];

// Channels c and c + 1 of the pixel at element `at`, zero outside.
vec2 x_two_or_zero(uint at, uint c)
{
    if (at == OUTSIDE || c >= push.c_in) return vec2(0.0);
    if ((push.c_in & 1u) == 0u) return x_two(at + c);
    return vec2(x(at + c), c + 1 < push.c_in ? x(at + c + 1) : 0.0);
}
vec2 w_two_or_zero(uint row, uint tap, uint c)
{
    if (row >= push.c_out || c >= push.c_in) return vec2(0.0);
    uint i = (row * KERNEL * KERNEL + tap) * push.c_in + c;
    if ((push.c_in & 1u) == 0u) return w_two(i);
    return vec2(w(i), c + 1 < push.c_in ? w(i + 1) : 0.0);
}

void main()
{
    uint pixels = push.lines * push.out_w;
    uint row_tiles = (pixels + BM - 1) / BM, col_tiles = (push.c_out + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint pixel0 = group % row_tiles * BM, channel0 = group / row_tiles * BN;
    uint t = gl_LocalInvocationIndex, my_row = t / COLS * TM, my_col = t % COLS * TN;
    uint load_row = t / (BK / 2), load_k = t % (BK / 2) * 2;
    float sum[TM][TN];
    [[unroll]] for (uint i = 0; i < TM; i++) [[unroll]] for (uint j = 0; j < TN; j++) sum[i][j] = 0.0;

    for (uint tap = 0; tap < KERNEL * KERNEL; tap++) {
        uint x_at[X_LOADS];
        [[unroll]] for (uint n = 0; n < X_LOADS; n++) {
            uint pixel = pixel0 + load_row + n * STEP;
            uint iy = line_in(pixel / push.out_w, tap / KERNEL), ix = column_in(pixel % push.out_w, tap % KERNEL);
            bool inside = pixel < pixels && iy != OUTSIDE && ix != OUTSIDE;
            x_at[n] = inside ? (iy * push.in_w + ix) * push.c_in : OUTSIDE;
        }
        for (uint c = 0; c < push.c_in; c += BK) {
            [[unroll]] for (uint n = 0; n < X_LOADS; n++) {
                vec2 v = x_two_or_zero(x_at[n], c + load_k);
                x_tile[load_k * PAD_M + load_row + n * STEP] = v.x;
                x_tile[(load_k + 1) * PAD_M + load_row + n * STEP] = v.y;
            }
            [[unroll]] for (uint n = 0; n < W_LOADS; n++) {
                vec2 v = w_two_or_zero(channel0 + load_row + n * STEP, tap, c + load_k);
                w_tile[load_k * PAD_N + load_row + n * STEP] = v.x;
                w_tile[(load_k + 1) * PAD_N + load_row + n * STEP] = v.y;
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
    }
    [[unroll]] for (uint j = 0; j < TN; j += 2) {
        uint channel = channel0 + my_col + j;
        vec2 b = bias_of(channel);
        [[unroll]] for (uint i = 0; i < TM; i++) {
            uint pixel = pixel0 + my_row + i;
            if (pixel < pixels) finish(pixel, channel, vec2(sum[i][j], sum[i][j + 1]) + b);
        }
    }
}
