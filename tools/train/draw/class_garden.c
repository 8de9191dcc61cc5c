// class_garden.c — what lives close to the ground: flower, butterfly, mushroom, ladybird.
#include "classes.h"

// An out-of-focus garden: sky into green, soft discs of light.
static void blurred_garden(struct scene *s, int moods)
{
    struct rng *r = &s->r;
    scene_mood(s, moods);
    struct mood *m = &s->mood;
    float look = rng_unit(r);
    if (look < 0.45f) m->low = rgb_mix(rgb_lighter(m->grass, 0.2f), m->low, 0.4f); // into a meadow
    if (look > 0.8f) {                                                             // among leaves
        m->top = rgb_mix(m->top, rgb_darker(m->grass, 0.35f), 0.8f);
        m->middle = rgb_mix(m->middle, m->grass, 0.7f);
        m->low = rgb_mix(m->low, rgb_lighter(m->grass, 0.3f), 0.6f);
    }
    s->horizon = rng_in(r, 0.6f, 1.2f);
    scene_sky(s);
    struct rgb spark = rgb_mix(m->sun, m->low, 0.4f), tint = pick_vivid(r);
    int n = rng_from(r, 4, 14);
    scene_bokeh(s, n, spark, rgb_mix(tint, m->middle, 0.5f));
}

static void leaf(struct canvas *c, float length, float wide, struct rgb colour)
{
    struct v2 at[] = {{0, 0},      {length * 0.3f, -wide},         {length * 0.7f, -wide * 0.8f},
                      {length, 0}, {length * 0.65f, wide * 0.45f}, {length * 0.25f, wide * 0.5f}};
    fill(c, loop(at, 6, 0),
         bevelled(ramp(rgb_darker(colour, 0.3f), v2(0, 0), rgb_lighter(colour, 0.12f), v2(length, 0)), wide * 0.8f,
                  0.5f));
    struct v2 vein[] = {{0, 0}, {length * 0.5f, -wide * 0.15f}, {length * 0.9f, 0}};
    fill(c, path(vein, 3, wide * 0.07f, wide * 0.03f), faded(flat(rgb_lighter(colour, 0.5f)), 0.6f));
}

// ---- flower: local unit = the blossom's radius
struct petals {
    int n, kind;
    float width, notch;
    struct rgb inner, outer;
};

static void petal_ring(struct canvas *c, const struct petals *p, float radius, float turn)
{
    for (int i = 0; i < p->n; i++) {
        struct pose old = canvas_enter(c, 0, 0, radius, turn + (float)i / (float)p->n);
        float w = p->width, tip = p->kind == 1 ? 1.06f : 1, end = p->kind == 2 ? 1 - p->notch : tip;
        struct v2 at[] = {{0.08f, 0},
                          {0.35f, -w * 0.72f},
                          {0.72f, p->kind == 1 ? -w * 0.7f : -w},
                          {0.95f, p->kind == 1 ? -w * 0.2f : -w * 0.5f},
                          {end, 0},
                          {0.95f, p->kind == 1 ? w * 0.2f : w * 0.5f},
                          {0.72f, p->kind == 1 ? w * 0.7f : w},
                          {0.35f, w * 0.72f}};
        struct shape one = loop(at, 8, 0.01f);
        fill(c, oval(0.52f, 0, 0.36f, w * 0.85f), faded(blurred(flat(rgb_darker(p->inner, 0.6f)), 0.08f), 0.35f));
        fill(c, one, bevelled(ramp(p->inner, v2(0.15f, 0), p->outer, v2(0.95f, 0)), w * 0.9f, 0.45f));
        struct v2 crease[] = {{0.2f, 0}, {0.5f, 0.02f}, {0.8f, 0}};
        fill(c, path(crease, 3, 0.018f, 0.006f), faded(flat(rgb_darker(p->inner, 0.3f)), 0.4f));
        c->pose = old;
    }
}

