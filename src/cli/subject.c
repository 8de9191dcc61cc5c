// subject.c — chooses and opens device and model by the settings. Knows nothing about what is done with them.
#include "cli/subject.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static void log_line(void *user, int level, const char *line)
{
    const struct subject *s = user;
    if (level == 0)
        cli_warn(s->cli, "%s", line); // the call that failed reports its error itself
    else if (level == 1)
        cli_warn(s->cli, "%s", line);
    else
        cli_detail(s->cli, "%s", line);
}

static int on_load(void *user, const char *what, uint64_t done, uint64_t total)
{
    struct subject *s = user;
    if (!done || s->progress.began == 0) progress_start(&s->progress, s->cli->s.quiet, s->cli->live);
    const bool bytes = !what || strcmp(what, "pipelines") != 0;
    progress_show(&s->progress, what ? what : "reading", done, total, bytes ? "B" : "op");
    if (done >= total) progress_wipe(&s->progress);
    return interrupt_asked(NULL);
}

// The list of models that ship; NULL when it cannot be read, which is told where it matters.
static json_t *shipped(const struct subject *s, struct err *e)
{
    vkdit_error error = {0};
    char *text = NULL;
    if (vkdit_models_json(s->options.assets, &text, &error)) err_api(e, &error);
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    vkdit_free(text);
    return list;
}

static bool ships(const struct subject *s, const char *name)
{
    struct err ignored = {0};
    json_t *list = shipped(s, &ignored), *row;
    size_t i;
    bool found = false;
    json_array_foreach(list, i, row)
    {
        const char *has = json_string_value(json_object_get(row, "name"));
        found = found || (has && !strcmp(has, name));
    }
    json_decref(list);
    return found;
}

// The name of the default model, "" when none is there.
static bool name_default(struct subject *s, struct err *e)
{
    json_t *list = shipped(s, e);
    const char *name = json_string_value(json_object_get(json_array_get(list, 0), "name"));
    snprintf(s->shipped, sizeof s->shipped, "%s", name ? name : "");
    json_decref(list);
    return e->code == ERR_NONE;
}

void subject_take_operand(struct cli *c)
{
    if (!c->s.operands) return;
    c->s.model = c->s.operand[0];
    c->s.origin[option_find("model", IN_EVERY) - option_table] = FROM_COMMAND_LINE;
}

static bool exists_or_hint(const struct subject *s, const char *path, struct err *e)
{
    struct stat st;
    if (!stat(path, &st)) return true;
    const char *why = strerror(errno), *hint = "";
    if (!strchr(path, '/') && ships(s, path)) return true;
    if (!strncasecmp(path, "DiT-", 4) || !strncasecmp(path, "SiT-", 4))
        hint = "; random weights of that shape are --synthetic";
    else if (!strpbrk(path, "./"))
        hint = ", and no model that ships is called so; see \"vkdit models\"";
    err_set(e, ERR_IO, "%s%s", why, hint);
    return err_in(e, path);
}

bool subject_choose(struct subject *s, const struct cli *c, struct err *e)
{
    const struct settings *set = &c->s;
    enum origin model = option_origin(set, "model"), synthetic = option_origin(set, "synthetic");
    *s = (struct subject){.cli = c};
    if (model == FROM_COMMAND_LINE && synthetic == FROM_COMMAND_LINE)
        return err_set(e, ERR_ARG, "--model and --synthetic exclude each other");
    s->options = (vkdit_model_options){.vae = set->vae,
                                       .tiny_vae = set->tiny_vae,
                                       .root = set->root,
                                       .heads = set->heads,
                                       .is_sit = set->family,
                                       .precision = (vkdit_precision)set->precision,
                                       .numerics = (vkdit_numerics)set->numerics,
                                       .weights = (vkdit_weights)set->weights,
                                       .assets = set->assets};
    if (synthetic > model)
        s->options.synthetic = set->synthetic;
    else if (model)
        s->options.path = set->model;
    else if (!name_default(s, e))
        return false;
    else if (*s->shipped)
        s->options.path = s->shipped;
    else
        s->options.synthetic = "tiny";
    return !s->options.path || s->options.path == s->shipped || exists_or_hint(s, s->options.path, e);
}

bool subject_open_device(struct subject *s, struct err *e)
{
    const struct settings *set = &s->cli->s;
    vkdit_error error = {0};
    const char *cache = set->cache && !strcmp(set->cache, "none") ? "" : set->cache;
    const vkdit_options o = {.device = set->device,
                             .limits = set->limit,
                             .cache_dir = cache,
                             .validation = set->validation,
                             .log = log_line,
                             .user = s};
    return !vkdit_open(&o, &s->context, &error) || err_api(e, &error);
}

bool subject_open(struct subject *s, struct err *e)
{
    vkdit_error error = {0};
    if (!s->context && !subject_open_device(s, e)) return false;
    s->options.progress = on_load;
    s->options.user = s;
    if (vkdit_model_open(s->context, &s->options, &s->model, &error)) {
        progress_wipe(&s->progress);
        return err_api(e, &error);
    }
    vkdit_model_get_info(s->model, &s->info);
    return true;
}

void subject_close(struct subject *s)
{
    progress_wipe(&s->progress);
    vkdit_model_close(s->model);
    vkdit_close(s->context);
    s->model = NULL;
    s->context = NULL;
}

bool subject_validated(const struct subject *s, struct err *e)
{
    const unsigned n = s->context ? vkdit_validation_errors(s->context) : 0;
    return !n || err_set(e, ERR_DEVICE, "the validation layer complained %u times", n);
}

const char *subject_identity(const struct subject *s, char *out, size_t room)
{
    struct stat st;
    *out = 0;
    const char *path = s->model ? vkdit_model_path(s->model) : NULL;
    FILE *f = path ? fopen(path, "rb") : NULL;
    if (f && !fstat(fileno(f), &st) && S_ISREG(st.st_mode)) {
        uint8_t block[4096];
        uint64_t hash = 0xCBF29CE484222325U; // FNV-1a
        size_t n;
        for (size_t left = 1 << 20; left && (n = fread(block, 1, sizeof block, f)) > 0; left -= n)
            for (size_t i = 0; i < n; i++) hash = (hash ^ block[i]) * 0x100000001B3U;
        snprintf(out, room, "%llu-%016llx", (unsigned long long)st.st_size, (unsigned long long)hash);
    }
    if (f) fclose(f);
    return out;
}
