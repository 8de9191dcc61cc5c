// cmd_eval.c — vkdit eval.
#include "cli/commands.h"
#include "cli/subject.h"

#include <unistd.h>

static bool evaluate(struct subject *s, const struct settings *set, struct err *e)
{
    vkdit_error error = {0};
    vkdit_tensors in = {0}, out = {0};
    const bool replaced = !access(set->out, F_OK);
    const bool ok = subject_open(s, e) && (!vkdit_tensors_read(set->in, &in, &error) || err_api(e, &error)) &&
                    (!vkdit_eval(s->model, in.tensor, in.count, set->taps, &out, &error) || err_api(e, &error)) &&
                    (!vkdit_tensors_write(set->out, out.tensor, out.count, &error) || err_api(e, &error)) &&
                    subject_validated(s, e);
    if (ok) {
        cli_say(s->cli, "%s %s: %u tensors", replaced ? "replaced" : "wrote", set->out, out.count);
        cli_event(s->cli, json_pack("{ss, ss, ss, ss, si}", "event", "done", "model", s->info.name, "device",
                                    vkdit_device_name(s->context), "file", set->out, "tensors", (int)out.count));
    }
    vkdit_tensors_free(&in);
    vkdit_tensors_free(&out);
    return ok;
}

static int run(struct cli *c)
{
    struct subject s = {0};
    struct err e = {0};
    interrupt_watch();
    if (!c->s.in || !c->s.out)
        err_set(&e, ERR_ARG, "\"vkdit eval\" wants --in and --out");
    else if (subject_choose(&s, c, &e))
        evaluate(&s, &c->s, &e);
    subject_close(&s);
    return e.code ? cli_fail_err(c, &e) : EXIT_OK;
}

const struct command command_eval = {
    .name = "eval",
    .about = "Run one forward pass on given tensors",
    .bit = IN_EVAL,
    .details = "For comparison with other implementations. A transformer takes x, t and y and gives out; with "
               "cfg_scale it also gives cfg_out. An autoencoder takes "
               "z or latent and gives image, or takes image and gives moments, mean, logvar and latent.",
    .examples = "All intermediates at full precision\t"
                "vkdit eval -m model.pt --in in.safetensors --out out.safetensors --taps --precision fp32",
    .run = run,
};
