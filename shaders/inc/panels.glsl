// panels.glsl — the inner product of the kernels for CPU drivers: one k, or two, of a weight packed in panels of PANEL
// rows (graph/layout.c), times a value per tile row, added to the tile's sums. The kernel declares TM (tile rows), TP
// (pairs of weight rows per lane), the operand `w` at binding 1 and, in main(), a[TM], sum[TM][TP] and w_at: the
// lane's first word of the current k. A lane owns pairs of neighbouring weight rows, so that halves are stored whole.
#include "inc/quant.glsl"
const uint SG = THREADS;
const uint PANEL = SG * TP * 2;
const bool SHARED_WORD = SG < QUANT_K; // the next SG k are only a part of a word of integers
uvec2 packed[TP];                      // of packed weights: the words of this k, and the scales
vec2 scale[TP];

// First word of a panel whose rows have `length` k each, and words from there to those of k. In halves one word holds an
// even k and the next.
uint panel_at(uint panel, uint length)
{
    if (QUANT_BITS != 0) return panel * PANEL * (length / QUANT_K);
    return panel * PANEL * (IS_HALF(1) ? (length + 1) / 2 : length);
}
uint words_to(uint k) { return PANEL * (IS_HALF(1) ? k / 2 : k); }

// The weights of pair p for an even k and the next.
void weight_pair(uint at, uint p, uint k, out vec2 even, out vec2 odd)
{
    uint i = at + p * 2 * SG;
    if (QUANT_BITS != 0) {
        if (k % QUANT_K == 0) packed[p] = uvec2(w_word(i), w_word(i + 1));
        even = scale[p] * vec2(quant_at(packed[p].x, k), quant_at(packed[p].y, k));
        odd = scale[p] * vec2(quant_at(packed[p].x, k + 1), quant_at(packed[p].y, k + 1));
        return;
    }
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

// The weights of pair p for one k.
vec2 weight_one(uint at, uint p, uint k)
{
    uint i = at + p * 2 * SG;
    uvec2 q = uvec2(w_word(i), w_word(i + 1));
    if (!IS_HALF(1)) return uintBitsToFloat(q);
    if ((k & 1u) == 0u) q <<= 16;
    return vec2(unpackHalf2x16(q.x).y, unpackHalf2x16(q.y).y);
}

// k + u and k + u + 1, whose values lanes u and u + 1 hold; literals because of LANE.
#define TWO(k_, u_) \
    { \
        vec2 even[TP], odd[TP]; \
        uint within = SHARED_WORD ? k_ + u_ : u_; \
        [[unroll]] for (uint p = 0; p < TP; p++) weight_pair(w_at, p, within, even[p], odd[p]); \
        if (QUANT_BITS == 0) w_at += IS_HALF(1) ? PANEL : 2 * PANEL; \
        else if ((within + 2) % QUANT_K == 0) w_at += PANEL; \
        [[unroll]] for (uint i = 0; i < TM; i++) { \
            vec2 v = vec2(LANE(a[i], u_)); \
            [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = fma(v, even[p], sum[i][p]); \
        } \
        [[unroll]] for (uint i = 0; i < TM; i++) { \
            vec2 v = vec2(LANE(a[i], u_ + 1)); \
            [[unroll]] for (uint p = 0; p < TP; p++) sum[i][p] = fma(v, odd[p], sum[i][p]); \
        } \
    }
// The next SG k from an even one: lane u of a[] holds the value of k + u.
#define NEXT_LANES(k_) \
    { \
        TWO(k_, 0) TWO(k_, 2) \
        if (SG >= 8) { TWO(k_, 4) TWO(k_, 6) } \
        if (SG >= 16) { TWO(k_, 8) TWO(k_, 10) TWO(k_, 12) TWO(k_, 14) } \
    }
// Packed weights: the scales of the block that k is in. scale_at: the lane's first one, `pairs` the words of a line.
#define NEXT_SCALES(k_, scale_at_, pairs_) \
    [[unroll]] for (uint p = 0; p < TP; p++) scale[p] = quant_scales((scale_at_) + p * SG + (k_) / 64 * (pairs_));
// One k, of which every lane holds the values.
#define NEXT_ONE(k_) \
    { \
        [[unroll]] for (uint p = 0; p < TP; p++) { \
            vec2 b = weight_one(w_at, p, k_); \
            [[unroll]] for (uint i = 0; i < TM; i++) sum[i][p] = fma(vec2(a[i]), b, sum[i][p]); \
        } \
        if (!IS_HALF(1) || ((k_) & 1u) == 1u) w_at += PANEL; \
    }
