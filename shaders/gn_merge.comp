#version 450
// gn_merge.comp — means and 1 / standard deviations of the groups of every item, from the chunks that gn_stats left.
// A workgroup owns a group. One more pass than needed keeps the differences of means exact.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/total.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint items, groups, channels, pixels, chunk;
    float eps;
} push;

FLOATS_IN(0, x)
FLOATS_OUT(1, y)

void main()
{
    uint chunks = (push.pixels + push.chunk - 1) / push.chunk, each = push.channels / push.groups;
    float values = float(push.pixels) * float(each);
    for (uint g = gl_WorkGroupID.x; g < push.items * push.groups; g += gl_NumWorkGroups.x) {
        uint item = g / push.groups, group = g % push.groups;
        float sum = 0.0;
        for (uint e = gl_LocalInvocationID.x; e < chunks * each; e += THREADS) {
            uint chunk = e / each, n = min(push.chunk, push.pixels - chunk * push.chunk);
            sum += float(n) * x((item * chunks + chunk) * 2 * push.channels + group * each + e % each);
        }
        float mean = total(sum) / values;
        sum = 0.0;
        for (uint e = gl_LocalInvocationID.x; e < chunks * each; e += THREADS) {
            uint chunk = e / each, n = min(push.chunk, push.pixels - chunk * push.chunk);
            uint at = (item * chunks + chunk) * 2 * push.channels + group * each + e % each;
            float d = x(at) - mean;
            sum += x(at + push.channels) + float(n) * d * d;
        }
        float squares = total(sum);
        if (gl_LocalInvocationID.x == 0u) {
            y_put(item * 2 * push.groups + group, mean);
            y_put((item * 2 + 1) * push.groups + group, 1.0 / sqrt(squares / values + push.eps));
        }
    }
}