static struct rgb petal_colour(struct rng *r)
{
    struct rgb c = pick_vivid(r);
    return c.g > c.r && c.g > c.b ? pick_near(r, 0.98f) : c; // green petals would be leaves
}

static void blossom(struct scene *s, float tilt)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    struct petals p = {.n = rng_from(r, 5, 13)};
    p.kind = rng_below(r, 3);
    p.width = num_clamp(rng_in(r, 2.7f, 3.9f) / (float)p.n, 0.15f, 0.6f);
    p.notch = rng_in(r, 0.06f, 0.16f);
    p.outer = petal_colour(r);
    struct rgb other = pick_vivid(r);
    p.inner = rng_chance(r, 0.5f) ? rgb_darker(p.outer, 0.25f) : rgb_mix(rgb_lighter(p.outer, 0.7f), other, 0.2f);
    float turn = rng_unit(r), heart = rng_in(r, 0.2f, 0.33f);
    struct rgb yolk = pick_near(r, rng_in(r, 0.14f, 0.27f));
    if (p.outer.r > 0.8f && p.outer.g > 0.6f && p.outer.b < 0.5f) yolk = rgb_lch(0.42f, 0.08f, 0.12f);
    struct pose old = canvas_enter(c, 0, 0, 1, 0);
    canvas_stretch(c, 1, tilt);
    petal_ring(c, &p, 1, turn);
    if (rng_chance(r, 0.5f)) {
        struct petals q = p;
        q.outer = rgb_lighter(p.outer, 0.2f);
        petal_ring(c, &q, rng_in(r, 0.6f, 0.75f), turn + 0.5f / (float)p.n);
    }
    fill(c, disc(0, 0.03f, heart * 1.15f), faded(blurred(flat(rgb_darker(p.inner, 0.6f)), 0.1f), 0.55f));
    fill(c, disc(0, 0, heart), bevelled(orb(rgb_lighter(yolk, 0.25f), v2(0, 0), heart, yolk), heart * 0.8f, 0.6f));
    for (int i = 0; i < 26; i++) { // seeds on a sunflower spiral
        float d = heart * 0.9f * sqrtf(((float)i + 0.5f) / 26);
        struct v2 at = v2_polar(d, (float)i * 0.38196601f);
        fill(c, disc(at.x, at.y, heart * 0.085f),
             faded(flat(i % 3 ? rgb_darker(yolk, 0.35f) : rgb_lighter(yolk, 0.5f)), 0.75f));
    }
    c->pose = old;
}

static void companions(struct scene *s, struct rgb green) // smaller ones behind
{
    struct rng *r = &s->r;
    int n = rng_below(r, 4);
    struct rgb c = petal_colour(r);
    for (int i = 0; i < n; i++) {
        float x = rng_in(r, -0.95f, 0.95f), y = rng_in(r, 0.25f, 0.7f), size = rng_in(r, 0.09f, 0.16f),
              turn = rng_unit(r);
        struct rgb mist = rgb_mix(c, s->mood.low, 0.3f);
        fill(s->c, bar(v2(x, y), v2(x * 0.95f, 1.1f), 0.018f, 0.02f),
             flat(rgb_mix(rgb_darker(green, 0.15f), s->mood.low, 0.3f)));
        for (int k = 0; k < 6; k++) {
            struct v2 p = v2_polar(size * 0.6f, turn + (float)k / 6);
            fill(s->c, disc(x + p.x, y + p.y * 0.85f, size * 0.42f), bevelled(flat(mist), size * 0.3f, 0.4f));
        }
        fill(s->c, disc(x, y, size * 0.36f),
             bevelled(flat(rgb_mix(rgb_hex(0xffd060), s->mood.low, 0.2f)), size * 0.2f, 0.5f));
    }
}

