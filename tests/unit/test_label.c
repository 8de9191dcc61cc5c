// test_label.c — text in pictures: the dots of a known letter, scaled; nothing outside the picture is written.
#include "check.h"
#include "image/label.h"

#include <string.h>

int main(void)
{
    struct image im;
    struct err e = {0};
    CHECK(image_open(&im, 20, 14, &e), "%s", e.text);
    memset(im.rgb, 255, 20 * 14 * 3);
    image_label(&im, 1, 2, 2, "L-");
    static const char *const want[] = {"#..", "#..", "#..", "#..", "###"};
    uint32_t wrong = 0;
    for (uint32_t y = 0; y < 10; y++)
        for (uint32_t x = 0; x < 6; x++)
            wrong += (im.rgb[((y + 2) * 20 + x + 1) * 3] == 0) != (want[y / 2][x / 2] == '#');
    CHECK(wrong == 0, "%u dots of the letter are wrong", wrong);
    CHECK(im.rgb[(6 * 20 + 9) * 3] == 0 && im.rgb[(5 * 20 + 9) * 3] == 255, "the dash");
    image_label(&im, 15, 10, 3, "8888888"); // over the edge: the sanitizer watches
    image_label(&im, 500, 500, 3, "8");
    CHECK(image_label_width("abc", 2) == 24, "width");
    image_close(&im);
    return check_done();
}
