// test_tiny.c — the tiny decoder against tensors that nets.py computed in double precision; another file and its tensors
// may be given as arguments: test_tiny WEIGHTS GOLDEN.
#include "engine/engine.h"
#include "models/context.h"

#include <stdlib.h>

static void compare(vkdit *context, const char *weights, const char *tensors)
{
    struct vkdit_model m = {.context = context};
    struct err e = {0};
    struct golden g = golden_open_path(tensors);
    uint64_t n, dim[8];
    CHECK(ckpt_open(&m.tiny_file, weights, NULL, &e) && tiny_config_read(&m.tiny, &m.tiny_file, &e), "%s", e.text);
    m.tiny_source.ckpt = &m.tiny_file;
    golden_shape(&g, "in.latent_model_space", dim);
    const uint32_t h = (uint32_t)dim[2], w = (uint32_t)dim[3], s = e.code ? 1 : tiny_scale(&m.tiny);
    const float *latent = golden_f32(&g, "in.latent_model_space", &n),
                *want = golden_f32(&g, "out.image01_unclamped", &n), *bytes = golden_f32(&g, "out.u8_round", &n);
    CHECK(n == 3ull * h * w * s * s, "%llu values, expected %u", (unsigned long long)n, 3 * h * w * s * s);
    float *image = calloc(n, sizeof *image);
    uint32_t *rgba = calloc(n / 3, sizeof *rgba);
    bool ok = !e.code && image && rgba && model_sketch(&m, latent, h, w, false, rgba, image, NULL, NULL, &e);
    CHECK(ok, "%s", e.text);
    if (ok) {
        const double off = golden_error(image, want, n);
        unsigned levels = 0;
        for (uint64_t p = 0; p < n / 3; p++)
            for (uint64_t k = 0; k < 3; k++) {
                const int d = abs((int)(rgba[p] >> 8 * k & 255) - (int)bytes[k * n / 3 + p]);
                levels = d > (int)levels ? (unsigned)d : levels;
            }
        printf("%u latent channels, %u levels of %u to %u channels: error %.2g, pixels within %u\n", m.tiny.latent,
               m.tiny.levels, m.tiny.width[0], m.tiny.width[m.tiny.levels - 1], off, levels);
        CHECK(off <= 5e-5 && levels <= 1, "off by %g, pixels by %u", off, levels);
    }
    free(image);
    free(rgba);
    session_close(&m.sketcher.s);
    ckpt_close(&m.tiny_file);
    golden_close(&g);
}

int main(int argc, char **argv)
{
    vkdit *context = context_open();
    if (!context) return check_done();
    if (argc == 3)
        compare(context, argv[1], argv[2]);
    else
        compare(context, VKDIT_TEST_DATA "/model/tiny.weights.safetensors",
                VKDIT_TEST_DATA "/model/tiny.io.safetensors");
    return context_done(context);
}
