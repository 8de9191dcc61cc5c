// class_land.c — what stands in a landscape: tree, cactus, house at night, umbrella in rain, snowman, mountain sunset.
#include "classes.h"

// ---- tree: local unit = its height
static void trunk(struct scene *s, struct rgb bark, float wide, float high, float lean)
{
    struct canvas *c = s->c;
    struct v2 at[] = {{-wide * 1.7f, 0.03f},        {-wide * 0.9f, -0.12f}, {lean - wide * 0.65f, -high},
                      {lean + wide * 0.65f, -high}, {wide * 0.9f, -0.12f},  {wide * 1.7f, 0.03f}};
    fill(c, loop(at, 6, 0.005f),
         bevelled(grained(ramp(bark, v2(0, 0), rgb_darker(bark, 0.2f), v2(0, -high)), 0.25f, 0.06f), wide, 0.8f));
    for (int i = -1; i <= 1; i += 2) {
        struct v2 arm[] = {{lean * 0.6f, -high * 0.72f},
                           {(float)i * 0.12f + lean, -high * 0.95f},
                           {(float)i * 0.2f + lean, -high - 0.12f}};
        fill(c, path(arm, 3, wide * 0.5f, wide * 0.2f), bevelled(flat(rgb_darker(bark, 0.15f)), wide * 0.4f, 0.7f));
    }
}

static void crown(struct scene *s, struct rgb leaf, float x, float y, float wide, float high)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    for (int layer = 0; layer < 3; layer++) { // dark and wide behind, light and small towards the light
        struct shape p = puffs(0.04f);
        float k = 1 - 0.26f * (float)layer, shift = 0.22f * (float)layer;
        int n = 9 - 2 * layer;
        for (int i = 0; i < n; i++) {
            float a = ((float)i + rng_unit(r) * 0.5f) / (float)n, d = rng_in(r, 0.5f, 0.75f) * k,
                  size = rng_in(r, 0.28f, 0.42f) * k;
            struct v2 at = v2_polar(d, a);
            puffs_add(&p, x + (at.x + c->light.towards.x * shift) * wide, y + (at.y - shift * 0.8f) * high,
                      size * (wide + high) * 0.5f);
        }
        puffs_add(&p, x + c->light.towards.x * shift * wide, y - shift * high * 0.8f, 0.55f * k * num_min(wide, high));
        struct rgb tone = layer == 0 ? rgb_darker(leaf, 0.35f) : layer == 1 ? leaf : rgb_lighter(leaf, 0.16f);
        struct paint paint = bevelled(grained(flat(tone), 0.35f, 0.05f), 0.09f, 0.55f);
        fill(c, p, layer ? blurred(paint, 0.02f) : paint);
    }
}

void draw_tree(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    scene_mood(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | MOOD_GREY | (rng_chance(r, 0.3f) ? MOOD_NIGHT : 0));
    s->horizon = rng_in(r, 0.3f, 0.5f);
    scene_sky(s);
    scene_sun_somewhere(s);
    int clouds = rng_below(r, 4), hills = rng_from(r, 2, 3), fruits = rng_chance(r, 0.35f) ? rng_from(r, 8, 16) : 0;
    scene_clouds(s, clouds, -0.8f, 0.1f, 0.4f);
    scene_hills(s, hills);
    static const float hues[] = {0.36f, 0.38f, 0.33f, 0.42f, 0.13f, 0.09f, 0.24f, 0.98f};
    int season = rng_below(r, 8);
    float light = season == 7   ? 0.8f
                  : season == 6 ? 0.78f
                  : season >= 4 ? 0.64f
                                : rng_in(r, 0.5f, 0.64f),
          hue = hues[season] + rng_mid(r, 0, 0.025f);
    struct rgb leaf = rgb_lch(light, season == 7 ? 0.1f : 0.15f, hue), bark = rgb_vary(r, rgb_hex(0x7a5640), 0.12f);
    float x = rng_mid(r, 0, 0.25f), y = rng_in(r, 0.68f, 0.82f), size = rng_in(r, 1.2f, 1.5f),
          wide = rng_in(r, 0.34f, 0.48f), high = rng_in(r, 0.28f, 0.38f), lean = rng_mid(r, 0, 0.05f);
    float thick = rng_in(r, 0.035f, 0.06f);
    int kind = rng_below(r, 7);
    if (kind <= 2) wide *= 0.62f, high *= 1.2f;  // a poplar
    if (kind >= 5) wide *= 1.25f, thick *= 1.3f; // an oak
    struct pose old = canvas_enter(c, x, y, size, 0);
    scene_shadow(s, 0, 0.02f, 0.42f, 0.06f);
    if (kind == 0) { // a conifer stands for itself
        scene_pine(s, 0, 0, 1, rgb_lch(0.5f, 0.1f, hues[season] > 0.3f ? hue + 0.05f : 0.42f), rng_chance(r, 0.2f));
        fruits = 0;
    } else {
        trunk(s, bark, thick, 0.5f, lean);
        crown(s, leaf, lean, -0.66f, wide, high);
    }
    struct rgb fruit = pick_near(r, rng_in(r, 0.03f, 0.2f));
    for (int i = 0; i < fruits; i++) {
        float a = rng_unit(r), d = rng_in(r, 0.1f, 0.85f);
        struct v2 p = v2_polar(d, a);
        fill(c, disc(lean + p.x * wide, -0.66f + p.y * high, 0.025f), bevelled(flat(fruit), 0.025f, 0.8f));
    }
    c->pose = old;
    int grass = rng_from(r, 5, 18), petals = rng_below(r, 12);
    scene_tufts(s, grass, 0.72f, 1.02f, s->mood.grass);
    for (int i = 0; i < petals; i++) { // fallen leaves, or flowers
        float px = rng_in(r, -1, 1), py = rng_in(r, 0.78f, 1);
        fill(c, oval(px, py, 0.018f, 0.012f), flat(rgb_lighter(leaf, 0.2f)));
    }
}

