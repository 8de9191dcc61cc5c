// test_warm.c — the first run of all, on a driver that compiles at dispatch: the decoder is compiled beside the
// transformer and ready when it is asked for, the picture is the one that later runs give, and a model that is closed
// meanwhile is closed.
#include "engine/engine.h"
#include "models/context.h"
#include "scratch.h"

enum { LAVAPIPE = 13 }; // VK_DRIVER_ID_MESA_LLVMPIPE

struct made {
    uint8_t *pixels;
    uint32_t side;
    bool warmed;      // did something compile beside the run?
    bool ready, lazy; // was the decoder's first pipeline compiled when it was asked for; does this driver compile late?
};

static vkdit_run *begin(vkdit *context, vkdit_model **m)
{
    vkdit_error e;
    vkdit_run *run = NULL;
    const vkdit_model_options o = {.path = VKDIT_TEST_DATA "/../../assets/vkdit-sit.safetensors"};
    const uint32_t class = 5;
    const vkdit_job job = {.classes = &class, .images = 1, .steps = 2, .seed = 7};
    CHECK(vkdit_model_open(context, &o, m, &e) == VKDIT_OK && vkdit_run_begin(*m, &job, &run, &e) == VKDIT_OK, "%s",
          e.message);
    return run;
}

static bool decoder_ready(vkdit_model *m)
{
    struct err e = {0};
    bool cold = true;
    m->decoder = (struct decoder){.h = m->dit.side, .w = m->dit.side};
    CHECK(model_autoencoder(m, &m->decoder, &e), "%s", e.text);
    for (enum rate r = 0; r < RATE_COUNT; r++)
        if (m->decoder.open && m->decoder.s.plan->n_seq[r])
            return program_cold(m->decoder.s.program, r, &cold, &e) && !cold;
    return false;
}

static void make(struct made *out)
{
    vkdit *context = context_open();
    vkdit_model *m = NULL;
    vkdit_error e;
    vkdit_run *run = context ? begin(context, &m) : NULL;
    uint32_t h = 0;
    int done = 0;
    if (run) {
        out->warmed = m->warmer.running;
        out->lazy = context->gpu.caps.driver_id == LAVAPIPE && !context->limited && !context->validation;
        while (!done && vkdit_run_step(run, NULL, NULL, &done, &e) == VKDIT_OK) {
        }
        CHECK(done, "%s", e.message);
        out->ready = decoder_ready(m);
        CHECK(vkdit_run_decode(run, NULL, NULL, NULL, &out->pixels, &out->side, &h, &e) == VKDIT_OK, "%s", e.message);
    }
    vkdit_run_close(run);
    vkdit_model_close(m);
    vkdit_close(context);
}

static void test_first_and_second(void)
{
    struct made first = {0}, second = {0};
    make(&first);
    make(&second);
    CHECK(first.warmed == first.lazy && first.ready, "first: warmed %d, ready %d", first.warmed, first.ready);
    CHECK(!second.warmed && second.ready, "second: warmed %d, ready %d", second.warmed, second.ready);
    CHECK(first.side && first.side == second.side, "%u and %u pixels", first.side, second.side);
    if (first.pixels && second.pixels)
        CHECK(!memcmp(first.pixels, second.pixels, 3ull * first.side * first.side), "two pictures");
    vkdit_free(first.pixels);
    vkdit_free(second.pixels);
}

// Closed at once: the driver finishes the pipeline in hand, and no more.
static void test_closed(void)
{
    vkdit *context = context_open();
    vkdit_model *m = NULL;
    vkdit_run *run = begin(context, &m);
    const double start = clock_seconds();
    vkdit_run_close(run);
    vkdit_model_close(m);
    printf("closed in %.2f s\n", clock_seconds() - start);
    vkdit_close(context);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    vkdit_close(context);
    struct scratch s;
    scratch_open(&s);
    unsetenv("MESA_SHADER_CACHE_DISABLE");
    setenv("MESA_SHADER_CACHE_DIR", scratch_folder(&s, "first"), 1);
    test_first_and_second();
    setenv("MESA_SHADER_CACHE_DIR", scratch_folder(&s, "second"), 1);
    test_closed();
    scratch_close(&s);
    return check_done();
}
