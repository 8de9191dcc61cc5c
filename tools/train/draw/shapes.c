// shapes.c — the signed distances, a line of pixels at a time so that compilers turn the inner loops into vector code.
// Knows nothing about colour.
#include <string.h>

#include "canvas.h"

static struct shape shape_new(void (*distance)(const struct shape *, const struct row *, float *), float x0, float y0,
                              float x1, float y1)
{
    struct shape s;
    s.distance = distance;
    memset(s.p, 0, sizeof s.p);
    s.low = v2(x0, y0);
    s.high = v2(x1, y1);
    s.n = 0;
    return s;
}

static void disc_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    for (int i = 0; i < at.n; i++) {
        float x = at.x + at.dx * (float)i - s->p[0], y = at.y + at.dy * (float)i - s->p[1];
        out[i] = sqrtf(x * x + y * y) - s->p[2];
    }
}

struct shape disc(float x, float y, float radius)
{
    struct shape s = shape_new(disc_row, x - radius, y - radius, x + radius, y + radius);
    s.p[0] = x;
    s.p[1] = y;
    s.p[2] = radius;
    return s;
}

// First-order distance: exact at the edge, which is where cover is decided.
static void oval_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    float ix = 1 / s->p[2], iy = 1 / s->p[3], least = num_min(s->p[2], s->p[3]);
    for (int i = 0; i < at.n; i++) {
        float x = (at.x + at.dx * (float)i - s->p[0]) * ix, y = (at.y + at.dy * (float)i - s->p[1]) * iy;
        float f = sqrtf(x * x + y * y) + 1e-3f, gx = x * ix, gy = y * iy;
        float g = sqrtf(gx * gx + gy * gy) + 1e-3f / least;
        out[i] = f * (f - 1) / g;
    }
}

struct shape oval(float x, float y, float rx, float ry)
{
    struct shape s = shape_new(oval_row, x - rx, y - ry, x + rx, y + ry);
    s.p[0] = x;
    s.p[1] = y;
    s.p[2] = rx;
    s.p[3] = ry;
    return s;
}

static void box_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    float corner = s->p[4], hw = s->p[2] - corner, hh = s->p[3] - corner;
    for (int i = 0; i < at.n; i++) {
        float x = fabsf(at.x + at.dx * (float)i - s->p[0]) - hw, y = fabsf(at.y + at.dy * (float)i - s->p[1]) - hh;
        float ox = x > 0 ? x : 0, oy = y > 0 ? y : 0, in = x > y ? x : y;
        out[i] = sqrtf(ox * ox + oy * oy) + (in < 0 ? in : 0) - corner;
    }
}

struct shape box(float x, float y, float half_w, float half_h, float corner)
{
    struct shape s = shape_new(box_row, x - half_w, y - half_h, x + half_w, y + half_h);
    s.p[0] = x;
    s.p[1] = y;
    s.p[2] = half_w;
    s.p[3] = half_h;
    s.p[4] = num_min(corner, num_min(half_w, half_h));
    return s;
}

static void ring_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    float iy = 1 / s->p[4];
    for (int i = 0; i < at.n; i++) {
        float x = at.x + at.dx * (float)i - s->p[0], y = (at.y + at.dy * (float)i - s->p[1]) * iy;
        float f = sqrtf(x * x + y * y) + 1e-4f, gy = y * iy;
        float g = sqrtf(x * x + gy * gy) / f + 1e-3f;
        out[i] = (fabsf(f - s->p[2]) - s->p[3]) / g;
    }
}

struct shape ring(float x, float y, float radius, float half_width, float squash)
{
    float out = radius + half_width;
    struct shape s = shape_new(ring_row, x - out, y - out * squash, x + out, y + out * squash);
    s.p[0] = x;
    s.p[1] = y;
    s.p[2] = radius;
    s.p[3] = half_width;
    s.p[4] = squash;
    return s;
}

static void half_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    for (int i = 0; i < at.n; i++) {
        float x = at.x + at.dx * (float)i - s->p[0], y = at.y + at.dy * (float)i - s->p[1];
        out[i] = x * s->p[2] + y * s->p[3];
    }
}

struct shape half(float x, float y, float nx, float ny)
{
    struct shape s = shape_new(half_row, -99, -99, 99, 99);
    float length = sqrtf(nx * nx + ny * ny);
    s.p[0] = x;
    s.p[1] = y;
    s.p[2] = nx / length;
    s.p[3] = ny / length;
    return s;
}

// ---- shapes of points
static void bounds(struct shape *s, float margin)
{
    s->low = v2(99, 99);
    s->high = v2(-99, -99);
    for (int i = 0; i < s->n; i++) {
        s->low = v2(num_min(s->low.x, s->at[i].x - margin), num_min(s->low.y, s->at[i].y - margin));
        s->high = v2(num_max(s->high.x, s->at[i].x + margin), num_max(s->high.y, s->at[i].y + margin));
    }
}

