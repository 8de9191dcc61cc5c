// class_sky.c — what flies: ringed planet, rocket, hot-air balloon.
#include "classes.h"

// ---- space, shared by planet and rocket
static void deep_space(struct scene *s)
{
    struct rng *r = &s->r;
    float hue = rng_in(r, 0.55f, 1.02f), shift = rng_in(r, -0.16f, 0.16f);
    uint32_t seed = rng_word(r);
    float dark = rng_in(r, 0.13f, 0.26f), tilt = rng_in(r, -0.5f, 0.5f), mist = rng_in(r, 0.3f, 0.9f);
    struct rgb low = rgb_lch(dark, 0.07f, hue), high = rgb_lch(dark + 0.12f, 0.12f, hue + shift);
    struct rgb cloud = rgb_lch(0.55f, 0.16f, hue + shift * 1.6f), other = rgb_lch(0.5f, 0.13f, hue - shift);
    for (int y = 0; y < s->c->size; y++) {
        for (int x = 0; x < s->c->size; x++) {
            float u = ((float)x + 0.5f) * 2 / (float)s->c->size - 1, v = ((float)y + 0.5f) * 2 / (float)s->c->size - 1;
            float n = noise_sum(u * 1.6f + 7, v * 1.6f, seed, 3), band = v + u * tilt;
            struct rgb c = rgb_mix(high, low, num_clamp(0.5f + band * 0.5f, 0, 1));
            float k = num_smooth(0.45f, 0.85f, n) * num_smooth(1.1f, 0, fabsf(band)) * mist;
            c = rgb_mix(c, rgb_mix(cloud, other, num_smooth(-0.8f, 0.8f, u + n)), k);
            s->c->pixel[(size_t)y * (size_t)s->c->size + (size_t)x] = c;
        }
    }
    int stars = rng_from(r, 40, 90);
    scene_stars(s, stars, 2.5f);
    float side = rng_sign(r), up = rng_in(r, -0.9f, 0.4f), length = sqrtf(1 + up * up);
    s->c->light = (struct light){.towards = {side / length, up / length},
                                 .key = rgb_hex(0xfff2d8),
                                 .shade = rgb_lch(0.38f, 0.10f, hue),
                                 .ambient = rgb_hex(0xffffff)};
}

// A ball in the local unit circle: body, bands or craters, then one big soft shadow away from the light.
static void ball(struct scene *s, struct rgb body, struct rgb band, bool banded)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    fill(c, disc(0, 0, 1), flat(body));
    clip(c, disc(0, 0, 1));
    int n = banded ? rng_from(r, 4, 7) : rng_from(r, 5, 9);
    for (int i = 0; i < n; i++) {
        float tone = rng_in(r, -0.25f, 0.3f), alpha = rng_in(r, 0.45f, 0.95f);
        struct rgb k = tone > 0 ? rgb_lighter(band, tone) : rgb_darker(band, -tone);
        if (banded) {
            float y = -0.95f + 1.9f * ((float)i + 0.5f) / (float)n, h = rng_in(r, 0.05f, 0.17f);
            float sag = 0.16f + 0.06f * y, wave = rng_in(r, -0.06f, 0.06f);
            struct v2 at[] = {{-1.2f, y - sag}, {-0.5f, y + wave}, {0.2f, y + sag * 0.5f - wave}, {1.2f, y - sag}};
            fill(c, path(at, 4, h, h * 0.8f), blurred(faded(flat(k), alpha), 0.03f));
        } else {
            float a = rng_unit(r), d = rng_in(r, 0, 0.85f), size = rng_in(r, 0.1f, 0.3f);
            struct v2 p = v2_polar(d, a);
            fill(c, oval(p.x, p.y, size, size * 0.85f), faded(bevelled(flat(k), 0.12f, -0.7f), alpha));
        }
    }
    struct v2 local = canvas_light(c);
    struct rgb dark = rgb_scale(c->light.shade, 0.3f);
    struct shape night = half(-local.x * 0.3f, -local.y * 0.3f, local.x, local.y);
    fill(c, night, blurred(faded(flat(dark), 0.85f), 0.6f));
    fill(c, ring(0, 0, 1.12f, 0.12f, 1), blurred(faded(flat(dark), 0.4f), 0.16f)); // limbs are darker
    fill(c, disc(local.x * 0.55f, local.y * 0.55f, 0.5f), adding(blurred(faded(flat(c->light.key), 0.28f), 0.5f)));
    unclip(c);
}