void draw_flower(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    blurred_garden(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | (rng_chance(r, 0.3f) ? MOOD_NIGHT : 0));
    float x = rng_mid(r, 0, 0.25f), y = rng_mid(r, -0.22f, 0.18f), size = rng_in(r, 0.42f, 0.6f),
          foot = x + rng_in(r, -0.3f, 0.3f);
    float shade = rng_in(r, 0.52f, 0.66f), hue = rng_in(r, 0.34f, 0.44f);
    struct rgb green = rgb_lch(shade, 0.13f, hue);
    struct rgb meadow = rgb_mix(rgb_lighter(s->mood.grass, 0.1f), s->mood.low, 0.25f);
    struct land ground = {.y = rng_in(r, 0.82f, 0.95f),
                          .height = 0.1f,
                          .wavelength = 0.8f,
                          .top = meadow,
                          .foot = rgb_darker(meadow, 0.35f)};
    scene_land(s, &ground);
    companions(s, green);
    struct v2 stem[] = {{foot, 1.1f}, {num_mix(foot, x, 0.2f), 0.7f}, {num_mix(foot, x, 0.8f), 0.3f}, {x, y}};
    int grass = rng_below(r, 14), leaves = rng_from(r, 1, 3);
    scene_tufts(s, grass, 0.9f, 1.05f, rgb_darker(s->mood.grass, 0.1f));
    fill(c, path(stem, 4, 0.04f, 0.028f),
         bevelled(ramp(rgb_darker(green, 0.35f), v2(0, 1), green, v2(0, 0)), 0.04f, 0.8f));
    for (int i = 0; i < leaves; i++) {
        float side = i % 2 ? 1 : -1, t = 0.45f + 0.18f * (float)i, length = rng_in(r, 0.35f, 0.55f),
              up = rng_in(r, 0.04f, 0.12f);
        struct pose old =
            canvas_enter(c, num_mix(foot, x, t * 0.8f), num_mix(1.05f, y, t), 1, side > 0 ? -up : 0.5f + up);
        canvas_stretch(c, 1, side);
        leaf(c, length, length * 0.27f, green);
        c->pose = old;
    }
    float tilt = rng_in(r, 0.72f, 1), lean = rng_mid(r, 0, 0.06f);
    struct pose old = canvas_enter(c, x, y, size, lean);
    blossom(s, tilt);
    c->pose = old;
}

// ---- butterfly: local unit = half the wing span, about
struct wings {
    struct v2 fore[7], hind[6];
    struct rgb inner, outer, edge, spot;
    int spots;
    float spot_size, border;
};

static void wing(struct canvas *c, const struct v2 *at, int n, const struct wings *w, struct v2 far)
{
    struct shape body = loop(at, n, 0.01f);
    fill(c, body, flat(w->edge));
    clip(c, body);
    struct v2 small[8], middle = v2(0, 0);
    for (int i = 0; i < n; i++) middle = v2(middle.x + at[i].x / (float)n, middle.y + at[i].y / (float)n);
    for (int i = 0; i < n; i++)
        small[i] = v2(num_mix(at[i].x, middle.x, w->border) - 0.02f, num_mix(at[i].y, middle.y, w->border));
    float reach = sqrtf(far.x * far.x + far.y * far.y);
    fill(c, loop(small, n, 0), orb(w->inner, v2(0, 0), reach * 0.95f, w->outer));
    for (int i = 0; i < 4; i++) { // veins
        struct v2 to = at[1 + i % (n - 1)];
        fill(c, bar(v2(0.05f, 0), v2(num_mix(to.x, far.x, 0.4f), num_mix(to.y, far.y, 0.4f)), 0.012f, 0.006f),
             faded(flat(w->edge), 0.55f));
    }
    for (int i = 0; i < w->spots; i++) { // along the outer margin
        float t = ((float)i + 0.5f) / (float)w->spots;
        struct v2 a = at[1], b = at[n - 2], p = v2(num_mix(a.x, b.x, t), num_mix(a.y, b.y, t));
        float bulge = 0.22f * (1 - (2 * t - 1) * (2 * t - 1));
        p = v2(num_mix(p.x, far.x, 0.3f + bulge), num_mix(p.y, far.y, 0.3f + bulge));
        fill(c, disc(p.x, p.y, w->spot_size), flat(w->spot));
    }
    struct v2 eye = v2(far.x * 0.62f, far.y * 0.62f);
    if (w->spots % 2) {
        fill(c, disc(eye.x, eye.y, w->spot_size * 2.1f), flat(w->edge));
        fill(c, disc(eye.x, eye.y, w->spot_size * 1.3f), flat(w->spot));
    }
    unclip(c);
    fill(c, body, faded(bevelled(flat(w->outer), 0.1f, 0.8f), 0.12f));
}

