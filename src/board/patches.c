// patches.c — finds and cuts out patches. Knows nothing about channels or models.
#include "board/patches.h"

#include <string.h>

uint32_t patches_best(const float *value, uint32_t images, uint32_t tokens, struct patch *out, uint32_t n)
{
    uint32_t found = 0;
    for (uint32_t i = 0; n && i < images * tokens; i++) {
        uint32_t at = found;
        while (at && out[at - 1].value < value[i]) at--;
        if (at == n) continue;
        if (found < n) found++;
        memmove(out + at + 1, out + at, (found - at - 1) * sizeof *out);
        out[at] = (struct patch){value[i], i / tokens, i % tokens};
    }
    return found;
}

void patch_cut(const struct patch_pictures *from, const struct patch *p, uint8_t *to, uint32_t width, uint32_t x0,
               uint32_t y0)
{
    const int edge = (int)from->edge, cell = edge / (int)from->side;
    const uint8_t *picture = from->rgb + (size_t)p->image * from->edge * from->edge * 3;
    const int left = ((int)(p->token % from->side) - 1) * cell, top = ((int)(p->token / from->side) - 1) * cell;
    for (int y = 0; y < 3 * cell; y++)
        for (int x = 0; x < 3 * cell; x++) {
            const int sx = left + x, sy = top + y;
            if (sx < 0 || sy < 0 || sx >= edge || sy >= edge) continue;
            memcpy(to + ((size_t)(y0 + (uint32_t)y) * width + x0 + (uint32_t)x) * 3,
                   picture + ((size_t)sy * from->edge + (size_t)sx) * 3, 3);
        }
}