static void ring_half(struct scene *s, float front, const float *edge, const struct rgb *colour, int n, float squash)
{
    clip(s->c, half(0, 0, 0, -front));
    for (int i = 0; i < n; i++) {
        float middle = (edge[i] + edge[i + 1]) / 2, width = (edge[i + 1] - edge[i]) / 2 * 0.9f;
        struct paint p =
            faded(ramp(rgb_lighter(colour[i], 0.3f), v2(-1.5f, 0), rgb_darker(colour[i], 0.15f), v2(1.5f, 0)), 0.92f);
        fill(s->c, ring(0, 0, middle, width, squash), p);
    }
    unclip(s->c);
}

void draw_planet(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    deep_space(s);
    struct rgb body = pick_vivid(r), band = pick_vivid(r);
    band = rgb_mix(band, body, 0.35f);
    float x = rng_mid(r, 0, 0.25f), y = rng_mid(r, 0, 0.25f), size = rng_in(r, 0.36f, 0.54f);
    float tilt = rng_in(r, -0.11f, 0.11f), squash = rng_in(r, 0.16f, 0.42f);
    bool banded = rng_chance(r, 0.7f);
    float edge[5] = {rng_in(r, 1.25f, 1.4f)};
    struct rgb colour[4], base = pick_vivid(r);
    int n = rng_from(r, 2, 4);
    for (int i = 0; i < n; i++) {
        edge[i + 1] = edge[i] + rng_in(r, 0.1f, 0.24f);
        colour[i] = rgb_lighter(rgb_vary(r, rgb_mix(base, band, 0.3f * (float)i), 0.15f), 0.25f);
    }
    fill(c, disc(x, y, size * 2), adding(blurred(faded(flat(body), 0.16f), size * 1.6f)));
    struct pose old = canvas_enter(c, x, y, size, tilt);
    ring_half(s, -1, edge, colour, n, squash);
    ball(s, body, band, banded);
    clip(c, disc(0, 0, 1)); // the ring's shadow falls on the ball
    fill(c, ring(0, -0.1f, edge[1], 0.16f, squash), faded(blurred(flat(rgb_scale(c->light.shade, 0.3f)), 0.08f), 0.4f));
    ring_half(s, 1, edge, colour, n, squash);
    c->pose = old;
    int moons = rng_below(r, 3);
    for (int i = 0; i < moons; i++) {
        float a = rng_unit(r), d = rng_in(r, 0.8f, 1.05f), radius = rng_in(r, 0.05f, 0.11f);
        struct v2 p = v2_polar(d, a);
        struct rgb k = pick_vivid(r);
        old = canvas_enter(c, num_clamp(p.x, -0.85f, 0.85f), num_clamp(p.y, -0.85f, 0.85f), radius, 0);
        ball(s, rgb_lighter(k, 0.3f), k, false);
        c->pose = old;
    }
}

// ---- rocket: local unit = its half-length, nose up
static void rocket_flame(struct scene *s, float length)
{
    struct canvas *c = s->c;
    struct rng *r = &s->r;
    struct rgb outer = rgb_lch(0.68f, 0.19f, rng_in(r, 0.08f, 0.16f)), inner = rgb_hex(0xfff6c8);
    float sway = rng_in(r, -0.08f, 0.08f);
    fill(c, oval(0, 0.75f + length * 0.3f, 0.5f, 0.45f + length * 0.4f),
         adding(blurred(faded(flat(outer), 0.5f), 0.5f)));
    for (int i = 0; i < 3; i++) {
        float k = 1 - 0.28f * (float)i, w = 0.2f * k, end = 0.62f + length * k;
        struct v2 at[] = {{-w, 0.62f},
                          {-w * 1.15f, 0.62f + length * 0.25f * k},
                          {sway, end},
                          {w * 1.15f, 0.62f + length * 0.25f * k},
                          {w, 0.62f}};
        struct rgb a = rgb_mix(outer, inner, 0.5f * (float)i);
        fill(c, loop(at, 5, 0.01f), glowing(ramp(rgb_lighter(a, 0.4f), v2(0, 0.6f), a, v2(0, end))));
    }
}