// ---- cactus: local unit = its height
static void cactus_limb(struct canvas *c, const struct v2 *at, int n, float w, struct rgb green)
{
    struct shape body = path(at, n, w, w);
    fill(c, body, bevelled(flat(green), w, 0.85f));
    for (int k = -1; k <= 1; k++) { // ribs follow the limb
        struct v2 rib[6];
        for (int i = 0; i < n; i++) {
            struct v2 a = at[i > 0 ? i - 1 : 0], b = at[i + 1 < n ? i + 1 : n - 1];
            float dx = b.x - a.x, dy = b.y - a.y, length = sqrtf(dx * dx + dy * dy) + 1e-6f, off = (float)k * w * 0.5f;
            rib[i] = v2(at[i].x - dy / length * off, at[i].y + dx / length * off);
        }
        fill(c, path(rib, n, w * 0.08f, w * 0.08f), faded(flat(rgb_darker(green, 0.5f)), 0.65f));
    }
}

static void cactus_arm(struct scene *s, float side, float w, struct rgb green)
{
    struct rng *r = &s->r;
    float y = rng_in(r, -0.6f, -0.32f), out = rng_in(r, 0.24f, 0.33f), up = rng_in(r, 0.18f, 0.34f);
    struct v2 at[] = {{0, y}, {side * out * 0.72f, y + 0.01f}, {side * out, y - 0.09f}, {side * out, y - up}};
    cactus_limb(s->c, at, 4, w, green);
}

void draw_cactus(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    scene_mood(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | MOOD_NIGHT);
    s->horizon = rng_in(r, 0.3f, 0.5f);
    scene_sky(s);
    scene_sun_somewhere(s);
    int clouds = rng_below(r, 3), stones = rng_below(r, 6);
    scene_clouds(s, clouds, -0.8f, 0, 0.35f);
    struct rgb sand = rgb_lch(rng_in(r, 0.74f, 0.86f), 0.09f, 0.2f),
               rock = rgb_mix(rgb_lch(0.58f, 0.12f, 0.11f), s->mood.low, 0.35f);
    struct land mesa = {.y = s->horizon + 0.08f,
                        .height = rng_in(r, 0.2f, 0.5f),
                        .wavelength = 0.5f,
                        .rough = 0.4f,
                        .top = rock,
                        .foot = rgb_darker(rock, 0.3f)};
    struct land dune = {.y = s->horizon + 0.18f,
                        .height = 0.2f,
                        .wavelength = 0.9f,
                        .top = rgb_mix(sand, s->mood.low, 0.25f),
                        .foot = rgb_darker(sand, 0.2f)};
    struct land near = {.y = s->horizon + 0.38f,
                        .height = 0.2f,
                        .wavelength = 1.1f,
                        .top = rgb_lighter(sand, 0.1f),
                        .foot = rgb_darker(sand, 0.35f)};
    scene_land(s, &mesa);
    scene_land(s, &dune);
    scene_land(s, &near);
    for (int i = 0; i < stones; i++) {
        float x = rng_in(r, -1, 1), y = rng_in(r, 0.78f, 0.97f), w = rng_in(r, 0.03f, 0.09f);
        fill(c, oval(x, y, w, w * 0.6f), bevelled(flat(rgb_mix(rock, sand, 0.3f)), w * 0.5f, 0.8f));
    }
    float shade = rng_in(r, 0.48f, 0.64f), hue = rng_mid(r, 0.41f, 0.055f);
    struct rgb green = rgb_lch(shade, 0.12f, hue), bloom = pick_near(r, rng_in(r, 0.88f, 1.2f));
    float x = rng_mid(r, 0, 0.25f), size = rng_in(r, 1.2f, 1.5f), w = rng_in(r, 0.1f, 0.15f), first = rng_sign(r);
    int arms = rng_from(r, 1, 3);
    struct pose old = canvas_enter(c, x, 0.82f, size, 0);
    scene_shadow(s, 0, 0.01f, 0.32f, 0.05f);
    for (int i = 0; i < arms; i++) cactus_arm(s, i % 2 ? -first : first, w * (i == 2 ? 0.5f : 0.68f), green);
    struct v2 stem[] = {{0, -0.0f}, {0, -0.45f}, {0, -1 + w}};
    clip(c, half(0, 0.03f, 0, 1));
    cactus_limb(c, stem, 3, w, green);
    unclip(c);
    fill(c, oval(-0.02f, 0.06f, w * 2.1f, 0.055f),
         blurred(ramp(rgb_lighter(sand, 0.1f), v2(0, 0), rgb_darker(sand, 0.1f), v2(0, 0.1f)), 0.015f));
    for (int i = 0; i < 30; i++) { // spines
        float sx = rng_in(r, -0.9f, 0.9f) * w, sy = rng_in(r, -0.95f, -0.05f);
        fill(c, bar(v2(sx, sy), v2(sx * 1.2f, sy - 0.015f), 0.004f, 0.003f), faded(flat(rgb_hex(0xfff6d8)), 0.7f));
    }
    if (rng_chance(r, 0.55f))
        for (int i = 0; i < 5; i++) {
            struct v2 p = v2_polar(0.045f, 0.5f + 0.125f * (float)i);
            fill(c, oval(p.x, -1 + p.y * 0.9f, 0.035f, 0.035f),
                 bevelled(flat(i % 2 ? bloom : rgb_lighter(bloom, 0.3f)), 0.03f, 0.5f));
        }
    c->pose = old;
}

