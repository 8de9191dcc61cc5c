// scene.c — skies, weather, land and water in the colours of the scene's mood. Knows nothing about the subject.
#include "scene.h"

static float world(const struct scene *s, int pixel)
{
    return ((float)pixel + 0.5f) * 2 / (float)s->c->size - 1;
}

static struct rgb *pixel(const struct scene *s, int x, int y)
{
    return &s->c->pixel[(size_t)y * (size_t)s->c->size + (size_t)x];
}

void scene_sky(struct scene *s)
{
    const struct mood *m = &s->mood;
    uint32_t seed = rng_word(&s->r);
    float drift = rng_in(&s->r, 0.02f, 0.09f), bend = rng_in(&s->r, -0.2f, 0.2f);
    for (int y = 0; y < s->c->size; y++) {
        for (int x = 0; x < s->c->size; x++) {
            float wx = world(s, x), wy = world(s, y) + bend * wx * wx;
            float t = (wy + 1) / (s->horizon + 1), n = noise_sum(wx * 1.3f, wy * 3.5f, seed, 2) - 0.5f;
            t = num_clamp(t + n * drift * 3, 0, 1);
            struct rgb c = t < 0.55f ? rgb_mix(m->top, m->middle, num_smooth(0, 0.55f, t))
                                     : rgb_mix(m->middle, m->low, num_smooth(0.55f, 1, t));
            *pixel(s, x, y) = c;
        }
    }
    int stars = rng_from(&s->r, 25, 60);
    if (m->kind == MOOD_NIGHT) scene_stars(s, stars, s->horizon);
}

void scene_stars(struct scene *s, int n, float lowest_y)
{
    for (int i = 0; i < n; i++) {
        float x = rng_in(&s->r, -1, 1), y = rng_in(&s->r, -1, lowest_y), size = rng_unit(&s->r);
        float warm = rng_unit(&s->r), radius = 0.005f + 0.012f * size * size * size;
        struct rgb c = rgb_mix(rgb_hex(0xcfe0ff), rgb_hex(0xfff0d0), warm);
        float fade = num_smooth(lowest_y, lowest_y - 0.8f, y) * (0.35f + 0.65f * size);
        if (size > 0.9f)
            fill(s->c, disc(x, y, radius * 2), adding(blurred(faded(flat(c), 0.35f * fade), radius * 2.5f)));
        fill(s->c, disc(x, y, radius), adding(faded(flat(c), fade)));
    }
}

static void glow(struct scene *s, float x, float y, float radius, struct rgb c, float alpha)
{
    fill(s->c, disc(x, y, radius), adding(faded(blurred(flat(c), radius), alpha)));
}

static void turn_light(struct scene *s, float x, float y)
{
    float lx = x, ly = y - 0.5f, length = sqrtf(lx * lx + ly * ly) + 1e-6f;
    s->c->light.towards = v2(lx / length, ly / length);
}

void scene_sun(struct scene *s, float x, float y, float radius)
{
    turn_light(s, x, y);
    glow(s, x, y, radius * 4.5f, s->mood.sun, 0.35f);
    glow(s, x, y, radius * 1.9f, s->mood.sun, 0.5f);
    struct rgb core = rgb_mix(s->mood.sun, rgb_hex(0xffffff), 0.35f);
    fill(s->c, disc(x, y, radius), glowing(orb(core, v2(x, y), radius, rgb_mix(s->mood.sun, core, 0.3f))));
}