static struct wings wings_of(struct rng *r)
{
    struct wings w;
    float up = rng_in(r, 0.55f, 0.95f), span = rng_in(r, 0.9f, 1.1f), low = rng_in(r, 0.55f, 0.9f),
          tail = rng_in(r, 0, 0.3f);
    struct v2 fore[] = {{0.03f, -0.12f},
                        {0.3f, -up * 0.75f},
                        {span * 0.8f, -up * 1.05f},
                        {span * 1.02f, -up * 0.85f},
                        {span * 0.93f, -up * 0.4f},
                        {span * 0.6f, -0.02f},
                        {0.03f, 0.06f}};
    struct v2 hind[] = {{0.03f, 0},          {0.5f, -0.04f}, {span * 0.78f, 0.2f}, {span * 0.68f, low * 0.7f},
                        {0.34f, low + tail}, {0.05f, 0.28f}};
    for (int i = 0; i < 7; i++) w.fore[i] = fore[i];
    for (int i = 0; i < 6; i++) w.hind[i] = hind[i];
    w.outer = pick_vivid(r);
    struct rgb other = pick_vivid(r);
    w.inner = rng_chance(r, 0.5f) ? rgb_lighter(w.outer, 0.6f) : rgb_mix(other, w.outer, 0.25f);
    w.edge = rng_chance(r, 0.7f) ? rgb_mix(rgb_hex(0x221a30), w.outer, 0.12f) : rgb_darker(w.outer, 0.55f);
    w.spot = rng_chance(r, 0.6f) ? rgb_hex(0xfff4dc) : rgb_lighter(pick_vivid(r), 0.3f);
    w.spots = rng_from(r, 2, 5);
    w.spot_size = rng_in(r, 0.028f, 0.05f);
    w.border = rng_in(r, 0.14f, 0.26f);
    return w;
}

static void butterfly_body(struct canvas *c, struct rgb dark)
{
    for (int i = -1; i <= 1; i += 2) {
        float d = (float)i;
        struct v2 at[] = {{0.02f * d, -0.3f}, {0.1f * d, -0.55f}, {0.26f * d, -0.72f}};
        fill(c, path(at, 3, 0.014f, 0.01f), flat(dark));
        fill(c, disc(0.27f * d, -0.73f, 0.03f), flat(dark));
    }
    struct v2 at[] = {{0, -0.24f}, {0, 0.1f}, {0, 0.52f}};
    fill(c, path(at, 3, 0.075f, 0.03f),
         bevelled(ramp(rgb_lighter(dark, 0.25f), v2(0, -0.3f), dark, v2(0, 0.5f)), 0.07f, 0.9f));
    fill(c, disc(0, -0.3f, 0.085f), bevelled(flat(dark), 0.07f, 0.9f));
}

