// autoencoder.c — one picture at a time through the recorded encoder, decoder or tiny decoder.
#include "engine/engine.h"

static const struct source *source_of(const struct vkdit_model *m, const struct decoder *d)
{
    return d->what == CODER_TINY ? &m->tiny_source : &m->vae_source;
}

bool autoencoder_build(const struct vkdit_model *m, struct decoder *d, const struct caps *c, struct err *e)
{
    struct session *s = &d->s;
    // half precision overflows in this network's activations
    graph_open(&s->g, DT_F32, source_storage(source_of(m, d), c), e);
    s->g.taps = d->taps;
    s->net.g = &s->g;
    switch (d->what) {
    case CODER_DECODE: vae_build_decoder(&s->net, &m->vae, d->h, d->w, d->unscaled, &d->io); break;
    case CODER_ENCODE: vae_build_encoder(&s->net, &m->vae, d->h, d->w, &d->io); break;
    case CODER_TINY: tiny_build(&s->net, &m->tiny, d->h, d->w, &d->io); break;
    }
    return e->code == ERR_NONE;
}

bool model_autoencoder(struct vkdit_model *m, struct decoder *d, struct err *e)
{
    struct session *s = &d->s;
    const struct source *source = source_of(m, d);
    if (d->what == CODER_DECODE) warm_end(&m->warmer, true);
    d->open = autoencoder_build(m, d, &m->context->gpu.caps, e) && session_record(s, &m->context->gpu, source, e) &&
              source_load(source, &s->net, s->program, 7, e);
    if (!d->open) session_close(s);
    return d->open;
}

static bool ready(struct vkdit_model *m, struct decoder *d, struct decoder want, struct err *e)
{
    if (d->open && d->h == want.h && d->w == want.w && d->taps == want.taps && d->unscaled == want.unscaled)
        return true;
    session_close(&d->s);
    *d = want;
    return model_autoencoder(m, d, e);
}

static bool run_all(struct program *x, bool (*stop)(void *), void *user, struct err *e)
{
    return program_run(x, RATE_CONST, stop, user, e) && program_run(x, RATE_RUN, stop, user, e) &&
           program_run(x, RATE_STEP, stop, user, e);
}

bool model_decode(struct vkdit_model *m, const float *latent, uint32_t h, uint32_t w, bool unscaled, uint32_t *rgba,
                  float *image, bool (*stop)(void *), void *user, struct err *e)
{
    struct decoder *d = &m->decoder, want = {.h = h, .w = w, .unscaled = unscaled};
    if (!ready(m, d, want, e)) return false;
    struct program *x = d->s.program;
    uint64_t pixels = (uint64_t)h * w * vae_scale(&m->vae) * vae_scale(&m->vae);
    return program_write(x, d->io.in, 0, (uint64_t)m->vae.latent * h * w, latent, e) && run_all(x, stop, user, e) &&
           (!rgba || program_read(x, d->io.bytes, 0, pixels, rgba, e)) &&
           (!image || program_read(x, d->io.out, 0, 3 * pixels, image, e));
}

bool model_sketch(struct vkdit_model *m, const float *latent, uint32_t h, uint32_t w, bool taps, uint32_t *rgba,
                  float *image, bool (*stop)(void *), void *user, struct err *e)
{
    struct decoder *d = &m->sketcher, want = {.h = h, .w = w, .taps = taps, .what = CODER_TINY};
    if (!ready(m, d, want, e)) return false;
    struct program *x = d->s.program;
    uint64_t pixels = (uint64_t)h * w * tiny_scale(&m->tiny) * tiny_scale(&m->tiny);
    return program_write(x, d->io.in, 0, (uint64_t)m->tiny.latent * h * w, latent, e) && run_all(x, stop, user, e) &&
           (!rgba || program_read(x, d->io.bytes, 0, pixels, rgba, e)) &&
           (!image || program_read(x, d->io.out, 0, 3 * pixels, image, e));
}

bool model_encode(struct vkdit_model *m, const float *image, uint32_t height, uint32_t width, float *moments, bool taps,
                  struct err *e)
{
    struct decoder *d = &m->encoder, want = {.h = height, .w = width, .taps = taps, .what = CODER_ENCODE};
    if (!ready(m, d, want, e)) return false;
    struct program *x = d->s.program;
    uint64_t cells = (uint64_t)(height / vae_scale(&m->vae)) * (width / vae_scale(&m->vae));
    return program_write(x, d->io.in, 0, 3ull * height * width, image, e) && run_all(x, NULL, NULL, e) &&
           program_read(x, d->io.out, 0, 2 * m->vae.latent * cells, moments, e);
}
