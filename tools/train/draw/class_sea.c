// class_sea.c — in and by the water: fish, sailing boat, lighthouse.
#include "classes.h"

// ---- fish
static void under_water(struct scene *s)
{
    struct rng *r = &s->r;
    float hue = rng_in(r, 0.5f, 0.74f), light = rng_in(r, 0.6f, 0.88f), warm = rng_in(r, 0, 0.5f);
    struct mood *m = &s->mood;
    scene_mood(s, MOOD_DAY);
    s->c->light.towards = v2(rng_in(r, -0.4f, 0.4f), -0.92f);
    s->c->light.shade = rgb_lch(0.5f, 0.10f, hue + 0.05f);
    m->top = rgb_lch(light + 0.06f, 0.09f, hue);
    m->middle = rgb_lch(light - 0.12f, 0.11f, hue + 0.02f);
    m->low = rgb_lch(light - 0.3f, 0.10f, hue + 0.05f);
    s->horizon = 1;
    scene_sky(s);
    int rays = rng_from(r, 2, 5);
    for (int i = 0; i < rays; i++) {
        float x = rng_in(r, -1, 1), w = rng_in(r, 0.08f, 0.2f), lean = rng_in(r, -0.3f, 0.3f),
              alpha = rng_in(r, 0.1f, 0.25f);
        struct v2 at[] = {
            {x - w * 0.4f, -1.1f}, {x + w * 0.4f, -1.1f}, {x + w * 1.6f + lean, 0.9f}, {x - w * 1.4f + lean, 0.9f}};
        struct paint p = ramp(rgb_hex(0xffffff), v2(x, -1), rgb_hex(0x000000), v2(x + lean, 0.8f));
        fill(s->c, poly(at, 4, 0), adding(blurred(faded(p, alpha), 0.07f)));
    }
    struct rgb sand = rgb_mix(rgb_lch(0.85f, 0.07f, 0.22f), m->middle, 0.3f + warm * 0.5f);
    struct land l = {
        .y = rng_in(r, 0.72f, 0.9f), .height = 0.14f, .wavelength = 0.6f, .top = sand, .foot = rgb_darker(sand, 0.4f)};
    struct land back = {.y = l.y - 0.1f,
                        .height = 0.25f,
                        .wavelength = 0.4f,
                        .rough = 0.3f,
                        .top = rgb_mix(m->low, m->middle, 0.5f),
                        .foot = m->low};
    scene_land(s, &back);
    scene_land(s, &l);
}

static void weeds(struct scene *s, int n)
{
    struct rng *r = &s->r;
    for (int i = 0; i < n; i++) {
        float side = rng_sign(r), x = side * rng_in(r, 0.45f, 0.98f), h = rng_in(r, 0.3f, 0.8f),
              sway = rng_in(r, -0.12f, 0.12f);
        struct rgb c = rng_chance(r, 0.65f) ? rgb_lch(0.6f, 0.13f, rng_in(r, 0.33f, 0.5f)) : pick_vivid(r);
        int blades = rng_from(r, 1, 3);
        for (int k = 0; k < blades; k++) {
            float bx = x + 0.09f * (float)k, bh = h * (1 - 0.25f * (float)k), w = 0.04f;
            struct v2 at[] = {
                {bx, 1.05f}, {bx + sway, 1 - bh * 0.35f}, {bx - sway, 1 - bh * 0.7f}, {bx + sway * 0.8f, 1 - bh}};
            fill(s->c, path(at, 4, w, 0.008f),
                 bevelled(ramp(rgb_darker(c, 0.4f), v2(0, 1), c, v2(0, 1 - bh)), 0.04f, 0.5f));
        }
    }
}