void draw_butterfly(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    blurred_garden(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | (rng_chance(r, 0.3f) ? MOOD_NIGHT : 0));
    int sprays = rng_below(r, 4);
    for (int i = 0; i < sprays; i++) { // leaves reach in from the edges
        float side = rng_sign(r), y = rng_in(r, 0.3f, 1), length = rng_in(r, 0.4f, 0.8f), up = rng_in(r, 0, 0.12f);
        struct pose old = canvas_enter(c, side * 1.1f, y, 1, side > 0 ? 0.5f + up : -up);
        leaf(c, length, length * 0.3f, rgb_mix(rgb_lch(0.62f, 0.13f, 0.38f), s->mood.low, 0.2f));
        c->pose = old;
    }
    companions(s, rgb_lch(0.58f, 0.13f, 0.38f));
    struct wings w = wings_of(r);
    float x = rng_mid(r, 0, 0.18f), y = rng_mid(r, 0, 0.18f), size = rng_in(r, 0.62f, 0.8f),
          turn = rng_mid(r, 0, 0.12f), open = rng_in(r, 0.68f, 1);
    float other = open * rng_in(r, 0.78f, 1);
    fill(c, oval(x - 0.15f * c->light.towards.x, y + 0.22f, size * open * 0.9f, size * 0.6f),
         faded(blurred(flat(rgb_scale(c->light.shade, 0.4f)), 0.25f), 0.3f));
    struct pose old = canvas_enter(c, x, y, size, turn);
    struct pose base = c->pose;
    for (int i = -1; i <= 1; i += 2) {
        c->pose = base;
        canvas_stretch(c, (float)i * (i < 0 ? other : open), 1);
        wing(c, w.hind, 6, &w, v2(0.7f, 0.5f));
        wing(c, w.fore, 7, &w, v2(w.fore[3].x, w.fore[3].y * 0.8f));
    }
    c->pose = base;
    butterfly_body(c, rgb_mix(rgb_hex(0x2a2030), w.edge, 0.3f));
    c->pose = old;
}

// ---- mushroom: local unit = its height
static void mushroom(struct scene *s, struct rgb cap, struct rgb dot)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    float wide = rng_in(r, 0.42f, 0.62f), high = rng_in(r, 0.36f, 0.6f), stem = rng_in(r, 0.11f, 0.19f), rim = -0.5f,
          bend = rng_in(r, -0.06f, 0.06f);
    struct rgb flesh = rgb_vary(r, rgb_hex(0xf6ead6), 0.04f);
    scene_shadow(s, 0, 0.01f, stem * 2.6f, 0.08f);
    struct v2 leg[] = {{-stem * 1.25f, -0.02f},
                       {-stem * 0.85f + bend, -0.3f},
                       {-stem * 0.8f, -0.58f},
                       {stem * 0.8f, -0.58f},
                       {stem * 0.85f + bend, -0.3f},
                       {stem * 1.25f, -0.02f},
                       {0, 0.05f}};
    struct shape body = loop(leg, 7, 0.01f);
    fill(c, body, bevelled(ramp(rgb_darker(flesh, 0.1f), v2(0, -0.5f), flesh, v2(0, 0)), stem, 0.7f));
    clip(c, body);
    fill(c, oval(0, rim, wide * 0.9f, 0.16f), faded(blurred(flat(rgb_darker(flesh, 0.65f)), 0.1f), 0.75f));
    unclip(c);
    if (rng_chance(r, 0.45f)) {
        struct v2 skirt[] = {{-stem * 0.9f, -0.38f}, {-stem * 1.5f, -0.27f}, {-stem * 0.5f, -0.25f},
                             {stem * 0.5f, -0.25f},  {stem * 1.5f, -0.27f},  {stem * 0.9f, -0.38f}};
        fill(c, loop(skirt, 6, 0.01f), bevelled(flat(rgb_lighter(flesh, 0.3f)), 0.06f, 0.6f));
    }
    fill(c, oval(0, rim, wide * 0.96f, 0.1f),
         ramp(rgb_darker(flesh, 0.15f), v2(0, rim + 0.1f), rgb_darker(flesh, 0.5f), v2(0, rim - 0.02f)));
    for (int i = -6; i <= 6; i++) { // gills
        float t = (float)i / 6;
        fill(c,
             bar(v2(t * stem * 0.8f, rim), v2(t * wide * 0.88f, rim + 0.09f * sqrtf(1 - t * t * 0.9f)), 0.008f, 0.008f),
             faded(flat(rgb_darker(flesh, 0.5f)), 0.45f));
    }
    float peak = rng_in(r, 0.35f, 0.75f), top = rim - high;
    struct v2 hood[] = {{0, top},
                        {wide * peak * 0.85f, rim - high * 0.85f},
                        {wide * 0.92f, rim - high * 0.38f},
                        {wide, rim + 0.01f},
                        {wide * 0.5f, rim + 0.035f},
                        {0, rim + 0.05f},
                        {-wide * 0.5f, rim + 0.035f},
                        {-wide, rim + 0.01f},
                        {-wide * 0.92f, rim - high * 0.38f},
                        {-wide * peak * 0.85f, rim - high * 0.85f}};
    struct shape head = loop(hood, 10, 0.01f);
    fill(c, head, bevelled(ramp(rgb_lighter(cap, 0.08f), v2(0, top), rgb_darker(cap, 0.28f), v2(0, rim)), 0.3f, 0.75f));
    clip(c, head);
    int dots = rng_from(r, 7, 13);
    for (int i = 0; i < dots; i++) {
        float t = ((float)i + 0.5f) / (float)dots * 2 - 1, y = rim - high * rng_in(r, 0.08f, 0.85f),
              k = rng_in(r, 0.03f, 0.085f);
        fill(c, oval(t * wide * 0.95f, y, k * (1.15f - 0.5f * t * t), k * 0.85f), bevelled(flat(dot), k * 0.8f, 0.6f));
    }
    fill(c, oval(c->light.towards.x * wide * 0.4f, rim - high * 0.72f, wide * 0.35f, high * 0.18f),
         adding(faded(blurred(flat(c->light.key), 0.12f), 0.4f)));
    unclip(c);
}

