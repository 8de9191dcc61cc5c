// clerk.c — the thread for files: a short list of tasks, what came of them, and no waiting for anybody.
#include "app/clerk.h"
#include "app/desk.h"

#include <stdlib.h>
#include <string.h>

enum { TASKS = 16 };

struct clerk {
    pthread_t thread;
    pthread_mutex_t lock; // guards task, n, quit, news
    pthread_cond_t given;
    struct task task[TASKS];
    uint32_t n;
    bool quit;
    struct clerk_news news;
    void (*wake)(void *user);
    void *user;
};

void gallery_drop(struct gallery *g)
{
    if (!g || atomic_fetch_sub(&g->users, 1) > 1) return;
    for (uint32_t i = 0; i < g->n; i++) {
        free(g->item[i].path);
        free(g->item[i].parameters);
        image_close(&g->item[i].small);
    }
    free(g->item);
    free(g);
}

static struct gallery *gallery_hold(struct gallery *g)
{
    if (g) atomic_fetch_add(&g->users, 1);
    return g;
}

static void task_drop(struct task *t)
{
    film_drop(t->film);
    free(t->text);
    *t = (struct task){0};
}

static void report(struct clerk *c, const struct task_result *r)
{
    pthread_mutex_lock(&c->lock);
    struct clerk_news *n = &c->news;
    n->generation++;
    n->done++;
    n->failed = r->failed;
    snprintf(n->text, sizeof n->text, "%s", r->text);
    snprintf(n->file, sizeof n->file, "%s", r->file);
    if (r->gallery) {
        gallery_drop(n->gallery);
        n->gallery = r->gallery;
    }
    if (r->entries) {
        names_drop(n->entries);
        n->entries = r->entries;
        snprintf(n->folder, sizeof n->folder, "%s", r->file);
        *n->file = 0;
    }
    if (r->recipe) {
        free(n->recipe);
        n->recipe = r->recipe;
        n->recipes++;
    }
    pthread_mutex_unlock(&c->lock);
    c->wake(c->user);
}

static void *work(void *user)
{
    struct clerk *c = user;
    for (;;) {
        pthread_mutex_lock(&c->lock);
        while (!c->n && !c->quit) pthread_cond_wait(&c->given, &c->lock);
        if (!c->n) break; // and everything is written
        struct task t = c->task[0];
        memmove(c->task, c->task + 1, --c->n * sizeof *c->task);
        struct gallery *old = gallery_hold(c->news.gallery);
        const bool quit = c->quit;
        pthread_mutex_unlock(&c->lock);
        struct task_result r = {0};
        if (!quit || (t.kind != TASK_LOOK && t.kind != TASK_FOLDER)) desk_do(&t, old, &r);
        gallery_drop(old);
        task_drop(&t);
        report(c, &r);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct clerk *clerk_open(void (*wake)(void *user), void *user, struct err *e)
{
    struct clerk *c = mem_zero(1, sizeof *c, e);
    if (!c) return NULL;
    c->wake = wake;
    c->user = user;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->given, NULL);
    if (!pthread_create(&c->thread, NULL, work, c)) return c;
    err_set(e, ERR_MEMORY, "no thread can be started");
    free(c);
    return NULL;
}

void clerk_close(struct clerk *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->quit = true;
    pthread_cond_signal(&c->given);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    clerk_news_drop(&c->news);
    pthread_cond_destroy(&c->given);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void clerk_news_drop(struct clerk_news *n)
{
    gallery_drop(n->gallery);
    names_drop(n->entries);
    free(n->recipe);
    *n = (struct clerk_news){0};
}

bool clerk_read(struct clerk *c, struct clerk_news *n)
{
    pthread_mutex_lock(&c->lock);
    const bool newer = c->news.generation != n->generation;
    struct clerk_news now = c->news;
    if (newer) {
        gallery_hold(now.gallery);
        names_hold(now.entries);
        now.recipe = now.recipe ? mem_text(now.recipe, NULL) : NULL;
    }
    pthread_mutex_unlock(&c->lock);
    if (!newer) return false;
    clerk_news_drop(n);
    *n = now;
    return true;
}

// --- tasks --------------------------------------------------------------------------------------------------------

static bool give(struct clerk *c, struct task t, struct film *f, const char *folder, const char *path)
{
    snprintf(t.folder, sizeof t.folder, "%s", folder ? folder : "");
    snprintf(t.path, sizeof t.path, "%s", path ? path : "");
    pthread_mutex_lock(&c->lock);
    const bool room = c->n < TASKS;
    if (room) {
        t.film = film_hold(f);
        c->task[c->n++] = t;
        pthread_cond_signal(&c->given);
    }
    pthread_mutex_unlock(&c->lock);
    return room;
}

bool clerk_save(struct clerk *c, struct film *f, uint32_t at, const char *folder)
{
    return give(c, (struct task){.kind = TASK_SAVE, .at = at}, f, folder, NULL);
}

bool clerk_copy(struct clerk *c, struct film *f, uint32_t at)
{
    return give(c, (struct task){.kind = TASK_COPY, .at = at}, f, NULL, NULL);
}

bool clerk_export(struct clerk *c, struct film *f, enum export_kind kind, const char *folder)
{
    return give(c, (struct task){.kind = TASK_EXPORT, .export = kind}, f, folder, NULL);
}

bool clerk_look(struct clerk *c, const char *folder)
{
    return give(c, (struct task){.kind = TASK_LOOK}, NULL, folder, NULL);
}

bool clerk_trash(struct clerk *c, const char *path, const char *folder)
{
    return give(c, (struct task){.kind = TASK_TRASH}, NULL, folder, path);
}

bool clerk_bench(struct clerk *c, const char *json, const char *folder)
{
    char *text = mem_text(json, NULL);
    const bool given = text && give(c, (struct task){.kind = TASK_BENCH, .text = text}, NULL, folder, NULL);
    if (!given) free(text);
    return given;
}

bool clerk_folder(struct clerk *c, const char *path)
{
    return give(c, (struct task){.kind = TASK_FOLDER}, NULL, NULL, path);
}

bool clerk_recipe(struct clerk *c, const char *path)
{
    return give(c, (struct task){.kind = TASK_RECIPE}, NULL, NULL, path);
}
