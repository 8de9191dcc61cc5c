#version 450
// probe_fma.comp — as many fused multiply-adds as the device can issue: the benchmark's ceiling for plain arithmetic.
// Eight independent chains of vectors per invocation hide the latency. HALF: 16-bit arithmetic in pairs. UNROLL: steps of a
// chain between two tests of the loop; few on a CPU, where Mesa puts those of one chain after each other and the processor
// looks ahead over some hundred instructions only.
#extension GL_EXT_control_flow_attributes : require
#ifdef HALF
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define VALUE f16vec2
#define SCALAR float16_t
#else
#define VALUE vec2
#define SCALAR float
#endif
layout(std430, set = 0, binding = 0) buffer Out { float y[]; };
layout(push_constant) uniform Push { uint trips; float factor, term; } push;
layout(local_size_x_id = 1) in;

#ifndef UNROLL
#define UNROLL 16
#endif
const uint CHAINS = 8; // as src/bench/probe.c counts them

void main()
{
    VALUE a = VALUE(SCALAR(push.factor)), b = VALUE(SCALAR(push.term)), v[CHAINS];
    [[unroll]] for (uint i = 0; i < CHAINS; i++) v[i] = VALUE(SCALAR(float(gl_LocalInvocationIndex + i) * 0.001));
    for (uint t = 0; t < push.trips; t++)
        [[unroll]] for (uint u = 0; u < UNROLL; u++) [[unroll]] for (uint i = 0; i < CHAINS; i++) v[i] = fma(v[i], a, b);
    VALUE sum = VALUE(SCALAR(0));
    [[unroll]] for (uint i = 0; i < CHAINS; i++) sum += v[i];
    float total = float(sum.x) + float(sum.y);
    if (gl_GlobalInvocationID.x == 0 || total == 1234.5) y[0] = total; // the second never holds, but who knows
}
