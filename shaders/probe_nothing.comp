#version 450
// probe_nothing.comp — one word by one invocation: what a dispatch costs when there is nothing to do.
layout(std430, set = 0, binding = 0) buffer Out { uint y[]; };
layout(push_constant) uniform Push { uint value; } push;
layout(local_size_x_id = 1) in;

void main()
{
    if (gl_GlobalInvocationID.x == 0) y[0] = push.value;
}