// The nearest edge decides the distance, the parity of crossings the sign.
static void poly_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    int crossed[CANVAS_MAX];
    for (int i = 0; i < at.n; i++) {
        out[i] = 1e6f;
        crossed[i] = 0;
    }
    for (int k = 0, j = s->n - 1; k < s->n; j = k++) {
        float ax = s->at[k].x, ay = s->at[k].y, bx = s->at[j].x, by = s->at[j].y, ex = bx - ax, ey = by - ay;
        float inverse = 1 / (ex * ex + ey * ey + 1e-12f), slope = fabsf(ey) > 1e-9f ? ex / ey : 0;
        for (int i = 0; i < at.n; i++) {
            float x = at.x + at.dx * (float)i - ax, y = at.y + at.dy * (float)i - ay;
            float t = (x * ex + y * ey) * inverse;
            t = t < 0 ? 0 : t;
            t = t > 1 ? 1 : t;
            float qx = x - ex * t, qy = y - ey * t, q = qx * qx + qy * qy;
            out[i] = q < out[i] ? q : out[i];
            crossed[i] ^= (int)((y < 0) ^ (y < ey)) & (int)(x < y * slope);
        }
    }
    for (int i = 0; i < at.n; i++) out[i] = (crossed[i] ? -sqrtf(out[i]) : sqrtf(out[i])) - s->p[0];
}

struct shape poly(const struct v2 *at, int n, float corner)
{
    struct shape s = shape_new(poly_row, 0, 0, 0, 0);
    s.n = n < POINTS_MAX ? n : POINTS_MAX;
    s.p[0] = corner;
    memcpy(s.at, at, (size_t)s.n * sizeof *at);
    bounds(&s, corner);
    return s;
}

static struct v2 curve_at(struct v2 a, struct v2 b, struct v2 c, struct v2 d, float t) // Catmull-Rom
{
    float t2 = t * t, t3 = t2 * t, wa = -t3 + 2 * t2 - t, wb = 3 * t3 - 5 * t2 + 2, wc = -3 * t3 + 4 * t2 + t,
          wd = t3 - t2;
    return v2((wa * a.x + wb * b.x + wc * c.x + wd * d.x) / 2, (wa * a.y + wb * b.y + wc * c.y + wd * d.y) / 2);
}

struct shape loop(const struct v2 *at, int n, float corner)
{
    struct shape s = shape_new(poly_row, 0, 0, 0, 0);
    int steps = n <= 6 ? 6 : n <= 12 ? 4 : 3;
    s.p[0] = corner;
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < steps && s.n < POINTS_MAX; i++) {
            float t = (float)i / (float)steps;
            s.at[s.n++] = curve_at(at[(k + n - 1) % n], at[k], at[(k + 1) % n], at[(k + 2) % n], t);
        }
    }
    bounds(&s, corner);
    return s;
}

static void path_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    for (int i = 0; i < at.n; i++) out[i] = 1e6f;
    for (int k = 0; k + 1 < s->n; k++) {
        float ax = s->at[k].x, ay = s->at[k].y, ex = s->at[k + 1].x - ax, ey = s->at[k + 1].y - ay;
        float inverse = 1 / (ex * ex + ey * ey + 1e-12f), w = s->width[k], dw = s->width[k + 1] - w;
        for (int i = 0; i < at.n; i++) {
            float x = at.x + at.dx * (float)i - ax, y = at.y + at.dy * (float)i - ay;
            float t = (x * ex + y * ey) * inverse;
            t = t < 0 ? 0 : t;
            t = t > 1 ? 1 : t;
            float qx = x - ex * t, qy = y - ey * t, d = sqrtf(qx * qx + qy * qy) - (w + dw * t);
            out[i] = d < out[i] ? d : out[i];
        }
    }
}

struct shape path(const struct v2 *at, int n, float r0, float r1)
{
    struct shape s = shape_new(path_row, 0, 0, 0, 0);
    int steps = n <= 2 ? 1 : 5, last = (n - 1) * steps;
    for (int i = 0; i <= last && i < POINTS_MAX; i++) {
        int k = i / steps < n - 1 ? i / steps : n - 2;
        float t = (float)(i - k * steps) / (float)steps;
        s.width[i] = num_mix(r0, r1, (float)i / (float)last);
        s.at[s.n++] = curve_at(at[k > 0 ? k - 1 : 0], at[k], at[k + 1], at[k + 2 < n ? k + 2 : n - 1], t);
    }
    bounds(&s, num_max(r0, r1));
    return s;
}

struct shape bar(struct v2 from, struct v2 to, float r0, float r1)
{
    return path((struct v2[]){from, to}, 2, r0, r1);
}

static void puffs_row(const struct shape *s, const struct row *line, float *restrict out)
{
    struct row at = *line;
    float melt = s->p[0], half_inverse = 0.5f / melt;
    for (int i = 0; i < at.n; i++) out[i] = 99;
    for (int k = 0; k < s->n; k++) {
        for (int i = 0; i < at.n; i++) {
            float x = at.x + at.dx * (float)i - s->at[k].x, y = at.y + at.dy * (float)i - s->at[k].y;
            float d = sqrtf(x * x + y * y) - s->width[k], h = 0.5f + (d - out[i]) * half_inverse;
            h = h < 0 ? 0 : h;
            h = h > 1 ? 1 : h;
            out[i] = d + (out[i] - d) * h - melt * h * (1 - h);
        }
    }
}

struct shape puffs(float melt)
{
    struct shape s = shape_new(puffs_row, 99, 99, -99, -99);
    s.p[0] = melt;
    return s;
}

void puffs_add(struct shape *s, float x, float y, float radius)
{
    if (s->n == POINTS_MAX) return;
    s->at[s->n] = v2(x, y);
    s->width[s->n++] = radius;
    float reach = radius + s->p[0];
    s->low = v2(num_min(s->low.x, x - reach), num_min(s->low.y, y - reach));
    s->high = v2(num_max(s->high.x, x + reach), num_max(s->high.y, y + reach));
}
