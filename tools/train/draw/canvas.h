// canvas.h — a picture made of shapes: a shape is a signed distance, a paint says what its inside looks like, the
// canvas turns distance into anti-aliased cover and light. Knows nothing about flowers or fish.
// World: x right, y down, the picture spans -1..1 both ways. Shapes live in local coordinates under canvas.pose.
#ifndef DRAW_CANVAS_H
#define DRAW_CANVAS_H

#include "colour.h"
#include "num.h"

enum { CANVAS_MAX = 512, POINTS_MAX = 96 };

struct pose { // world = (a c; b d) local + (x, y)
    float a, b, c, d, x, y;
};

struct light {
    struct v2 towards;  // unit vector from the scene to the light, world
    struct rgb key;     // lit sides lean to this
    struct rgb shade;   // turned-away sides are multiplied by this
    struct rgb ambient; // everything that does not glow is multiplied by this
};

struct canvas {
    int size;
    struct rgb *pixel; // size * size, owned by the caller
    float *mask;       // size * size, owned by the caller; read only while `clipped`
    bool clipped;
    struct pose pose;
    struct light light;
};

struct pose pose_identity(void);
// Moves into a child frame: at (x, y), `scale` times as large, turned by `turns`. Returns the old pose to put back.
struct pose canvas_enter(struct canvas *c, float x, float y, float scale, float turns);
struct v2 canvas_light(const struct canvas *c);            // unit vector towards the light, local
void canvas_stretch(struct canvas *c, float sx, float sy); // of the local frame; sx < 0 mirrors

// ---- shapes
struct row { // pixels of one picture line, in the shape's coordinates
    float x, y, dx, dy;
    int n;
};

struct shape {
    void (*distance)(const struct shape *s, const struct row *r, float *out); // negative inside
    float p[6];
    struct v2 low, high; // contains the shape
    int n;
    struct v2 at[POINTS_MAX];
    float width[POINTS_MAX];
};

struct shape disc(float x, float y, float radius);
struct shape oval(float x, float y, float rx, float ry);
struct shape box(float x, float y, float half_w, float half_h, float corner);
struct shape bar(struct v2 from, struct v2 to, float r0, float r1);                // round ends, tapering
struct shape ring(float x, float y, float radius, float half_width, float squash); // an ellipse's band
struct shape half(float x, float y, float nx, float ny);           // all of the side opposite to (nx, ny)
struct shape poly(const struct v2 *at, int n, float corner);       // closed, any winding
struct shape loop(const struct v2 *at, int n, float corner);       // closed smooth curve through the points
struct shape path(const struct v2 *at, int n, float r0, float r1); // smooth open stroke, tapering
// Round bodies melted together over `melt`; the puffs of clouds, bushes, smoke. Starts empty.
struct shape puffs(float melt);
void puffs_add(struct shape *s, float x, float y, float radius);

// ---- paints
struct paint {
    struct rgb from, to; // along a..b, or from the centre a to the circle through b
    struct v2 a, b;
    bool radial;
    float alpha;
    float soft;              // edge blurred over this width; 0 = crisp
    float bevel, bevel_gain; // how far in from the edge the light models the body, and how strongly
    float grain, grain_size; // brightness noise
    struct rgb line;         // contour inside the edge
    float line_width;
    bool glows; // not dimmed by the ambient light
    bool adds;  // light on light instead of paint on paint
};

struct paint flat(struct rgb colour);
struct paint ramp(struct rgb from, struct v2 a, struct rgb to, struct v2 b);
struct paint orb(struct rgb centre, struct v2 at, float radius, struct rgb edge);
struct paint bevelled(struct paint p, float width, float gain);
struct paint faded(struct paint p, float alpha);
struct paint blurred(struct paint p, float width);
struct paint lined(struct paint p, struct rgb line, float width);
struct paint grained(struct paint p, float amount, float size);
struct paint glowing(struct paint p);
struct paint adding(struct paint p);

void fill(struct canvas *c, struct shape s, struct paint p);
// Until unclip, fills show only inside s (under the pose of now).
void clip(struct canvas *c, struct shape s);
void unclip(struct canvas *c);

#endif
