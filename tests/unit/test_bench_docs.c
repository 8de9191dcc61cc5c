// test_bench_docs.c — benchmark documents read back: the schema is enforced, tables, comparisons and charts come out as
// they should from fixed numbers. Needs no device.
#include "check.h"

#include "vkdit.h"

#include <stdbool.h>
#include <string.h>

#define HEAD                                                                                                           \
    "{\"schema\":\"vkdit-bench\",\"schema_version\":1,\"created\":\"2026-01-01T00:00:00Z\","                           \
    "\"build\":{\"version\":\"0.1.0\",\"compiler\":\"cc\",\"optimised\":true},"                                        \
    "\"settings\":{\"size\":\"quick\",\"precision\":\"fp16\",\"model\":\"synthetic\"},"                                \
    "\"machine\":{\"system\":\"S\",\"kernel\":\"K\",\"cpu\":\"C\"},"                                                   \
    "\"device\":{\"name\":\"Toy <GPU> | 1\",\"driver\":\"d\",\"driver_version\":\"1\"},"                               \
    "\"sensors\":{\"after\":{\"watts\":\"not available\"}},\"skipped\":[],\"warnings\":[\"a, \\\"b\\\"\"],"            \
    "\"fallbacks\":[{\"name\":\"linear x\",\"kernel\":\"slow\",\"instead_of\":\"fast\",\"needs\":\"halves\"}],"
#define SAMPLES(a, b)                                                                                                  \
    "\"seconds\":{\"n\":8,\"median\":" a ",\"least\":" a ",\"p95\":" a ",\"iqr_percent\":0.5},\"samples\":[" b "]"
#define LINEAR(a, b, valid)                                                                                            \
    "{\"group\":\"kernel\",\"name\":\"linear 2x256x1152 > 3456 fp16\",\"op\":\"linear\",\"kernel\":\"linear_coop\","   \
    "\"unit\":\"us\",\"value\":10,\"flops\":4e9,\"bytes\":1e7,\"tflops\":400,\"gbytes_per_second\":1000,"              \
    "\"percent_of_ceiling\":60,\"bound_by\":\"matrix_fp16\",\"gate\":{\"checked\":\"rows\",\"valid\":" valid           \
    "}," SAMPLES(a, b) "}"
#define ROOF                                                                                                           \
    "{\"group\":\"ceiling\",\"name\":\"copy\",\"unit\":\"GB/s\",\"value\":2000," SAMPLES(                              \
        "0.01",                                                                                                        \
        "0.01,0.0101") "},"                                                                                            \
                       "{\"group\":\"ceiling\",\"name\":\"matrix_fp16\",\"unit\":\"TFLOP/s\",\"value\":600," SAMPLES(  \
                           "0.01", "0.01,0.0101") "},"
#define RUN(model, ms, a, b)                                                                                           \
    ",{\"group\":\"sampling\",\"name\":\"sampling " model " b1 fp16\",\"unit\":\"ms/step\",\"value\":" ms ","          \
    "\"its_per_second\":500,\"images_per_minute\":1000,\"steps\":10,\"peak_memory_bytes\":1048576,"                    \
    "\"gate\":{\"checked\":\"latent\",\"psnr_db\":52,\"valid\":true}," SAMPLES(a, b) "}"
#define FAST "1.0e-5,1.01e-5,1.02e-5,1.0e-5,0.99e-5,1.0e-5,1.01e-5,1.0e-5"
#define SLOW "2.0e-5,2.01e-5,2.02e-5,2.0e-5,1.99e-5,2.0e-5,2.01e-5,2.0e-5"

static const char good[] = HEAD "\"rows\":[" ROOF LINEAR("1.0e-5", FAST, "true")
    RUN("DiT-XL/2", "2.0", "0.002", "0.002,0.002,0.002,0.002,0.002,0.002,0.002,0.002") "]}";
static const char twice[] = HEAD "\"rows\":[" ROOF LINEAR("2.0e-5", SLOW, "true") "]}";
static const char wrong[] = HEAD "\"rows\":[" ROOF LINEAR("1.0e-5", FAST, "false") "]}";

static bool has(const char *text, const char *part)
{
    return text && strstr(text, part);
}