// ---- house: local unit = half its width; stands on y = 0
static void window_at(struct scene *s, float x, float y, float w, float h, bool on)
{
    struct canvas *c = s->c;
    struct rgb glass = on ? rgb_hex(0xffd679) : rgb_hex(0x35406a), frame = rgb_hex(0xf2e8dc);
    if (on) fill(c, box(x, y, w * 1.6f, h * 1.6f, 0.1f), adding(blurred(faded(flat(rgb_hex(0xffb648)), 0.7f), 0.3f)));
    fill(c, box(x, y, w + 0.03f, h + 0.03f, 0.01f), flat(frame));
    struct paint p = orb(rgb_lighter(glass, on ? 0.55f : 0.2f), v2(x, y + h * 0.3f), h * 1.5f, glass);
    fill(c, box(x, y, w, h, 0), on ? glowing(p) : p);
    fill(c, box(x, y, 0.014f, h, 0), flat(frame));
    fill(c, box(x, y, w, 0.014f, 0), flat(frame));
    fill(c, box(x, y + h + 0.045f, w + 0.06f, 0.022f, 0.01f), bevelled(flat(frame), 0.02f, 0.5f));
}

static void chimney(struct scene *s, float x, float y, struct rgb brick)
{
    struct rng *r = &s->r;
    struct shape p = puffs(0.05f);
    float wind = rng_in(r, -0.5f, 0.5f);
    for (int i = 0; i < 6; i++) {
        float t = (float)i / 5, wobble = rng_in(r, -0.05f, 0.05f);
        puffs_add(&p, x + wind * t * t + wobble, y - 0.3f - t * 0.75f, 0.07f + 0.11f * t);
    }
    struct rgb grey = rgb_mix(s->mood.low, rgb_hex(0xe4e2f0), 0.4f);
    fill(s->c, p, glowing(blurred(faded(ramp(grey, v2(x, y - 0.3f), s->mood.middle, v2(x, y - 1.1f)), 0.6f), 0.07f)));
    fill(s->c, box(x, y, 0.11f, 0.28f, 0.01f), bevelled(flat(brick), 0.08f, 0.8f));
    fill(s->c, box(x, y - 0.27f, 0.14f, 0.04f, 0.01f), bevelled(flat(rgb_darker(brick, 0.2f)), 0.03f, 0.6f));
}

struct walls {
    float high, roof, over; // eaves above the ground, ridge above the eaves, how far the eaves stand out
    struct rgb wall, tile, snow;
    bool snowy;
};

static struct paint plaster(const struct walls *w)
{
    return bevelled(ramp(w->wall, v2(0, -w->high), rgb_darker(w->wall, 0.22f), v2(0, 0)), 0.2f, 0.3f);
}

static void gable(struct scene *s, const struct walls *w)
{
    struct canvas *c = s->c;
    float peak = -w->high - w->roof, out = 1 + w->over, eave = -w->high + w->over * 0.7f, half_way = (peak + eave) / 2;
    struct v2 front[] = {{-1, 0}, {-1, -w->high}, {0, peak}, {1, -w->high}, {1, 0}};
    struct v2 roof[] = {{-out, eave},      {0, peak - 0.1f},          {out, eave}, {out - 0.1f, eave + 0.07f},
                        {0, peak + 0.13f}, {0.1f - out, eave + 0.07f}};
    struct v2 snow[] = {{-out, eave}, {-out / 2, half_way}, {0, peak - 0.08f}, {out / 2, half_way}, {out, eave}};
    fill(c, poly(front, 5, 0), plaster(w));
    fill(c, poly(roof, 6, 0.03f), bevelled(flat(rgb_darker(w->tile, 0.15f)), 0.08f, 0.7f));
    if (w->snowy) fill(c, path(snow, 5, 0.08f, 0.08f), bevelled(flat(w->snow), 0.07f, 0.6f));
    window_at(s, 0, -w->high - w->roof * 0.22f, 0.13f, 0.15f, rng_chance(&s->r, 0.7f));
}

static void long_roof(struct scene *s, const struct walls *w)
{
    struct canvas *c = s->c;
    float ridge = -w->high - w->roof, out = 1 + w->over, eave = -w->high + w->over * 0.7f;
    struct rgb top = w->snowy ? w->snow : w->tile;
    struct v2 at[] = {{-out, eave}, {-0.72f, ridge}, {0.72f, ridge}, {out, eave}};
    struct shape slope = poly(at, 4, 0.03f);
    fill(c, box(0, -w->high / 2, 1, w->high / 2, 0), plaster(w));
    fill(c, slope,
         bevelled(ramp(rgb_lighter(top, 0.1f), v2(0, ridge), rgb_darker(top, 0.25f), v2(0, -w->high)), 0.12f, 0.5f));
    clip(c, slope);
    for (int i = 1; i < 5 && !w->snowy; i++) { // rows of tiles
        float y = num_mix(ridge, -w->high, (float)i / 4.5f);
        fill(c, bar(v2(-1.4f, y), v2(1.4f, y), 0.018f, 0.018f), faded(flat(rgb_darker(w->tile, 0.5f)), 0.5f));
    }
    unclip(c);
}

