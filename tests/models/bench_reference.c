// bench_reference.c NAME[:1]... — runs synthetic models in fp32 (:1 without guidance) and prints their rows of src/bench/reference_table.inc: what
// the benchmark's gate compares with. Run on a device whose fp32 is trusted (lavapipe). No test itself.
#include "bench/reference.h"
#include "vkdit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const vkdit_error *e)
{
    fprintf(stderr, "%s\n", e->message);
    return 1;
}

static int one(vkdit *context, char *name)
{
    char *colon = strchr(name, ':');
    if (colon) *colon = 0;
    vkdit_error e = {0};
    vkdit_model *m = NULL;
    vkdit_run *r = NULL;
    vkdit_model_info info;
    vkdit_model_options o = {.synthetic = name, .precision = VKDIT_PRECISION_F32};
    if (vkdit_model_open(context, &o, &m, &e)) return failed(&e);
    vkdit_model_get_info(m, &info);
    uint32_t class = REFERENCE_CLASS % info.classes;
    vkdit_job j = {.classes = &class, .images = 1, .steps = REFERENCE_STEPS, .cfg_scale = colon ? 1 : 4};
    if (vkdit_run_begin(m, &j, &r, &e)) return failed(&e);
    for (int done = 0; !done;)
        if (vkdit_run_step(r, NULL, NULL, &done, &e)) return failed(&e);
    uint64_t n = (uint64_t)info.latent_channels * info.latent_height * info.latent_width;
    float *x = calloc(n, sizeof *x);
    if (!x || vkdit_run_latent(r, 0, x, n, &e)) return failed(&e);
    printf("{\"%s\", %s,\n {", name, colon ? "false" : "true");
    for (uint64_t i = 0; i < REFERENCE_VALUES; i++)
        printf("%.8gf,%s", (double)x[i * (n / REFERENCE_VALUES)], i % 8 == 7 ? "\n  " : " ");
    printf("}},\n");
    fflush(stdout);
    free(x);
    vkdit_run_close(r);
    vkdit_model_close(m);
    return 0;
}

int main(int argc, char **argv)
{
    vkdit *context = NULL;
    vkdit_error e = {0};
    if (vkdit_open(NULL, &context, &e)) return failed(&e);
    int bad = 0;
    for (int i = 1; i < argc && !bad; i++) bad = one(context, argv[i]);
    vkdit_close(context);
    return bad;
}