static void tables(void)
{
    vkdit_error e = {0};
    char *text = NULL;
    CHECK(vkdit_bench_render(good, "text", &text, &e) == VKDIT_OK, "%s", e.message);
    CHECK(has(text, "linear_coop") && has(text, "52 dB") && has(text, "fallback: linear x ran as slow instead of fast"),
          "%s", text ? text : "no text");
    CHECK(has(text, "4 rows, 0 invalid, 0 left out") && has(text, "not available"), "%s", text ? text : "no text");
    vkdit_free(text);
    CHECK(vkdit_bench_render(good, "csv", &text, &e) == VKDIT_OK, "%s", e.message);
    CHECK(has(text, "kernel,linear 2x256x1152 > 3456 fp16,10.0,us,0.5,0.01,8,400,1000,60.0,matrix_fp16,linear_coop,"),
          "%s", text ? text : "no text");
    uint32_t lines = 0;
    for (const char *s = text; s && *s; s++) lines += *s == '\n';
    CHECK(lines == 5, "%u lines of CSV for a heading and 4 rows", lines);
    vkdit_free(text);
    CHECK(vkdit_bench_render(wrong, "md", &text, &e) == VKDIT_OK, "%s", e.message);
    CHECK(has(text, "| INVALID |") && has(text, "Toy \\<GPU\\> \\| 1") && has(text, "1 invalid"), "%s",
          text ? text : "no text");
    vkdit_free(text);
}

static void refused(const char *json, const char *part, vkdit_status want)
{
    vkdit_error e = {0};
    char *text = NULL;
    vkdit_status s = vkdit_bench_render(json, "text", &text, &e);
    CHECK(s == want && !text && has(e.message, part), "wanted \"%s\", got %d \"%s\"", part, (int)s, e.message);
    vkdit_free(text);
}

// Each document lacks one thing that the schema asks for.
static void schema(void)
{
    refused("", "", VKDIT_ERR_FORMAT);
    refused("[]", "not a result", VKDIT_ERR_FORMAT);
    refused("{\"schema\":\"else\"}", "not a result", VKDIT_ERR_FORMAT);
    refused("{\"schema\":\"vkdit-bench\"}", "schema version", VKDIT_ERR_FORMAT);
    refused("{\"schema\":\"vkdit-bench\",\"schema_version\":2}", "version 2", VKDIT_ERR_UNSUPPORTED);
    refused("{\"schema\":\"vkdit-bench\",\"schema_version\":1}", "\"build\"", VKDIT_ERR_FORMAT);
    refused(HEAD "\"rows\":{}}", "\"rows\"", VKDIT_ERR_FORMAT);
    refused(HEAD "\"rows\":[{}]}", "row 0", VKDIT_ERR_FORMAT);
    refused(HEAD "\"rows\":[{\"group\":\"g\",\"name\":\"n\",\"unit\":\"u\"}]}", "\"value\"", VKDIT_ERR_FORMAT);
    refused(HEAD "\"rows\":[{\"group\":\"g\",\"name\":\"n\",\"unit\":\"u\",\"value\":1}]}", "\"seconds\"",
            VKDIT_ERR_FORMAT);
    refused(HEAD
            "\"rows\":[{\"group\":\"g\",\"name\":\"n\",\"unit\":\"u\",\"value\":1,\"seconds\":{},\"samples\":[]}]}",
            "samples", VKDIT_ERR_FORMAT);
    refused(HEAD
            "\"rows\":[{\"group\":\"g\",\"name\":\"n\",\"unit\":\"u\",\"value\":1,\"seconds\":{},\"samples\":[-1]}]}",
            "not a time", VKDIT_ERR_FORMAT);
    vkdit_error e = {0};
    char *text = NULL;
    CHECK(vkdit_bench_render(good, "html", &text, &e) == VKDIT_ERR_ARGUMENT, "an unknown format");
}

