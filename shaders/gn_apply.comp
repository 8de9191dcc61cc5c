#version 450
// gn_apply.comp — y = act((x - mean) / deviation * w + b). An invocation owns two neighbouring channels of a chunk of
// pixels, so that everything but x is read once.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/act.glsl"

layout(constant_id = 2) const uint ACT = 0;

layout(push_constant) uniform Push {
    PUSH_AT(5)
    uint units, channels, pixels, chunk, first_unit, groups; // as in gn_stats.comp
} push;

FLOATS_MAIN(0, x)
FLOATS_IN(1, stats)
FLOATS_IN(2, w)
FLOATS_IN(3, b)
FLOATS_OUT(4, y)

void main()
{
    uint pairs = (push.channels + 1) / 2, chunks = (push.pixels + push.chunk - 1) / push.chunk;
    uint origin_pixel = push.first_unit / chunks * push.pixels + push.first_unit % chunks * push.chunk;
    uint each = push.channels / push.groups;
    for (uint i = gl_GlobalInvocationID.x; i < push.units * pairs; i += gl_NumWorkGroups.x * THREADS) {
        uint unit = push.first_unit + i / pairs, item = unit / chunks, start = unit % chunks * push.chunk;
        uint channel = i % pairs * 2, next = min(channel + 1, push.channels - 1);
        bool both = next != channel;
        uint means = item * 2 * push.groups, factors = means + push.groups;
        vec2 mean = vec2(stats(means + channel / each), stats(means + next / each));
        vec2 factor = vec2(stats(factors + channel / each), stats(factors + next / each)) * vec2(w(channel), w(next));
        vec2 shift = vec2(b(channel), b(next));
        uint p = item * push.pixels + start - origin_pixel, end = p + min(push.chunk, push.pixels - start);
        for (; p < end; p++) {
            uint at = p * push.channels + channel;
            vec2 v = IS_HALF(0) ? x_two(at) : vec2(x(at), x(p * push.channels + next));
            v = (v - mean) * factor + shift;
            y_put_two(at, vec2(activate(v.x, ACT), activate(v.y, ACT)), both);
        }
    }
}