void draw_mushroom(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    blurred_garden(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK | MOOD_NIGHT);
    struct rgb earth = rgb_mix(s->mood.grass, rgb_hex(0x5a4632), rng_in(r, 0, 0.55f));
    int trunks = rng_below(r, 4);
    for (int i = 0; i < trunks; i++) {
        float x = rng_in(r, -1, 1), w = rng_in(r, 0.05f, 0.12f);
        fill(c, bar(v2(x, 0.6f), v2(x, -1.2f), w, w * 0.7f),
             faded(blurred(flat(rgb_mix(rgb_hex(0x4a3c38), s->mood.middle, 0.5f)), 0.05f), 0.6f));
    }
    struct land back = {.y = 0.55f,
                        .height = 0.2f,
                        .wavelength = 0.7f,
                        .top = rgb_mix(earth, s->mood.middle, 0.4f),
                        .foot = rgb_darker(earth, 0.2f)};
    struct land front = {.y = 0.75f,
                         .height = 0.12f,
                         .wavelength = 0.8f,
                         .top = rgb_lighter(earth, 0.08f),
                         .foot = rgb_darker(earth, 0.45f)};
    scene_land(s, &back);
    scene_land(s, &front);
    static const unsigned caps[] = {0xd9342b, 0xd9342b, 0xe8743a, 0xa8612f, 0x8a58b8, 0x3f8fb8, 0xd85a8c, 0xe0b03c};
    struct rgb cap = rgb_vary(r, rgb_hex(caps[rng_below(r, 8)]), 0.1f), dot = rgb_vary(r, rgb_hex(0xfff6e6), 0.02f);
    int small = rng_below(r, 3);
    for (int i = 0; i < small; i++) {
        float side = i ? -1 : 1, x = side * rng_in(r, 0.5f, 0.75f), size = rng_in(r, 0.35f, 0.65f),
              lean = rng_mid(r, side * 0.02f, 0.02f);
        struct pose old = canvas_enter(c, x, 0.76f, size, lean);
        mushroom(s, cap, dot);
        c->pose = old;
    }
    float x = rng_mid(r, 0, 0.2f), size = rng_in(r, 1.1f, 1.4f), lean = rng_mid(r, 0, 0.02f);
    struct pose old = canvas_enter(c, x, 0.8f, size, lean);
    mushroom(s, cap, dot);
    c->pose = old;
    int grass = rng_from(r, 8, 20), flies = scene_is_dark(s) ? 14 : rng_below(r, 4);
    scene_tufts(s, grass, 0.82f, 1.04f, rgb_lighter(s->mood.grass, 0.05f));
    for (int i = 0; i < flies; i++) {
        float fx = rng_in(r, -1, 1), fy = rng_in(r, -0.8f, 0.8f);
        fill(c, disc(fx, fy, 0.07f), adding(blurred(faded(flat(rgb_hex(0xffe88a)), 0.5f), 0.07f)));
        fill(c, disc(fx, fy, 0.014f), glowing(flat(rgb_hex(0xfff8c8))));
    }
}