static void front_door(struct scene *s, float x, struct rgb wood)
{
    struct canvas *c = s->c;
    struct v2 way[] = {{x - 0.19f, 0.03f}, {x + 0.19f, 0.03f}, {x + 0.55f, 0.9f}, {x - 0.35f, 0.9f}};
    fill(c, poly(way, 4, 0.02f), faded(flat(rgb_mix(rgb_hex(0xd8c8a8), s->mood.grass, 0.3f)), 0.6f));
    fill(c, box(x, -0.27f, 0.21f, 0.3f, 0.03f), flat(rgb_hex(0xf2e8dc)));
    fill(c, box(x, -0.26f, 0.17f, 0.27f, 0.02f), bevelled(flat(wood), 0.05f, 0.6f));
    fill(c, disc(x + 0.1f, -0.25f, 0.025f), flat(rgb_hex(0xf6d070)));
}

static void house(struct scene *s, bool snowy)
{
    struct rng *r = &s->r;
    struct walls w = {.snow = s->mood.snow, .snowy = snowy};
    w.wall = rgb_lighter(pick_vivid(r), 0.35f);
    w.tile = rgb_darker(pick_vivid(r), 0.25f);
    w.high = rng_in(r, 0.8f, 1.15f);
    w.roof = rng_in(r, 0.55f, 0.95f);
    w.over = rng_in(r, 0.12f, 0.22f);
    struct rgb wood = rgb_darker(pick_vivid(r), 0.3f);
    float side = rng_sign(r), y = -w.high * 0.55f;
    bool door_mid = rng_chance(r, 0.4f), second = rng_chance(r, 0.85f);
    float window = door_mid ? -0.6f : -side * 0.42f;
    scene_shadow(s, 0, 0.02f, 1.15f, 0.1f);
    chimney(s, side * 0.5f, -w.high - w.roof * 0.62f, rgb_hex(0xa8563f));
    if (rng_chance(r, 0.6f))
        gable(s, &w);
    else
        long_roof(s, &w);
    front_door(s, door_mid ? 0 : side * 0.52f, wood);
    window_at(s, window, y, 0.19f, 0.2f, true);
    if (door_mid) window_at(s, 0.6f, y, 0.19f, 0.2f, second);
    fill(s->c, oval(window, 0.14f, 0.45f, 0.1f), adding(blurred(faded(flat(rgb_hex(0xffb648)), 0.35f), 0.12f)));
}

void draw_house(struct scene *s)
{
    struct rng *r = &s->r;
    scene_mood(s, MOOD_NIGHT);
    s->horizon = rng_in(r, 0.35f, 0.5f);
    scene_sky(s);
    scene_sun_somewhere(s);
    bool snowy = rng_chance(r, 0.35f);
    if (snowy) {
        s->mood.grass = rgb_mix(s->mood.snow, s->mood.low, 0.25f);
        s->mood.grass_far = rgb_mix(s->mood.grass, s->mood.low, 0.5f);
        s->mood.snow = rgb_hex(0xf4f6ff);
    }
    int clouds = rng_below(r, 3), hills = rng_from(r, 2, 3), pines = rng_from(r, 0, 5),
        flakes = snowy && rng_chance(r, 0.6f) ? 60 : 0;
    scene_clouds(s, clouds, -0.7f, 0.1f, 0.4f);
    scene_hills(s, hills);
    struct rgb leaf = rgb_lch(0.5f, 0.08f, 0.44f);
    for (int i = 0; i < pines; i++) {
        float side = i % 2 ? 1 : -1, x = side * rng_in(r, 0.5f, 1), y = rng_in(r, 0.6f, 0.72f),
              h = rng_in(r, 0.5f, 0.95f);
        scene_pine(s, x, y, h, leaf, snowy);
    }
    float x = rng_mid(r, 0, 0.22f), size = rng_in(r, 0.4f, 0.55f), y = rng_in(r, 0.68f, 0.78f);
    struct pose old = canvas_enter(s->c, x, y, size, 0);
    house(s, snowy);
    s->c->pose = old;
    int grass = snowy ? 0 : rng_from(r, 4, 14);
    scene_tufts(s, grass, 0.8f, 1.03f, s->mood.grass);
    scene_snowfall(s, flakes);
}