static void bubbles(struct scene *s, int n)
{
    struct rng *r = &s->r;
    for (int i = 0; i < n; i++) {
        float x = rng_in(r, -0.95f, 0.95f), y = rng_in(r, -0.95f, 0.6f), k = rng_unit(r),
              radius = 0.02f + 0.05f * k * k;
        fill(s->c, disc(x, y, radius), faded(lined(flat(s->mood.top), rgb_hex(0xffffff), radius * 0.2f), 0.55f));
        fill(s->c, disc(x - radius * 0.35f, y - radius * 0.35f, radius * 0.25f), faded(flat(rgb_hex(0xffffff)), 0.9f));
    }
}

static void fish_pattern(struct scene *s, int kind, struct rgb mark, float deep)
{
    struct canvas *c = s->c;
    struct rng *r = &s->r;
    if (kind == 0) // bars
        for (int i = 0; i < 3; i++) {
            float x = -0.42f + 0.37f * (float)i, w = rng_in(r, 0.055f, 0.1f);
            struct v2 at[] = {{x - 0.06f, -deep}, {x + 0.06f, 0}, {x - 0.06f, deep}};
            fill(c, path(at, 3, w, w), flat(mark));
        }
    if (kind == 1) // spots
        for (int i = 0; i < 12; i++) {
            float x = rng_in(r, -0.75f, 0.3f), y = rng_in(r, -deep, deep * 0.6f), size = rng_in(r, 0.04f, 0.085f);
            fill(c, disc(x, y, size), faded(flat(mark), 0.85f));
        }
    if (kind == 2) // stripes along the body
        for (int i = 0; i < 3; i++) {
            float y = -deep * 0.45f + deep * 0.42f * (float)i;
            struct v2 at[] = {{-1, y * 0.3f}, {-0.2f, y}, {0.5f, y * 0.7f}};
            fill(c, path(at, 3, 0.03f, 0.045f), flat(mark));
        }
    if (kind == 3) // scales
        for (int i = 0; i < 24; i++) {
            int line = i / 6;
            float x = -0.75f + 0.2f * (float)(i % 6) + (line % 2 ? 0.1f : 0),
                  y = -deep * 0.62f + deep * 0.4f * (float)line;
            fill(c, ring(x, y, 0.1f, 0.014f, 1), faded(flat(mark), 0.45f));
        }
}

static void fish_fins(struct scene *s, struct rgb fin, float deep)
{
    struct canvas *c = s->c;
    struct rng *r = &s->r;
    float spread = rng_in(r, 0.34f, 0.55f), notch = rng_in(r, -1.02f, -1.22f), sail = rng_in(r, 0.2f, 0.42f);
    struct rgb edge = rgb_lighter(fin, 0.35f);
    struct v2 tail[] = {{-0.72f, 0.05f},   {-1.1f, spread * 0.75f},  {-1.42f, spread}, {notch, 0},
                        {-1.42f, -spread}, {-1.1f, -spread * 0.75f}, {-0.72f, -0.05f}};
    fill(c, loop(tail, 7, 0.02f), bevelled(ramp(fin, v2(-0.8f, 0), edge, v2(-1.4f, 0)), 0.15f, 0.4f));
    struct v2 top[] = {{0.3f, -deep * 0.8f}, {0, -deep - sail}, {-0.45f, -deep - sail * 0.7f}, {-0.55f, -deep * 0.5f}};
    fill(c, loop(top, 4, 0.02f), bevelled(ramp(fin, v2(0, -deep * 0.8f), edge, v2(0, -deep - sail)), 0.12f, 0.4f));
    struct v2 low[] = {
        {0.1f, deep * 0.8f}, {-0.2f, deep + sail * 0.75f}, {-0.45f, deep + sail * 0.5f}, {-0.4f, deep * 0.6f}};
    fill(c, loop(low, 4, 0.02f), bevelled(ramp(fin, v2(0, deep * 0.8f), edge, v2(0, deep + sail)), 0.12f, 0.4f));
}