static void rocket_body(struct scene *s, struct rgb hull, struct rgb trim)
{
    struct canvas *c = s->c;
    struct rng *r = &s->r;
    float w = rng_in(r, 0.27f, 0.37f), fin = rng_in(r, 0.2f, 0.34f);
    for (int side = -1; side <= 1; side += 2) {
        float d = (float)side;
        struct v2 at[] = {
            {d * w * 0.75f, 0.12f}, {d * (w + fin * 0.8f), 0.45f}, {d * (w + fin), 0.82f}, {d * w * 0.7f, 0.58f}};
        fill(c, loop(at, 4, 0.015f),
             bevelled(ramp(trim, v2(0, 0.1f), rgb_darker(trim, 0.3f), v2(0, 0.8f)), 0.12f, 0.7f));
    }
    fill(c, box(0, 0.62f, w * 0.55f, 0.09f, 0.03f), bevelled(flat(rgb_hex(0x565b70)), 0.06f, 0.6f));
    struct v2 at[] = {{0, -1},    {w * 0.62f, -0.62f}, {w, -0.1f},          {w * 0.92f, 0.35f}, {w * 0.6f, 0.6f},
                      {0, 0.62f}, {-w * 0.6f, 0.6f},   {-w * 0.92f, 0.35f}, {-w, -0.1f},        {-w * 0.62f, -0.62f}};
    struct shape body = loop(at, 10, 0.01f);
    fill(c, body, bevelled(flat(hull), w * 0.95f, 0.85f));
    clip(c, body);
    fill(c, oval(0, -1.03f, w * 1.3f, 0.5f), bevelled(flat(trim), 0.18f, 0.5f));
    int stripes = rng_below(r, 3);
    for (int i = 0; i < stripes; i++) {
        struct v2 band[] = {
            {-0.5f, 0.36f + 0.12f * (float)i}, {0, 0.42f + 0.12f * (float)i}, {0.5f, 0.36f + 0.12f * (float)i}};
        fill(c, path(band, 3, 0.035f, 0.035f), faded(flat(trim), 0.9f));
    }
    unclip(c);
    int windows = rng_from(r, 1, 2);
    struct rgb glass = rgb_lch(0.72f, 0.11f, rng_in(r, 0.5f, 0.75f));
    for (int i = 0; i < windows; i++) {
        float y = -0.28f + 0.36f * (float)i, size = w * (i ? 0.33f : 0.5f);
        fill(c, disc(0, y, size), bevelled(flat(rgb_mix(hull, trim, 0.55f)), 0.05f, 0.9f));
        fill(c, disc(0, y, size * 0.72f),
             orb(rgb_lighter(glass, 0.7f), v2(-size * 0.3f, y - size * 0.3f), size, rgb_darker(glass, 0.35f)));
        fill(c, oval(-size * 0.25f, y - size * 0.3f, size * 0.2f, size * 0.13f), faded(flat(rgb_hex(0xffffff)), 0.85f));
    }
    fill(c, box(0, 0.52f, 0.03f, 0.2f, 0.02f), bevelled(flat(trim), 0.05f, 0.7f));
}

static void smoke(struct scene *s, float length, struct rgb colour)
{
    struct rng *r = &s->r;
    struct shape p = puffs(0.08f);
    for (int i = 0; i < 9; i++) {
        float t = (float)i / 8, x = rng_in(r, -0.25f, 0.25f) * (0.3f + t), size = rng_in(r, 0.14f, 0.2f) + 0.24f * t;
        puffs_add(&p, x, 0.95f + length + t * 0.9f, size);
    }
    fill(s->c, p, bevelled(blurred(faded(flat(colour), 0.85f), 0.06f), 0.25f, 0.6f));
}