// ---- umbrella: local unit = the canopy's radius
static void umbrella(struct scene *s, struct rgb a, struct rgb b, int panels)
{
    struct canvas *c = s->c;
    struct rng *r = &s->r;
    float high = rng_in(r, 0.72f, 0.95f), hook = rng_sign(r);
    struct rgb wood = rgb_vary(r, rgb_hex(0x8a5a38), 0.15f);
    struct v2 stick[] = {{0, -0.3f},           {0, 0.5f},           {0, 1.12f}, {hook * 0.09f, 1.26f},
                         {hook * 0.2f, 1.22f}, {hook * 0.23f, 1.1f}};
    fill(c, path(stick, 6, 0.028f, 0.034f), bevelled(flat(wood), 0.03f, 0.9f));
    fill(c, bar(v2(0, -high - 0.1f), v2(0, -high + 0.1f), 0.018f, 0.035f), flat(wood));
    struct v2 dome[] = {{-1, 0.06f},
                        {-0.92f, -high * 0.42f},
                        {-0.6f, -high * 0.82f},
                        {0, -high},
                        {0.6f, -high * 0.82f},
                        {0.92f, -high * 0.42f},
                        {1, 0.06f},
                        {0, 0.1f}};
    clip(c, loop(dome, 8, 0));
    float step = 2 / (float)panels;
    for (int i = 0; i < panels; i++) { // panels are slices between two meridians, with a hollow lower edge
        float x0 = -1 + step * (float)i, x1 = x0 + step, m = (x0 + x1) / 2, tone = m * c->light.towards.x;
        struct v2 at[12];
        for (int k = 0; k < 6; k++) {
            float t = (float)k / 5, y = -high + (high + 0.06f) * t, bow = sqrtf(t * (2 - t));
            at[k] = v2(x0 * bow, y);
            at[11 - k] = v2(x1 * bow, y);
        }
        struct rgb k = i % 2 ? b : a;
        k = tone > 0 ? rgb_mix(k, c->light.key, tone * 0.22f) : rgb_mix(k, rgb_times(k, c->light.shade), -tone * 0.75f);
        fill(c, poly(at, 12, 0),
             bevelled(ramp(rgb_lighter(k, 0.1f), v2(0, -high), rgb_darker(k, 0.12f), v2(0, 0.1f)), 0.08f, 0.25f));
    }
    unclip(c);
    struct rgb inside = rgb_darker(rgb_mix(a, b, 0.5f), 0.55f);
    for (int i = 0; i < panels; i++) { // the hollows show the dark inside
        float x0 = -1 + step * (float)i, m = x0 + step / 2;
        clip(c, half(0, 0.075f, 0, 1));
        fill(c, oval(m, 0.085f, step * 0.46f, 0.1f), flat(inside));
        unclip(c);
        fill(c, disc(x0 + (i ? 0 : 0.015f), 0.075f, 0.022f), flat(rgb_darker(wood, 0.3f)));
    }
    fill(c, disc(0.985f, 0.075f, 0.022f), flat(rgb_darker(wood, 0.3f)));
    fill(c, oval(c->light.towards.x * 0.4f, -high * 0.6f, 0.3f, 0.16f),
         adding(blurred(faded(flat(rgb_hex(0xffffff)), 0.3f), 0.18f)));
}

static void rain(struct scene *s, int n, float slant)
{
    struct rng *r = &s->r;
    struct rgb c = rgb_mix(s->mood.low, rgb_hex(0xf0f6ff), 0.6f);
    for (int i = 0; i < n; i++) {
        float x = rng_in(r, -1.2f, 1.2f), y = rng_in(r, -1.1f, 1), length = rng_in(r, 0.08f, 0.2f),
              alpha = rng_in(r, 0.3f, 0.75f);
        fill(s->c, bar(v2(x, y), v2(x + slant * length, y + length), 0.004f, 0.009f), glowing(faded(flat(c), alpha)));
    }
}

void draw_umbrella(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    scene_mood(s, MOOD_GREY | (rng_chance(r, 0.35f) ? MOOD_NIGHT : 0));
    float ground = rng_in(r, 0.62f, 0.75f), slant = rng_in(r, -0.35f, 0.35f);
    s->horizon = ground;
    int lights = rng_from(r, 0, 12), clouds = rng_from(r, 1, 4), drops = rng_from(r, 45, 90),
        ripples = rng_from(r, 4, 8);
    scene_sky(s);
    scene_clouds(s, clouds, -0.95f, -0.45f, 0.6f);
    scene_bokeh(s, lights, rgb_hex(0xffc878), rgb_hex(0xff8a8a));
    struct rgb wet = rgb_mix(s->mood.top, s->mood.low, 0.25f);
    struct land street = {
        .y = ground, .wavelength = 1, .top = rgb_mix(wet, s->mood.low, 0.45f), .foot = rgb_darker(wet, 0.35f)};
    scene_land(s, &street);
    rain(s, drops / 2, slant);
    for (int i = 0; i < ripples; i++) {
        float x = rng_in(r, -0.9f, 0.9f), y = rng_in(r, ground + 0.06f, 0.97f), w = rng_in(r, 0.06f, 0.14f);
        fill(c, ring(x, y, w, 0.008f, 0.3f), faded(flat(rgb_lighter(s->mood.low, 0.4f)), 0.6f));
        fill(c, ring(x, y, w * 0.5f, 0.007f, 0.3f), faded(flat(rgb_lighter(s->mood.low, 0.4f)), 0.5f));
    }
    struct rgb a = pick_vivid(r), b = rng_chance(r, 0.55f)  ? rgb_lighter(a, 0.12f)
                                      : rng_chance(r, 0.4f) ? rgb_hex(0xfff6e8)
                                                            : pick_vivid(r);
    float x = rng_mid(r, 0, 0.18f), size = rng_in(r, 0.58f, 0.76f), tilt = rng_mid(r, 0, 0.06f),
          y = rng_in(r, -0.3f, -0.12f);
    int panels = rng_from(r, 4, 7);
    fill(c, oval(x, 0.88f, size * 0.75f, 0.1f),
         faded(blurred(flat(rgb_mix(a, rgb_darker(wet, 0.5f), 0.5f)), 0.12f), 0.55f));
    struct pose old = canvas_enter(c, x, y, size, tilt);
    umbrella(s, a, b, panels);
    c->pose = old;
    rain(s, drops / 2, slant);
}

