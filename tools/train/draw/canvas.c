// canvas.c — from distances and paints to pixels: cover, gradients, modelling light, blending. Knows no shape by name.
#include "canvas.h"

#include <string.h>

struct pose pose_identity(void)
{
    return (struct pose){.a = 1, .d = 1};
}

struct pose canvas_enter(struct canvas *c, float x, float y, float scale, float turns)
{
    struct pose old = c->pose;
    float cs = scale * num_cos(turns), sn = scale * num_sin(turns);
    c->pose = (struct pose){.a = old.a * cs + old.c * sn,
                            .b = old.b * cs + old.d * sn,
                            .c = old.c * cs - old.a * sn,
                            .d = old.d * cs - old.b * sn,
                            .x = old.a * x + old.c * y + old.x,
                            .y = old.b * x + old.d * y + old.y};
    return old;
}

void canvas_stretch(struct canvas *c, float sx, float sy)
{
    c->pose.a *= sx;
    c->pose.b *= sx;
    c->pose.c *= sy;
    c->pose.d *= sy;
}

struct v2 canvas_light(const struct canvas *c)
{
    const struct pose *p = &c->pose;
    struct v2 l = c->light.towards;
    float mirrored = p->a * p->d - p->b * p->c < 0 ? -1.0f : 1.0f;
    struct v2 at = v2((p->d * l.x - p->c * l.y) * mirrored, (p->a * l.y - p->b * l.x) * mirrored);
    float length = sqrtf(at.x * at.x + at.y * at.y) + 1e-9f;
    return v2(at.x / length, at.y / length);
}

// ---- paints
struct paint flat(struct rgb colour)
{
    return (struct paint){.from = colour, .to = colour, .b = {1, 0}, .alpha = 1};
}

struct paint ramp(struct rgb from, struct v2 a, struct rgb to, struct v2 b)
{
    return (struct paint){.from = from, .to = to, .a = a, .b = b, .alpha = 1};
}

struct paint orb(struct rgb centre, struct v2 at, float radius, struct rgb edge)
{
    return (struct paint){.from = centre, .to = edge, .a = at, .b = {at.x + radius, at.y}, .radial = true, .alpha = 1};
}

struct paint bevelled(struct paint p, float width, float gain)
{
    p.bevel = width;
    p.bevel_gain = gain;
    return p;
}

struct paint faded(struct paint p, float alpha)
{
    p.alpha *= alpha;
    return p;
}

struct paint blurred(struct paint p, float width)
{
    p.soft = width;
    return p;
}

struct paint lined(struct paint p, struct rgb line, float width)
{
    p.line = line;
    p.line_width = width;
    return p;
}

struct paint grained(struct paint p, float amount, float size)
{
    p.grain = amount;
    p.grain_size = size;
    return p;
}

struct paint glowing(struct paint p)
{
    p.glows = true;
    return p;
}

struct paint adding(struct paint p)
{
    p.glows = p.adds = true;
    return p;
}

// ---- filling: what stays the same over a shape is worked out once
struct brush {
    const struct canvas *c;
    const struct shape *s;
    const struct paint *p;
    struct pose back;  // world to local
    float scale;       // local distance to world
    float pixel;       // world width of one
    struct v2 towards; // the light, local, a small step long
    float step;        // its length, local
    struct v2 slope;   // gradient: t = dot(local - a, slope)
    float inverse_radius;
    int x0, y0, x1, y1; // pixels to visit
};

static struct pose pose_back(const struct pose *p, float det)
{
    struct pose b = {.a = p->d / det, .b = -p->b / det, .c = -p->c / det, .d = p->a / det};
    b.x = -(b.a * p->x + b.c * p->y);
    b.y = -(b.b * p->x + b.d * p->y);
    return b;
}

static int pixel_of(float world, int size)
{
    return (int)num_clamp(floorf((world + 1) * 0.5f * (float)size), 0, (float)size);
}

static void brush_bounds(struct brush *b, float margin)
{
    const struct pose *p = &b->c->pose;
    float x0 = 99, y0 = 99, x1 = -99, y1 = -99;
    for (int i = 0; i < 4; i++) {
        float lx = i & 1 ? b->s->high.x : b->s->low.x, ly = i & 2 ? b->s->high.y : b->s->low.y;
        float x = p->a * lx + p->c * ly + p->x, y = p->b * lx + p->d * ly + p->y;
        x0 = num_min(x0, x);
        x1 = num_max(x1, x);
        y0 = num_min(y0, y);
        y1 = num_max(y1, y);
    }
    int size = b->c->size;
    b->x0 = pixel_of(x0 - margin, size);
    b->y0 = pixel_of(y0 - margin, size);
    b->x1 = pixel_of(x1 + margin + b->pixel, size);
    b->y1 = pixel_of(y1 + margin + b->pixel, size);
}

