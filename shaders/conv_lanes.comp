#version 450
// conv_lanes.comp — convolution for CPU drivers, built like linear_bcast.comp: one subgroup owns TM pixels of a line x
// TP*2*SG channels; a load brings SG input channels of a pixel, each then broadcast to all lanes. No im2col buffer,
// no shared memory. The weight (tap-major, channel last) is packed in panels of the workgroup's channels.
#extension GL_GOOGLE_include_directive : require
#include "inc/lanes.glsl"
#include "inc/conv.glsl"

#ifndef TM
layout(constant_id = 8) const uint TM = 8; // pixels
layout(constant_id = 9) const uint TP = 2; // channel pairs per lane
#endif
const uint SG = THREADS;
const uint PANEL = SG * TP * 2;

// The weights of pair p for an even k and the next, `at` the lane's first word of k. In halves one word holds both.
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
    uint across = (push.out_w + TM - 1) / TM, panels = (push.c_out + PANEL - 1) / PANEL;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x, tiles = across * push.lines;
    if (group >= tiles * panels) return;
    uint panel = group / tiles, line = group % tiles / across, column = group % across * TM; // a panel stays in the cache
    uint lane = gl_SubgroupInvocationID;
    uint taps = KERNEL * KERNEL, k_total = taps * push.c_in;
    uint panel_at = panel * PANEL * (IS_HALF(1) ? (k_total + 1) / 2 : k_total) + lane * 2;
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
        uint c = 0, w_at = panel_at + (IS_HALF(1) ? tap * push.c_in / 2 : tap * push.c_in) * PANEL;
        float a[TM];
        for (; c < whole; c += SG) {
            [[unroll]] for (uint i = 0; i < TM; i++) {
                float v = x(x_at[i] + c + lane);
                a[i] = inside[i] ? v : 0.0;
            }
            TWO(0) TWO(2)
            if (SG >= 8) { TWO(4) TWO(6) }
            if (SG >= 16) { TWO(8) TWO(10) TWO(12) TWO(14) }
        }
        for (; c < push.c_in; c++) { // what is left when the channels are no multiple of SG
            uint k = tap * push.c_in + c;
            [[unroll]] for (uint i = 0; i < TM; i++) {
                float v = x(x_at[i] + c);
                a[i] = inside[i] ? v : 0.0;
            }
            [[unroll]] for (uint p = 0; p < TP; p++) {
                uint at = panel_at + (IS_HALF(1) ? k / 2 : k) * PANEL + p * 2 * SG;
                uvec2 q = uvec2(w_word(at), w_word(at + 1));
                if (IS_HALF(1)) q = (k & 1u) == 0u ? q << 16 : q;
                vec2 b = IS_HALF(1) ? vec2(unpackHalf2x16(q.x).y, unpackHalf2x16(q.y).y) : uintBitsToFloat(q);
                [[unroll]] for (uint i = 0; i < TM; i++) sum[i][p] = fma(vec2(a[i]), b, sum[i][p]);
            }
        }
    }
    [[unroll]] for (uint p = 0; p < TP; p++) {
        uint channel = panel * PANEL + p * 2 * SG + lane * 2;
        vec2 b = bias_of(channel);
        [[unroll]] for (uint i = 0; i < TM; i++)
            if (column + i < push.out_w) finish(line * push.out_w + column + i, channel, sum[i][p] + b);
    }
}
