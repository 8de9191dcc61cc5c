// test_worker.c — the thread behind the window, without a window: runs, branches, stops, newest wishes, failures, and a
// device that is lost on the way.
#include "app/worker.h"
#include "check.h"
#include "fake_vk.h"
#include "scratch.h"

#include <time.h>

enum { WAIT = 120 }; // seconds, on a busy machine

static json_t *options(const char *extra)
{
    json_t *o = json_pack("{ss, si, si, ss}", "synthetic", "tiny", "steps", 6, "seed", 5, "sampler", "ddim");
    json_t *more = json_loads(extra, 0, NULL);
    json_object_update(o, more);
    json_decref(more);
    return o;
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

// Until the newest film is newer than `after` and the worker idle; false when that takes too long.
static bool wait_run(struct worker *w, struct work_state *s, uint32_t after)
{
    for (const double end = clock_seconds() + WAIT; clock_seconds() < end; pause_briefly()) {
        worker_read(w, s);
        if (s->film && s->film->number > after && s->work == WORK_IDLE && film_end_of(s->film) != FILM_RUNNING)
            return true;
    }
    CHECK(false, "no run ended in %d s", WAIT);
    return false;
}

static bool wait_problem(struct worker *w, struct work_state *s, unsigned after)
{
    for (const double end = clock_seconds() + WAIT; clock_seconds() < end; pause_briefly()) {
        worker_read(w, s);
        if (s->problems > after && s->work == WORK_IDLE) return true;
    }
    CHECK(false, "no problem was reported in %d s", WAIT);
    return false;
}

// The finished film of a run with these options, held.
static struct film *run(struct worker *w, struct work_state *s, const char *extra, struct film *from, uint32_t at)
{
    json_t *o = options(extra);
    worker_read(w, s);
    const uint32_t after = s->film ? s->film->number : 0;
    worker_start(w, o, "", from, at);
    json_decref(o);
    return wait_run(w, s, after) ? film_hold(s->film) : NULL;
}

static bool same_frames(const struct film *a, const struct film *b, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i <= to; i++)
        if (i >= a->n || i >= b->n || memcmp(a->frame[i].x, b->frame[i].x, a->values * sizeof(float)) != 0)
            return false;
    return true;
}

static void plain_runs(struct worker *w, struct work_state *s)
{
    struct film *one = run(w, s, "{}", NULL, 0), *two = run(w, s, "{}", NULL, 0),
                *batch = run(w, s, "{\"class\": \"1,2,3\"}", NULL, 0);
    if (!one || !two || !batch) return;
    CHECK(film_end_of(one) == FILM_DONE && one->n == 7 && film_decoded(one, 6), "end %d, %u frames", (int)one->end,
          one->n);
    CHECK(!one->frame[0].x0 && one->frame[1].x0 && one->frame[0].noise > 0.9, "the frames are not what they should be");
    CHECK(same_frames(one, two, 0, 6), "the same settings gave another run");
    CHECK(batch->images == 3 && batch->classes[2] == 3 && film_end_of(batch) == FILM_DONE, "a batch of three");
    const struct film_times t = film_times_of(one);
    CHECK(t.steps > 0 && t.first > 0 && t.first < t.elapsed && t.keep < t.steps, "times: %g %g %g %g", t.steps, t.first,
          t.elapsed, t.keep);
    CHECK(!film_decoded(one, 3), "a rough run decodes only its end");
    worker_decode(w, one, 3);
    for (int i = 0; i < 4000 && !film_decoded(one, 3); i++) pause_briefly();
    CHECK(film_decoded(one, 3), "the frame was never decoded");
    film_drop(one);
    film_drop(two);
    film_drop(batch);
}