// ---- ladybird: seen from above, on a leaf; local unit = half its length, head up
static void ladybird(struct scene *s, struct rgb shell, int spots)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    struct rgb black = rgb_hex(0x1d1a22);
    fill(c, oval(-c->light.towards.x * 0.12f, 0.18f, 0.95f, 0.95f),
         faded(blurred(flat(rgb_scale(c->light.shade, 0.25f)), 0.25f), 0.55f));
    for (int side = -1; side <= 1; side += 2) {
        float d = (float)side;
        for (int i = 0; i < 3; i++) {
            float y = -0.35f + 0.42f * (float)i, out = 1.08f - 0.04f * (float)i, step = rng_in(r, -0.06f, 0.06f);
            struct v2 at[] = {{d * 0.6f, y},
                              {d * (out - 0.12f), y - 0.06f + 0.1f * (float)i + step},
                              {d * out, y + 0.12f * (float)(i - 1) + 0.1f}};
            fill(c, path(at, 3, 0.05f, 0.03f), flat(black));
        }
        struct v2 feeler[] = {{d * 0.14f, -0.95f}, {d * 0.24f, -1.16f}, {d * 0.42f, -1.22f}};
        fill(c, path(feeler, 3, 0.03f, 0.022f), flat(black));
        fill(c, disc(d * 0.43f, -1.22f, 0.045f), flat(black));
    }
    fill(c, oval(0, -0.82f, 0.36f, 0.26f), bevelled(flat(black), 0.16f, 0.5f));
    fill(c, oval(0, -0.62f, 0.6f, 0.32f), bevelled(flat(rgb_lighter(black, 0.06f)), 0.2f, 0.5f));
    for (int side = -1; side <= 1; side += 2) {
        fill(c, oval((float)side * 0.4f, -0.66f, 0.11f, 0.14f), flat(rgb_hex(0xfff4e4)));
        fill(c, disc((float)side * 0.19f, -0.9f, 0.07f), flat(rgb_hex(0xffffff)));
        fill(c, disc((float)side * 0.19f, -0.92f, 0.036f), flat(black));
    }
    struct shape body = oval(0, 0.12f, 0.84f, 0.9f);
    fill(c, body,
         bevelled(orb(rgb_lighter(shell, 0.1f), v2(c->light.towards.x * 0.2f, -0.1f), 1.1f, rgb_darker(shell, 0.3f)),
                  0.4f, 0.55f));
    clip(c, body);
    static const struct v2 place[] = {{0.4f, 0.08f}, {0.3f, 0.56f}, {0.62f, 0.38f}, {0.26f, -0.32f}, {0.62f, -0.12f}};
    float size = rng_in(r, 0.11f, 0.17f);
    for (int i = 0; i < spots; i++)
        for (int side = -1; side <= 1; side += 2)
            fill(c, disc((float)side * place[i].x, place[i].y, size), flat(black));
    fill(c, disc(0, -0.6f, size * 1.3f), flat(black));
    fill(c, bar(v2(0, -0.8f), v2(0, 1.05f), 0.018f, 0.026f), flat(black));
    unclip(c);
    struct v2 l = c->light.towards;
    fill(c, oval(-0.34f + l.x * 0.1f, -0.3f, 0.16f, 0.24f),
         adding(blurred(faded(flat(rgb_hex(0xffffff)), 0.6f), 0.12f)));
    fill(c, oval(-0.4f, -0.34f, 0.06f, 0.1f), faded(flat(rgb_hex(0xffffff)), 0.8f));
}

