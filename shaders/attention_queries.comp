#version 450
// attention_queries.comp — softmax(q k^T / sqrt D) v for CPU drivers: lanes are queries, TV vectors of them to a workgroup
// of one subgroup, and the softmax is a matter of each lane's own; it is kept up to date block by block of four keys.
// Keys and values come four tokens at a time, SG numbers of each spread over the lanes, and each number is then broadcast;
// with UNIFORM (inc/lanes.glsl) one number at a time for all lanes. No shared memory.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/attention.glsl"

layout(constant_id = 2) const uint D = 64; // head size, a multiple of 4
layout(constant_id = 3) const uint TQ = 16; // queries per workgroup, whole subgroups
UNIFORM_CONSTANT(4)
const uint SG = THREADS, TV = TQ / SG;
const uint BLOCK = 4;                      // keys; with more of them their sums no longer fit in registers
const uint STEP = UNIFORM ? 1 : ROW_LANES; // fours of a token that come at once

// Fours f and on of four tokens, spread over the lanes; past the end of the head, something finite. Or four f of one.
#define FOUR_COME(from_) \
    if (!UNIFORM) some = qkv_four_near(from_, D / 4 % ROW_LANES == 0 ? f : min(f, D / 4 - 1 - lane % ROW_LANES));
#define ONE_COMES(at_) \
    if (UNIFORM) one = qkv_four(at_ + f);
// Number u of token n, literals because of LANE.
#define NUMBER(n_, u_) UNIFORM_OR(one[(u_) % 4], ROW_LANE(some, n_, u_))

#define SCORE(n_, u_) \
    { \
        float key = NUMBER(n_, u_); \
        [[unroll]] for (uint v = 0; v < TV; v++) p[n_][v] = fma(q[f + (u_) / 4][v][(u_) % 4], key, p[n_][v]); \
    }
#define KEY_SCORES(n_, u_) ONE_COMES(key_at[n_]) SCORE(n_, u_) SCORE(n_, u_ + 1) SCORE(n_, u_ + 2) SCORE(n_, u_ + 3)
#define SCORES(u_) { KEY_SCORES(0, u_) KEY_SCORES(1, u_) KEY_SCORES(2, u_) KEY_SCORES(3, u_) }
#define VALUE(n_, u_) \
    { \
        ONE_COMES(value_at[n_]) \
        vec4 value = vec4(NUMBER(n_, u_), NUMBER(n_, u_ + 1), NUMBER(n_, u_ + 2), NUMBER(n_, u_ + 3)); \
        [[unroll]] for (uint v = 0; v < TV; v++) sum[f + (u_) / 4][v] = fma(vec4(p[n_][v]), value, sum[f + (u_) / 4][v]); \
    }
#define VALUES(u_) \
    { \
        [[unroll]] for (uint v = 0; v < TV; v++) sum[f + (u_) / 4][v] *= shrink[v]; \
        VALUE(0, u_) VALUE(1, u_) VALUE(2, u_) VALUE(3, u_) \
    }
// For the fours that came.
#define EACH_FOUR(what_) \
    what_(0) \
    if (STEP >= 2 && f + 1 < D / 4) what_(4) \
    if (STEP >= 4) { \
        if (f + 2 < D / 4) what_(8) \
        if (f + 3 < D / 4) what_(12) \
    }

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
        Place from = qkv_place(part.base / 4 + min(part.query + v * SG + lane, last) * stride);
        top[v] = -1e30;
        total[v] = 0.0;
        [[unroll]] for (uint f = 0; f < D / 4; f++) {
            q[f][v] = qkv_four_near(from, f) * (1.4426950408889634 / sqrt(float(D))); // scores are exponents of 2
            sum[f][v] = vec4(0.0);
        }
    }
    for (uint j = 0; j < push.tokens; j += BLOCK) {
        float p[BLOCK][TV], shrink[TV]; // scores, then powers
        uint key_at[BLOCK], value_at[BLOCK];
        [[unroll]] for (uint n = 0; n < BLOCK; n++) {
            key_at[n] = keys + min(j + n, last) * stride;
            value_at[n] = key_at[n] + part.width / 4;
            [[unroll]] for (uint v = 0; v < TV; v++) p[n][v] = 0.0;
        }
        uint lane_at = keys + min(j + lane / ROW_LANES, last) * stride + lane % ROW_LANES;
        Place key_from = qkv_place(lane_at), value_from = qkv_place(lane_at + part.width / 4);
        vec4 some, one;
        [[unroll]] for (uint f = 0; f < D / 4; f += STEP) {
            FOUR_COME(key_from)
            EACH_FOUR(SCORES)
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
        [[unroll]] for (uint f = 0; f < D / 4; f += STEP) {
            FOUR_COME(value_from)
            EACH_FOUR(VALUES)
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
