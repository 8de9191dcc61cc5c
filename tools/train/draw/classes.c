// classes.c — one row per class; the row number is the label a model is trained with, so rows are only ever appended.
#include "classes.h"

const struct draw_class draw_class_table[] = {
    {"ringed planet", draw_planet},
    {"flower", draw_flower},
    {"butterfly", draw_butterfly},
    {"fish", draw_fish},
    {"mushroom", draw_mushroom},
    {"tree", draw_tree},
    {"sailing boat", draw_boat},
    {"house at night", draw_house},
    {"cactus", draw_cactus},
    {"hot-air balloon", draw_balloon},
    {"umbrella in rain", draw_umbrella},
    {"snowman", draw_snowman},
    {"rocket", draw_rocket},
    {"ladybird", draw_ladybird},
    {"lighthouse", draw_lighthouse},
    {"mountain sunset", draw_mountain},
};

const int draw_class_count = (int)(sizeof draw_class_table / sizeof *draw_class_table);
