#version 450
// probe_copy.comp — y = x, 16 bytes per invocation and trip: the benchmark's ceiling for memory traffic.
layout(std430, set = 0, binding = 0) readonly buffer In { uvec4 x[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Out { uvec4 y[]; };
layout(push_constant) uniform Push { uint count; } push;
layout(constant_id = 1) const uint THREADS = 256;
layout(local_size_x_id = 1) in;

void main()
{
    uint stride = gl_NumWorkGroups.x * THREADS;
    for (uint i = gl_GlobalInvocationID.x; i < push.count; i += stride) y[i] = x[i];
}