void draw_rocket(struct scene *s)
{
    struct rng *r = &s->r;
    bool space = rng_chance(r, 0.55f);
    if (space) {
        deep_space(s);
        float x = rng_in(r, -0.9f, 0.9f), y = rng_sign(r) * 0.75f, size = rng_in(r, 0.15f, 0.4f);
        struct rgb body = pick_vivid(r), band = pick_vivid(r);
        struct pose old = canvas_enter(s->c, x, y, size, 0);
        ball(s, body, rgb_mix(band, body, 0.5f), rng_chance(r, 0.5f));
        s->c->pose = old;
    } else {
        scene_mood(s, MOOD_DAY | MOOD_DUSK | MOOD_GOLDEN);
        s->horizon = 1;
        scene_sky(s);
        scene_sun_somewhere(s);
        scene_clouds(s, 3, -0.6f, 0.9f, 0.6f);
    }
    struct rgb hull = rng_chance(r, 0.6f) ? rgb_hex(0xf4f1ec) : rgb_lighter(pick_vivid(r), 0.35f);
    struct rgb trim = pick_vivid(r);
    if (fabsf(hull.r - trim.r) + fabsf(hull.g - trim.g) + fabsf(hull.b - trim.b) < 0.8f) trim = rgb_darker(trim, 0.55f);
    float x = rng_mid(r, 0, 0.2f), y = rng_mid(r, -0.1f, 0.15f), size = rng_in(r, 0.5f, 0.66f);
    float tilt = rng_mid(r, 0, 0.13f), flame = rng_in(r, 0.4f, 0.85f), wide = rng_in(r, 0.95f, 1.25f);
    struct pose old = canvas_enter(s->c, x, y, size, tilt);
    canvas_stretch(s->c, wide, 1);
    if (!space || rng_chance(r, 0.3f)) smoke(s, flame * 0.6f, space ? rgb_hex(0xb9b6cc) : rgb_hex(0xf6f2ee));
    rocket_flame(s, flame);
    rocket_body(s, hull, trim);
    s->c->pose = old;
}

// ---- hot-air balloon: local unit = the envelope's radius
static void balloon_envelope(struct scene *s, struct rgb a, struct rgb b, int pattern)
{
    struct canvas *c = s->c;
    struct v2 at[] = {{0, -1},       {0.55f, -0.86f},  {0.93f, -0.45f}, {0.98f, 0},     {0.76f, 0.46f},
                      {0.4f, 0.85f}, {0.2f, 1.08f},    {-0.2f, 1.08f},  {-0.4f, 0.85f}, {-0.76f, 0.46f},
                      {-0.98f, 0},   {-0.93f, -0.45f}, {-0.55f, -0.86f}};
    struct shape body = loop(at, 13, 0.01f);
    fill(c, body, flat(a));
    clip(c, body);
    if (pattern == 0 || pattern == 2) { // gores: ovals of the same height inside one another
        static const float wide[] = {0.86f, 0.62f, 0.37f, 0.13f};
        for (int i = 0; i < 4; i++) {
            struct v2 gore[] = {
                {0, -1.02f}, {wide[i], -0.5f},         {wide[i] * 1.12f, -0.05f},  {wide[i] * 0.55f, 0.7f},
                {0, 1.2f},   {-wide[i] * 0.55f, 0.7f}, {-wide[i] * 1.12f, -0.05f}, {-wide[i], -0.5f}};
            fill(c, loop(gore, 8, 0), flat(i % 2 ? a : b));
        }
    }
    if (pattern == 1 || pattern == 2) { // belts
        int n = pattern == 1 ? 3 : 1;
        for (int i = 0; i < n; i++) {
            float y = pattern == 1 ? -0.62f + 0.5f * (float)i : 0.02f;
            struct v2 belt[] = {{-1.2f, y - 0.12f}, {0, y + 0.12f}, {1.2f, y - 0.12f}};
            fill(c, path(belt, 3, 0.11f, 0.11f), flat(pattern == 1 ? b : rgb_lighter(b, 0.6f)));
        }
    }
    struct v2 l = c->light.towards;
    fill(c, disc(-l.x * 0.95f, -l.y * 0.6f + 0.35f, 0.95f),
         faded(blurred(flat(rgb_scale(c->light.shade, 0.55f)), 0.6f), 0.5f));
    fill(c, disc(l.x * 0.55f, l.y * 0.5f, 0.5f), adding(faded(blurred(flat(c->light.key), 0.45f), 0.4f)));
    unclip(c);
}

