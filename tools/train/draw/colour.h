// colour.h — colours as display values 0..1 and as lightness, chroma, hue. Knows nothing about shapes.
#ifndef DRAW_COLOUR_H
#define DRAW_COLOUR_H

struct rgb {
    float r, g, b;
};

struct rgb rgb_lch(float lightness, float chroma, float hue_turns); // OKLCH: 0..1, 0..0.35, turns
struct rgb rgb_hex(unsigned rrggbb);
struct rgb rgb_mix(struct rgb a, struct rgb b, float t);
struct rgb rgb_times(struct rgb a, struct rgb b);
struct rgb rgb_scale(struct rgb a, float s);
struct rgb rgb_lighter(struct rgb a, float t); // towards a warm white
struct rgb rgb_darker(struct rgb a, float t);  // towards a cool dark of the same hue

#endif