void scene_moon(struct scene *s, float x, float y, float radius)
{
    turn_light(s, x, y);
    struct rgb pale = rgb_hex(0xfdf4d8);
    glow(s, x, y, radius * 4, rgb_mix(pale, s->mood.low, 0.4f), 0.3f);
    glow(s, x, y, radius * 1.7f, pale, 0.3f);
    float phase = rng_unit(&s->r), tilt = rng_in(&s->r, -0.1f, 0.1f), side = rng_sign(&s->r);
    struct pose old = canvas_enter(s->c, x, y, radius, tilt);
    if (phase < 0.5f) { // crescent: two arcs
        struct v2 at[16];
        for (int i = 0; i < 8; i++) {
            float a = -0.22f + 0.44f * (float)i / 7;
            at[i] = v2(side * num_cos(a), num_sin(a));
            at[15 - i] = v2(side * (num_cos(a) * 1.1f - 0.42f), num_sin(a) * 0.98f);
        }
        fill(s->c, poly(at, 16, 0.01f), glowing(flat(pale)));
    } else {
        struct rgb mare = rgb_mix(pale, rgb_hex(0x9aa0b8), 0.45f);
        fill(s->c, disc(0, 0, 1), glowing(orb(pale, v2(-0.3f * side, -0.3f), 1.7f, rgb_mix(pale, mare, 0.6f))));
        for (int i = 0; i < 5; i++) {
            float a = rng_unit(&s->r), d = rng_in(&s->r, 0.1f, 0.65f), size = rng_in(&s->r, 0.1f, 0.24f);
            struct v2 p = v2_polar(d, a);
            fill(s->c, disc(p.x, p.y, size), glowing(faded(blurred(flat(mare), 0.06f), 0.6f)));
        }
    }
    s->c->pose = old;
}

void scene_sun_somewhere(struct scene *s)
{
    float side = rng_sign(&s->r), x = side * rng_in(&s->r, 0.35f, 0.85f);
    float y = rng_in(&s->r, -0.85f, -0.4f), radius = rng_in(&s->r, 0.08f, 0.15f);
    bool shown = rng_chance(&s->r, 0.65f);
    if (s->mood.kind == MOOD_GREY) return;
    if (s->mood.kind == MOOD_DUSK || s->mood.kind == MOOD_GOLDEN) y += 0.45f;
    if (!shown)
        turn_light(s, x, y);
    else if (s->mood.kind == MOOD_NIGHT)
        scene_moon(s, x, y, radius);
    else
        scene_sun(s, x, y, radius);
}

void scene_cloud(struct scene *s, float x, float y, float size, float alpha)
{
    struct shape p = puffs(0.12f);
    int n = rng_from(&s->r, 4, 7);
    for (int i = 0; i < n; i++) {
        float t = ((float)i + 0.5f) / (float)n * 2 - 1, wobble = rng_in(&s->r, -0.08f, 0.08f);
        float radius = (0.42f - 0.26f * t * t) * rng_in(&s->r, 0.75f, 1.1f);
        puffs_add(&p, t + wobble, -radius * 0.55f, radius);
    }
    float mirror = rng_sign(&s->r);
    struct pose old = canvas_enter(s->c, x, y, size, 0);
    canvas_stretch(s->c, mirror, 0.72f);
    struct paint paint = ramp(s->mood.cloud, v2(0, -0.6f), s->mood.cloud_shade, v2(0, 0.25f));
    paint = bevelled(glowing(paint), 0.3f, 0.35f);
    fill(s->c, p, blurred(faded(paint, alpha), 0.06f));
    s->c->pose = old;
}

void scene_clouds(struct scene *s, int n, float y0, float y1, float size)
{
    for (int i = 0; i < n; i++) {
        float t = ((float)i + 0.5f) / (float)n, y = num_mix(y0, y1, t), k = num_mix(1, 0.5f, t);
        float x = rng_in(&s->r, -1.1f, 1.1f), scale = size * k * rng_in(&s->r, 0.6f, 1.2f);
        float alpha = rng_in(&s->r, 0.55f, 0.95f);
        scene_cloud(s, x, y, scale, alpha);
    }
}

static float ridge(const struct land *l, float x, uint32_t seed)
{
    float u = x / l->wavelength + 37.5f, roll = noise_sum(u, 0.5f, seed, l->rough > 0 ? 4 : 1);
    float fold = 1 - fabsf(2 * noise_sum(u * 0.8f, 9.5f, seed, 4) - 1);
    return l->y - l->height * num_mix(roll, fold * fold, l->rough);
}

