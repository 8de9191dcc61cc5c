// fuzz_hints.c — any text as the "config" of a checkpoint: hints stay inside their bounds, previews inside their bytes.
#include "models/hints.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool text_ok(const char *s, size_t room)
{
    size_t n = strnlen(s, room);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ') return false;
    return n < room;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    struct ckpt_meta meta = {"config", text};
    struct ckpt c = {.meta = &meta, .n_meta = 1};
    struct hints h;
    const float latent[2 * HINTS_CHANNELS] = {1};
    uint8_t rgb[6];
    for (uint32_t channels = 0; channels <= HINTS_CHANNELS + 1; channels += 4 + (channels == 64)) {
        hints_read(&h, &c, channels);
        if (!text_ok(h.name, sizeof h.name) || !text_ok(h.vae, sizeof h.vae) || !text_ok(h.sampler, sizeof h.sampler) ||
            !text_ok(h.spacing, sizeof h.spacing) || !text_ok(h.refused, sizeof h.refused) || strpbrk(h.vae, "/\\") ||
            h.steps > 100000 || h.cfg_channels > 99 || !(h.cfg_scale >= 0 && h.cfg_scale <= 1000) ||
            !(h.shift == 0 || (h.shift >= 0.01 && h.shift <= 100)) ||
            !(h.epsilon_scale == 0 || (h.epsilon_scale >= 0.5 && h.epsilon_scale <= 2)) ||
            !(h.cfg_from >= 0 && h.cfg_to <= 1) || (h.preview && h.preview != channels))
            abort();
        if (h.preview) hints_preview(&h, latent, 2, rgb);
    }
    free(text);
    return 0;
}
