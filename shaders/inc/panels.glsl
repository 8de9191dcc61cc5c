// panels.glsl — the inner product of the kernels for CPU drivers: SG values of k, or one, of a weight packed in panels of
// PANEL rows (graph/layout.c), times values of TM tile rows, added to the tile's sums. The kernel declares TM (a multiple
// of 4), TP (pairs of weight rows per lane), the operand `w` at binding 1 and, in main(), sum[TM][TP]. A lane owns pairs of
// neighbouring weight rows, so that halves are stored whole, and loads four weights at once: two k of a pair.
//
// Everything of SG k is loaded first. Then four tile rows at a time take all SG k, so their sums stay in registers; k
// outermost would store and load every sum for every k, which takes twice as long.
#include "inc/quant.glsl"
const uint SG = THREADS;
const uint PANEL = SG * TP * 2;
const uint GROUP = QUANT_BITS == 0 ? 2 : QUANT_K; // k of a row that lie side by side
vec2 scale[TP]; // of packed weights: those of the block that k is in

// First quad of a lane for k = 0 of a panel whose rows have `length` k each, and quads from there to those of k.
uint panel_at(uint panel, uint length) { return panel * ((length + GROUP - 1) / GROUP) * (PANEL / 2); }
uint quads_to(uint k) { return k / GROUP * (PANEL / 2); }

// The weights of k + u and k + u + 1, even numbers; at: the lane's quad of k.
void weights_of(uint at, uint k, uint u, out vec2 even[TP], out vec2 odd[TP])
{
    [[unroll]] for (uint p = 0; p < TP; p++) {
        if (QUANT_BITS == 0) {
            vec4 f = w_four(at + u / 2 * (PANEL / 2) + p * SG);
            even[p] = f.xz;
            odd[p] = f.yw;
        } else {
            uvec2 q = w_quad(at + u / QUANT_K * (PANEL / 2) + p * SG).xy;
            uint within = SG < QUANT_K ? k + u : u; // literal, where a word is no more than SG k
            even[p] = scale[p] * vec2(quant_at(q.x, within), quant_at(q.y, within));
            odd[p] = scale[p] * vec2(quant_at(q.x, within + 1), quant_at(q.y, within + 1));
        }
    }
}

// Tile row 4 b + r takes k + u, whose value the kernel's ROW_VALUE(b, r, u) gives; literals because of LANE. Before that
// ROWS_COME(b, u) may load k + u to k + u + 3 of four rows.
// NEXT_LANES: SG values of k from an even one, at_ being the lane's quad there.
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
        [[unroll]] for (uint u = 0; u < SG; u += 2) weights_of(at_, k_, u, w[u], w[u + 1]); \
        [[unroll]] for (uint b = 0; b < TM / 4; b++) { \
            FOUR_K(b, 0) \
            if (SG >= 8) { FOUR_K(b, 4) } \
            if (SG >= 16) { FOUR_K(b, 8) FOUR_K(b, 12) } \
        } \
    }
// Packed weights: the scales of the block that k is in; scale_at: the lane's first one, `pairs` the words of a line.
#define NEXT_SCALES(k_, scale_at_, pairs_) \
    [[unroll]] for (uint p = 0; p < TP; p++) scale[p] = quant_scales((scale_at_) + p * SG + (k_) / 64 * (pairs_));
// One k, of which every lane holds the values, one[TM]; at_: the lane's quad of k = 0.
#define NEXT_ONE(k_, at_) \
    [[unroll]] for (uint p = 0; p < TP; p++) { \
        vec4 f = w_four((at_) + quads_to(k_) + p * SG); \
        vec2 b = ((k_) & 1u) == 0u ? f.xz : f.yw; \
        [[unroll]] for (uint i = 0; i < TM; i++) sum[i][p] = fma(vec2(one[i]), b, sum[i][p]); \
    }