void scene_land(struct scene *s, const struct land *l)
{
    uint32_t seed = rng_word(&s->r);
    const struct light *light = &s->c->light;
    float step = 2 / (float)s->c->size;
    for (int x = 0; x < s->c->size; x++) {
        float wx = world(s, x), top = ridge(l, wx, seed), next = ridge(l, wx + 0.04f, seed);
        float slope = (next - top) / 0.04f, facing = -light->towards.x * slope / sqrtf(1 + slope * slope);
        int first = (int)num_clamp((top + 1) / step - 1, 0, (float)s->c->size);
        for (int y = first; y < s->c->size; y++) {
            float depth = world(s, y) - top, a = num_clamp(0.5f + depth / step, 0, 1);
            struct rgb c = rgb_mix(l->top, l->foot, num_clamp(depth / 0.9f, 0, 1));
            float rim = num_clamp(1 - depth / (0.15f + l->height * 0.5f), 0, 1) * facing;
            c = rim < 0 ? rgb_mix(c, rgb_times(c, light->shade), -rim * 0.7f) : rgb_mix(c, light->key, rim * 0.25f);
            struct rgb *at = pixel(s, x, y);
            *at = rgb_mix(*at, rgb_times(c, light->ambient), a);
        }
    }
}

void scene_hills(struct scene *s, int n)
{
    struct rgb far = s->mood.grass_far, near = s->mood.grass;
    for (int i = 0; i < n; i++) {
        float t = n > 1 ? (float)i / (float)(n - 1) : 1;
        struct rgb c = rgb_vary(&s->r, rgb_mix(far, near, t), 0.04f);
        float height = rng_in(&s->r, 0.1f, 0.3f) * (1.2f - 0.7f * t), length = rng_in(&s->r, 0.5f, 1.1f);
        struct land l = {.y = s->horizon + 0.1f + t * 0.22f,
                         .height = height,
                         .wavelength = length,
                         .top = rgb_lighter(c, 0.08f),
                         .foot = rgb_darker(c, 0.28f)};
        scene_land(s, &l);
    }
}

void scene_sea(struct scene *s, float sun_x)
{
    const struct mood *m = &s->mood;
    uint32_t seed = rng_word(&s->r);
    float step = 2 / (float)s->c->size, calm = rng_in(&s->r, 0.4f, 1);
    struct rgb far = rgb_mix(m->water, m->low, 0.5f), near = rgb_darker(m->water, 0.3f);
    for (int y = 0; y < s->c->size; y++) {
        float wy = world(s, y), depth = wy - s->horizon, a = num_clamp(0.5f + depth / step, 0, 1);
        if (a <= 0) continue;
        float t = num_clamp(depth / 0.7f, 0, 1), fine = 1 / (0.04f + 0.14f * t);
        for (int x = 0; x < s->c->size; x++) {
            float wx = world(s, x), n = noise_sum(wx * fine * 0.28f + wy, wy * fine * 1.6f, seed, 2) - 0.5f;
            struct rgb c = rgb_mix(far, near, num_clamp(t + n * 0.45f * calm, 0, 1));
            float path = num_clamp(1 - fabsf(wx - sun_x) / (0.12f + 0.35f * t), 0, 1);
            float glint = num_smooth(0.02f, 0.14f, n) * (0.12f + 0.75f * path * path);
            c = rgb_mix(c, m->sun, glint * (1 - 0.4f * t));
            struct rgb *at = pixel(s, x, y);
            *at = rgb_mix(*at, c, a);
        }
    }
}

void scene_waves(struct scene *s, int n, float y0, float y1)
{
    for (int i = 0; i < n; i++) {
        float y = num_mix(y0, y1, ((float)i + 0.5f) / (float)n), x = rng_in(&s->r, -1, 1);
        float w = rng_in(&s->r, 0.06f, 0.16f), h = w * 0.14f, alpha = rng_in(&s->r, 0.25f, 0.6f);
        struct v2 at[] = {{x - w, y}, {x - w * 0.4f, y - h}, {x + w * 0.3f, y + h * 0.3f}, {x + w, y - h * 0.6f}};
        struct rgb c = rgb_mix(s->mood.low, rgb_hex(0xffffff), 0.35f);
        fill(s->c, path(at, 4, 0.008f, 0.004f), faded(flat(c), alpha));
    }
}

void scene_shadow(struct scene *s, float x, float y, float rx, float ry)
{
    struct rgb dark = rgb_scale(s->c->light.shade, 0.32f);
    float away = -s->c->light.towards.x * rx * 0.45f;
    fill(s->c, oval(x + away, y, rx * 1.15f, ry), faded(blurred(flat(dark), ry * 0.9f), 0.5f));
}