static void fish_body(struct scene *s, struct rgb body, struct rgb fin, float deep)
{
    struct canvas *c = s->c;
    struct rng *r = &s->r;
    fish_fins(s, fin, deep);
    struct v2 at[] = {{0.86f, 0.02f}, {0.66f, -deep * 0.62f}, {0.2f, -deep}, {-0.4f, -deep * 0.68f}, {-0.86f, -0.1f},
                      {-0.86f, 0.1f}, {-0.4f, deep * 0.72f},  {0.2f, deep},  {0.66f, deep * 0.66f}};
    struct shape shape = loop(at, 9, 0.01f);
    struct rgb belly = rgb_lighter(body, 0.55f),
               mark = rng_chance(r, 0.5f) ? rgb_hex(0xfff8ec) : rgb_darker(pick_vivid(r), 0.25f);
    int kind = rng_below(r, 5);
    fill(c, shape, ramp(body, v2(0, -deep * 0.3f), belly, v2(0, deep * 1.1f)));
    clip(c, shape);
    fish_pattern(s, kind, mark, deep);
    fill(c, oval(0.72f, 0, 0.34f, deep * 1.1f), faded(blurred(flat(belly), 0.08f), 0.55f)); // the face
    unclip(c);
    clip(c, shape);
    fill(c, oval(0, deep * 1.05f, 0.9f, deep * 0.6f),
         faded(blurred(flat(rgb_scale(c->light.shade, 0.6f)), 0.25f), 0.45f));
    fill(c, oval(0.05f, -deep * 0.62f, 0.5f, deep * 0.22f),
         adding(faded(blurred(flat(rgb_hex(0xffffff)), 0.14f), 0.5f)));
    unclip(c);
    struct v2 side[] = {{0.18f, 0.08f}, {-0.18f, 0.04f}, {-0.3f, 0.26f}, {-0.02f, 0.3f}};
    fill(c, loop(side, 4, 0.01f),
         bevelled(ramp(fin, v2(0.2f, 0.1f), rgb_lighter(fin, 0.3f), v2(-0.3f, 0.2f)), 0.1f, 0.6f));
    float eye = rng_in(r, 0.1f, 0.15f);
    fill(c, disc(0.52f, -deep * 0.22f, eye), bevelled(flat(rgb_hex(0xffffff)), 0.05f, 0.3f));
    fill(c, disc(0.55f, -deep * 0.2f, eye * 0.6f), flat(rgb_hex(0x1c2238)));
    fill(c, disc(0.58f, -deep * 0.2f - eye * 0.28f, eye * 0.22f), flat(rgb_hex(0xffffff)));
    struct v2 mouth[] = {{0.84f, 0.07f}, {0.76f, 0.14f}, {0.66f, 0.14f}};
    fill(c, path(mouth, 3, 0.018f, 0.012f), flat(rgb_darker(body, 0.55f)));
}

static void school(struct scene *s) // small shapes in the haze
{
    struct rng *r = &s->r;
    int n = rng_chance(r, 0.5f) ? rng_from(r, 3, 7) : 0;
    float x = rng_in(r, -0.8f, 0.8f), y = rng_in(r, -0.8f, 0), side = rng_sign(r);
    struct rgb c = rgb_mix(s->mood.low, s->mood.middle, 0.4f);
    for (int i = 0; i < n; i++) {
        float px = x + rng_in(r, -0.35f, 0.35f), py = y + rng_in(r, -0.2f, 0.2f), size = rng_in(r, 0.04f, 0.07f);
        struct v2 tail[] = {{px - side * size * 0.7f, py},
                            {px - side * size * 1.6f, py - size * 0.5f},
                            {px - side * size * 1.6f, py + size * 0.5f}};
        fill(s->c, oval(px, py, size, size * 0.5f), faded(flat(c), 0.7f));
        fill(s->c, poly(tail, 3, 0.004f), faded(flat(c), 0.7f));
    }
}

