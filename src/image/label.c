// label.c — small plain text in pictures. Knows no fonts.
#include "image/label.h"

#include <string.h>

// Five rows of three dots, an octal digit each, top first.
static const struct glyph {
    char letter;
    uint16_t rows;
} glyphs[] = {{'0', 075557}, {'1', 026227}, {'2', 071747}, {'3', 071717}, {'4', 055711}, {'5', 074717}, {'6', 074757},
              {'7', 071111}, {'8', 075757}, {'9', 075717}, {'a', 025755}, {'b', 065656}, {'c', 034443}, {'d', 065556},
              {'e', 074647}, {'f', 074644}, {'g', 034553}, {'h', 055755}, {'i', 072227}, {'j', 011152}, {'k', 055655},
              {'l', 044447}, {'m', 057755}, {'n', 065555}, {'o', 025552}, {'p', 065644}, {'q', 025563}, {'r', 065655},
              {'s', 034216}, {'t', 072222}, {'u', 055557}, {'v', 055552}, {'w', 055775}, {'x', 055255}, {'y', 055222},
              {'z', 071247}, {'.', 000002}, {'-', 000700}, {'+', 002720}, {'_', 000007}, {'[', 064446}, {']', 031113},
              {'=', 007070}, {',', 000024}, {'%', 051245}, {':', 002020}, {'/', 011244}, {'|', 022222}, {'(', 012221},
              {')', 042224}, {'*', 052725}, {'<', 012421}, {'>', 042124}};

static uint16_t rows_of(char c)
{
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    for (size_t i = 0; i < COUNTOF(glyphs); i++)
        if (glyphs[i].letter == c) return glyphs[i].rows;
    return 0;
}

static void dot(struct image *im, uint32_t x, uint32_t y, uint32_t scale)
{
    for (uint32_t j = y; j < y + scale && j < im->h; j++)
        for (uint32_t i = x; i < x + scale && i < im->w; i++) memset(im->rgb + ((size_t)j * im->w + i) * 3, 0, 3);
}

void image_label(struct image *im, uint32_t x, uint32_t y, uint32_t scale, const char *text)
{
    for (; *text; text++, x += LABEL_WIDTH * scale)
        for (uint32_t k = 0; k < 15; k++)
            if (rows_of(*text) >> (14 - k) & 1) dot(im, x + k % 3 * scale, y + k / 3 * scale, scale);
}

uint32_t image_label_width(const char *text, uint32_t scale)
{
    return (uint32_t)strlen(text) * LABEL_WIDTH * scale;
}