void scene_tufts(struct scene *s, int n, float y0, float y1, struct rgb colour)
{
    for (int i = 0; i < n; i++) {
        float y = num_mix(y0, y1, ((float)i + 0.5f) / (float)n), x = rng_in(&s->r, -1, 1);
        float h = rng_in(&s->r, 0.04f, 0.09f) * (1 + 0.6f * (y - y0)), tone = rng_in(&s->r, -0.2f, 0.2f);
        struct rgb c = tone > 0 ? rgb_lighter(colour, tone) : rgb_darker(colour, -tone);
        for (int k = -1; k <= 1; k++) {
            float lean = (float)k * h * 0.45f + rng_in(&s->r, -0.01f, 0.01f);
            fill(s->c, bar(v2(x + (float)k * h * 0.1f, y), v2(x + lean, y - h), 0.012f, 0.003f), flat(c));
        }
    }
}

void scene_pine(struct scene *s, float x, float y, float height, struct rgb leaf, bool snowy)
{
    struct pose old = canvas_enter(s->c, x, y, height, 0);
    fill(s->c, box(0, -0.06f, 0.04f, 0.09f, 0.01f), flat(rgb_hex(0x6a4a3a)));
    for (int i = 0; i < 3; i++) {
        float base = -0.1f - 0.26f * (float)i, w = 0.34f - 0.075f * (float)i, top = base - 0.42f + 0.03f * (float)i;
        struct v2 at[] = {{0, top},  {w, base}, {w * 0.5f, base + 0.04f}, {0, base + 0.02f}, {-w * 0.5f, base + 0.05f},
                          {-w, base}};
        struct paint p = ramp(rgb_lighter(leaf, 0.1f), v2(0, top), rgb_darker(leaf, 0.3f), v2(0, base + 0.05f));
        fill(s->c, poly(at, 6, 0.015f), bevelled(p, 0.2f, 0.5f));
        if (!snowy) continue;
        float k = w * 0.62f, m = num_mix(top, base, 0.55f);
        struct v2 cap[] = {{0, top}, {k, m}, {k * 0.4f, m - 0.03f}, {0, m + 0.04f}, {-k * 0.4f, m - 0.03f}, {-k, m}};
        fill(s->c, poly(cap, 6, 0.015f), bevelled(flat(s->mood.snow), 0.1f, 0.4f));
    }
    s->c->pose = old;
}

void scene_bokeh(struct scene *s, int n, struct rgb a, struct rgb b)
{
    for (int i = 0; i < n; i++) {
        float x = rng_in(&s->r, -1.1f, 1.1f), y = rng_in(&s->r, -1.1f, 1.1f), radius = rng_in(&s->r, 0.06f, 0.24f);
        float t = rng_unit(&s->r), alpha = rng_in(&s->r, 0.1f, 0.4f);
        fill(s->c, disc(x, y, radius), glowing(faded(blurred(flat(rgb_mix(a, b, t)), radius * 0.35f), alpha)));
    }
}

void scene_snowfall(struct scene *s, int n)
{
    for (int i = 0; i < n; i++) {
        float x = rng_in(&s->r, -1, 1), y = rng_in(&s->r, -1, 1), size = rng_unit(&s->r);
        float radius = 0.008f + 0.02f * size * size, alpha = rng_in(&s->r, 0.5f, 0.95f);
        fill(s->c, disc(x, y, radius), glowing(faded(blurred(flat(rgb_hex(0xffffff)), radius * 0.6f), alpha)));
    }
}

void scene_mottle(struct scene *s, float amount, float size)
{
    uint32_t seed = rng_word(&s->r);
    for (int y = 0; y < s->c->size; y++) {
        for (int x = 0; x < s->c->size; x++) {
            float n = noise_sum(world(s, x) / size, world(s, y) / size, seed, 2) - 0.5f;
            struct rgb *at = pixel(s, x, y);
            *at = rgb_scale(*at, 1 + n * amount);
        }
    }
}

void scene_finish(struct scene *s)
{
    float strength = rng_in(&s->r, 0.02f, 0.1f);
    for (int y = 0; y < s->c->size; y++) {
        for (int x = 0; x < s->c->size; x++) {
            float wx = world(s, x), wy = world(s, y), q = wx * wx + wy * wy;
            struct rgb *at = pixel(s, x, y);
            *at = rgb_scale(*at, 1 - strength * num_smooth(0.5f, 2, q));
        }
    }
}
