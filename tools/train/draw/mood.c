// mood.c — the palettes: one row per mood, in lightness, chroma and hue, then jittered. Draws nothing.
#include "scene.h"

struct lch {
    float l, c, h;
};

struct mood_row {
    int kind;
    struct lch top, middle, low, sun, ambient, shade, grass;
};

// Hue, in turns: red .08, orange .15, yellow .28, green .38, teal .52, sky .66, blue .73, violet .82, pink .97.
static const struct mood_row moods[] = {
    // clear, milky, mint, lavender
    {MOOD_DAY,
     {.63f, .13f, .68f},
     {.77f, .09f, .65f},
     {.93f, .04f, .60f},
     {.98f, .04f, .25f},
     {1, 0, 0},
     {.66f, .07f, .73f},
     {.72f, .15f, .36f}},
    {MOOD_DAY,
     {.78f, .08f, .66f},
     {.88f, .04f, .75f},
     {.95f, .04f, .15f},
     {.98f, .04f, .22f},
     {1, 0, 0},
     {.68f, .07f, .80f},
     {.76f, .12f, .34f}},
    {MOOD_DAY,
     {.72f, .10f, .55f},
     {.85f, .07f, .50f},
     {.96f, .05f, .33f},
     {.98f, .05f, .28f},
     {1, 0, 0},
     {.64f, .07f, .66f},
     {.70f, .13f, .40f}},
    {MOOD_DAY,
     {.70f, .10f, .80f},
     {.83f, .07f, .90f},
     {.94f, .06f, .12f},
     {.98f, .05f, .20f},
     {1, 0, 0},
     {.66f, .09f, .80f},
     {.73f, .12f, .37f}},
    // late light: amber, apricot
    {MOOD_GOLDEN,
     {.66f, .09f, .66f},
     {.83f, .07f, .19f},
     {.91f, .11f, .23f},
     {.96f, .10f, .24f},
     {.97f, .03f, .20f},
     {.56f, .10f, .85f},
     {.70f, .13f, .31f}},
    {MOOD_GOLDEN,
     {.70f, .10f, .02f},
     {.84f, .10f, .13f},
     {.93f, .09f, .24f},
     {.97f, .09f, .22f},
     {.97f, .03f, .12f},
     {.56f, .10f, .90f},
     {.68f, .12f, .33f}},
    // dusk: rose, ember, violet
    {MOOD_DUSK,
     {.46f, .14f, .79f},
     {.68f, .16f, .97f},
     {.87f, .12f, .17f},
     {.95f, .10f, .20f},
     {.88f, .05f, .05f},
     {.48f, .12f, .83f},
     {.52f, .09f, .40f}},
    {MOOD_DUSK,
     {.40f, .12f, .84f},
     {.64f, .18f, .06f},
     {.88f, .14f, .21f},
     {.96f, .12f, .22f},
     {.88f, .06f, .10f},
     {.46f, .12f, .87f},
     {.50f, .08f, .36f}},
    {MOOD_DUSK,
     {.36f, .13f, .76f},
     {.55f, .14f, .83f},
     {.80f, .11f, .02f},
     {.93f, .09f, .14f},
     {.80f, .06f, .88f},
     {.46f, .12f, .78f},
     {.47f, .08f, .46f}},
    // night: blue, teal, violet
    {MOOD_NIGHT,
     {.20f, .07f, .74f},
     {.30f, .09f, .73f},
     {.45f, .10f, .71f},
     {.93f, .05f, .28f},
     {.82f, .06f, .73f},
     {.42f, .11f, .76f},
     {.42f, .07f, .48f}},
    {MOOD_NIGHT,
     {.21f, .05f, .64f},
     {.32f, .07f, .60f},
     {.48f, .08f, .55f},
     {.94f, .06f, .30f},
     {.83f, .05f, .64f},
     {.42f, .09f, .70f},
     {.42f, .07f, .44f}},
    {MOOD_NIGHT,
     {.22f, .09f, .80f},
     {.33f, .12f, .83f},
     {.50f, .13f, .90f},
     {.94f, .06f, .22f},
     {.83f, .06f, .82f},
     {.42f, .12f, .82f},
     {.42f, .07f, .50f}},
    // grey: drizzle, storm, lilac cloud
    {MOOD_GREY,
     {.62f, .04f, .68f},
     {.73f, .03f, .66f},
     {.84f, .02f, .58f},
     {.95f, .02f, .25f},
     {.93f, .015f, .68f},
     {.58f, .05f, .73f},
     {.62f, .09f, .40f}},
    {MOOD_GREY,
     {.42f, .05f, .71f},
     {.53f, .05f, .69f},
     {.68f, .04f, .62f},
     {.94f, .03f, .25f},
     {.86f, .03f, .70f},
     {.52f, .06f, .74f},
     {.52f, .08f, .42f}},
    {MOOD_GREY,
     {.52f, .06f, .80f},
     {.63f, .05f, .84f},
     {.78f, .05f, .95f},
     {.95f, .03f, .10f},
     {.88f, .03f, .82f},
     {.52f, .07f, .80f},
     {.55f, .08f, .42f}},
    // snow: bright, rosy, blue hour
    {MOOD_SNOW,
     {.70f, .09f, .67f},
     {.83f, .05f, .66f},
     {.95f, .02f, .64f},
     {.99f, .03f, .22f},
     {1, 0, 0},
     {.72f, .07f, .72f},
     {.95f, .012f, .68f}},
    {MOOD_SNOW,
     {.72f, .08f, .82f},
     {.85f, .06f, .95f},
     {.95f, .05f, .15f},
     {.98f, .06f, .18f},
     {.98f, .02f, .05f},
     {.68f, .09f, .80f},
     {.94f, .02f, .90f}},
    {MOOD_SNOW,
     {.34f, .10f, .74f},
     {.50f, .10f, .73f},
     {.72f, .08f, .72f},
     {.95f, .04f, .25f},
     {.82f, .05f, .73f},
     {.58f, .10f, .75f},
     {.90f, .03f, .72f}},
};