// ---- snowman: local unit = the lowest ball's radius
static void scarf(struct scene *s, struct rgb wool, struct rgb stripe, float y, float side)
{
    struct canvas *c = s->c;
    struct v2 end[] = {{side * 0.2f, y + 0.05f}, {side * 0.36f, y + 0.35f}, {side * 0.3f, y + 0.68f}};
    struct shape tail = path(end, 3, 0.12f, 0.14f);
    fill(c, tail, bevelled(ramp(wool, v2(0, y), rgb_darker(wool, 0.2f), v2(0, y + 0.8f)), 0.1f, 0.6f));
    clip(c, tail);
    for (int i = 0; i < 2; i++)
        fill(c, bar(v2(0, y + 0.5f + 0.17f * (float)i), v2(side * 0.6f, y + 0.52f + 0.17f * (float)i), 0.04f, 0.04f),
             flat(stripe));
    unclip(c);
    struct v2 at[] = {{-0.47f, y - 0.06f}, {0, y + 0.08f}, {0.47f, y - 0.06f}};
    fill(c, path(at, 3, 0.13f, 0.13f), bevelled(flat(wool), 0.12f, 0.7f));
    fill(c, disc(side * 0.22f, y + 0.04f, 0.14f), bevelled(flat(rgb_darker(wool, 0.1f)), 0.1f, 0.7f));
}

static void hat(struct scene *s, int kind, struct rgb colour, struct rgb band, float y)
{
    struct canvas *c = s->c;
    if (kind == 0) { // top hat
        fill(c, box(0, y - 0.34f, 0.34f, 0.32f, 0.05f), bevelled(flat(colour), 0.25f, 0.6f));
        fill(c, box(0, y - 0.12f, 0.345f, 0.07f, 0.01f), flat(band));
        fill(c, box(0, y - 0.02f, 0.56f, 0.06f, 0.05f), bevelled(flat(colour), 0.05f, 0.6f));
    } else if (kind == 1) { // bobble hat
        struct v2 at[] = {{-0.45f, y + 0.04f}, {-0.4f, y - 0.28f}, {0, y - 0.5f},
                          {0.4f, y - 0.28f},   {0.45f, y + 0.04f}, {0, y + 0.06f}};
        fill(c, loop(at, 6, 0), bevelled(flat(colour), 0.25f, 0.7f));
        fill(c, path((struct v2[]){{-0.44f, y + 0.02f}, {0, y - 0.03f}, {0.44f, y + 0.02f}}, 3, 0.1f, 0.1f),
             bevelled(flat(band), 0.08f, 0.6f));
        fill(c, disc(0, y - 0.55f, 0.15f), bevelled(grained(flat(band), 0.4f, 0.05f), 0.12f, 0.6f));
    } else { // bucket
        struct v2 at[] = {{-0.42f, y + 0.02f}, {-0.28f, y - 0.5f}, {0.28f, y - 0.5f}, {0.42f, y + 0.02f}};
        fill(c, poly(at, 4, 0.02f), bevelled(flat(colour), 0.25f, 0.8f));
        fill(c, oval(0, y + 0.02f, 0.44f, 0.07f), bevelled(flat(rgb_lighter(colour, 0.25f)), 0.05f, 0.5f));
    }
}

static void face(struct scene *s, float y, float turn)
{
    struct canvas *c = s->c;
    struct rgb coal = rgb_hex(0x23242e), carrot = rgb_hex(0xf0812c);
    for (int i = -1; i <= 1; i += 2)
        fill(c, disc(turn * 0.08f + (float)i * 0.16f, y - 0.1f, 0.055f), bevelled(flat(coal), 0.04f, 0.6f));
    for (int i = -2; i <= 2; i++)
        fill(c, disc(turn * 0.06f + (float)i * 0.095f, y + 0.22f - 0.018f * (float)(i * i), 0.028f), flat(coal));
    struct v2 at[] = {{turn * 0.05f, y - 0.02f}, {turn * 0.05f, y + 0.09f}, {turn * 0.5f, y + 0.08f}};
    fill(c, poly(at, 3, 0.02f),
         bevelled(ramp(carrot, v2(0, y), rgb_darker(carrot, 0.2f), v2(turn * 0.5f, y + 0.1f)), 0.06f, 0.6f));
}

static void snow_ball(struct scene *s, float y, float radius)
{
    struct rgb white = rgb_hex(0xf8faff);
    fill(s->c, disc(0, y, radius),
         bevelled(orb(white, v2(s->c->light.towards.x * radius * 0.4f, y - radius * 0.4f), radius * 1.6f,
                      rgb_mix(white, s->c->light.shade, 0.42f)),
                  radius * 0.7f, 0.4f));
}

