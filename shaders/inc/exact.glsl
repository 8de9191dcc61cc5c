// exact.glsl — sine, cosine and logarithm good to about one unit in the last place on every device. Vulkan lets
// drivers be wrong by 2^-11 here, and worse for large angles. Polynomials: Cephes, single precision.

// |a| up to a few thousand. pi/4 is taken away in three parts whose products with the octant are exact.
void sin_cos(float a, out float sine, out float cosine)
{
    precise float x = abs(a);
    uint octant = (uint(x * 1.27323954473516) + 1u) & ~1u;
    precise float j = float(octant);
    x = x - j * 0.78515625;
    x = x - j * 2.4187564849853515625e-4;
    x = x - j * 3.77489497744594108e-8;
    precise float z = x * x;
    precise float c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
    precise float s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * x + x;
    bool swap = (octant & 2u) != 0u;
    float flip_sine = ((octant & 4u) != 0u) != (a < 0.0) ? -1.0 : 1.0;
    float flip_cosine = ((octant + 2u) & 4u) != 0u ? -1.0 : 1.0;
    sine = flip_sine * (swap ? c : s);
    cosine = flip_cosine * (swap ? s : c);
}

// v > 0, not denormal
float log_exact(float v)
{
    uint bits = floatBitsToUint(v);
    precise float e = float(int(bits >> 23) - 126);
    precise float x = uintBitsToFloat((bits & 0x007fffffu) | 0x3f000000u); // [0.5, 1)
    if (x < 0.70710678) {
        e = e - 1.0;
        x = (x - 1.0) + x;
    } else {
        x = x - 1.0;
    }
    precise float z = x * x;
    precise float y = 7.0376836292e-2;
    y = y * x - 1.1514610310e-1;
    y = y * x + 1.1676998740e-1;
    y = y * x - 1.2420140846e-1;
    y = y * x + 1.4249322787e-1;
    y = y * x - 1.6668057665e-1;
    y = y * x + 2.0000714765e-1;
    y = y * x - 2.4999993993e-1;
    y = y * x + 3.3333331174e-1;
    y = y * x * z + e * -2.12194440e-4;
    y = y - 0.5 * z;
    return (x + y) + e * 0.693359375;
}
