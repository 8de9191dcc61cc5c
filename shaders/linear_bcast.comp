#version 450
// linear_bcast.comp — matrix product for CPU drivers: one subgroup per workgroup owns TM rows x TP*2*SG columns.
// Every lane-varying load is a gather there, a broadcast is one shuffle and a barrier splits the program, so one
// load brings SG values of k for four rows, each then broadcast to all lanes; no shared memory. With UNIFORM (inc/lanes.glsl)
// nothing is gathered: rows come one number at a time for all lanes. The weight is packed in panels of the workgroup's
// columns. A lane owns pairs of adjacent columns, so that halves are stored whole.
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/linear.glsl"

#ifndef TM
layout(constant_id = 5) const uint TM = 8; // rows
layout(constant_id = 6) const uint TP = 2; // column pairs per lane
#endif
layout(constant_id = 7) const bool ONE_ITEM = false; // all rows of a tile have one gate
UNIFORM_CONSTANT(8) // only where k is a multiple of TRIP
layout(constant_id = 9) const bool REST = true; // k is no multiple of TRIP
#include "inc/panels.glsl"
// SwiftShader takes two thirds of its time for this program over its end, if there is a copy of that for each row: there it
// stays a loop. It goes over a copy of the sums: an array that is indexed by more than literals lies in memory, from its
// first line to its last.
#ifdef BROADCAST
#define LAST_ROWS [[dont_unroll]]
#else
#define LAST_ROWS [[unroll]]
#endif
// Four at once, also because two halves share a word: one by one they are loaded, widened and thrown away twice.
#define ROWS_COME(b_, u_) \
    if (UNIFORM) [[unroll]] for (uint r = 0; r < 4; r++) four[r] = x_four((row_at[(b_) * 4 + r] + here + (u_)) / 4);
#define ROW_VALUE(b_, r_, u_) UNIFORM_OR(four[r_][(u_) % 4], ROW_LANE(a[b_], r_, u_))

void main()
{
    uint row_tiles = (push.rows + TM - 1) / TM, panels = (push.n + PANEL - 1) / PANEL;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * panels) return;
    uint row = group % row_tiles * TM; // rows first: a panel stays in the cache
    uint panel = min(group / row_tiles, panels - 1); // a good one also where there is nothing to do, see UNIFORM
    uint lane = gl_SubgroupInvocationID;
    uint row_at[TM];   // first element of each row
    uint x_at[TM / 4]; // this lane's first four of four rows
    vec4 a[TM / 4];    // the next
    vec4 four[4];      // with UNIFORM: four k of four rows
    vec2 sum[TM][TP];
    [[unroll]] for (uint b = 0; b < TM / 4; b++)
        x_at[b] = min(row + b * 4 + lane / ROW_LANES, push.rows - 1) * (push.k / 4) + lane % ROW_LANES;
    [[unroll]] for (uint i = 0; i < TM; i++) {
        row_at[i] = min(row + i, push.rows - 1) * push.k;
        [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = vec2(0.0);
    }
    uint whole = (push.k & 3u) == 0u ? push.k / TRIP * TRIP : 0; // rows of other lengths do not begin at a four
    uint k = 0, w_at = panel_at(panel, push.k) + lane_at();
    uint scale_at = PANEL / LINE * panel_at(panels, push.k) + panel * PANEL / 2 + lane;
    for (; k < whole; k += TRIP) {
        uint here = UNIFORM ? min(k, whole - TRIP) : k;
        if (!UNIFORM) [[unroll]] for (uint b = 0; b < TM / 4; b++) a[b] = x_four_near(x_place(x_at[b] + k / 4), 0);
        if (QUANT_BITS != 0) NEXT_SCALES(k, scale_at, panels * PANEL / 2)
        NEXT_LANES(here, w_at + far(here))
    }
    // What is left when k is no multiple of TRIP. Here all addresses of x are the same in every lane, see UNIFORM.
    if (REST && QUANT_BITS == 0) for (; k < push.k; k++) {
        float one[TM];
        uint last = min(k, push.k - 1);
        [[unroll]] for (uint i = 0; i < TM; i++) one[i] = x(row_at[i] + last);
        NEXT_ONE(last, w_at)
    }
    vec2 done[TM][TP];
    [[unroll]] for (uint i = 0; i < TM; i++) [[unroll]] for (uint p = 0; p < TP; p++) done[i][p] = sum[i][p];
    [[unroll]] for (uint p = 0; p < TP; p++) {
        uint col = panel * PANEL + p * 2 * SG + lane * 2;
        vec2 b = bias_pair(col), g = FINISH == 2 && ONE_ITEM ? gate_pair(gate_at(row), col) : vec2(0.0);
        LAST_ROWS for (uint i = 0; i < TM; i++) {
            if (FINISH == 2 && !ONE_ITEM) g = gate_pair(gate_at(min(row + i, push.rows - 1)), col);
            if (row + i < push.rows) finish_gated(row + i, col, done[i][p], b, g);
        }
    }
}