static void previews(struct worker *w, struct work_state *s)
{
    static const struct {
        enum preview_kind kind;
        enum film_grade grade;
    } cases[] = {{PREVIEW_TINY, GRADE_SKETCH}, {PREVIEW_DECODER, GRADE_DECODED}, {PREVIEW_ROUGH, GRADE_ROUGH}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        worker_preview(w, cases[i].kind);
        struct film *f = run(w, s, "{\"class\": \"1,2\"}", NULL, 0);
        if (!f) return;
        // a step that was finished beside another is looked at with it
        uint32_t seen = 0;
        for (uint32_t k = 1; k < 6; k++) seen += film_grade(f, k) == cases[i].grade;
        CHECK(film_end_of(f) == FILM_DONE && film_decoded(f, 6) && seen >= 3, "kind %d: %u of 5 steps; %s",
              (int)cases[i].kind, seen, s->problem);
        const struct film_times t = film_times_of(f);
        CHECK((t.preview_decode > 0) == (cases[i].kind != PREVIEW_ROUGH), "kind %d: previews took %g s",
              (int)cases[i].kind, t.preview_decode);
        film_drop(f);
    }
}

static void branches(struct worker *w, struct work_state *s)
{
    struct film *base = run(w, s, "{}", NULL, 0);
    if (!base) return;
    static const struct {
        const char *what, *options;
        bool same;
    } cases[] = {{"nothing", "{}", true},
                 {"the class", "{\"class\": \"7\"}", false},
                 {"guidance", "{\"cfg-scale\": 9}", false},
                 {"the sampler", "{\"sampler\": \"dpmpp2m\"}", false},
                 {"the steps", "{\"steps\": 12}", false},
                 {"the seed", "{\"seed\": 6}", false}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct film *f = run(w, s, cases[i].options, base, 3);
        if (!f) continue;
        CHECK(film_end_of(f) == FILM_DONE && f->parent == base->number && f->parent_step == 3, "%s: %s", cases[i].what,
              s->problem);
        CHECK(same_frames(base, f, 0, 3), "%s: the branch has another past", cases[i].what);
        CHECK(same_frames(base, f, 6, 6) == cases[i].same, "%s: the end is %s", cases[i].what,
              cases[i].same ? "another" : "the same");
        CHECK(f->n == f->steps + 1, "%s: %u frames of %u steps", cases[i].what, f->n, f->steps);
        film_drop(f);
    }
    unsigned problems = s->problems;
    json_t *o = options("{\"batch\": 2}");
    worker_start(w, o, "", base, 3);
    json_decref(o);
    if (wait_problem(w, s, problems)) CHECK(strstr(s->problem, "branch"), "said \"%s\"", s->problem);
    film_drop(base);
}

static void newest_wish(struct worker *w, struct work_state *s)
{
    worker_read(w, s);
    const uint32_t before = s->film ? s->film->number : 0;
    for (int i = 0; i < 30; i++) {
        json_t *o = options("{\"steps\": 40}");
        json_object_set_new(o, "seed", json_integer(100 + i));
        worker_start(w, o, "", NULL, 0);
        json_decref(o);
        pause_briefly();
    }
    uint64_t seed = 0;
    for (uint32_t after = before; seed != 129 && wait_run(w, s, after); after = s->film->number)
        seed = film_seed(s->film);
    CHECK(seed == 129 && film_end_of(s->film) == FILM_DONE, "the last wish was not the last run: seed %u",
          (unsigned)seed);
    CHECK(s->film->number - before < 30, "every wish was run to its end");
}

static void stopping(struct worker *w, struct work_state *s)
{
    json_t *o = options("{\"steps\": 900}");
    worker_read(w, s);
    const uint32_t after = s->film->number;
    worker_start(w, o, "", NULL, 0);
    for (const double end = clock_seconds() + WAIT; clock_seconds() < end; pause_briefly())
        if (worker_read(w, s) && s->film->number > after && film_count(s->film) > 3) break;
    const double asked = clock_seconds();
    worker_stop(w);
    CHECK(wait_run(w, s, after) && film_end_of(s->film) == FILM_STOPPED, "it did not stop");
    CHECK(clock_seconds() - asked < 5, "stopping took %g s", clock_seconds() - asked);
    CHECK(film_count(s->film) < 900, "it ran to its end");
    json_decref(o);
}

