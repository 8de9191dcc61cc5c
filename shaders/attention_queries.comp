#version 450
// attention_queries.comp — softmax(q k^T / sqrt D) v for CPU drivers that load what is the same in every lane only once
// (UNIFORM in inc/lanes.glsl): lanes are queries, TV vectors of them to a workgroup of one subgroup, while keys and values
// come one number at a time for all. So nothing is gathered or shuffled but the queries themselves, once, and the softmax
// is a matter of each lane's own; it is kept up to date block by block of BLOCK keys. No shared memory.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_GOOGLE_include_directive : require
#include "inc/attention.glsl"

layout(constant_id = 2) const uint D = 64; // head size, a multiple of 4
layout(constant_id = 3) const uint TQ = 16; // queries per workgroup, whole subgroups
const uint SG = THREADS, TV = TQ / SG, BLOCK = 4; // more keys, and their sums no longer fit in registers

void main()
{
    Part part = my_part(TQ, D);
    if (!part.any) return;
    uint lane = gl_SubgroupInvocationID, last = push.tokens - 1;
    // good also in a workgroup that has nothing to do, see UNIFORM
    uint stride = 3 * part.width / 4, keys = ((part.any ? part.base : 0) + part.width) / 4; // in fours
    vec4 q[D / 4][TV], sum[D / 4][TV];
    float top[TV], total[TV]; // highest score so far; sum of powers
    [[unroll]] for (uint v = 0; v < TV; v++) {
        uint at = part.base / 4 + min(part.query + v * SG + lane, last) * stride;
        top[v] = -1e30;
        total[v] = 0.0;
        [[unroll]] for (uint f = 0; f < D / 4; f++) {
            q[f][v] = qkv_four(at + f) * (1.4426950408889634 / sqrt(float(D))); // scores are exponents of 2
            sum[f][v] = vec4(0.0);
        }
    }
    for (uint j = 0; j < push.tokens; j += BLOCK) {
        float p[BLOCK][TV], shrink[TV]; // scores, then powers
        uint at[BLOCK];
        [[unroll]] for (uint n = 0; n < BLOCK; n++) {
            at[n] = keys + min(j + n, last) * stride;
            [[unroll]] for (uint v = 0; v < TV; v++) p[n][v] = 0.0;
        }
        [[unroll]] for (uint f = 0; f < D / 4; f++) [[unroll]] for (uint n = 0; n < BLOCK; n++) {
            vec4 key = qkv_four(at[n] + f);
            [[unroll]] for (uint c = 0; c < 4; c++)
                [[unroll]] for (uint v = 0; v < TV; v++) p[n][v] = fma(q[f][v][c], key[c], p[n][v]);
        }
        [[unroll]] for (uint v = 0; v < TV; v++) {
            float most = top[v];
            [[unroll]] for (uint n = 0; n < BLOCK; n++) {
                if (j + n >= push.tokens) p[n][v] = -1e30;
                most = max(most, p[n][v]);
            }
            shrink[v] = exp2(top[v] - most);
            top[v] = most;
            total[v] *= shrink[v];
            [[unroll]] for (uint n = 0; n < BLOCK; n++) {
                p[n][v] = exp2(p[n][v] - most);
                total[v] += p[n][v];
            }
        }
        [[unroll]] for (uint f = 0; f < D / 4; f++) {
            [[unroll]] for (uint v = 0; v < TV; v++) sum[f][v] *= shrink[v];
            [[unroll]] for (uint n = 0; n < BLOCK; n++) {
                vec4 value = qkv_four(at[n] + part.width / 4 + f);
                [[unroll]] for (uint v = 0; v < TV; v++) sum[f][v] = fma(vec4(p[n][v]), value, sum[f][v]);
            }
        }
    }
    [[unroll]] for (uint v = 0; v < TV; v++) {
        uint query = part.query + v * SG + lane, at = part.y + query * part.width;
        float unit = 1.0 / total[v];
        if (query < part.end) [[unroll]] for (uint f = 0; f < D / 4; f++) {
            y_put_two(at + 4 * f, sum[f][v].xy * unit, true);
            y_put_two(at + 4 * f + 2, sum[f][v].zw * unit, true);
        }
    }
}
