// test_gpu_choose.c — which device a wish names, on made-up machines. Needs no driver.
#include "check.h"
#include "gpu/gpu.h"

#include <string.h>

static struct caps machine(const char *name, enum caps_type type, uint64_t heap, uint8_t id)
{
    struct caps c = {.type = type, .heap_bytes = heap};
    snprintf(c.name, sizeof c.name, "%s", name);
    memset(c.uuid, id, sizeof c.uuid);
    return c;
}

static void expect(const struct caps *list, uint32_t n, const char *wish, uint32_t want, const char *why_part)
{
    uint32_t index = 99;
    char why[200] = "";
    struct err e = {0};
    const char *shown = wish ? wish : "(none)";
    CHECK(gpu_choose(list, n, wish, &index, why, sizeof why, &e), "%s: %s", shown, e.text);
    CHECK(index == want, "%s: took %u, wanted %u (%s)", shown, index, want, why);
    CHECK(strstr(why, why_part), "%s: why is \"%s\", wanted \"%s\" in it", shown, why, why_part);
}

static void refuse(const struct caps *list, uint32_t n, const char *wish, enum err_code code, const char *part)
{
    uint32_t index = 99;
    char why[200] = "";
    struct err e = {0};
    const char *shown = wish ? wish : "(none)";
    CHECK(!gpu_choose(list, n, wish, &index, why, sizeof why, &e), "%s: took %u", shown, index);
    CHECK(e.code == code, "%s: code %d, wanted %d", shown, (int)e.code, (int)code);
    CHECK(strstr(e.text, part), "%s: \"%s\" lacks \"%s\"", shown, e.text, part);
}

static void test_office(void)
{
    struct caps list[] = {
        machine("llvmpipe (LLVM 15.0.6, 256 bits)", CAPS_CPU, (uint64_t)64 << 30, 1),
        machine("Intel(R) UHD Graphics 770", CAPS_INTEGRATED, (uint64_t)48 << 30, 2),
        machine("NVIDIA GeForce RTX 3090", CAPS_DISCRETE, (uint64_t)24 << 30, 3),
        machine("NVIDIA GeForce RTX 4090", CAPS_DISCRETE, (uint64_t)24 << 30, 0xab),
    };
    expect(list, 4, NULL, 2, "discrete");
    expect(list, 4, "", 2, "best of 4");
    expect(list, 4, "0", 0, "asked");
    expect(list, 4, "3", 3, "asked");
    expect(list, 4, "uhd", 1, "\"uhd\"");
    expect(list, 4, "LLVMPIPE", 0, "as asked");
    expect(list, 4, "4090", 3, "\"4090\"");
    expect(list, 4, "rtx", 2, "best of 2");
    expect(list, 4, "abababab-abab-abab-abab-ababababABAB", 3, "UUID");
    expect(list, 4, "abababababababababababababababab", 3, "UUID");
    expect(list, 2, NULL, 1, "integrated");
    expect(list, 1, NULL, 0, "CPU");
    refuse(list, 4, "radeon", ERR_ARG, "0: llvmpipe");
    refuse(list, 3, "7", ERR_ARG, "no device is \"7\"");
}

static void test_broken(void)
{
    struct caps list[] = {
        machine("Old GPU", CAPS_DISCRETE, (uint64_t)4 << 30, 1),
        machine("llvmpipe", CAPS_CPU, (uint64_t)8 << 30, 2),
        machine("SwiftShader", CAPS_CPU, (uint64_t)1 << 30, 3),
    };
    snprintf(list[0].refused, sizeof list[0].refused, "it offers Vulkan 1.0, and 1.1 is needed");
    expect(list, 3, NULL, 1, "CPU");
    expect(list, 3, NULL, 1, "nothing better");
    expect(list, 3, "swift", 2, "as asked");
    refuse(list, 3, "0", ERR_UNSUPPORTED, "1.1 is needed");
    refuse(list, 3, "old", ERR_UNSUPPORTED, "1.1 is needed");
    refuse(list, 1, NULL, ERR_UNSUPPORTED, "1.1 is needed");
    refuse(list, 0, NULL, ERR_DEVICE, "install");
    refuse(list, 0, "0", ERR_DEVICE, "install");
    refuse(list, 3, "03030303-0303", ERR_ARG, "index, part of a name, or UUID");
    refuse(list, 3, "ffffffffffffffffffffffffffffffff", ERR_ARG, "no device");
    refuse(list, 3, "\x1b]0;x\a", ERR_ARG, "\\x1B");
}

int main(void)
{
    test_office();
    test_broken();
    return check_done();
}