void draw_fish(struct scene *s)
{
    struct rng *r = &s->r;
    under_water(s);
    int n = rng_from(r, 2, 5), few = rng_from(r, 5, 12);
    weeds(s, n);
    school(s);
    struct rgb body = pick_vivid(r), fin = rng_chance(r, 0.5f) ? body : pick_vivid(r);
    float deep = rng_in(r, 0.38f, 0.62f), x = rng_mid(r, 0, 0.2f), y = rng_mid(r, -0.05f, 0.3f),
          size = rng_in(r, 0.46f, 0.62f);
    float tilt = rng_mid(r, 0, 0.05f), side = rng_sign(r);
    struct pose old = canvas_enter(s->c, x + side * 0.1f, y, size, tilt);
    canvas_stretch(s->c, side, 1);
    fish_body(s, body, rgb_mix(fin, body, 0.2f), deep);
    s->c->pose = old;
    bubbles(s, few);
}

// ---- sailing boat
static void gulls(struct scene *s, int n)
{
    for (int i = 0; i < n; i++) {
        float x = rng_in(&s->r, -0.9f, 0.9f), y = rng_in(&s->r, -0.8f, -0.2f), w = rng_in(&s->r, 0.04f, 0.08f);
        struct v2 at[] = {{x - w, y - w * 0.3f},
                          {x - w * 0.5f, y - w * 0.5f},
                          {x, y},
                          {x + w * 0.5f, y - w * 0.5f},
                          {x + w, y - w * 0.3f}};
        struct rgb c = rgb_mix(s->mood.top, rgb_hex(0x303850), 0.6f);
        fill(s->c, path(at, 5, 0.009f, 0.009f), flat(c));
    }
}

static void sea_and_sky(struct scene *s, int moods, float low, float high)
{
    struct rng *r = &s->r;
    scene_mood(s, moods);
    s->horizon = rng_in(r, low, high);
    scene_sky(s);
    float x = rng_in(r, -0.75f, 0.75f), radius = rng_in(r, 0.08f, 0.15f);
    float y = s->mood.kind & (MOOD_DUSK | MOOD_GOLDEN) ? s->horizon - rng_in(r, 0, 0.35f) : rng_in(r, -0.8f, -0.4f);
    if (s->mood.kind == MOOD_NIGHT)
        scene_moon(s, x, y, radius);
    else if (s->mood.kind != MOOD_GREY)
        scene_sun(s, x, y, radius);
    int clouds = rng_below(r, 4), birds = rng_below(r, 4);
    scene_clouds(s, clouds, -0.75f, s->horizon - 0.15f, 0.4f);
    if (s->mood.kind != MOOD_NIGHT) gulls(s, birds);
    if (rng_chance(r, 0.4f)) { // a far coast
        struct land l = {.y = s->horizon + 0.03f,
                         .height = 0.28f,
                         .wavelength = 0.5f,
                         .top = s->mood.grass_far,
                         .foot = s->mood.grass_far};
        scene_land(s, &l);
    }
    scene_sea(s, x);
}

static void hull(struct scene *s, struct rgb paint, struct rgb stripe)
{
    struct canvas *c = s->c;
    struct v2 at[] = {{-0.85f, -0.06f}, {-0.3f, 0}, {0.35f, -0.01f}, {1.02f, -0.14f}, {0.72f, 0.3f}, {-0.62f, 0.3f}};
    struct shape body = poly(at, 6, 0.025f);
    fill(c, body,
         bevelled(ramp(rgb_lighter(paint, 0.12f), v2(0, -0.1f), rgb_darker(paint, 0.35f), v2(0, 0.34f)), 0.12f, 0.6f));
    clip(c, body);
    struct v2 line[] = {{-0.9f, 0.05f}, {0, 0.1f}, {0.5f, 0.07f}, {1.1f, -0.05f}};
    fill(c, path(line, 4, 0.04f, 0.04f), flat(stripe));
    unclip(c);
}

