// test_copy.comp — y[i] = x[i] * factor + ADD, y[n] = the subgroup size: shows that constants, push words, bindings and
// addresses arrive. Used by the tests of src/gpu only.
#version 450
#extension GL_KHR_shader_subgroup_basic : require
#ifdef ADDRESSES
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint v[]; };
layout(push_constant) uniform Push { uvec2 at[2]; uint n, factor; } push;
#define X Words(push.at[0]).v
#define Y Words(push.at[1]).v
#else
layout(std430, set = 0, binding = 0) readonly buffer In { uint x[]; };
layout(std430, set = 0, binding = 1) buffer Out { uint y[]; };
layout(push_constant) uniform Push { uint n, factor; } push;
#define X x
#define Y y
#endif
layout(constant_id = 0) const uint ADD = 0;
layout(constant_id = 1) const uint THREADS = 64;
layout(local_size_x_id = 1) in;

void main()
{
    uint i = gl_GlobalInvocationID.x;
    if (i < push.n) Y[i] = X[i] * push.factor + ADD;
    if (i == 0) Y[push.n] = gl_SubgroupSize;
}
