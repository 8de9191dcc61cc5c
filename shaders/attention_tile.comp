#version 450
// attention_tile.comp — softmax(q k^T / sqrt D) v for GPUs and for every device: a workgroup of 16 x 8 threads owns
// 8 * RM queries of one head and walks over blocks of 32 keys. Queries and keys pass through shared memory in chunks of
// 32 dimensions, so that any head size fits in 16 KiB; the softmax is kept up to date block by block.
#extension GL_GOOGLE_include_directive : require
#include "inc/attention.glsl"

layout(constant_id = 2) const uint D = 64; // head size, even when the operand is halves
layout(constant_id = 3) const uint RM = 4; // queries per thread
const uint COLS = 16, ROWS = 8, CREW = COLS * ROWS; // CREW == THREADS
const uint QUERIES = ROWS * RM, KEYS = 32, CHUNK = 32;
const uint LINE = 9; // a line of 32 values is eight vec4s, and one against bank conflicts
const uint PAIRS = (D + 31) / 32; // pairs of output dimensions per thread

shared vec4 q_tile[QUERIES * LINE];
shared vec4 k_tile[KEYS * LINE];
shared vec4 p_tile[QUERIES * LINE]; // maxima of 16 threads, then probabilities

// Dimensions d and d + 1 of the vector that starts at element i, zero past the end of the head.
vec2 two(uint i, uint d)
{
    if (D % 32 == 0) return qkv_two(i + d);
    uint at = i + (d < D ? d : 0); // no branch, so that many loads are under way
    vec2 v = D % 2 == 0 ? qkv_two(at) : vec2(qkv(at), d + 1 < D ? qkv(at + 1) : 0.0);
    return d < D ? v : vec2(0.0);
}

vec4 four(uint i, uint d)
{
    return vec4(two(i, d), two(i, d + 2));
}

void main()
{
    Part part = my_part(QUERIES, D);
    if (!part.any) return;
    uint t = gl_LocalInvocationIndex, tx = t % COLS, row0 = t / COLS * RM;
    uint stride = 3 * part.width, last = push.tokens - 1;

    vec2 sum[RM][PAIRS];
    float top[RM], total[RM]; // highest score so far, sum of powers
    [[unroll]] for (uint i = 0; i < RM; i++) {
        top[i] = -1e30;
        total[i] = 0.0;
        [[unroll]] for (uint e = 0; e < PAIRS; e++) sum[i][e] = vec2(0.0);
    }
    const float scale = 1.4426950408889634 / sqrt(float(D)); // of base-2 powers
    for (uint j = 0; j < push.tokens; j += KEYS) {
        vec2 score[RM]; // of keys tx and tx + 16
        [[unroll]] for (uint i = 0; i < RM; i++) score[i] = vec2(0.0);
        for (uint d0 = 0; d0 < D; d0 += CHUNK) {
            [[unroll]] for (uint l = 0; l < QUERIES * CHUNK / 4 / CREW; l++) {
                uint e = t + l * CREW, r = e / 8, d = e % 8;
                q_tile[r * LINE + d] = four(part.base + min(part.query + r, last) * stride, d0 + d * 4);
            }
            [[unroll]] for (uint l = 0; l < KEYS * CHUNK / 4 / CREW; l++) {
                uint e = t + l * CREW, r = e / 8, d = e % 8;
                k_tile[r * LINE + d] = four(part.base + part.width + min(j + r, last) * stride, d0 + d * 4);
            }
            barrier();
            for (uint d = 0; d < CHUNK / 4; d++) {
                vec4 k0 = k_tile[tx * LINE + d], k1 = k_tile[(tx + COLS) * LINE + d];
                [[unroll]] for (uint i = 0; i < RM; i++) {
                    vec4 q = q_tile[(row0 + i) * LINE + d];
                    [[unroll]] for (uint c = 0; c < 4; c++) score[i] = fma(vec2(q[c]), vec2(k0[c], k1[c]), score[i]);
                }
            }
            barrier();
        }
        bvec2 real = bvec2(j + tx <= last, j + tx + COLS <= last);
        [[unroll]] for (uint i = 0; i < RM; i++) {
            score[i] = mix(vec2(-1e30), score[i] * scale, real);
            p_tile[(row0 + i) * LINE + tx / 4][tx % 4] = max(score[i].x, score[i].y);
        }
        barrier();
        [[unroll]] for (uint i = 0; i < RM; i++) {
            float most = top[i];
            [[unroll]] for (uint c = 0; c < COLS / 4; c++) {
                vec4 m = p_tile[(row0 + i) * LINE + c];
                most = max(most, max(max(m.x, m.y), max(m.z, m.w)));
            }
            float shrink = exp2(top[i] - most);
            top[i] = most;
            total[i] *= shrink;
            [[unroll]] for (uint e = 0; e < PAIRS; e++) sum[i][e] *= shrink;
            score[i] = exp2(score[i] - vec2(most));
        }
        barrier();
        [[unroll]] for (uint i = 0; i < RM; i++) {
            p_tile[(row0 + i) * LINE + tx / 4][tx % 4] = score[i].x;
            p_tile[(row0 + i) * LINE + (tx + COLS) / 4][tx % 4] = score[i].y;
        }
        barrier();
        for (uint k = 0; k < KEYS && j + k < push.tokens; k += 4) {
            vec4 p[RM]; // zero for keys past the end
            [[unroll]] for (uint i = 0; i < RM; i++) {
                p[i] = p_tile[(row0 + i) * LINE + k / 4];
                total[i] += p[i].x + p[i].y + (p[i].z + p[i].w);
            }
            [[unroll]] for (uint c = 0; c < 4; c++) {
                uint at = part.base + 2 * part.width + min(j + k + c, last) * stride;
                [[unroll]] for (uint e = 0; e < PAIRS; e++) {
                    vec2 v = two(at, e * 32 + 2 * tx);
                    [[unroll]] for (uint i = 0; i < RM; i++) sum[i][e] = fma(vec2(p[i][c]), v, sum[i][e]);
                }
            }
        }
    }
    [[unroll]] for (uint i = 0; i < RM; i++) {
        uint query = part.query + row0 + i, at = part.y + query * part.width;
        if (query < part.end) [[unroll]] for (uint e = 0; e < PAIRS; e++) {
            uint d = e * 32 + 2 * tx;
            if (d < D) y_put_two(at + d, sum[i][e] / total[i], d + 1 < D);
        }
    }
}