static void sails(struct scene *s, struct rgb main_sail, struct rgb jib, float belly, float lean)
{
    struct canvas *c = s->c;
    struct rgb mast = rgb_hex(0x6b4a36);
    float top = -1.62f;
    fill(c, bar(v2(0, 0), v2(lean, top - 0.06f), 0.028f, 0.018f), bevelled(flat(mast), 0.03f, 0.6f));
    struct v2 a[] = {{-0.05f + lean, top},
                     {-0.32f - belly * 0.3f, top * 0.62f},
                     {-0.62f - belly * 0.5f, -0.5f},
                     {-0.72f, -0.2f},
                     {-0.36f, -0.14f},
                     {-0.05f, -0.2f},
                     {-0.05f + lean * 0.5f, top * 0.5f}};
    fill(c, loop(a, 7, 0.005f),
         bevelled(ramp(rgb_lighter(main_sail, 0.2f), v2(-0.05f, 0), rgb_darker(main_sail, 0.12f), v2(-0.75f, 0)), 0.25f,
                  0.5f));
    struct v2 b[] = {{0.06f + lean, top * 0.93f},
                     {0.34f + belly, top * 0.55f},
                     {0.66f + belly, -0.45f},
                     {0.88f, -0.24f},
                     {0.45f, -0.2f},
                     {0.08f, -0.22f},
                     {0.05f + lean * 0.5f, top * 0.5f}};
    fill(c, loop(b, 7, 0.005f),
         bevelled(ramp(rgb_lighter(jib, 0.25f), v2(0.05f, 0), rgb_darker(jib, 0.12f), v2(0.9f, 0)), 0.25f, 0.5f));
    fill(c, bar(v2(0, -0.14f), v2(-0.74f, -0.14f), 0.018f, 0.014f), flat(mast));
}

static void boat(struct scene *s)
{
    struct rng *r = &s->r;
    struct rgb paint = pick_vivid(r), stripe = rng_chance(r, 0.5f) ? rgb_hex(0xfffaf0) : pick_vivid(r);
    struct rgb cloth = rng_chance(r, 0.5f) ? rgb_hex(0xfff8ea) : rgb_lighter(pick_vivid(r), 0.2f);
    struct rgb jib = rng_chance(r, 0.5f) ? cloth : pick_vivid(r), flag = pick_vivid(r);
    float belly = rng_in(r, 0.05f, 0.2f), lean = rng_in(r, -0.04f, 0.08f);
    sails(s, cloth, jib, belly, lean);
    hull(s, paint, stripe);
    struct v2 at[] = {{lean, -1.7f}, {lean - 0.3f, -1.62f}, {lean, -1.54f}};
    if (rng_chance(r, 0.7f)) fill(s->c, poly(at, 3, 0.01f), flat(flag));
}

void draw_boat(struct scene *s)
{
    struct rng *r = &s->r;
    sea_and_sky(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | MOOD_NIGHT | MOOD_GREY, 0.15f, 0.45f);
    float x = rng_mid(r, 0, 0.3f), size = rng_in(r, 0.5f, 0.68f), y = s->horizon + rng_in(r, 0.05f, 0.25f),
          side = rng_sign(r);
    float tilt = rng_mid(r, 0, 0.025f);
    struct pose old = canvas_enter(s->c, x, y + 0.24f * size, size, 0);
    struct rgb deep = rgb_darker(s->mood.water, 0.45f);
    struct v2 sheen[] = {{-0.5f, 0.1f}, {0.1f, 0.75f}, {0.5f, 0.1f}};
    fill(s->c, oval(0, 0.12f, 0.95f, 0.2f), faded(blurred(flat(deep), 0.14f), 0.7f));
    fill(s->c, poly(sheen, 3, 0.05f), faded(blurred(flat(s->mood.low), 0.15f), 0.35f));
    struct pose water = canvas_enter(s->c, 0, -0.2f, 1, tilt);
    canvas_stretch(s->c, side, 1);
    boat(s);
    s->c->pose = water;
    struct v2 foam[] = {{-0.95f, 0.09f}, {-0.5f, 0.13f}, {0, 0.08f}, {0.5f, 0.13f}, {1, 0.08f}};
    fill(s->c, path(foam, 5, 0.04f, 0.03f),
         faded(blurred(flat(rgb_mix(s->mood.low, rgb_hex(0xffffff), 0.6f)), 0.03f), 0.85f));
    s->c->pose = old;
    scene_waves(s, 12, s->horizon + 0.2f, 1);
}

