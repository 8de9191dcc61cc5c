// total.glsl — total(v): the sum of v over the workgroup, known to every invocation afterwards. THREADS is a power of
// two up to 256; with LANES the workgroup is one subgroup and no barrier is needed, which CPU drivers pay dearly for.
#ifdef LANES
float total(float v) { return subgroupAdd(v); }
#else
shared float total_part[256];
float total(float v)
{
    uint t = gl_LocalInvocationID.x;
    barrier(); // the total before this one has been read
    total_part[t] = v;
    for (uint half_way = THREADS / 2; half_way > 0; half_way /= 2) {
        barrier();
        if (t < half_way) total_part[t] += total_part[t + half_way];
    }
    barrier();
    return total_part[0];
}
#endif