static void snowman(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    struct rgb wool = pick_vivid(r), stripe = rng_chance(r, 0.5f) ? rgb_hex(0xfff6e8) : pick_vivid(r);
    struct rgb cap = rng_chance(r, 0.5f) ? rgb_hex(0x2b2c3a) : pick_vivid(r), wood = rgb_hex(0x6a4a38);
    float waist = rng_in(r, 0.66f, 0.78f), head = rng_in(r, 0.48f, 0.56f), side = rng_sign(r),
          wave = rng_in(r, -0.1f, 0.5f);
    bool three = rng_chance(r, 0.6f);
    int kind = rng_below(r, 3), buttons = rng_from(r, 2, 3);
    float top = three ? -1 - waist * 0.55f : -0.8f, y = three ? top - waist * 0.55f - head * 0.75f : top - head * 0.55f;
    scene_shadow(s, 0, 0.86f, 1.1f, 0.16f);
    snow_ball(s, 0, 0.92f);
    float arm = three ? top : -0.35f, reach = three ? waist : 0.85f;
    for (int i = -1; i <= 1; i += 2) {
        float d = (float)i, up = arm - 0.25f - (d * side > 0 ? wave : 0.1f);
        struct v2 at[] = {
            {d * reach * 0.8f, arm}, {d * (reach + 0.3f), (arm + up) / 2 + 0.05f}, {d * (reach + 0.58f), up}};
        fill(c, path(at, 3, 0.045f, 0.025f), bevelled(flat(wood), 0.04f, 0.7f));
        fill(c, bar(v2(d * (reach + 0.4f), (arm + up * 2) / 3), v2(d * (reach + 0.42f), up - 0.12f), 0.026f, 0.016f),
             flat(wood));
    }
    if (three) snow_ball(s, top + 0.05f, waist);
    for (int i = 0; i < buttons; i++)
        fill(c, disc(0, (three ? top - 0.05f : -0.3f) + 0.26f * (float)i, 0.06f),
             bevelled(flat(rgb_hex(0x2a2b36)), 0.05f, 0.6f));
    snow_ball(s, y, head);
    face(s, y, side);
    scarf(s, wool, stripe, y + head * 0.9f, -side);
    hat(s, kind, cap, wool, y - head * 0.68f);
}

void draw_snowman(struct scene *s)
{
    struct rng *r = &s->r;
    scene_mood(s, MOOD_SNOW | (rng_chance(r, 0.25f) ? MOOD_NIGHT | MOOD_DUSK : 0));
    s->mood.grass = rgb_mix(rgb_hex(0xf2f6ff), s->mood.low, 0.12f);
    s->mood.grass_far = rgb_mix(s->mood.grass, s->mood.middle, 0.5f);
    s->mood.snow = rgb_hex(0xf6f8ff);
    s->horizon = rng_in(r, 0.25f, 0.45f);
    scene_sky(s);
    scene_sun_somewhere(s);
    int clouds = rng_below(r, 3), pines = rng_from(r, 0, 6), flakes = rng_chance(r, 0.65f) ? rng_from(r, 30, 80) : 0;
    scene_clouds(s, clouds, -0.8f, 0, 0.4f);
    scene_hills(s, 2);
    struct rgb leaf = rgb_lch(0.48f, 0.07f, 0.45f);
    for (int i = 0; i < pines; i++) {
        float side = i % 2 ? 1 : -1, x = side * rng_in(r, 0.45f, 1), y = rng_in(r, 0.52f, 0.66f),
              h = rng_in(r, 0.4f, 0.85f);
        scene_pine(s, x, y, h, leaf, true);
    }
    float x = rng_mid(r, 0, 0.22f), size = rng_in(r, 0.34f, 0.42f), lean = rng_mid(r, 0, 0.015f);
    struct pose old = canvas_enter(s->c, x, 0.86f - size * 0.86f, size, lean);
    snowman(s);
    s->c->pose = old;
    scene_snowfall(s, flakes);
}

// ---- mountain sunset
static void peak(struct scene *s, float x, float y, float wide, float high, struct rgb rock, bool snowy)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    float top = y - high, skew = rng_in(r, -0.15f, 0.15f) * wide, lit_side = c->light.towards.x > 0 ? 1 : -1;
    struct v2 at[12];
    for (int i = 0; i < 5; i++) { // both flanks, a little broken
        float t = (float)i / 4, jag = i ? rng_in(r, -0.06f, 0.06f) * wide : 0,
              jog = i ? rng_in(r, -0.06f, 0.06f) * wide : 0;
        at[i] = v2(x + skew - wide * t + jag, top + high * t);
        at[9 - i] = v2(x + skew + wide * t + jog, top + high * t);
    }
    struct shape body = poly(at, 10, 0.005f);
    struct rgb haze = rgb_mix(rock, s->mood.low, 0.55f);
    fill(c, body, ramp(rgb_mix(rock, c->light.key, 0.12f), v2(x, top), haze, v2(x, y)));
    clip(c, body);
    struct v2 ridge[7], dark[9];
    for (int i = 0; i < 7; i++) {
        float t = (float)i / 6, sway = i ? rng_in(r, -0.1f, 0.1f) * wide : 0;
        ridge[i] = v2(x + skew + sway + lit_side * 0.1f * wide * t, top + high * t);
        dark[i] = ridge[i];
    }
    dark[7] = v2(x - lit_side * wide * 1.6f, y);
    dark[8] = v2(x - lit_side * wide * 1.6f, top);
    struct rgb shade = rgb_times(rock, c->light.shade);
    if (snowy) {
        struct v2 cap[9];
        float line = top + high * rng_in(r, 0.28f, 0.42f);
        for (int i = 0; i < 8; i++)
            cap[i] = v2(x + skew + wide * ((float)i / 7 * 2 - 1),
                        line + (i % 2 ? -0.16f : 0.07f) * high * rng_in(r, 0.5f, 1));
        cap[8] = v2(x + skew, top - high);
        fill(c, poly(cap, 9, 0), flat(rgb_mix(rgb_hex(0xffffff), c->light.key, 0.35f)));
    }
    fill(c, poly(dark, 9, 0),
         faded(ramp(rgb_darker(shade, 0.15f), v2(x, top), rgb_mix(shade, haze, 0.6f), v2(x, y)), snowy ? 0.55f : 0.8f));
    unclip(c);
}

