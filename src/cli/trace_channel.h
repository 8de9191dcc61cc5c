// trace_channel.h — one channel of one block over the pictures: "vkdit trace --channel". Knows nothing about runs.
#ifndef VKDIT_CLI_TRACE_CHANNEL_H
#define VKDIT_CLI_TRACE_CHANNEL_H

#include "cli/trace.h"

struct channel_view {
    uint32_t block, channel;
    char tap[16]; // "attn_in", "mlp_in", "out"
    uint32_t images, tokens;
    float *value;                         // [observed][images][tokens]
    struct image picture[TRACE_OBSERVED]; // the estimates at that step, side by side; empty without an autoencoder
};

// "block[5].mlp_in[12]"
bool channel_open(struct channel_view *v, const struct trace *x, const char *place, uint32_t images, uint32_t tokens,
                  struct err *e);
void channel_close(struct channel_view *v);
void channel_take(struct channel_view *v, uint32_t step, const float *tap, uint32_t images, uint32_t tokens,
                  uint32_t width);
// Pictures (images of w x h, one after the other) behind the values of an observed step; NULL: none.
bool channel_background(struct channel_view *v, uint32_t n, uint32_t step, const uint8_t *pixels, uint32_t w,
                        uint32_t h, struct err *e);
bool channel_write(struct channel_view *v, struct trace *x, struct err *e);

#endif
