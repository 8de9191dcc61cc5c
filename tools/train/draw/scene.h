// scene.h — what several classes stand in: a mood (sky, light, season), weather, ground, water, plants far away.
// Knows nothing about the subject in front.
#ifndef DRAW_SCENE_H
#define DRAW_SCENE_H

#include "canvas.h"

enum { // which moods a class can stand in
    MOOD_DAY = 1,
    MOOD_GOLDEN = 2,
    MOOD_DUSK = 4,
    MOOD_NIGHT = 8,
    MOOD_GREY = 16,
    MOOD_SNOW = 32,
};

struct mood {
    int kind;                    // one of MOOD_
    struct rgb top, middle, low; // sky, from the zenith to the horizon
    struct rgb sun;              // the light's own colour
    struct rgb cloud, cloud_shade;
    struct rgb grass, grass_far, water, snow;
};

struct scene {
    struct canvas *c;
    struct rng r;
    struct mood mood;
    float horizon; // world y
};

// Chooses one of the wanted moods, sets the canvas light from it.
void scene_mood(struct scene *s, int wanted);
bool scene_is_dark(const struct scene *s); // night: lamps are lit

void scene_sky(struct scene *s); // gradient with cloudlight, and stars when it is night
// A sun or a moon where the light comes from, at least its glow; turns the light with it.
void scene_sun(struct scene *s, float x, float y, float radius);
void scene_moon(struct scene *s, float x, float y, float radius);
void scene_sun_somewhere(struct scene *s); // or moon; sometimes outside the picture
void scene_stars(struct scene *s, int n, float lowest_y);
void scene_clouds(struct scene *s, int n, float y0, float y1, float size);
void scene_cloud(struct scene *s, float x, float y, float size, float alpha);
// Land from a wavy ridge down: `rough` 0 = rolling, 1 = rocky; near the ridge `top`, at the picture's foot `foot`.
struct land {
    float y, height, wavelength, rough;
    struct rgb top, foot;
};
void scene_land(struct scene *s, const struct land *l);
void scene_hills(struct scene *s, int n); // from the horizon forward, hazy to near
void scene_sea(struct scene *s, float sun_x);
void scene_waves(struct scene *s, int n, float y0, float y1);
void scene_shadow(struct scene *s, float x, float y, float rx, float ry); // where a body meets the ground, local
void scene_tufts(struct scene *s, int n, float y0, float y1, struct rgb colour);
void scene_pine(struct scene *s, float x, float y, float height, struct rgb leaf, bool snowy);
void scene_bokeh(struct scene *s, int n, struct rgb a, struct rgb b);
void scene_snowfall(struct scene *s, int n);
void scene_mottle(struct scene *s, float amount, float size); // soft lightness patches, like a wash
void scene_finish(struct scene *s);                           // a faint vignette

struct rgb pick_vivid(struct rng *r);           // a saturated colour that objects are painted in
struct rgb pick_near(struct rng *r, float hue); // a vivid one of about this hue
struct rgb rgb_vary(struct rng *r, struct rgb c, float amount);

#endif
