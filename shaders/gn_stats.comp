#version 450
// gn_stats.comp — mean and sum of squared differences of every channel over `chunk` pixels of an item. An invocation
// owns two neighbouring channels of a chunk. Sums are taken relative to the chunk's first pixel: F32 stays safe.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint units, channels, pixels, chunk, first_unit; // units: chunks of this shard; pixels: of an item
} push;

FLOATS_MAIN(0, x)
FLOATS_OUT(1, y)

uint channel, next; // next: the second channel, or the first again when there is no second

vec2 read(uint pixel)
{
    uint i = pixel * push.channels;
    if (IS_HALF(0)) return x_two(i + channel);
    return vec2(x(i + channel), x(i + next));
}

void add(uint pixel, vec2 origin, inout vec2 sum, inout vec2 squares)
{
    vec2 d = read(pixel) - origin;
    sum += d;
    squares += d * d;
}

void main()
{
    uint pairs = (push.channels + 1) / 2, chunks = (push.pixels + push.chunk - 1) / push.chunk;
    uint origin_pixel = push.first_unit / chunks * push.pixels + push.first_unit % chunks * push.chunk;
    for (uint i = gl_GlobalInvocationID.x; i < push.units * pairs; i += gl_NumWorkGroups.x * THREADS) {
        uint unit = push.first_unit + i / pairs, start = unit % chunks * push.chunk;
        channel = i % pairs * 2;
        next = min(channel + 1, push.channels - 1);
        uint n = min(push.chunk, push.pixels - start);
        uint p = unit / chunks * push.pixels + start - origin_pixel, end = p + n;
        vec2 origin = read(p), sum = vec2(0.0), squares = vec2(0.0);
        for (; p + 4 <= end; p += 4) { // CPU drivers store loop variables on every trip
            add(p, origin, sum, squares);
            add(p + 1, origin, sum, squares);
            add(p + 2, origin, sum, squares);
            add(p + 3, origin, sum, squares);
        }
        for (; p < end; p++) add(p, origin, sum, squares);
        uint at = i / pairs * 2 * push.channels + channel;
        bool both = next != channel;
        y_put_two(at, origin + sum / float(n), both);
        y_put_two(at + push.channels, max(squares - sum * sum / float(n), vec2(0.0)), both);
    }
}
