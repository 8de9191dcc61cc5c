// panels.glsl — the inner product of the kernels for CPU drivers: TRIP values of k, or one, of a weight packed in panels of
// PANEL rows (graph/layout.c), times values of TM tile rows, added to the tile's sums. The kernel declares TM (a multiple
// of 4), TP (pairs of weight rows per lane), the operand `w` at binding 1 and, in main(), sum[TM][TP]. A lane owns pairs of
// neighbouring weight rows, so that halves are stored whole, and loads four weights at once, two k of a pair.
//
// Everything of TRIP k is loaded first. Then four tile rows at a time take all TRIP k, so their sums stay in registers; k
// outermost would store and load every sum for every k, which takes twice as long.
//
// With UNIFORM (inc/lanes.glsl) it loads one word at a time instead, from lines: what all lanes need of a word each lies side
// by side (layout.lanes in graph/graph.h).
#include "inc/quant.glsl"
LINE_READ(w)
const uint SG = THREADS;
const uint PANEL = SG * TP * 2;
const uint TRIP = !UNIFORM ? SG : IS_HALF(1) || QUANT_K == 8 ? 8 : 4; // k at once: few, for the compiler's sake
const uint WORD_K = IS_HALF(1) ? 2 : QUANT_K;                         // k in a word
const uint GROUP = !UNIFORM && QUANT_BITS == 0 ? 2 : WORD_K;          // k of a row that lie side by side
const uint LINE = UNIFORM ? PANEL : PANEL / 2;                        // from one group of a panel to the next, see panel_at
vec2 scale[TP]; // of packed weights: those of the block that k is in

// Where a lane finds k = 0 of a panel whose rows have `length` k each, and how far from there k is: in words of lines, where
// all lanes name the line's first, else in quads.
uint panel_at(uint panel, uint length) { return panel * ((length + GROUP - 1) / GROUP) * LINE; }
uint lane_at() { return UNIFORM ? 0 : gl_SubgroupInvocationID; }
uint far(uint k) { return k / GROUP * LINE; }

// The lane's words of a line of even weight rows and of the line of odd ones behind it.
uvec2 two_lines(uint at) { return UNIFORM_OR(uvec2(w_line(at), w_line(at + SG)), uvec2(0)); }

// The weights of k + u and k + u + 1, even numbers; at: where the lane finds k, `from` the place of that, not with UNIFORM.
void weights_of(uint at, Place from, uint k, uint u, out vec2 even[TP], out vec2 odd[TP])
{
    [[unroll]] for (uint p = 0; p < TP; p++) {
        if (QUANT_BITS != 0) {
            uvec2 q = UNIFORM ? two_lines(at + u / QUANT_K * LINE + p * 2 * SG) : w_quad_near(from, u / QUANT_K * LINE + p * SG).xy;
            uint within = TRIP < QUANT_K ? k + u : u; // literal, where a word is no more than TRIP k
            even[p] = scale[p] * vec2(quant_at(q.x, within), quant_at(q.y, within));
            odd[p] = scale[p] * vec2(quant_at(q.x, within + 1), quant_at(q.y, within + 1));
        } else if (!UNIFORM) {
            vec4 f = w_four_near(from, u / 2 * LINE + p * SG);
            even[p] = f.xz;
            odd[p] = f.yw;
        } else if (WORD_K == 1) {
            even[p] = uintBitsToFloat(two_lines(at + u * LINE + p * 2 * SG));
            odd[p] = uintBitsToFloat(two_lines(at + (u + 1) * LINE + p * 2 * SG));
        } else {
            uvec2 q = two_lines(at + u / 2 * LINE + p * 2 * SG);
            vec2 x = unpackHalf2x16(q.x), y = unpackHalf2x16(q.y);
            even[p] = vec2(x.x, y.x);
            odd[p] = vec2(x.y, y.y);
        }
    }
}

// Tile row 4 b + r takes k + u, whose value the kernel's ROW_VALUE(b, r, u) gives; literals because of LANE. Before that
// ROWS_COME(b, u) may load k + u to k + u + 3 of four rows.
// NEXT_LANES: TRIP values of k from an even one, which the lane finds at at_.
#define ROW_TAKES(b_, r_, u_) \
    { \
        vec2 v = vec2(ROW_VALUE(b_, r_, u_)); \
        [[unroll]] for (uint p = 0; p < TP; p++) sum[(b_) * 4 + (r_)][p] = fma(v, w[u_][p], sum[(b_) * 4 + (r_)][p]); \
    }
#define FOUR_ROWS_TAKE(b_, u_) ROW_TAKES(b_, 0, u_) ROW_TAKES(b_, 1, u_) ROW_TAKES(b_, 2, u_) ROW_TAKES(b_, 3, u_)
#define FOUR_K(b_, u_) \
    ROWS_COME(b_, u_) \
    FOUR_ROWS_TAKE(b_, u_) FOUR_ROWS_TAKE(b_, u_ + 1) FOUR_ROWS_TAKE(b_, u_ + 2) FOUR_ROWS_TAKE(b_, u_ + 3)
#define NEXT_LANES(k_, at_) \
    { \
        vec2 w[16][TP]; \
        uint at = at_; \
        Place from = w_place(at); \
        [[unroll]] for (uint u = 0; u < TRIP; u += 2) weights_of(at, from, k_, u, w[u], w[u + 1]); \
        [[unroll]] for (uint b = 0; b < TM / 4; b++) { \
            FOUR_K(b, 0) \
            if (TRIP >= 8) { FOUR_K(b, 4) } \
            if (TRIP >= 16) { FOUR_K(b, 8) FOUR_K(b, 12) } \
        } \
    }
// Packed weights: the scales of the block that k is in; scale_at: the lane's first one, `pairs` the words of a line.
#define NEXT_SCALES(k_, scale_at_, pairs_) \
    [[unroll]] for (uint p = 0; p < TP; p++) scale[p] = quant_scales((scale_at_) + p * SG + (k_) / 64 * (pairs_));
// One k, of which every lane holds the values, one[TM]; at_: the lane's quad of k = 0. Not with UNIFORM.
#define NEXT_ONE(k_, at_) \
    [[unroll]] for (uint p = 0; p < TP; p++) { \
        vec4 f = w_four((at_) + far(k_) + p * SG); \
        vec2 b = ((k_) & 1u) == 0u ? f.xz : f.yw; \
        [[unroll]] for (uint i = 0; i < TM; i++) sum[i][p] = fma(vec2(one[i]), b, sum[i][p]); \
    }
