// classes.h — the table of everything that can be drawn. A new class is one function and one row in classes.c.
#ifndef DRAW_CLASSES_H
#define DRAW_CLASSES_H

#include "scene.h"

struct draw_class {
    const char *name;
    void (*draw)(struct scene *s);
};

extern const struct draw_class draw_class_table[];
extern const int draw_class_count;

void draw_planet(struct scene *s);
void draw_flower(struct scene *s);
void draw_butterfly(struct scene *s);
void draw_fish(struct scene *s);
void draw_mushroom(struct scene *s);
void draw_tree(struct scene *s);
void draw_boat(struct scene *s);
void draw_house(struct scene *s);
void draw_cactus(struct scene *s);
void draw_balloon(struct scene *s);
void draw_umbrella(struct scene *s);
void draw_snowman(struct scene *s);
void draw_rocket(struct scene *s);
void draw_ladybird(struct scene *s);
void draw_lighthouse(struct scene *s);
void draw_mountain(struct scene *s);

#endif
