#version 450
// attention_bcast.comp — softmax(q k^T / sqrt D) v for SwiftShader (other CPU drivers: attention_queries.comp): one subgroup
// per workgroup owns TQ queries of one head; the blobs define D and TQ, multiples of 4. Lanes are keys while scores are
// summed and fours of head dimensions while values are; queries and probabilities are broadcast from registers, the softmax
// is kept up to date key block by key block. No shared memory. What a few queries take is loaded first, so that their sums
// stay in registers meanwhile, as in inc/panels.glsl.
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/attention.glsl"

const uint TK = 2; // keys per lane and block
const uint SG = THREADS, BLOCK = SG * TK;
const uint FOURS = (D + 4 * SG - 1) / (4 * SG); // fours of dimensions per lane

// Four f of the vector that starts at four `at`; past the end of the head, something finite.
vec4 dims(uint at, uint f) { return qkv_four(at + (D % (4 * SG) == 0 ? f : min(f, D / 4 - 1))); }

// Query 4 b + r: score += q[d + u] k[d + u], literals because of LANE
#define QUERY_SCORES(b_, r_, u_) \
    { \
        float v = ROW_LANE(q[b_], r_, u_); \
        [[unroll]] for (uint t = 0; t < TK; t++) \
            score[(b_) * 4 + (r_)][t] = fma(v, key[(u_) / 4][t][(u_) % 4], score[(b_) * 4 + (r_)][t]); \
    }
#define SCORES(b_, u_) QUERY_SCORES(b_, 0, u_) QUERY_SCORES(b_, 1, u_) QUERY_SCORES(b_, 2, u_) QUERY_SCORES(b_, 3, u_)
#define FOUR_SCORES(b_, u_) SCORES(b_, u_) SCORES(b_, u_ + 1) SCORES(b_, u_ + 2) SCORES(b_, u_ + 3)

// Query i: sum += p[u] v[u] for four keys of those that lanes u to u + 3 hold probabilities of
#define VALUE(i_, t_, u_, n_) \
    [[unroll]] for (uint e = 0; e < FOURS; e++) sum[i_][e] = fma(vec4(LANE(score[i_][t_], u_)), v[n_][e], sum[i_][e]);
#define FOUR_VALUES(t_, u_) \
    { \
        vec4 v[4][FOURS]; \
        [[unroll]] for (uint n = 0; n < 4; n++) { \
            uint at = values + min(j + t_ * SG + u_ + n, last) * stride; \
            [[unroll]] for (uint e = 0; e < FOURS; e++) v[n][e] = dims(at, e * SG + lane); \
        } \
        [[unroll]] for (uint i = 0; i < TQ; i++) { \
            VALUE(i, t_, u_, 0) VALUE(i, t_, u_ + 1, 1) VALUE(i, t_, u_ + 2, 2) VALUE(i, t_, u_ + 3, 3) \
        } \
    }

void main()
{
    Part part = my_part(TQ, D);
    if (!part.any) return;
    uint lane = gl_SubgroupInvocationID, last = push.tokens - 1;
    uint stride = 3 * part.width / 4, base = part.base / 4; // in fours
    uint keys = base + part.width / 4, values = keys + part.width / 4;

    vec4 sum[TQ][FOURS];
    float top[TQ], total[TQ]; // highest score so far; this lane's share of the sum of powers
    [[unroll]] for (uint i = 0; i < TQ; i++) {
        top[i] = -1e30;
        total[i] = 0.0;
        [[unroll]] for (uint e = 0; e < FOURS; e++) sum[i][e] = vec4(0.0);
    }
    const float scale = 1.4426950408889634 / sqrt(float(D)); // of base-2 powers
    for (uint j = 0; j < push.tokens; j += BLOCK) {
        float score[TQ][TK];
        uint key_at[TK];
        [[unroll]] for (uint t = 0; t < TK; t++) {
            key_at[t] = keys + min(j + t * SG + lane, last) * stride;
            [[unroll]] for (uint i = 0; i < TQ; i++) score[i][t] = 0.0;
        }
        for (uint d = 0; d < D; d += SG) {
            vec4 q[TQ / 4], key[4][TK];
            [[unroll]] for (uint b = 0; b < TQ / 4; b++)
                q[b] = dims(base + min(part.query + b * 4 + lane / ROW_LANES, last) * stride, d / 4 + lane % ROW_LANES);
            [[unroll]] for (uint c = 0; c < ROW_LANES; c++)
                [[unroll]] for (uint t = 0; t < TK; t++) key[c][t] = dims(key_at[t], d / 4 + c);
            [[unroll]] for (uint b = 0; b < TQ / 4; b++) {
                FOUR_SCORES(b, 0)
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
            [[unroll]] for (uint e = 0; e < FOURS; e++) sum[i][e] *= shrink;
        }
        [[unroll]] for (uint t = 0; t < TK; t++) FOUR_VALUES(t, 0)
    }
    [[unroll]] for (uint i = 0; i < TQ; i++) {
        float unit = 1.0 / subgroupAdd(total[i]);
        uint at = part.y + (part.query + i) * part.width;
        if (part.query + i < part.end) [[unroll]] for (uint e = 0; e < FOURS; e++) {
            uint d = (e * SG + lane) * 4;
            if (d < D) {
                y_put_two(at + d, sum[i][e].xy * unit, true);
                y_put_two(at + d + 2, sum[i][e].zw * unit, true);
            }
        }
    }
}
