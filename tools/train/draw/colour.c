// colour.c — OKLCH to display values, and mixing.
#include "colour.h"

#include "num.h"

static float display(double linear)
{
    linear = linear < 0 ? 0 : linear > 1 ? 1 : linear;
    return (float)(linear <= 0.0031308 ? 12.92 * linear : 1.055 * num_pow(linear, 1 / 2.4) - 0.055);
}

struct rgb rgb_lch(float lightness, float chroma, float hue_turns)
{
    double a = (double)chroma * num_cos(hue_turns), b = (double)chroma * num_sin(hue_turns);
    double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
    double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
    double s = lightness - 0.0894841775 * a - 1.2914855480 * b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    return (struct rgb){display(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                        display(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                        display(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

struct rgb rgb_hex(unsigned rrggbb)
{
    return (struct rgb){(float)(rrggbb >> 16 & 255) / 255, (float)(rrggbb >> 8 & 255) / 255,
                        (float)(rrggbb & 255) / 255};
}

struct rgb rgb_mix(struct rgb a, struct rgb b, float t)
{
    return (struct rgb){num_mix(a.r, b.r, t), num_mix(a.g, b.g, t), num_mix(a.b, b.b, t)};
}

struct rgb rgb_times(struct rgb a, struct rgb b)
{
    return (struct rgb){a.r * b.r, a.g * b.g, a.b * b.b};
}

struct rgb rgb_scale(struct rgb a, float s)
{
    return (struct rgb){a.r * s, a.g * s, a.b * s};
}

struct rgb rgb_lighter(struct rgb a, float t)
{
    return rgb_mix(a, (struct rgb){1, 0.97f, 0.9f}, t);
}

struct rgb rgb_darker(struct rgb a, float t)
{
    // Reds and greens fall faster than blue: shadows under a sky are cool.
    return rgb_times(a, (struct rgb){1 - t, 1 - t * 0.95f, 1 - t * 0.8f});
}