void draw_ladybird(struct scene *s)
{
    struct rng *r = &s->r;
    struct canvas *c = s->c;
    blurred_garden(s, MOOD_DAY | MOOD_GOLDEN | MOOD_DUSK);
    float turn = rng_mid(r, 0, 0.5f), x = rng_mid(r, 0, 0.2f), y = rng_mid(r, 0.05f, 0.2f),
          size = rng_in(r, 0.4f, 0.56f);
    float shade = rng_in(r, 0.55f, 0.74f), hue = rng_mid(r, 0.36f, 0.045f);
    struct rgb green = rgb_lch(shade, 0.15f, hue);
    float lie = rng_in(r, -0.12f, 0.12f), wide = rng_in(r, 0.75f, 1.05f);
    struct pose old = canvas_enter(c, x * 0.8f, y * 0.8f, 1, lie);
    canvas_enter(c, -1.4f, 0, 1, 0); // the leaf lies under the beetle, its tip outside the picture
    fill(c, oval(1.3f, 0.25f, 1.4f, wide * 0.9f), faded(blurred(flat(rgb_scale(c->light.shade, 0.3f)), 0.3f), 0.4f));
    struct v2 at[] = {{0, 0},     {0.7f, -wide * 0.82f}, {1.5f, -wide * 0.85f}, {2.3f, -wide * 0.35f},
                      {2.75f, 0}, {2.2f, wide * 0.45f},  {1.4f, wide * 0.8f},   {0.6f, wide * 0.7f}};
    struct shape blade = loop(at, 8, 0.01f);
    clip(c, blade); // the costly outline is worked out once, everything else shows through it
    fill(c, half(0, 9, 0, 1), ramp(rgb_lighter(green, 0.06f), v2(0, -wide), rgb_darker(green, 0.3f), v2(0.6f, wide)));
    fill(c, bar(v2(0, 0), v2(2.7f, 0), 0.035f, 0.01f), faded(flat(rgb_lighter(green, 0.35f)), 0.8f));
    for (int i = 0; i < 6; i++)
        for (int side = -1; side <= 1; side += 2) {
            float vx = 0.3f + 0.38f * (float)i;
            struct v2 vein[] = {
                {vx, 0}, {vx + 0.3f, (float)side * wide * 0.35f}, {vx + 0.5f, (float)side * wide * 0.8f}};
            fill(c, path(vein, 3, 0.016f, 0.008f), faded(flat(rgb_lighter(green, 0.35f)), 0.6f));
        }
    unclip(c);
    c->pose = old;
    int drops = rng_below(r, 5), spots = rng_from(r, 2, 5);
    for (int i = 0; i < drops; i++) {
        float a = rng_unit(r), d = rng_in(r, 0.65f, 0.8f), radius = rng_in(r, 0.03f, 0.07f);
        struct v2 p = v2_polar(d, a);
        fill(c, disc(p.x, p.y, radius), bevelled(faded(flat(rgb_lighter(green, 0.4f)), 0.7f), radius, -0.8f));
        fill(c, disc(p.x - radius * 0.3f, p.y - radius * 0.3f, radius * 0.28f), flat(rgb_hex(0xffffff)));
    }
    static const unsigned shells[] = {0xe0312a, 0xe0312a, 0xd42438, 0xf07a22, 0xf4b32c, 0xe85a2a};
    struct rgb shell = rgb_vary(r, rgb_hex(shells[rng_below(r, 6)]), 0.06f);
    old = canvas_enter(c, x, y, size, turn);
    ladybird(s, shell, spots);
    c->pose = old;
}
