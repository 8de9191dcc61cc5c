// conv.glsl — what the convolution kernels share: operands, sizes, where pixels lie, and the epilogue. Images are lists
// of pixels, channel last; a shard is whole lines of the result, counted over all items. Includes operand.glsl.
#include "inc/operand.glsl"
#include "inc/act.glsl"

layout(constant_id = 2) const bool BIAS = true;
layout(constant_id = 3) const bool RES = false;
layout(constant_id = 4) const uint KERNEL = 3;
layout(constant_id = 5) const uint STRIDE = 1;
layout(constant_id = 6) const uint PAD = 1; // zeros before the first line and column
layout(constant_id = 7) const uint UP = 1;  // 2: the input is read through a nearest doubling
layout(constant_id = 8) const uint ACT = 0;
// 9 and up: tile sizes, see the kernel

layout(push_constant) uniform Push {
    PUSH_AT(5)
    uint lines, first_line;    // of this shard of the result
    uint out_h, out_w, c_out;  // of one image of the result
    uint in_h, in_w, c_in;     // of one image of the input, before doubling
    uint in_first_line;        // where the bound part of the input begins
} push;

FOURS_MAIN(0, x)
FOURS_MAIN(1, w)
FLOATS_IN(2, bias)
FLOATS_MAIN(3, res)
FLOATS_OUT(4, y)

const uint OUTSIDE = 0xffffffffu;

// The bound input line that tap `ky` of a result line reads, or OUTSIDE.
uint line_in(uint line, uint ky)
{
    line += push.first_line;
    uint iy = line % push.out_h * STRIDE + ky - PAD; // wraps when negative
    return iy < push.in_h * UP ? line / push.out_h * push.in_h + iy / UP - push.in_first_line : OUTSIDE;
}

// The column that tap `kx` of a result column reads, or OUTSIDE.
uint column_in(uint column, uint kx)
{
    uint ix = column * STRIDE + kx - PAD;
    return ix < push.in_w * UP ? ix / UP : OUTSIDE;
}

vec2 bias_of(uint channel)
{
    if (!BIAS) return vec2(0.0);
    return vec2(bias(min(channel, push.c_out - 1)), bias(min(channel + 1, push.c_out - 1)));
}

// Stores two neighbouring channels of pixel `pixel` of this shard.
void finish(uint pixel, uint channel, vec2 v)
{
    if (channel >= push.c_out) return;
    bool both = channel + 1 < push.c_out;
    uint i = pixel * push.c_out + channel;
    if (RES) v += IS_HALF(3) ? res_two(i) : vec2(res(i), both ? res(i + 1) : 0.0);
    y_put_two(i, vec2(activate(v.x, ACT), activate(v.y, ACT)), both);
}