static void mirror_lake(struct scene *s, float shore)
{
    struct canvas *c = s->c;
    uint32_t seed = rng_word(&s->r);
    struct rgb deep = rgb_darker(s->mood.top, 0.2f);
    int line = (int)((shore + 1) / 2 * (float)c->size);
    for (int y = line; y < c->size; y++) {
        float depth = (float)(y - line) / (float)c->size;
        for (int x = 0; x < c->size; x++) {
            float u = (float)x / (float)c->size, n = noise_at(u * 6, depth * 46, seed) - 0.5f;
            int from = line - 1 - (int)((depth + n * 0.02f * (1 + depth * 8)) * (float)c->size);
            from = from < 0 ? 0 : from >= line ? line - 1 : from;
            struct rgb up = c->pixel[(size_t)from * (size_t)c->size + (size_t)x];
            up = rgb_mix(up, deep, 0.15f + depth * 0.7f);
            c->pixel[(size_t)y * (size_t)c->size + (size_t)x] = rgb_lighter(up, num_smooth(0.3f, 0.5f, n) * 0.25f);
        }
    }
}

void draw_mountain(struct scene *s)
{
    struct rng *r = &s->r;
    scene_mood(s, MOOD_DUSK | MOOD_GOLDEN);
    struct mood *m = &s->mood;
    s->horizon = rng_in(r, 0.35f, 0.5f);
    scene_sky(s);
    float side_of_sun = rng_sign(r), x = side_of_sun * rng_in(r, 0.15f, 0.6f), y = s->horizon - rng_in(r, 0.35f, 0.75f),
          radius = rng_in(r, 0.17f, 0.28f);
    float glow = rng_in(r, 0.74f, 0.9f), hue = rng_in(r, 0.1f, 0.24f);
    m->sun = rgb_lch(glow, 0.16f, hue); // low suns are red, and must stand out from a bright sky
    scene_sun(s, x, y, radius);
    s->c->light.towards = v2(x > 0 ? 0.8f : -0.8f, -0.6f);
    int bars = rng_from(r, 1, 4), n = rng_from(r, 2, 4), pines = rng_below(r, 9);
    for (int i = 0; i < bars; i++) { // long thin evening clouds
        float cx = rng_in(r, -0.9f, 0.9f), cy = rng_in(r, -0.85f, s->horizon - 0.3f), w = rng_in(r, 0.2f, 0.55f);
        struct rgb c = rgb_mix(m->middle, m->sun, rng_in(r, 0.1f, 0.6f));
        fill(s->c, bar(v2(cx - w, cy), v2(cx + w, cy + 0.02f), 0.012f, 0.03f),
             glowing(faded(blurred(flat(c), 0.035f), 0.8f)));
    }
    struct rgb rock = rgb_mix(rgb_lch(0.46f, 0.09f, rng_in(r, 0.72f, 0.95f)), m->top, 0.4f);
    struct land far = {.y = s->horizon + 0.12f,
                       .height = rng_in(r, 0.3f, 0.5f),
                       .wavelength = 0.42f,
                       .rough = 0.8f,
                       .top = rgb_mix(rock, m->low, 0.55f),
                       .foot = m->low};
    scene_land(s, &far);
    bool snowy = rng_chance(r, 0.65f);
    for (int i = 0; i < n; i++) {
        float t = n > 1 ? (float)i / (float)(n - 1) : 0, side = i % 2 ? 1 : -1, big = i == n - 1 ? 1 : 0.72f;
        float px = i == n - 1 ? x - side_of_sun * rng_in(r, 0.45f, 0.75f) : side * rng_in(r, 0.45f, 0.95f),
              wide = rng_in(r, 0.5f, 0.8f) * big, high = rng_in(r, 0.75f, 1.05f) * big;
        peak(s, px, s->horizon + 0.2f, wide, high, rgb_mix(rock, m->low, 0.3f * (1 - t)), snowy);
    }
    bool lake = rng_chance(r, 0.5f);
    struct rgb dark = rgb_darker(rgb_mix(rock, m->grass, 0.4f), 0.3f);
    float shore = s->horizon + 0.17f;
    if (lake) {
        struct land bank = {
            .y = shore + 0.01f, .height = 0.09f, .wavelength = 0.3f, .top = dark, .foot = rgb_darker(dark, 0.4f)};
        scene_land(s, &bank);
        mirror_lake(s, shore);
    } else {
        struct land a = {
            .y = shore + 0.02f, .height = 0.16f, .wavelength = 0.7f, .top = rgb_mix(dark, m->low, 0.25f), .foot = dark};
        scene_land(s, &a);
    }
    struct land front = {.y = lake ? 1 : 0.85f,
                         .height = 0.16f,
                         .wavelength = 0.8f,
                         .top = rgb_darker(dark, 0.25f),
                         .foot = rgb_darker(dark, 0.6f)};
    scene_land(s, &front);
    for (int i = 0; i < pines; i++) {
        float side = i % 2 ? 1 : -1, px = side * rng_in(r, 0.35f, 1), h = rng_in(r, 0.3f, 0.6f);
        scene_pine(s, px, 1, h, rgb_darker(dark, 0.3f), false);
    }
}