static struct rgb jittered(struct rng *r, struct lch k, float hue_shift)
{
    float l = rng_mid(r, k.l, 0.035f), c = rng_mid(r, k.c, k.c * 0.2f);
    return rgb_lch(l, c, k.h + hue_shift);
}

static const struct mood_row *choose(struct rng *r, int wanted)
{
    int kinds = 0, skip;
    for (int k = 1; k <= MOOD_SNOW; k *= 2) kinds += (wanted & k) != 0;
    skip = rng_below(r, kinds); // each kind as often as the others, however many rows it has
    int kind = 1;
    for (; kind < MOOD_SNOW; kind *= 2)
        if (wanted & kind && skip-- == 0) break;
    const struct mood_row *of[8];
    int n = 0;
    for (int i = 0; i < (int)(sizeof moods / sizeof *moods); i++)
        if (moods[i].kind == kind) of[n++] = &moods[i];
    return of[rng_below(r, n)];
}

void scene_mood(struct scene *s, int wanted)
{
    struct rng *r = &s->r;
    const struct mood_row *k = choose(r, wanted);
    struct mood *m = &s->mood;
    float shift = rng_mid(r, 0, 0.03f);
    m->kind = k->kind;
    m->top = jittered(r, k->top, shift);
    m->middle = jittered(r, k->middle, shift);
    m->low = jittered(r, k->low, shift);
    m->sun = rgb_lch(k->sun.l, k->sun.c, k->sun.h);
    m->cloud = rgb_mix(m->sun, m->low, k->kind == MOOD_NIGHT ? 0.8f : k->kind == MOOD_GREY ? 0.55f : 0.12f);
    m->cloud_shade = rgb_mix(m->middle, m->cloud, 0.45f);
    float hue = rng_mid(r, 0, 0.03f);
    m->grass = jittered(r, k->grass, hue);
    m->grass_far = rgb_mix(m->grass, m->low, 0.5f);
    m->water = rgb_mix(m->top, rgb_lch(k->top.l * 0.85f, 0.09f, 0.60f + hue), 0.55f);
    m->snow = rgb_mix(rgb_lch(0.96f, 0.012f, 0.68f), m->low, 0.15f);
    float side = rng_sign(r), tilt = rng_in(r, 0.25f, 0.8f);
    float length = sqrtf(tilt * tilt + 0.64f);
    s->c->light = (struct light){.towards = {side * tilt / length, -0.8f / length},
                                 .key = m->sun,
                                 .shade = rgb_lch(k->shade.l, k->shade.c, k->shade.h),
                                 .ambient = rgb_lch(k->ambient.l, k->ambient.c, k->ambient.h)};
    s->horizon = rng_in(r, 0.25f, 0.5f);
}

bool scene_is_dark(const struct scene *s)
{
    return s->mood.kind == MOOD_NIGHT;
}

struct rgb pick_vivid(struct rng *r)
{
    // Chosen by eye: the hues at their own best lightness.
    static const struct lch best[] = {{.62f, .20f, .07f}, {.70f, .18f, .13f}, {.82f, .16f, .23f}, {.72f, .15f, .38f},
                                      {.68f, .11f, .53f}, {.62f, .14f, .68f}, {.52f, .17f, .76f}, {.55f, .18f, .84f},
                                      {.68f, .18f, .97f}, {.63f, .21f, .02f}, {.93f, .03f, .22f}, {.78f, .12f, .10f}};
    struct lch k = best[rng_below(r, (int)(sizeof best / sizeof *best))];
    float hue = rng_mid(r, 0, 0.025f);
    return jittered(r, k, hue);
}

struct rgb pick_near(struct rng *r, float hue)
{
    float l = 0.62f + 0.2f * num_max(0, num_cos(hue - 0.28f)) * num_max(0, num_cos(hue - 0.28f));
    float h = hue + rng_mid(r, 0, 0.03f);
    return jittered(r, (struct lch){l, 0.16f, 0}, h);
}

struct rgb rgb_vary(struct rng *r, struct rgb c, float amount)
{
    float a = rng_mid(r, 1, amount), b = rng_mid(r, 1, amount), d = rng_mid(r, 1, amount);
    return (struct rgb){num_clamp(c.r * a, 0, 1), num_clamp(c.g * b, 0, 1), num_clamp(c.b * d, 0, 1)};
}
