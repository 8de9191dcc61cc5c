// test_caps.c — limits only lower, sizes take K, M and G, and mistakes are explained.
#include "base/caps.h"
#include "check.h"

#include <string.h>

static struct caps full(void)
{
    struct caps c = {.api = (1u << 22) | (3u << 12), .subgroup = 32, .subgroup_min = 8, .subgroup_max = 32};
    c.f16_math = c.f16_store = c.i8_store = c.i8_math = c.int_dot = c.int64 = c.addresses = c.texels = true;
    c.scalar_layout = true;
    c.memory_budget = c.subgroup_arith = c.subgroup_ballot = c.subgroup_shuffle = c.subgroup_pick = true;
    c.coop1 = c.coop2 = c.timestamps = c.executable_info = true;
    c.range_max = c.alloc_max = c.heap_bytes = c.heap_budget = (uint64_t)8 << 30;
    c.shared_max = 65536;
    c.threads_max = c.threads_x_max = 1024;
    c.push_max = 256;
    c.bind_max = 64;
    return c;
}

static void test_sizes(void)
{
    struct caps c = full();
    struct err e = {0};
    CHECK(caps_limit(&c, "max_storage_buffer_range=64M,max_alloc=1G,heap=2g,max_shared=16k,max_threads=100", &e), "%s",
          e.text);
    CHECK(c.range_max == 64 << 20, "range %llu", (unsigned long long)c.range_max);
    CHECK(c.alloc_max == 1 << 30, "alloc %llu", (unsigned long long)c.alloc_max);
    CHECK(c.heap_bytes == (uint64_t)2 << 30 && c.heap_budget == (uint64_t)2 << 30, "heap");
    CHECK(c.shared_max == 16384, "shared %u", c.shared_max);
    CHECK(c.threads_max == 100 && c.threads_x_max == 100, "threads");
    CHECK(caps_limit(&c, "max_shared=1G,max_push=4G,max_storage_buffer_range=100G", &e), "%s", e.text);
    CHECK(c.shared_max == 16384 && c.push_max == 256 && c.range_max == 64 << 20, "a limit raised something");
}

static void test_features(void)
{
    struct caps c = full();
    struct err e = {0};
    CHECK(caps_limit(&c, ",no_fp16,,no_coop2,", &e), "%s", e.text);
    CHECK(!c.f16_math && !c.coop2, "words had no effect");
    CHECK(c.coop1 && c.f16_store && c.addresses, "words reached too far");
    CHECK(caps_limit(&c, "no_coop", &e) && !c.coop1, "no_coop");
    CHECK(caps_limit(&c, "", &e) && caps_limit(&c, NULL, &e), "nothing to limit is fine");
    CHECK(caps_limit(&c, "api=1.1", &e) && c.api == ((1u << 22) | (1u << 12)), "api");
    CHECK(caps_limit(&c, "api=1.3", &e) && c.api == ((1u << 22) | (1u << 12)), "api was raised");
}

// Every word without a value must change the facts, and only downwards.
static void test_every_word(void)
{
    for (uint32_t i = 0; caps_limit_word(i); i++) {
        struct caps before = full(), after = full();
        struct err e = {0};
        char spec[80];
        bool flag = !strncmp(caps_limit_word(i), "no_", 3), api = !strcmp(caps_limit_word(i), "api");
        snprintf(spec, sizeof spec, "%s%s", caps_limit_word(i), flag ? "" : api ? "=1.1" : "=8");
        CHECK(caps_limit(&after, spec, &e), "%s: %s", spec, e.text);
        CHECK(memcmp(&before, &after, sizeof after), "%s changed nothing", spec);
        CHECK(after.range_max <= before.range_max && after.heap_bytes <= before.heap_bytes, "%s raised", spec);
    }
}

static void test_subgroup(void)
{
    struct caps c = full();
    struct err e = {0};
    CHECK(caps_limit(&c, "subgroup=64", &e) && c.subgroup == 32 && c.subgroup_arith, "only lower");
    CHECK(caps_limit(&c, "subgroup=16", &e) && c.subgroup == 16 && c.subgroup_arith, "16 is possible");
    CHECK(c.subgroup_min == 16 && c.subgroup_max == 16, "range follows");
    CHECK(caps_limit(&c, "subgroup=4", &e) && !c.subgroup_arith && !c.subgroup_shuffle && !c.coop1,
          "4 is not possible here, so subgroup kernels are out");
    c = full();
    c.subgroup_pick = false;
    CHECK(caps_limit(&c, "subgroup=32", &e) && c.subgroup_arith, "what it is anyway");
    CHECK(caps_limit(&c, "subgroup=16", &e) && !c.subgroup_arith && c.subgroup == 32, "no choice");
}

static void refuse(const char *spec, const char *part)
{
    struct caps c = full(), before = full();
    struct err e = {0};
    CHECK(!caps_limit(&c, spec, &e), "\"%s\" was accepted", spec);
    CHECK(e.code == ERR_ARG && strstr(e.text, part), "\"%s\" gave: %s", spec, e.text);
    CHECK(!memcmp(&c, &before, sizeof c), "\"%s\" changed something", spec);
}

int main(void)
{
    test_sizes();
    test_features();
    test_every_word();
    test_subgroup();
    refuse("no_magic", "known: max_storage_buffer_range=");
    refuse("no_magic", "no_executable_info");
    refuse("no_fp", "unknown");
    refuse("max_alloc", "max_alloc");
    refuse("max_alloc=", "max_alloc");
    refuse("max_alloc=0", "above 0");
    refuse("max_alloc=12T", "\"12T\"");
    refuse("max_alloc=-1", "\"-1\"");
    refuse("max_alloc=1MB", "\"1MB\"");
    refuse("max_alloc=99999999999999999999999", "max_alloc");
    refuse("max_alloc=99999999999999999G", "max_alloc");
    refuse("no_fp16=1", "takes no value");
    refuse("api=2", "1.1, 1.2 or 1.3");
    refuse("\x1b[31m=4", "unknown");
    return check_done();
}