static void comparisons(void)
{
    vkdit_error e = {0};
    char *text = NULL;
    const char *const docs[] = {good, twice, wrong}, *const names[] = {"a.json", "b.json", "c.json"};
    CHECK(vkdit_bench_compare(docs, names, 3, "csv", &text, &e) == VKDIT_OK, "%s", e.message);
    CHECK(has(text, "linear 2x256x1152 > 3456 fp16,us,10,10,\"0.500 [0.4") && has(text, "slower") &&
              has(text, "INVALID"),
          "%s", text ? text : "no text");
    CHECK(has(text, "\nsampling DiT-XL/2 b1 fp16,ms/step,2,-,-,-,-,-,-\n"), "%s", text ? text : "no text");
    vkdit_free(text);
    const char *const same[] = {good, good};
    CHECK(vkdit_bench_compare(same, names, 2, "text", &text, &e) == VKDIT_OK, "%s", e.message);
    CHECK(has(text, "1.000") && has(text, "same") && !has(text, "faster  ") && !has(text, "slower  "), "%s",
          text ? text : "no text");
    CHECK(has(text, "kernel: b.json is 1.000 times as fast as a.json"), "%s", text ? text : "no text");
    vkdit_free(text);
    char packed[sizeof good + 8]; // the same work with another arithmetic
    const char *type = strstr(good, "b1 fp16");
    snprintf(packed, sizeof packed, "%.*sb1 fp32 q8%s", (int)(type - good), good, type + strlen("b1 fp16"));
    const char *const other[] = {good, packed};
    CHECK(vkdit_bench_compare(other, names, 2, "csv", &text, &e) == VKDIT_OK, "%s", e.message);
    CHECK(has(text, "\nsampling DiT-XL/2 b1 fp16,ms/step,2,2,\"1.000 ["), "%s", text ? text : "no text");
    vkdit_free(text);
    CHECK(vkdit_bench_compare(docs, names, 1, "text", &text, &e) == VKDIT_ERR_ARGUMENT && !text, "one is not enough");
    const char *const bad[] = {good, "{}"};
    CHECK(vkdit_bench_compare(bad, names, 2, "text", &text, &e) == VKDIT_ERR_FORMAT && has(e.message, "b.json"),
          "the file with the fault must be named: %s", e.message);
}

// Every angle bracket of the device's name must be escaped, every element closed.
static void sound_svg(const char *svg, const char *what)
{
    CHECK(has(svg, "<svg xmlns") && has(svg, "</svg>") && !has(svg, "<GPU>"), "%s: %.300s", what,
          svg ? svg : "nothing");
    int depth = 0;
    for (const char *s = svg; s && *s; s++) {
        if (*s != '<') continue;
        const char *end = strchr(s, '>');
        CHECK(end != NULL, "%s: an element without end", what);
        if (!end) return;
        depth += s[1] == '/' ? -1 : end[-1] == '/' ? 0 : 1;
        s = end;
    }
    CHECK(depth == 0, "%s: %d elements are not closed", what, depth);
    CHECK(!has(svg, "nan") && !has(svg, "inf\""), "%s: numbers that are none", what);
}

static uint32_t count(const char *text, const char *part)
{
    uint32_t n = 0;
    for (const char *s = text; s && (s = strstr(s, part)); s++) n++;
    return n;
}

static void charts(void)
{
    vkdit_error e = {0};
    char *svg = NULL;
    const char *const docs[] = {good, twice}, *const names[] = {"a.json", "b.json"};
    CHECK(vkdit_bench_plot(docs, names, 1, "roofline", &svg, &e) == VKDIT_OK, "%s", e.message);
    sound_svg(svg, "roofline");
    CHECK(count(svg, "<circle") == 2 && has(svg, "memory: 2000 GB/s") && has(svg, "600 TFLOP/s"),
          "one kernel and its entry in the legend, two roofs");
    vkdit_free(svg);
    CHECK(vkdit_bench_plot(docs, names, 2, "kernels", &svg, &e) == VKDIT_OK, "%s", e.message);
    sound_svg(svg, "kernels");
    CHECK(has(svg, "width=\"440.0\"") && has(svg, "width=\"220.0\""), "a bar of half the time is half as long");
    vkdit_free(svg);
    CHECK(vkdit_bench_plot(docs, names, 2, "bars", &svg, &e) == VKDIT_OK, "%s", e.message);
    sound_svg(svg, "bars");
    vkdit_free(svg);
    CHECK(vkdit_bench_plot(docs, names, 1, "pie", &svg, &e) == VKDIT_ERR_ARGUMENT && !svg, "an unknown chart");
}

int main(void)
{
    tables();
    schema();
    comparisons();
    charts();
    return check_done();
}
