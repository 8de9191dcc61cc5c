// each.glsl — main() of an elementwise kernel: y[i] = value(i) for i < push.count, two neighbours at a time.
// The kernel declares the output `y`, push.count and float value(uint i) before including this file.
void main()
{
    uint stride = gl_NumWorkGroups.x * THREADS;
    for (uint p = gl_GlobalInvocationID.x; 2 * p < push.count; p += stride) {
        bool both = 2 * p + 1 < push.count;
        float first = value(2 * p);
        y_put_pair(p, vec2(first, both ? value(2 * p + 1) : 0.0), both);
    }
}