static void balloon(struct scene *s, float x, float y, float size, float tilt)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    struct rgb a = pick_vivid(r), b = rng_chance(r, 0.4f) ? rgb_hex(0xfdf3e0) : pick_vivid(r);
    if (fabsf(a.r - b.r) + fabsf(a.g - b.g) + fabsf(a.b - b.b) < 0.5f) b = rgb_lighter(b, 0.75f);
    int pattern = rng_below(r, 3);
    struct rgb wicker = rgb_vary(r, rgb_hex(0xa87442), 0.1f), rope = rgb_darker(wicker, 0.45f);
    struct pose old = canvas_enter(c, x, y, size, tilt);
    for (int i = -1; i <= 1; i += 2) {
        fill(c, bar(v2(0.34f * (float)i, 0.93f), v2(0.2f * (float)i, 1.5f), 0.018f, 0.018f), flat(rope));
        fill(c, bar(v2(0.14f * (float)i, 1), v2(0.08f * (float)i, 1.5f), 0.014f, 0.014f), flat(rope));
    }
    if (scene_is_dark(s) || rng_chance(r, 0.5f)) {
        fill(c, oval(0, 1.18f, 0.07f, 0.14f), glowing(flat(rgb_hex(0xffc860))));
        fill(c, disc(0, 1.15f, 0.3f), adding(blurred(faded(flat(rgb_hex(0xffb050)), 0.6f), 0.3f)));
    }
    balloon_envelope(s, a, b, pattern);
    if (scene_is_dark(s))
        fill(c, oval(0, 0.3f, 0.7f, 0.9f), adding(blurred(faded(flat(rgb_hex(0xffa050)), 0.5f), 0.7f)));
    fill(c, box(0, 1.6f, 0.24f, 0.16f, 0.05f),
         bevelled(grained(ramp(rgb_lighter(wicker, 0.2f), v2(0, 1.44f), rgb_darker(wicker, 0.25f), v2(0, 1.8f)), 0.25f,
                          0.06f),
                  0.1f, 0.7f));
    fill(c, box(0, 1.46f, 0.27f, 0.035f, 0.03f), bevelled(flat(rgb_darker(wicker, 0.25f)), 0.03f, 0.6f));
    c->pose = old;
}

void draw_balloon(struct scene *s)
{
    struct rng *r = &s->r;
    scene_mood(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | (rng_chance(r, 0.3f) ? MOOD_NIGHT : 0));
    s->horizon = rng_in(r, 0.5f, 0.75f);
    scene_sky(s);
    scene_sun_somewhere(s);
    int clouds = rng_below(r, 4), hills = rng_from(r, 1, 3);
    scene_clouds(s, clouds, -0.7f, 0.4f, 0.45f);
    scene_hills(s, hills);
    int far = rng_below(r, 3);
    for (int i = 0; i < far; i++) {
        float side = rng_sign(r), x = side * rng_in(r, 0.55f, 0.85f), y = rng_in(r, -0.6f, 0.2f),
              size = rng_in(r, 0.07f, 0.13f);
        balloon(s, x, y, size, 0);
    }
    float x = rng_mid(r, 0, 0.3f), size = rng_in(r, 0.36f, 0.52f), y = rng_mid(r, -0.12f, 0.14f) - size * 0.3f;
    float tilt = rng_mid(r, 0, 0.025f);
    balloon(s, x, y, size, tilt);
}