// False: nothing to paint.
static bool brush_open(struct brush *b, const struct canvas *c, const struct shape *s, const struct paint *p)
{
    *b = (struct brush){.c = c, .s = s, .p = p, .pixel = 2 / (float)c->size};
    float det = c->pose.a * c->pose.d - c->pose.b * c->pose.c;
    if (fabsf(det) < 1e-9f) return false;
    b->scale = sqrtf(fabsf(det));
    b->back = pose_back(&c->pose, det);
    brush_bounds(b, b->pixel + p->soft * b->scale);
    b->step = 0.02f;
    struct v2 towards = canvas_light(c);
    b->towards = v2(towards.x * b->step, towards.y * b->step);
    float gx = p->b.x - p->a.x, gy = p->b.y - p->a.y, g = gx * gx + gy * gy + 1e-9f;
    b->slope = v2(gx / g, gy / g);
    b->inverse_radius = 1 / sqrtf(g);
    return b->x1 > b->x0 && b->y1 > b->y0;
}

static struct row brush_row(const struct brush *b, int y)
{
    float wx = ((float)b->x0 + 0.5f) * b->pixel - 1, wy = ((float)y + 0.5f) * b->pixel - 1;
    return (struct row){.x = b->back.a * wx + b->back.c * wy + b->back.x,
                        .y = b->back.b * wx + b->back.d * wy + b->back.y,
                        .dx = b->back.a * b->pixel,
                        .dy = b->back.b * b->pixel,
                        .n = b->x1 - b->x0};
}

// d in world units.
static float cover(const struct brush *b, float d)
{
    float soft = b->p->soft * b->scale;
    if (soft > b->pixel) return num_smooth(soft, -soft, d);
    return num_clamp(0.5f - d / b->pixel, 0, 1);
}

static struct rgb lit(const struct brush *b, struct rgb c, float amount)
{
    const struct light *l = &b->c->light;
    if (amount > 0) return rgb_mix(c, rgb_mix(l->key, c, 0.25f), num_min(amount * 0.75f, 1));
    struct rgb dark = rgb_times(c, l->shade);
    return rgb_mix(c, dark, num_min(-amount, 1));
}

// The colour at a local point whose distance is d, and ahead at a small step towards the light (local units both).
static struct rgb colour_at(const struct brush *b, float x, float y, float d, float ahead)
{
    const struct paint *p = b->p;
    float dx = x - p->a.x, dy = y - p->a.y;
    float t = p->radial ? sqrtf(dx * dx + dy * dy) * b->inverse_radius : dx * b->slope.x + dy * b->slope.y;
    struct rgb c = rgb_mix(p->from, p->to, num_clamp(t, 0, 1));
    if (p->grain > 0) {
        float n = noise_sum(x / p->grain_size, y / p->grain_size, 77, 2) - 0.5f;
        c = rgb_scale(c, 1 + p->grain * n);
    }
    if (p->line_width > 0) c = rgb_mix(c, p->line, num_clamp((d + p->line_width) * b->scale / b->pixel + 0.5f, 0, 1));
    if (p->bevel > 0) {
        float k = num_clamp(1 + d / p->bevel, 0, 1);
        c = lit(b, c, num_clamp((ahead - d) / b->step, -1, 1) * k * k * p->bevel_gain);
    }
    return p->glows ? c : rgb_times(c, b->c->light.ambient);
}

static void blend(struct rgb *at, struct rgb c, float cover, bool adds)
{
    if (adds) { // screen: never overshoots
        at->r += c.r * cover * (1 - num_min(at->r, 1));
        at->g += c.g * cover * (1 - num_min(at->g, 1));
        at->b += c.b * cover * (1 - num_min(at->b, 1));
        return;
    }
    *at = rgb_mix(*at, c, cover);
}

static void fill_row(const struct brush *b, int y)
{
    float d[CANVAS_MAX], ahead[CANVAS_MAX];
    struct row r = brush_row(b, y);
    b->s->distance(b->s, &r, d);
    if (b->p->bevel > 0) {
        struct row moved = r;
        moved.x += b->towards.x;
        moved.y += b->towards.y;
        b->s->distance(b->s, &moved, ahead);
    }
    size_t first = (size_t)y * (size_t)b->c->size + (size_t)b->x0;
    for (int i = 0; i < r.n; i++) {
        float a = cover(b, d[i] * b->scale) * b->p->alpha;
        if (b->c->clipped) a *= b->c->mask[first + (size_t)i];
        if (a <= 0.002f) continue;
        struct rgb c = colour_at(b, r.x + r.dx * (float)i, r.y + r.dy * (float)i, d[i], b->p->bevel > 0 ? ahead[i] : 0);
        blend(&b->c->pixel[first + (size_t)i], c, a, b->p->adds);
    }
}

void fill(struct canvas *c, struct shape s, struct paint p)
{
    struct brush b;
    if (!brush_open(&b, c, &s, &p)) return;
    for (int y = b.y0; y < b.y1; y++) fill_row(&b, y);
}

void clip(struct canvas *c, struct shape s)
{
    struct brush b;
    struct paint p = flat((struct rgb){0, 0, 0});
    memset(c->mask, 0, (size_t)c->size * (size_t)c->size * sizeof *c->mask);
    c->clipped = true;
    if (!brush_open(&b, c, &s, &p)) return;
    for (int y = b.y0; y < b.y1; y++) {
        struct row r = brush_row(&b, y);
        float *mask = c->mask + (size_t)y * (size_t)c->size + (size_t)b.x0;
        s.distance(&s, &r, mask);
        for (int i = 0; i < r.n; i++) mask[i] = cover(&b, mask[i] * b.scale);
    }
}

void unclip(struct canvas *c)
{
    c->clipped = false;
}
