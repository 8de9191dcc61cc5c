#version 450
// probe_dot.comp — as many products of four packed 8-bit integers as the device can sum in an instruction
// (VK_KHR_shader_integer_dot_product): the benchmark's ceiling for arithmetic of 8 bits outside matrix units. Each result is
// the next one's factor, so that no compiler can shorten a chain; sixteen independent ones hide the latency.
#extension GL_EXT_integer_dot_product : require
#extension GL_EXT_control_flow_attributes : require
layout(std430, set = 0, binding = 0) buffer Out { int y[]; };
layout(push_constant) uniform Push { uint trips; int factor, term; } push;
layout(local_size_x_id = 1) in;

const uint CHAINS = 16, UNROLL = 16; // as src/bench/probe.c counts them

void main()
{
    int v[CHAINS];
    [[unroll]] for (uint i = 0; i < CHAINS; i++) v[i] = int(gl_LocalInvocationIndex * CHAINS + i);
    for (uint t = 0; t < push.trips; t++)
        [[unroll]] for (uint u = 0; u < UNROLL; u++)
            [[unroll]] for (uint i = 0; i < CHAINS; i++) v[i] = dotPacked4x8EXT(v[i], push.factor) + push.term;
    int total = 0;
    [[unroll]] for (uint i = 0; i < CHAINS; i++) total += v[i];
    if (gl_GlobalInvocationID.x == 0 || total == 123456789) y[0] = total; // the second hardly ever holds, but who knows
}
