// golden.h — reads the reference's tensors for the tests: any numeric type, handed out as float or double.
// Uses its own small safetensors reader, so that a fault in the library's reader cannot hide another fault.
#ifndef VKDIT_GOLDEN_H
#define VKDIT_GOLDEN_H

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    json_t *header;
    uint8_t *bytes; // the tensors' data
    uint64_t size;
    void *given[512]; // arrays handed out, freed by golden_close
    uint32_t n_given;
};

static inline void golden_close(struct golden *g)
{
    for (uint32_t i = 0; i < g->n_given; i++) free(g->given[i]);
    json_decref(g->header);
    free(g->bytes);
    *g = (struct golden){0};
}

// Opens any safetensors file. A missing or broken file ends the test program: nothing after it could be right.
static inline struct golden golden_open_path(const char *path)
{
    struct golden g = {0};
    uint64_t length = 0;
    FILE *f = fopen(path, "rb");
    if (!f || fread(&length, 8, 1, f) != 1 || length > 100u << 20) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    char *text = malloc((size_t)length);
    json_error_t why;
    if (text && fread(text, 1, (size_t)length, f) == length) g.header = json_loadb(text, (size_t)length, 0, &why);
    free(text);
    fseek(f, 0, SEEK_END);
    g.size = (uint64_t)ftell(f) - 8 - length;
    fseek(f, (long)(8 + length), SEEK_SET);
    g.bytes = malloc((size_t)g.size + 1);
    if (!g.header || !g.bytes || fread(g.bytes, 1, (size_t)g.size, f) != g.size) {
        fprintf(stderr, "%s: not a sound safetensors file\n", path);
        exit(EXIT_FAILURE);
    }
    fclose(f);
    return g;
}

// Opens tests/data/NAME, e.g. golden_open("dit/traj_ddpm8.safetensors").
static inline struct golden golden_open(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", VKDIT_TEST_DATA, name);
    return golden_open_path(path);
}

static inline int golden_has(const struct golden *g, const char *name)
{
    return json_object_get(g->header, name) != NULL;
}

// A string of __metadata__, or NULL.
static inline const char *golden_meta(const struct golden *g, const char *key)
{
    return json_string_value(json_object_get(json_object_get(g->header, "__metadata__"), key));
}

// Rank; dims are written to dim (may be NULL). 0 for a scalar, and ends the program for an absent tensor.
static inline uint32_t golden_shape(const struct golden *g, const char *name, uint64_t dim[8])
{
    const json_t *shape = json_object_get(json_object_get(g->header, name), "shape");
    if (!shape) {
        fprintf(stderr, "golden file lacks \"%s\"\n", name);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; dim && i < json_array_size(shape) && i < 8; i++)
        dim[i] = (uint64_t)json_integer_value(json_array_get(shape, i));
    return (uint32_t)json_array_size(shape);
}

static inline uint64_t golden_count(const struct golden *g, const char *name)
{
    uint64_t dim[8] = {0}, n = 1;
    uint32_t rank = golden_shape(g, name, dim);
    for (uint32_t i = 0; i < rank; i++) n *= dim[i];
    return n;
}

static inline double golden_half(uint16_t h)
{
    double m = (h & 1023) / 1024.0, sign = h & 0x8000 ? -1 : 1;
    int e = (h >> 10) & 31;
    if (e == 31) return m ? NAN : sign * INFINITY;
    return sign * (e ? ldexp(1 + m, e - 15) : ldexp(m, -14));
}

static inline double golden_value(const char *type, const uint8_t *at)
{
    union {
        float f;
        uint32_t u;
        double d;
        int64_t i;
        int32_t w;
        uint16_t h;
    } v = {.i = 0};
    if (!strcmp(type, "F32")) return memcpy(&v, at, 4), (double)v.f;
    if (!strcmp(type, "F64")) return memcpy(&v, at, 8), v.d;
    if (!strcmp(type, "I64")) return memcpy(&v, at, 8), (double)v.i;
    if (!strcmp(type, "I32")) return memcpy(&v, at, 4), (double)v.w;
    if (!strcmp(type, "F16")) return memcpy(&v, at, 2), golden_half(v.h);
    if (!strcmp(type, "BF16")) return memcpy(&v, at, 2), v.u = (uint32_t)v.h << 16, (double)v.f;
    if (!strcmp(type, "U8") || !strcmp(type, "BOOL")) return *at;
    fprintf(stderr, "golden file: unknown type %s\n", type);
    exit(EXIT_FAILURE);
}

static inline void *golden_keep(struct golden *g, size_t bytes)
{
    void *p = g->n_given < 512 ? malloc(bytes + 1) : NULL;
    if (!p) {
        fprintf(stderr, "golden file: out of memory, or more than 512 arrays asked for\n");
        exit(EXIT_FAILURE);
    }
    g->given[g->n_given++] = p;
    return p;
}

// All values of a tensor, whatever its type; *count may be NULL. The array belongs to the golden.
static inline const double *golden_f64(struct golden *g, const char *name, uint64_t *count)
{
    uint64_t n = golden_count(g, name);
    const json_t *entry = json_object_get(g->header, name), *span = json_object_get(entry, "data_offsets");
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    uint64_t begin = (uint64_t)json_integer_value(json_array_get(span, 0));
    uint64_t end = (uint64_t)json_integer_value(json_array_get(span, 1)), each = n ? (end - begin) / n : 0;
    double *out = golden_keep(g, (size_t)n * sizeof *out);
    for (uint64_t i = 0; i < n && end <= g->size; i++) out[i] = golden_value(type, g->bytes + begin + i * each);
    if (count) *count = n;
    return out;
}

static inline const float *golden_f32(struct golden *g, const char *name, uint64_t *count)
{
    uint64_t n = 0;
    const double *wide = golden_f64(g, name, &n);
    float *out = golden_keep(g, (size_t)n * sizeof *out);
    for (uint64_t i = 0; i < n; i++) out[i] = (float)wide[i];
    if (count) *count = n;
    return out;
}

static inline const int32_t *golden_i32(struct golden *g, const char *name, uint64_t *count)
{
    uint64_t n = 0;
    const double *wide = golden_f64(g, name, &n);
    int32_t *out = golden_keep(g, (size_t)n * sizeof *out);
    for (uint64_t i = 0; i < n; i++) out[i] = (int32_t)wide[i];
    if (count) *count = n;
    return out;
}

// ||a - b|| / ||b||, in double. Infinite when anything is not finite.
static inline double golden_error(const float *a, const float *b, uint64_t n)
{
    double diff = 0, norm = 0;
    for (uint64_t i = 0; i < n; i++) {
        double d = (double)a[i] - b[i];
        diff += d * d;
        norm += (double)b[i] * b[i];
    }
    if (!isfinite(diff)) return INFINITY;
    return norm > 0 ? sqrt(diff / norm) : sqrt(diff);
}

#endif
