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
    progress_show(&s->progress, what ? what : "reading", done, total, "B");
    if (done >= total) progress_wipe(&s->progress);
    return interrupt_asked(NULL);
}

// Beside the program as built, and where it is installed.
static bool find_shipped(char *out, size_t room)
{
    static const char *const places[] = {"../share/vkdit/model", "../share/vkdit/model.safetensors",
                                         "../assets/model",      "../assets/model.safetensors",
                                         "../../assets/model",   "../../assets/model.safetensors"};
    char self[400];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    for (size_t i = 0; i < COUNTOF(places); i++) {
        struct stat st;
        snprintf(out, room, "%s/%s", self, places[i]);
        if (!stat(out, &st)) return true;
    }
    *out = 0;
    return false;
}

void subject_take_operand(struct cli *c)
{
    if (!c->s.operands) return;
    c->s.model = c->s.operand[0];
    c->s.origin[option_find("model", IN_EVERY) - option_table] = FROM_COMMAND_LINE;
}

// A bare file that ships has its autoencoder beside it.
static void find_shipped_vae(struct subject *s)
{
    char *slash = strrchr(s->shipped, '/');
    snprintf(s->shipped_vae, sizeof s->shipped_vae, "%.*s/vae.safetensors", (int)(slash - s->shipped), s->shipped);
    if (!s->options.vae && !access(s->shipped_vae, R_OK)) s->options.vae = s->shipped_vae;
}

static bool exists_or_hint(const char *path, struct err *e)
{
    struct stat st;
    if (!stat(path, &st)) return true;
    const bool shape = !strncasecmp(path, "DiT-", 4) || !strncasecmp(path, "SiT-", 4);
    err_set(e, ERR_IO, "%s%s", strerror(errno), shape ? "; random weights of that shape are --synthetic" : "");
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
                                       .root = set->root,
                                       .heads = set->heads,
                                       .is_sit = set->family,
                                       .precision = (vkdit_precision)set->precision,
                                       .numerics = (vkdit_numerics)set->numerics};
    if (synthetic > model)
        s->options.synthetic = set->synthetic;
    else if (model)
        s->options.path = set->model;
    else if (find_shipped(s->shipped, sizeof s->shipped))
        s->options.path = s->shipped;
    else
        s->options.synthetic = "tiny";
    if (s->options.path == s->shipped) find_shipped_vae(s);
    return !s->options.path || exists_or_hint(s->options.path, e);
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
    FILE *f = s->options.path ? fopen(s->options.path, "rb") : NULL;
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
