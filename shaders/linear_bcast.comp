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
layout(constant_id = 7) const bool ONE_ITEM = false; // all rows of a tile have one gate
#include "inc/panels.glsl"

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
    uint k = 0, w_at = panel_at(panel, push.k) + lane * 2;
    uint scale_at = panel_at(panels, push.k) + panel * PANEL / 2 + lane;
    for (; k + SG <= push.k; k += SG) {
        [[unroll]] for (uint i = 0; i < TM; i++) a[i] = x(x_at[i] + k + lane);
        if (QUANT_BITS != 0) NEXT_SCALES(k, scale_at, panels * PANEL / 2)
        NEXT_LANES(k)
    }
    // What is left when k is no multiple of SG. Mesa 26 runs a loop once before it asks, without the lanes that are done,
    // and yet loads what is the same in every lane; so the index must be good when nothing is left, too.
    if (QUANT_BITS == 0) for (; k < push.k; k++) {
        [[unroll]] for (uint i = 0; i < TM; i++) a[i] = x(x_at[i] + min(k, push.k - 1));
        NEXT_ONE(k)
    }
    [[unroll]] for (uint p = 0; p < TP; p++) {
        uint col = panel * PANEL + p * 2 * SG + lane * 2;
        vec2 b = bias_pair(col), g = FINISH == 2 && ONE_ITEM ? gate_pair(gate_at(row), col) : vec2(0.0);
        [[unroll]] for (uint i = 0; i < TM; i++) {
            if (FINISH == 2 && !ONE_ITEM) g = gate_pair(gate_at(min(row + i, push.rows - 1)), col);
            if (row + i < push.rows) finish_gated(row + i, col, sum[i][p], b, g);
        }
    }
}