static void failures(struct worker *w, struct work_state *s)
{
    struct scratch dir;
    scratch_open(&dir);
    unsigned problems = s->problems;
    json_t *o = json_pack("{ss}", "model", scratch_text(&dir, "broken.safetensors", "this is no model"));
    worker_load(w, o, "");
    if (wait_problem(w, s, problems))
        CHECK(strstr(s->problem, "broken") && *s->advice && !s->ready, "said \"%s\"", s->problem);
    problems = s->problems;
    json_object_set_new(o, "model", json_string("/nowhere/at/all"));
    worker_load(w, o, "");
    if (wait_problem(w, s, problems)) CHECK(strstr(s->problem, "nowhere"), "said \"%s\"", s->problem);
    json_decref(o);
    problems = s->problems;
    o = options("{\"sampler\": \"sde-heun\"}"); // of the other family
    worker_start(w, o, "", NULL, 0);
    if (wait_problem(w, s, problems)) CHECK(strstr(s->problem, "sampler"), "said \"%s\"", s->problem);
    json_decref(o);
    problems = s->problems;
    o = options("{}");
    worker_load(w, o, "no such device");
    if (wait_problem(w, s, problems)) CHECK(*s->problem && *s->advice, "said nothing");
    json_decref(o);
    struct film *f = run(w, s, "{}", NULL, 0);
    CHECK(f && film_end_of(f) == FILM_DONE, "it did not go on after failures");
    film_drop(f);
    scratch_close(&dir);
}

// The driver answers one call in the middle of a run with "lost".
static void lost_device(struct worker *w, struct work_state *s)
{
    struct film *whole = run(w, s, "{\"steps\": 30}", NULL, 0);
    if (!whole) return;
    const unsigned problems = s->problems;
    const uint32_t after = whole->number;
    json_t *o = options("{\"steps\": 30}");
    worker_start(w, o, "", NULL, 0);
    json_decref(o);
    for (const double end = clock_seconds() + WAIT; clock_seconds() < end; pause_briefly())
        if (worker_read(w, s) && s->film->number > after && film_count(s->film) > 4) break;
    fail_with = VK_ERROR_DEVICE_LOST;
    fail_at = calls + 3;
    if (!wait_run(w, s, after)) return;
    fail_at = 0;
    CHECK(film_end_of(s->film) == FILM_DONE && s->film->n == 31, "end %d, %u frames: %s", (int)s->film->end, s->film->n,
          s->problem);
    CHECK(s->problems == problems + 1 && strstr(s->problem, "lost"), "%u problems, said \"%s\"", s->problems - problems,
          s->problem);
    CHECK(same_frames(whole, s->film, 0, 30), "the run went on differently after the device was lost");
    film_drop(whole);
}

int main(void)
{
    struct err e = {0};
    struct work_state s = {0};
    vkdit *probe = NULL;
    vkdit_error error = {0};
    const vkdit_options o = {.cache_dir = ""};
    if (vkdit_open(&o, &probe, &error)) {
        printf("no device: %s\n", error.message);
        return check_done();
    }
    vkdit_close(probe);
    fake_vk_swap();
    const struct worker_setup setup = {.validation = getenv("VKDIT_VALIDATION") != NULL,
                                       .tiny_vae = VKDIT_TEST_DATA "/model/tiny.weights.safetensors"};
    struct worker *w = worker_open(&setup, &e);
    CHECK(w, "%s", e.text);
    if (!w) return check_done();
    worker_preview(w, PREVIEW_ROUGH);
    plain_runs(w, &s);
    previews(w, &s);
    branches(w, &s);
    newest_wish(w, &s);
    stopping(w, &s);
    failures(w, &s);
    lost_device(w, &s);
    json_t *last = options("{\"steps\": 900}"); // closing in the middle of a run
    worker_start(w, last, "", NULL, 0);
    json_decref(last);
    for (int i = 0; i < 50; i++) pause_briefly();
    CHECK(!worker_close(w), "the validation layer complained");
    work_state_drop(&s);
    return check_done();
}
