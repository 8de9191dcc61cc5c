#version 450
// conv_lanes.comp — convolution for CPU drivers, built like linear_bcast.comp: one subgroup owns TM pixels of a line x
// TP*2*SG channels; a load brings SG input channels of a pixel, each then broadcast to all lanes. No im2col buffer,
// no shared memory. The weight (tap-major, channel last) is packed in panels of the workgroup's channels.
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/conv.glsl"

#ifndef TM
layout(constant_id = 9) const uint TM = 8; // pixels
layout(constant_id = 10) const uint TP = 2; // channel pairs per lane
#endif
#include "inc/panels.glsl"

void main()
{
    uint across = (push.out_w + TM - 1) / TM, panels = (push.c_out + PANEL - 1) / PANEL;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x, tiles = across * push.lines;
    if (group >= tiles * panels) return;
    uint panel = group / tiles, line = group % tiles / across, column = group % across * TM; // a panel stays in the cache
    uint lane = gl_SubgroupInvocationID;
    uint taps = KERNEL * KERNEL, first_word = panel_at(panel, taps * push.c_in) + lane * 2;
    uint whole = (push.c_in & 1u) == 0u ? push.c_in / SG * SG : 0; // halves come in pairs of k: odd widths go one by one
    vec2 sum[TM][TP];
    [[unroll]] for (uint i = 0; i < TM; i++) [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = vec2(0.0);

    for (uint tap = 0; tap < taps; tap++) {
        uint from = line_in(line, tap / KERNEL);
        if (from == OUTSIDE) continue;
        uint x_at[TM];
        bool inside[TM];
        [[unroll]] for (uint i = 0; i < TM; i++) {
            uint ix = column_in(column + i, tap % KERNEL);
            inside[i] = ix != OUTSIDE;
            x_at[i] = (from * push.in_w + (inside[i] ? ix : 0)) * push.c_in;
        }
        uint c = 0, w_at = first_word + words_to(tap * push.c_in);
        float a[TM];
        for (; c < whole; c += SG) {
            [[unroll]] for (uint i = 0; i < TM; i++) {
                float v = x(x_at[i] + c + lane);
                a[i] = inside[i] ? v : 0.0;
            }
            NEXT_LANES(c)
        }
        for (; c < push.c_in; c++) { // what is left when the channels are no multiple of SG
            [[unroll]] for (uint i = 0; i < TM; i++) {
                float v = x(x_at[i] + min(c, push.c_in - 1)); // as in linear_bcast.comp
                a[i] = inside[i] ? v : 0.0;
            }
            NEXT_ONE(tap * push.c_in + c)
        }
    }
    [[unroll]] for (uint p = 0; p < TP; p++) {
        uint channel = panel * PANEL + p * 2 * SG + lane * 2;
        vec2 b = bias_of(channel);
        [[unroll]] for (uint i = 0; i < TM; i++)
            if (column + i < push.out_w) finish(line * push.out_w + column + i, channel, sum[i][p] + b);
    }
}
