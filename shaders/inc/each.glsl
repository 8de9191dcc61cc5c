// each.glsl — main() of an elementwise kernel: y[i] = value(i) for i < push.count, two neighbours at a time.
// The kernel declares the output `y`, push.count and float value(uint i) before including this file.
void main()
{
    uint stride = 2 * gl_NumWorkGroups.x * THREADS;
    for (uint i = 2 * gl_GlobalInvocationID.x; i < push.count; i += stride) {
        bool both = i + 1 < push.count;
        float first = value(i);
        y_put_two(i, vec2(first, both ? value(i + 1) : 0.0), both);
    }
}
