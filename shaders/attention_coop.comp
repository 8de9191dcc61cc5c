#version 450
// attention_coop.comp — softmax(q k^T / sqrt D) v of halves on matrix units (VK_KHR_cooperative_matrix), F32 sums. Each
// subgroup owns RQ * CM queries of one head; the workgroup walks over BK keys a trip, which pass through shared memory.
// The softmax is kept up to date trip by trip. Head sizes are multiples of 8; what is missing to whole matrices is zero.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_GOOGLE_include_directive : require
#include "inc/attention.glsl"

layout(constant_id = 2) const uint D = 64;    // head size
layout(constant_id = 3) const uint BK = 32;   // keys per trip, a multiple of CN and CK
layout(constant_id = 4) const uint LANES = 32; // subgroup size; THREADS / LANES subgroups
layout(constant_id = 5) const uint CM = 8;    // the device's matrix shape
layout(constant_id = 6) const uint CN = 8;
layout(constant_id = 7) const uint CK = 8;
layout(constant_id = 8) const uint RQ = 1;    // matrices of queries per subgroup; LANES is a multiple of RQ * CM
layout(constant_id = 9) const uint SLICES = 1; // of keys: so many subgroups share queries, each takes BK keys of a trip

layout(std430, set = 0, binding = 0) readonly buffer Wide_qkv { uvec4 wide_qkv[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Wide_y { uvec4 wide_y[]; };

const uint UNIT = CN > CK ? CN : CK, DP = (D + UNIT - 1) / UNIT * UNIT; // head size in whole matrices
const uint D8 = D / 8, DP8 = DP / 8, LINE = DP8 + 1;                    // uvec4s; one against bank conflicts
const uint ROWS = RQ * CM, WAVES = THREADS / LANES, CREWS = WAVES / SLICES, QUERIES = CREWS * ROWS;
const uint KEYS = SLICES * BK; // of a trip
const uint S_LINE = BK / 4 + 1 > LINE ? BK / 4 + 1 : LINE;
const uint LOADS = (KEYS * DP8 + THREADS - 1) / THREADS;
const uint SHARE = LANES / ROWS;   // lanes that look after one row of scores
const uint FOURS = BK / 4 / SHARE; // vec4s of scores each

const uint V_AT = KEYS * LINE, OTHERS = (SLICES - 1) * QUERIES * DP / 4; // uvec4s: values; results of slices 1 and up
shared uvec4 kv_tile[2 * V_AT > OTHERS ? 2 * V_AT : OTHERS];    // keys, then values; in the end results
shared uvec4 s_tile[WAVES * ROWS * S_LINE]; // queries, then scores, probabilities (as halves) and results
shared float factor[WAVES * ROWS];
shared float highest[SLICES > 1 ? WAVES * ROWS : 1];

#define SUM coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>
#define LEFT coopmat<float16_t, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA>
#define RIGHT coopmat<float16_t, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB>

// Eight dimensions of a vector that starts at element i, zero past the end of the head. No branch.
uvec4 fetch(uint i, uint d8, bool real)
{
    real = real && d8 < D8;
    uvec4 v = wide_qkv[push.at[0] / 4 + i / 8 + (real ? d8 : 0)];
    return real ? v : uvec4(0);
}

void wave_sync()
{
    subgroupMemoryBarrierShared();
    subgroupBarrier();
}

void main()
{
    Part part = my_part(QUERIES, D);
    if (!part.any) return;
    uint t = gl_LocalInvocationIndex, lane = gl_SubgroupInvocationID, slice = gl_SubgroupID / CREWS;
    uint row0 = gl_SubgroupID % CREWS * ROWS, line0 = gl_SubgroupID * ROWS; // first query; first line of s_tile and factor
    uint stride = 3 * part.width, last = push.tokens - 1, at_s = line0 * S_LINE;

    for (uint e = lane; e < ROWS * DP8; e += LANES) {
        uint r = e / DP8, d8 = e % DP8;
        s_tile[at_s + r * S_LINE + d8] = fetch(part.base + min(part.query + row0 + r, last) * stride, d8, true);
    }
    uvec4 k_next[LOADS], v_next[LOADS];
    [[unroll]] for (uint l = 0; l < LOADS; l++) {
        uint e = t + l * THREADS, r = e / DP8, d8 = e % DP8, at = part.base + min(r, last) * stride;
        k_next[l] = fetch(at + part.width, d8, r <= last);
        v_next[l] = fetch(at + 2 * part.width, d8, r <= last);
    }
    wave_sync();
    LEFT q[RQ][DP / CK];
    [[unroll]] for (uint i = 0; i < RQ; i++) [[unroll]] for (uint d = 0; d < DP / CK; d++)
        coopMatLoad(q[i][d], s_tile, at_s + i * CM * S_LINE + d * CK / 8, S_LINE, gl_CooperativeMatrixLayoutRowMajor);
    wave_sync();

    SUM sum[RQ][DP / CN];
    [[unroll]] for (uint i = 0; i < RQ; i++) [[unroll]] for (uint d = 0; d < DP / CN; d++) sum[i][d] = SUM(0.0);
    float top = -1e30, total = 0.0; // of row lane / SHARE
    uint my_row = lane / SHARE, my_share = lane % SHARE, mine = at_s + my_row * S_LINE;
    const float scale = 1.4426950408889634 / sqrt(float(D)); // of base-2 powers
    for (uint j = 0; j < push.tokens; j += KEYS) {
        [[unroll]] for (uint l = 0; l < LOADS; l++) {
            uint e = t + l * THREADS, at = e / DP8 * LINE + e % DP8;
            if (KEYS * DP8 % THREADS == 0 || e < KEYS * DP8) {
                kv_tile[at] = k_next[l];
                kv_tile[V_AT + at] = v_next[l];
            }
        }
        barrier();
        [[unroll]] for (uint l = 0; l < LOADS; l++) { // fetched while this trip computes
            uint e = t + l * THREADS, r = j + KEYS + e / DP8, d8 = e % DP8, at = part.base + min(r, last) * stride;
            k_next[l] = fetch(at + part.width, d8, r <= last);
            v_next[l] = fetch(at + 2 * part.width, d8, r <= last);
        }
        [[unroll]] for (uint n = 0; n < BK / CN; n++) {
            SUM s[RQ];
            [[unroll]] for (uint i = 0; i < RQ; i++) s[i] = SUM(0.0);
            [[unroll]] for (uint d = 0; d < DP / CK; d++) {
                RIGHT k;
                coopMatLoad(k, kv_tile, (slice * BK + n * CN) * LINE + d * CK / 8, LINE, gl_CooperativeMatrixLayoutColumnMajor);
                [[unroll]] for (uint i = 0; i < RQ; i++) s[i] = coopMatMulAdd(q[i][d], k, s[i]);
            }
            [[unroll]] for (uint i = 0; i < RQ; i++)
                coopMatStore(s[i], s_tile, at_s + i * CM * S_LINE + n * CN / 4, S_LINE, gl_CooperativeMatrixLayoutRowMajor);
        }
        wave_sync();
        vec4 score[FOURS];
        float most = top;
        [[unroll]] for (uint f = 0; f < FOURS; f++) {
            uint four = my_share * FOURS + f, key = j + slice * BK + four * 4;
            score[f] = uintBitsToFloat(s_tile[mine + four]) * scale;
            if (key + 3 > last) score[f] = mix(vec4(-1e30), score[f], lessThanEqual(uvec4(key, key + 1, key + 2, key + 3), uvec4(last)));
            most = max(most, max(max(score[f].x, score[f].y), max(score[f].z, score[f].w)));
        }
        [[unroll]] for (uint m = 1; m < SHARE; m *= 2) most = max(most, subgroupShuffleXor(most, m));
        float shrink = exp2(top - most);
        top = most;
        total *= shrink;
        wave_sync(); // every score is read: its place takes the probabilities
        [[unroll]] for (uint f = 0; f < FOURS; f++) {
            score[f] = exp2(score[f] - most);
            total += score[f].x + score[f].y + (score[f].z + score[f].w);
        }
        [[unroll]] for (uint f = 0; f < FOURS; f += 2)
            s_tile[mine + my_share * FOURS / 2 + f / 2] = uvec4(packHalf2x16(score[f].xy), packHalf2x16(score[f].zw),
                                                                packHalf2x16(score[f + 1].xy), packHalf2x16(score[f + 1].zw));
        if (my_share == 0) factor[line0 + my_row] = shrink;
        wave_sync();
        [[unroll]] for (uint i = 0; i < RQ; i++) {
            SUM f; // a column, repeated
            coopMatLoad(f, factor, line0 + i * CM, 0, gl_CooperativeMatrixLayoutColumnMajor);
            [[unroll]] for (uint d = 0; d < DP / CN; d++)
                [[unroll]] for (uint e = 0; e < f.length(); e++) sum[i][d][e] *= f[e];
        }
        [[unroll]] for (uint k = 0; k < BK / CK; k++) {
            LEFT p[RQ];
            [[unroll]] for (uint i = 0; i < RQ; i++)
                coopMatLoad(p[i], s_tile, at_s + i * CM * S_LINE + k * CK / 8, S_LINE, gl_CooperativeMatrixLayoutRowMajor);
            [[unroll]] for (uint d = 0; d < DP / CN; d++) {
                RIGHT v;
                coopMatLoad(v, kv_tile, V_AT + (slice * BK + k * CK) * LINE + d * CN / 8, LINE, gl_CooperativeMatrixLayoutRowMajor);
                [[unroll]] for (uint i = 0; i < RQ; i++) sum[i][d] = coopMatMulAdd(p[i], v, sum[i][d]);
            }
        }
        barrier();
    }
    [[unroll]] for (uint m = 1; m < SHARE; m *= 2) total += subgroupShuffleXor(total, m);
    // A slice whose keys all lay past the end has a top of -1e30, so what it summed counts for nothing.
    if (SLICES > 1) {
        if (my_share == 0) {
            factor[line0 + my_row] = total;
            highest[line0 + my_row] = top;
        }
        if (slice > 0) [[unroll]] for (uint i = 0; i < RQ; i++) [[unroll]] for (uint d = 0; d < DP / CN; d++)
            coopMatStore(sum[i][d], kv_tile, (((slice - 1) * QUERIES + row0 + i * CM) * DP + d * CN) / 4, DP / 4,
                         gl_CooperativeMatrixLayoutRowMajor);
        barrier();
        float most = top, all = 0.0;
        [[unroll]] for (uint p = 0; p < SLICES; p++) most = max(most, highest[p * QUERIES + row0 + my_row]);
        [[unroll]] for (uint p = 0; p < SLICES; p++)
            all += factor[p * QUERIES + row0 + my_row] * exp2(highest[p * QUERIES + row0 + my_row] - most);
        barrier();
        if (my_share == 0) factor[line0 + my_row] = exp2(top - most) / all;
        barrier();
    } else {
        if (my_share == 0) factor[line0 + my_row] = 1.0 / total;
        wave_sync();
    }
    if (slice == 0) [[unroll]] for (uint i = 0; i < RQ; i++) {
        SUM f;
        coopMatLoad(f, factor, line0 + i * CM, 0, gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (uint d = 0; d < DP / CN; d++) {
            [[unroll]] for (uint e = 0; e < f.length(); e++) sum[i][d][e] *= f[e];
            [[unroll]] for (uint p = 1; p < SLICES; p++) {
                SUM more, g;
                coopMatLoad(more, kv_tile, (((p - 1) * QUERIES + row0 + i * CM) * DP + d * CN) / 4, DP / 4,
                            gl_CooperativeMatrixLayoutRowMajor);
                coopMatLoad(g, factor, p * QUERIES + row0 + i * CM, 0, gl_CooperativeMatrixLayoutColumnMajor);
                [[unroll]] for (uint e = 0; e < f.length(); e++) sum[i][d][e] += more[e] * g[e];
            }
            coopmat<float16_t, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator> h = coopmat<float16_t, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>(sum[i][d]);
            coopMatStore(h, s_tile, at_s + i * CM * S_LINE + d * CN / 8, S_LINE, gl_CooperativeMatrixLayoutRowMajor);
        }
    }
    wave_sync(); // by every subgroup: some drivers take it for a workgroup's barrier
    if (slice == 0) for (uint e = lane; e < ROWS * D8; e += LANES) {
        uint r = e / D8, query = part.query + row0 + r, at = part.y + query * part.width;
        if (query < part.end) wide_y[push.at[1] / 4 + at / 8 + e % D8] = s_tile[at_s + r * S_LINE + e % D8];
    }
}
