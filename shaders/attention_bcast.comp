#version 450
// attention_bcast.comp — softmax(q k^T / sqrt D) v for CPU drivers: one subgroup per workgroup owns TQ queries of one
// head. Lanes are keys while scores are summed and pairs of head dimensions while values are; queries and probabilities
// are broadcast from registers, the softmax is kept up to date key block by key block. No shared memory.
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/attention.glsl"

#ifndef D
layout(constant_id = 2) const uint D = 64; // head size, even when the operand is halves
layout(constant_id = 3) const uint TQ = 8; // queries per workgroup
#endif
const uint TK = 2; // keys per lane and block
const uint SG = THREADS, BLOCK = SG * TK;
const uint PAIRS = (D + 2 * SG - 1) / (2 * SG); // pairs of dimensions per lane

// Dimensions d and d + 1 of the vector that starts at element i; past the end of the head, something finite.
vec2 two(uint i, uint d)
{
    if (IS_HALF(0)) return qkv_two(i + min(d, D - 2));
    if (D % (2 * SG) == 0) return qkv_two(i + d);
    return vec2(qkv(i + min(d, D - 1)), qkv(i + min(d + 1, D - 1)));
}

// score += q[d + u] k[d + u] for u and u + 1, literals because of LANE
#define SCORE(d_, u_) \
    { \
        [[unroll]] for (uint t = 0; t < TK; t++) key[t] = two(key_at[t], d_ + u_); \
        [[unroll]] for (uint i = 0; i < TQ; i++) { \
            float a = LANE(q[i], u_); \
            [[unroll]] for (uint t = 0; t < TK; t++) score[i][t] = fma(a, key[t].x, score[i][t]); \
        } \
        if (d_ + u_ + 1 < D) [[unroll]] for (uint i = 0; i < TQ; i++) { \
            float a = LANE(q[i], u_ + 1); \
            [[unroll]] for (uint t = 0; t < TK; t++) score[i][t] = fma(a, key[t].y, score[i][t]); \
        } \
    }
// sum += p[u] v[u]
#define VALUE(t_, u_) \
    { \
        uint at = part.base + 2 * part.width + min(j + t_ * SG + u_, last) * stride; \
        vec2 v[PAIRS]; \
        [[unroll]] for (uint e = 0; e < PAIRS; e++) v[e] = two(at, e * 2 * SG + 2 * lane); \
        [[unroll]] for (uint i = 0; i < TQ; i++) { \
            vec2 a = vec2(LANE(score[i][t_], u_)); \
            [[unroll]] for (uint e = 0; e < PAIRS; e++) sum[i][e] = fma(a, v[e], sum[i][e]); \
        } \
    }
#define EIGHT_VALUES(t_, u_) \
    { \
        VALUE(t_, u_) VALUE(t_, u_ + 1) VALUE(t_, u_ + 2) VALUE(t_, u_ + 3) \
        if (SG > 4) { VALUE(t_, u_ + 4) VALUE(t_, u_ + 5) VALUE(t_, u_ + 6) VALUE(t_, u_ + 7) } \
    }

void main()
{
    Part part = my_part(TQ, D);
    if (!part.any) return;
    uint lane = gl_SubgroupInvocationID, stride = 3 * part.width;
    uint last = push.tokens - 1;

    vec2 sum[TQ][PAIRS];
    float top[TQ], total[TQ]; // highest score so far; this lane's share of the sum of powers
    [[unroll]] for (uint i = 0; i < TQ; i++) {
        top[i] = -1e30;
        total[i] = 0.0;
        [[unroll]] for (uint e = 0; e < PAIRS; e++) sum[i][e] = vec2(0.0);
    }
    const float scale = 1.4426950408889634 / sqrt(float(D)); // of base-2 powers
    for (uint j = 0; j < push.tokens; j += BLOCK) {
        float score[TQ][TK], q[TQ];
        uint key_at[TK];
        vec2 key[TK];
        [[unroll]] for (uint t = 0; t < TK; t++) {
            key_at[t] = part.base + part.width + min(j + t * SG + lane, last) * stride;
            [[unroll]] for (uint i = 0; i < TQ; i++) score[i][t] = 0.0;
        }
        for (uint d = 0; d < D; d += SG) {
            [[unroll]] for (uint i = 0; i < TQ; i++)
                q[i] = qkv(part.base + min(part.query + i, last) * stride + min(d + lane, D - 1));
            SCORE(d, 0)
            if (d + 2 < D) SCORE(d, 2)
            if (SG > 4) {
                if (d + 4 < D) SCORE(d, 4)
                if (d + 6 < D) SCORE(d, 6)
            }
            if (SG > 8) {
                if (d + 8 < D) SCORE(d, 8)
                if (d + 10 < D) SCORE(d, 10)
                if (d + 12 < D) SCORE(d, 12)
                if (d + 14 < D) SCORE(d, 14)
            }
        }
        [[unroll]] for (uint i = 0; i < TQ; i++) {
            float most = -1e30;
            [[unroll]] for (uint t = 0; t < TK; t++) {
                score[i][t] = j + t * SG + lane < push.tokens ? score[i][t] * scale : -1e30;
                most = max(most, score[i][t]);
            }
            most = max(top[i], subgroupMax(most));
            float shrink = exp2(top[i] - most);
            top[i] = most;
            total[i] *= shrink;
            [[unroll]] for (uint t = 0; t < TK; t++) {
                score[i][t] = exp2(score[i][t] - most);
                total[i] += score[i][t];
            }
            [[unroll]] for (uint e = 0; e < PAIRS; e++) sum[i][e] *= shrink;
        }
        [[unroll]] for (uint t = 0; t < TK; t++) {
            EIGHT_VALUES(t, 0)
            if (SG > 8) EIGHT_VALUES(t, 8)
        }
    }
    [[unroll]] for (uint i = 0; i < TQ; i++) {
        float unit = 1.0 / subgroupAdd(total[i]);
        uint at = part.y + (part.query + i) * part.width;
        if (part.query + i < part.end) [[unroll]] for (uint e = 0; e < PAIRS; e++) {
            uint d = e * 2 * SG + 2 * lane;
            if (d < D) y_put_two(at + d, sum[i][e] * unit, d + 1 < D);
        }
    }
}
