// linear.glsl — what every matrix product shares: operands, sizes, and the epilogue applied to finished sums.
// Includes operand.glsl. Knows nothing about how the sums were made.
#include "inc/operand.glsl"
#include "inc/act.glsl"

layout(constant_id = 2) const uint ACT = 0;    // enum act
layout(constant_id = 3) const bool BIAS = true;
layout(constant_id = 4) const uint FINISH = 0; // 0: y = v, 1: y = res + v, 2: y = res + gate * v
// 5 and up: tile sizes, see the kernel

layout(push_constant) uniform Push {
    PUSH_AT(8)
    uint rows, n, k;                               // y: rows x n of this shard, sums over k
    uint first_row, item_rows, conds, slots, slot; // where the gate of a row is, see struct mod
} push;

FOURS_MAIN(0, x)
FOURS_MAIN(1, w)
FLOATS_IN(2, bias)
FLOATS_MAIN(3, res)
FLOATS_MAIN(4, table)
WORDS_IN(5, now)
WORDS_IN(6, cond)
FLOATS_OUT(7, y)

// Offset in the modulation table of the gate that row `row` of this shard uses.
uint gate_at(uint row)
{
    uint item = (push.first_row + row) / push.item_rows;
    return ((now_word(0) * push.conds + cond_word(item)) * push.slots + push.slot) * push.n;
}

vec2 bias_pair(uint col) // zero past the end, so that callers may ask for whole tiles
{
    if (!BIAS) return vec2(0.0);
    return vec2(bias(min(col, push.n - 1)), bias(min(col + 1, push.n - 1)));
}

// The gates of columns col and col+1 in the row of the table that starts at `gate`.
vec2 gate_pair(uint gate, uint col)
{
    return vec2(table(gate + min(col, push.n - 1)), table(gate + min(col + 1, push.n - 1)));
}

// Stores columns col and col+1 of a row inside the shard; b is bias_pair(col), g is their gate when FINISH == 2.
void finish_gated(uint row, uint col, vec2 sum, vec2 b, vec2 g)
{
    if (col >= push.n) return;
    bool both = col + 1 < push.n;
    uint i = row * push.n + col;
    vec2 v = sum + b;
    if (ACT != 0) v = vec2(activate(v.x, ACT), activate(v.y, ACT));
    if (FINISH == 2) v *= g;
    if (FINISH != 0) v += vec2(res(i), both ? res(i + 1) : 0.0);
    y_put_two(i, v, both);
}

// The same with gate_at(row).
void finish(uint row, uint col, vec2 sum, vec2 b, uint gate)
{
    finish_gated(row, col, sum, b, FINISH == 2 ? gate_pair(gate, col) : vec2(0.0));
}
