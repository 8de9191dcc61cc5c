// cmd_trace.c — vkdit trace: the modulation of a model over a schedule and a list of classes, written into a folder.
#include "cli/commands.h"
#include "cli/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_CLASSES = 16 };

static bool make_folder(const struct trace *x, struct err *e)
{
    struct stat st;
    if (!mkdir(x->folder, 0777)) return true;
    const int why = errno;
    if (why == EEXIST && !stat(x->folder, &st) && S_ISDIR(st.st_mode)) return true;
    err_set(e, ERR_IO, "%s", strerror(why));
    return err_in(e, x->folder);
}

// Without --class: the first few of the model, so that there is something to compare.
static void default_classes(struct trace *x, char *text, size_t room)
{
    struct settings *s = &x->g.cli->s;
    size_t at = 0;
    if (s->classes) return;
    for (uint32_t i = 0; i < min_u32(x->g.subject.info.classes, MOST_CLASSES); i++)
        at += (size_t)snprintf(text + at, room - at, "%s%u", i ? "," : "", i);
    s->classes = text;
    option_resolve(s, "class");
}

static void finished(struct trace *x)
{
    cli_say(x->g.cli, "wrote %u files into %s: %u evaluations, %u conditions, %u vectors of %u channels",
            x->n_files + 1, x->folder, x->evals, x->conds, x->slots, x->width);
    cli_event(x->g.cli, json_pack("{ss, ss, ss, si, si, si, si}", "event", "done", "folder", x->folder, "model_hash",
                                  x->model_hash, "files", (int)x->n_files + 1, "evaluations", (int)x->evals,
                                  "conditions", (int)x->conds, "vectors", (int)x->slots));
}

static bool trace(struct trace *x, struct err *e)
{
    struct settings *s = &x->g.cli->s;
    char classes[8 * MOST_CLASSES];
    x->folder = s->output ? s->output : "trace";
    x->file = mem_zero(TRACE_FILES, sizeof *x->file, e);
    if (!x->file || !subject_choose(&x->g.subject, x->g.cli, e) || !subject_open(&x->g.subject, e)) return false;
    default_classes(x, classes, sizeof classes);
    if (!job_prepare(&x->g, e) || !mix_prepare(&x->g, e) || !make_folder(x, e) || !trace_hash_model(x, e) ||
        !trace_table(x, e))
        return false;
    trace_command(x);
    const bool ok = trace_observe(x, e) && trace_save(x, e) && trace_tables(x, e) && trace_plots(x, e) &&
                    trace_observe_plots(x, e) && trace_manifest(x, e) && subject_validated(&x->g.subject, e);
    if (ok) finished(x);
    s->classes = NULL;
    return ok;
}

static void trace_close(struct trace *x)
{
    void *owned[] = {x->t, x->condition, x->table, x->stat, x->rank, x->share, x->add, x->frequency, x->power, x->file};
    for (size_t i = 0; i < COUNTOF(owned); i++) free(owned[i]);
    vkdit_free(x->pictures);
    mix_end(&x->g);
    job_close(&x->g);
}

static int run(struct cli *c)
{
    struct trace x = {.g = {.cli = c}};
    struct err e = {0};
    interrupt_watch();
    subject_take_operand(c);
    if (!trace(&x, &e) && e.code == ERR_CANCELLED) snprintf(e.text, sizeof e.text, "interrupted");
    subject_close(&x.g.subject);
    const int code = e.code ? cli_fail_err(c, &e) : EXIT_OK;
    trace_close(&x);
    return code;
}

const struct command command_trace = {
    .name = "trace",
    .operand = "FILE",
    .about = "Write a model's modulation over a schedule: numbers and plots",
    .bit = IN_TRACE,
    .details = "Every shift, scale and gate of every block at every step, for a list of classes and the null class: "
               "the table itself and its statistics as .safetensors and CSV, and plots as SVG and PNG, into the folder "
               "--output (\"trace\" when not given). The model itself runs only for --observe and --channel. The same "
               "command on the same device writes the same bytes. docs/mixing-board.md tells what is in which file.",
    .examples = "Two classes over fifty steps\tvkdit trace model-folder -c 207,360 --steps 50 -o trace\n"
                "Over the timesteps of another sampler\tvkdit trace model-folder --steps-from ddpm --steps 250\n"
                "What blocks add, and what one channel does\t"
                "vkdit trace model-folder -c 207 --observe 8 --channel \"block[5].mlp_in[12]\"",
    .run = run,
};