// ---- lighthouse
static void rocks(struct scene *s, float x, float y, float w)
{
    struct rng *r = &s->r;
    struct rgb stone = rgb_mix(rgb_lch(0.5f, 0.03f, rng_in(r, 0.1f, 0.8f)), s->mood.top, 0.15f);
    for (int i = 0; i < 9; i++) {
        float t = (float)i / 8 * 2 - 1, h = (0.3f - 0.2f * t * t) * rng_in(r, 0.7f, 1.2f),
              size = rng_in(r, 0.16f, 0.26f);
        float px = x + t * w, py = y + 0.12f, tone = rng_in(r, 0, 0.25f);
        struct v2 at[] = {{px - size, py + 0.1f},
                          {px - size * 0.7f, py - h * 0.6f},
                          {px - size * 0.1f, py - h},
                          {px + size * 0.6f, py - h * 0.7f},
                          {px + size, py + 0.1f}};
        struct rgb k = rgb_darker(stone, tone);
        fill(s->c, poly(at, 5, 0.03f),
             bevelled(ramp(rgb_lighter(k, 0.1f), v2(px, py - h), rgb_darker(k, 0.4f), v2(px, py + 0.1f)), 0.1f, 0.8f));
    }
}

// Local unit = the tower's height.
static void tower(struct scene *s, struct rgb wall, struct rgb band, struct rgb roof, bool lamp)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    float foot = rng_in(r, 0.17f, 0.22f), head = foot * 0.58f;
    int n = rng_from(r, 2, 4), style = rng_below(r, 5);
    struct v2 at[] = {{-foot, 0.05f}, {-head, -0.8f}, {head, -0.8f}, {foot, 0.05f}};
    struct shape body = poly(at, 4, 0.005f);
    fill(c, body, bevelled(flat(wall), foot * 0.9f, 0.75f));
    clip(c, body);
    for (int i = 0; i < n && style != 4; i++) {
        float h = 0.8f / (float)(2 * n), y = -0.8f + h * (float)(2 * i) + h * 1.5f;
        struct v2 belt[] = {
            {-0.4f, y - 0.02f - (style > 1 ? 0.09f : 0)}, {0, y + 0.02f}, {0.4f, y - 0.02f + (style > 1 ? 0.09f : 0)}};
        fill(c, path(belt, 3, h * 0.5f, h * 0.5f), bevelled(flat(band), 0.01f, 0));
    }
    fill(c, box(-c->light.towards.x * foot, -0.4f, foot * 0.75f, 0.6f, 0.02f),
         faded(blurred(flat(rgb_scale(c->light.shade, 0.45f)), foot * 0.7f), 0.55f));
    unclip(c);
    for (int i = 0; i < 2; i++) {
        float y = -0.22f - 0.3f * (float)i;
        fill(c, box(0, y, 0.026f, 0.045f, 0.025f),
             scene_is_dark(s) ? glowing(flat(rgb_hex(0xffd982))) : flat(rgb_hex(0x3a4258)));
    }
    fill(c, box(0, -0.81f, head * 1.45f, 0.022f, 0.01f), bevelled(flat(rgb_darker(roof, 0.35f)), 0.02f, 0.6f));
    struct rgb glass = lamp ? rgb_hex(0xfff0b0) : rgb_mix(s->mood.low, rgb_hex(0xbfe0ee), 0.5f);
    fill(c, box(0, -0.89f, head * 0.72f, 0.07f, 0.01f), lamp ? glowing(flat(glass)) : flat(glass));
    for (int i = -1; i <= 1; i++)
        fill(c, box((float)i * head * 0.66f, -0.89f, 0.008f, 0.07f, 0), flat(rgb_darker(roof, 0.5f)));
    struct v2 cap[] = {
        {-head * 1.05f, -0.955f}, {-head * 0.55f, -1.05f}, {0, -1.1f}, {head * 0.55f, -1.05f}, {head * 1.05f, -0.955f}};
    fill(c, poly(cap, 5, 0.012f), bevelled(flat(roof), 0.08f, 0.7f));
    fill(c, disc(0, -1.12f, 0.02f), flat(roof));
}

