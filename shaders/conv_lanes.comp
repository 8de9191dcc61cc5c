#version 450
// conv_lanes.comp — convolution for CPU drivers, built like linear_bcast.comp: one subgroup owns TM pixels of a line x
// TP*2*SG channels; a load brings SG input channels of four pixels, each then broadcast to all lanes. No im2col buffer,
// no shared memory. The weight (tap-major, channel last) is packed in panels of the workgroup's channels.
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/conv.glsl"

#ifndef TM
layout(constant_id = 9) const uint TM = 8; // pixels
layout(constant_id = 10) const uint TP = 2; // channel pairs per lane
#endif
UNIFORM_CONSTANT(11) // only where the channels are a multiple of TRIP
layout(constant_id = 12) const bool REST = true; // as in linear_bcast.comp
#include "inc/panels.glsl"
#define ROWS_COME(b_, u_) \
    if (UNIFORM) [[unroll]] for (uint r = 0; r < 4; r++) \
        four[r] = there[(b_) * 4 + r] ? x_four((pixel_at[(b_) * 4 + r] + here + (u_)) / 4) : vec4(0.0);
#define ROW_VALUE(b_, r_, u_) UNIFORM_OR(four[r_][(u_) % 4], ROW_LANE(a[b_], r_, u_))

void main()
{
    uint across = (push.out_w + TM - 1) / TM, panels = (push.c_out + PANEL - 1) / PANEL;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x, tiles = across * push.lines;
    if (group >= tiles * panels) return;
    uint line = group % tiles / across, column = group % across * TM; // pixels first: a panel stays in the cache
    uint panel = min(group / tiles, panels - 1); // addresses must be good also where there is nothing to do, see UNIFORM
    uint lane = gl_SubgroupInvocationID;
    uint w_at = panel_at(panel, KERNEL * KERNEL * push.c_in) + lane_at();
    uint whole = (push.c_in & 3u) == 0u ? push.c_in / TRIP * TRIP : 0; // pixels of other widths do not begin at a four
    vec2 sum[TM][TP];
    [[unroll]] for (uint i = 0; i < TM; i++) [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = vec2(0.0);

    for (uint tap = 0; tap < KERNEL * KERNEL; tap++) {
        uint from = line_in(line, tap / KERNEL), k0 = tap * push.c_in, c = 0;
        bool outside = from == OUTSIDE;
        if (UNIFORM && outside) from = 0; // what follows may be executed without any lane, see UNIFORM
        if (outside) continue;
        uint x_at[TM / 4]; // this lane's first four of four pixels
        bool inside[TM / 4];
        uint pixel_at[TM]; // with UNIFORM: first element of each pixel, and whether it is one
        bool there[TM];
        if (UNIFORM) [[unroll]] for (uint i = 0; i < TM; i++) {
            uint ix = column_in(column + i, tap % KERNEL);
            there[i] = ix != OUTSIDE;
            pixel_at[i] = (from * push.in_w + (there[i] ? ix : 0)) * push.c_in;
        } else [[unroll]] for (uint b = 0; b < TM / 4; b++) {
            uint ix = column_in(column + b * 4 + lane / ROW_LANES, tap % KERNEL);
            inside[b] = ix != OUTSIDE;
            x_at[b] = (from * push.in_w + (inside[b] ? ix : 0)) * (push.c_in / 4) + lane % ROW_LANES;
        }
        for (; c < whole; c += TRIP) {
            vec4 a[TM / 4], four[4];
            uint here = UNIFORM ? min(c, whole - TRIP) : c; // as in linear_bcast.comp
            if (!UNIFORM) [[unroll]] for (uint b = 0; b < TM / 4; b++) {
                a[b] = x_four_near(x_place(x_at[b] + c / 4), 0);
                if (!inside[b]) a[b] = vec4(0.0);
            }
            NEXT_LANES(k0 + here, w_at + far(k0 + here))
        }
        if (REST) for (; c < push.c_in; c++) { // what is left when the channels are no multiple of TRIP
            float one[TM];
            uint last = min(c, push.c_in - 1); // as in linear_bcast.comp
            [[unroll]] for (uint i = 0; i < TM; i++) {
                uint ix = column_in(column + i, tap % KERNEL);
                one[i] = x((from * push.in_w + (ix != OUTSIDE ? ix : 0)) * push.c_in + last);
                if (ix == OUTSIDE) one[i] = 0.0;
            }
            NEXT_ONE(k0 + last, w_at)
        }
    }
    [[unroll]] for (uint p = 0; p < TP; p++) {
        uint channel = panel * PANEL + p * 2 * SG + lane * 2;
        vec2 b = bias_of(channel);
        [[unroll]] for (uint i = 0; i < TM; i++)
            if (column + i < push.out_w) finish(line * push.out_w + column + i, channel, sum[i][p] + b);
    }
}
