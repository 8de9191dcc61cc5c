#version 450
// linear_bcast.comp — matrix product for CPU drivers: one subgroup per workgroup owns TM rows x TP*2*SG columns.
// Every lane-varying load is a gather there, a broadcast is one shuffle and a barrier splits the program, so one
// load brings SG values of k for a row, each then broadcast to all lanes; no shared memory. The weight is packed in
// panels of the workgroup's columns. A lane owns pairs of adjacent columns, so that halves are stored whole.
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/linear.glsl"

#ifndef TM
layout(constant_id = 5) const uint TM = 8; // rows
layout(constant_id = 6) const uint TP = 2; // column pairs per lane
#endif
const uint SG = THREADS;
const uint PANEL = SG * TP * 2;

// The weights of pair p for an even k and the next, at[0] the lane's first word of k. In halves one word holds both.
void weight_pair(uint at, uint p, out vec2 even, out vec2 odd)
{
    uint i = at + p * 2 * SG;
    uvec2 q = uvec2(w_word(i), w_word(i + 1));
    if (IS_HALF(1)) {
        vec2 left = unpackHalf2x16(q.x), right = unpackHalf2x16(q.y);
        even = vec2(left.x, right.x);
        odd = vec2(left.y, right.y);
    } else {
        even = uintBitsToFloat(q);
        odd = uintBitsToFloat(uvec2(w_word(i + PANEL), w_word(i + PANEL + 1)));
    }
}

// sum += a[k + u] w[k + u] for u and u + 1, literals because of LANE.
#define TWO(u_) \
    { \
        vec2 even[TP], odd[TP]; \
        [[unroll]] for (uint p = 0; p < TP; p++) weight_pair(w_at, p, even[p], odd[p]); \
        w_at += IS_HALF(1) ? PANEL : 2 * PANEL; \
        [[unroll]] for (uint i = 0; i < TM; i++) { \
            vec2 v = vec2(LANE(a[i], u_)); \
            [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = fma(v, even[p], sum[i][p]); \
        } \
        [[unroll]] for (uint i = 0; i < TM; i++) { \
            vec2 v = vec2(LANE(a[i], u_ + 1)); \
            [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = fma(v, odd[p], sum[i][p]); \
        } \
    }

void main()
{
    uint row_tiles = (push.rows + TM - 1) / TM, panels = (push.n + PANEL - 1) / PANEL;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * panels) return;
    uint row = group % row_tiles * TM, panel = group / row_tiles; // rows first: a panel stays in the cache
    uint lane = gl_SubgroupInvocationID;
    uint x_at[TM]; // first element of each row
    float a[TM];   // x[row][k + lane]
    vec2 sum[TM][TP];
    [[unroll]] for (uint i = 0; i < TM; i++) {
        x_at[i] = min(row + i, push.rows - 1) * push.k;
        [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = vec2(0.0);
    }
    uint k = 0, w_at = panel * PANEL * (IS_HALF(1) ? (push.k + 1) / 2 : push.k) + lane * 2;
    for (; k + SG <= push.k; k += SG) {
        [[unroll]] for (uint i = 0; i < TM; i++) a[i] = x(x_at[i] + k + lane);
        TWO(0) TWO(2)
        if (SG >= 8) { TWO(4) TWO(6) }
        if (SG >= 16) { TWO(8) TWO(10) TWO(12) TWO(14) }
    }
    for (; k < push.k; k++) { // what is left when k is no multiple of SG
        [[unroll]] for (uint i = 0; i < TM; i++) a[i] = x(x_at[i] + k);
        [[unroll]] for (uint p = 0; p < TP; p++) {
            uint at = w_at + p * 2 * SG;
            uvec2 q = uvec2(w_word(at), w_word(at + 1));
            if (IS_HALF(1)) q = (k & 1u) == 0u ? q << 16 : q;
            vec2 b = IS_HALF(1) ? vec2(unpackHalf2x16(q.x).y, unpackHalf2x16(q.y).y) : uintBitsToFloat(q);
            [[unroll]] for (uint i = 0; i < TM; i++) sum[i][p] = fma(vec2(a[i]), b, sum[i][p]);
        }
        if (!IS_HALF(1) || (k & 1u) == 1u) w_at += PANEL;
    }
    [[unroll]] for (uint p = 0; p < TP; p++) {
        uint col = panel * PANEL + p * 2 * SG + lane * 2;
        vec2 b = bias_pair(col);
        [[unroll]] for (uint i = 0; i < TM; i++)
            if (row + i < push.rows) finish(row + i, col, sum[i][p], b, FINISH == 2 ? gate_at(row + i) : 0);
    }
}