static void beam(struct scene *s, float x, float y, float side, float drop)
{
    struct v2 at[] = {
        {x, y - 0.02f}, {x + side * 2.2f, y - 0.32f + drop}, {x + side * 2.2f, y + 0.22f + drop}, {x, y + 0.02f}};
    struct paint p = ramp(rgb_hex(0xffedb0), v2(x, y), rgb_hex(0x141208), v2(x + side * 1.5f, y));
    fill(s->c, poly(at, 4, 0), adding(blurred(faded(p, 0.65f), 0.05f)));
}

void draw_lighthouse(struct scene *s)
{
    struct rng *r = &s->r;
    sea_and_sky(s, MOOD_DUSK | MOOD_NIGHT | MOOD_DAY | MOOD_GREY | MOOD_GOLDEN, 0.4f, 0.6f);
    float x = rng_mid(r, 0, 0.4f), size = rng_in(r, 1.0f, 1.3f), y = s->horizon + rng_in(r, 0.02f, 0.15f),
          drop = rng_in(r, -0.2f, 0.2f);
    static const unsigned bands[] = {0xd8423a, 0x2f5fa8, 0x2b2f3c, 0x2f8f86, 0xe07a34};
    struct rgb band = rgb_vary(r, rgb_hex(bands[rng_below(r, 5)]), 0.08f);
    struct rgb wall = rgb_vary(r, rgb_hex(0xf8f2e8), 0.02f),
               roof = rng_chance(r, 0.5f) ? band : rgb_vary(r, rgb_hex(0xc23f38), 0.1f);
    bool lamp = scene_is_dark(s) || s->mood.kind == MOOD_DUSK || s->mood.kind == MOOD_GREY;
    float top = y - 0.89f * size, w = rng_in(r, 0.4f, 0.7f);
    if (lamp) {
        float side = rng_sign(r);
        beam(s, x, top, side, drop);
        if (rng_chance(r, 0.5f)) beam(s, x, top, -side, -drop);
    }
    if (lamp) fill(s->c, disc(x, top, 0.45f), adding(blurred(faded(flat(rgb_hex(0xffe6a0)), 0.6f), 0.4f)));
    rocks(s, x, y + 0.08f, w);
    struct pose old = canvas_enter(s->c, x, y, size, 0);
    tower(s, wall, band, roof, lamp);
    s->c->pose = old;
    rocks(s, x, y + 0.22f, w * 0.85f);
    if (lamp) fill(s->c, disc(x, top, 0.2f), adding(blurred(faded(flat(rgb_hex(0xffe6a0)), 0.45f), 0.2f)));
    struct v2 foam[] = {
        {x - w - 0.3f, y + 0.4f}, {x - w * 0.4f, y + 0.44f}, {x + w * 0.4f, y + 0.4f}, {x + w + 0.3f, y + 0.43f}};
    fill(s->c, path(foam, 4, 0.025f, 0.02f),
         faded(blurred(flat(rgb_mix(s->mood.low, rgb_hex(0xffffff), 0.5f)), 0.03f), 0.8f));
    scene_waves(s, 9, y + 0.42f, 1);
}
