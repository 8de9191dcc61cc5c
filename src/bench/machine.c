// machine.c — see machine.h. Reads sysfs, /proc and Vulkan; every value has a limit and may be missing.
#include "bench/machine.h"

#include "engine/json_text.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char missing[] = "not available";
enum { PATH = 512, LINE = 256 };

static const char *sys_root(const struct machine_roots *r)
{
    return r && r->sys ? r->sys : "/sys";
}

// The first line of a small file, cleaned. False when it cannot be read or is empty.
static bool first_line(const char *path, char *out, size_t room)
{
    char line[LINE] = "";
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(line, sizeof line, f);
    if (f) fclose(f);
    line[strcspn(line, "\n")] = 0;
    text_clean(out, room, line, strlen(line));
    return ok && line[0];
}

static bool number_in(const char *path, double *out)
{
    char line[LINE], *end;
    if (!first_line(path, line, sizeof line)) return false;
    *out = strtod(line, &end);
    return end != line && isfinite(*out);
}

// The value of the first "KEY<sep>value" line; quotes around it are dropped.
static bool keyed_line(const char *path, const char *key, char sep, char *out, size_t room)
{
    char line[LINE];
    bool found = false;
    FILE *f = fopen(path, "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        char *at = strchr(line, sep);
        if (!at || strncmp(line, key, strlen(key)) != 0) continue;
        at++;
        at += strspn(at, " \t\"");
        at[strcspn(at, "\"\n")] = 0;
        text_clean(out, room, at, strlen(at));
        found = true;
    }
    if (f) fclose(f);
    return found;
}

// --- the system ---------------------------------------------------------------------------------------------------

json_t *machine_json(const struct machine_roots *r, struct err *e)
{
    char path[PATH], text[LINE];
    struct utsname u;
    json_t *o = json_object();
    snprintf(path, sizeof path, "%s/os-release", r && r->etc ? r->etc : "/etc");
    json_put(o, "system", json_clean(keyed_line(path, "PRETTY_NAME", '=', text, sizeof text) ? text : missing), e);
    if (uname(&u) == 0) { // not the node name
        snprintf(text, sizeof text, "%.60s %.100s %.60s", u.sysname, u.release, u.machine);
        json_put(o, "kernel", json_clean(text), e);
    } else {
        json_put(o, "kernel", json_string(missing), e);
    }
    snprintf(path, sizeof path, "%s/cpuinfo", r && r->proc ? r->proc : "/proc");
    json_put(o, "cpu", json_clean(keyed_line(path, "model name", ':', text, sizeof text) ? text : missing), e);
    json_put(o, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)), e);
    json_put(o, "memory_bytes", json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE)), e);
    return o;
}

json_t *machine_build_json(struct err *e)
{
    json_t *o = json_object();
    json_put(o, "version", json_string(vkdit_version()), e);
#if defined(__clang__)
    json_put(o, "compiler", json_string("clang " __clang_version__), e);
#else
    json_put(o, "compiler", json_string("gcc " __VERSION__), e);
#endif
#ifdef __OPTIMIZE__
    json_put(o, "optimised", json_true(), e);
#else
    json_put(o, "optimised", json_false(), e);
#endif
    return o;
}

// --- sensors ------------------------------------------------------------------------------------------------------

void machine_pci(const struct gpu *g, char *out, size_t room)
{
    VkPhysicalDevicePCIBusInfoPropertiesEXT pci = {.sType =
                                                       VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &pci};
    VkExtensionProperties *list = NULL;
    uint32_t n = 0;
    bool has = false;
    out[0] = 0;
    if (vkEnumerateDeviceExtensionProperties(g->phys, NULL, &n, NULL) == VK_SUCCESS) list = calloc(n, sizeof *list);
    if (!list) return;
    if (vkEnumerateDeviceExtensionProperties(g->phys, NULL, &n, list) == VK_SUCCESS)
        for (uint32_t i = 0; i < n; i++) has |= !strcmp(list[i].extensionName, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
    free(list);
    if (!has) return;
    vkGetPhysicalDeviceProperties2(g->phys, &all);
    snprintf(out, room, "%04x:%02x:%02x.%x", pci.pciDomain, pci.pciBus, pci.pciDevice, pci.pciFunction);
}

static bool device_file(const struct machine_roots *r, const char *pci, const char *leaf, char *path)
{
    int n = snprintf(path, PATH, "%s/bus/pci/devices/%s/%s", sys_root(r), pci, leaf);
    return pci[0] && n > 0 && n < PATH;
}

// The device's own hwmon folder; there may be several numbers, never several of interest.
static bool hwmon_folder(const struct machine_roots *r, const char *pci, char *path)
{
    char folder[PATH];
    bool found = false;
    if (!device_file(r, pci, "hwmon", folder)) return false;
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && !found && (entry = readdir(d));) {
        if (strncmp(entry->d_name, "hwmon", 5) != 0) continue;
        int n = snprintf(path, PATH, "%.300s/%.60s", folder, entry->d_name);
        found = n > 0 && n < PATH;
    }
    if (d) closedir(d);
    return found;
}

static double reading(const char *folder, const char *first, const char *second, double scale)
{
    const char *names[] = {first, second};
    char path[PATH + 40];
    double v;
    for (int i = 0; i < 2; i++) {
        if (!names[i]) continue;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (number_in(path, &v)) return v * scale;
    }
    return NAN;
}

struct sensors machine_sensors(const struct machine_roots *r, const char *pci)
{
    struct sensors s = {NAN, NAN, NAN, NAN};
    char folder[PATH];
    if (!hwmon_folder(r, pci, folder)) return s;
    s.core_mhz = reading(folder, "freq1_input", NULL, 1e-6);
    s.memory_mhz = reading(folder, "freq2_input", NULL, 1e-6);
    s.watts = reading(folder, "power1_average", "power1_input", 1e-6);
    s.celsius = reading(folder, "temp1_input", NULL, 1e-3);
    return s;
}

static json_t *number_or_missing(double v)
{
    return isnan(v) ? json_string(missing) : json_real(v);
}

json_t *machine_sensors_json(const struct sensors *s, struct err *e)
{
    json_t *o = json_object();
    json_put(o, "core_mhz", number_or_missing(s->core_mhz), e);
    json_put(o, "memory_mhz", number_or_missing(s->memory_mhz), e);
    json_put(o, "watts", number_or_missing(s->watts), e);
    json_put(o, "celsius", number_or_missing(s->celsius), e);
    return o;
}

// --- the device ---------------------------------------------------------------------------------------------------

static json_t *heaps_json(const struct caps *c, struct err *e)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->n_heap; i++) {
        json_t *h = json_object();
        json_put(h, "size_bytes", json_integer((json_int_t)c->heap[i].bytes), e);
        json_put(h, "device_local", json_boolean(c->heap[i].device_local), e);
        json_put(h, "host_visible", json_boolean(c->heap[i].host_visible), e);
        json_add(list, h, e);
    }
    return list;
}

// A discrete device whose large local heap the host can map has a resizable BAR; the classic window is 256 MiB.
static const char *rebar(const struct caps *c)
{
    if (c->type != CAPS_DISCRETE) return "does not apply";
    for (uint32_t i = 0; i < c->n_heap; i++)
        if (c->heap[i].device_local && c->heap[i].host_visible && c->heap[i].bytes > 256ull << 20) return "yes";
    return "no";
}

static json_t *link_json(const struct machine_roots *r, const char *pci)
{
    char path[PATH], speed[LINE], width[LINE], text[2 * LINE + 8];
    bool ok = device_file(r, pci, "current_link_speed", path) && first_line(path, speed, sizeof speed) &&
              device_file(r, pci, "current_link_width", path) && first_line(path, width, sizeof width);
    if (!ok) return json_string(missing);
    snprintf(text, sizeof text, "%s x%s", speed, width);
    return json_clean(text);
}

json_t *machine_device_json(const struct gpu *g, const struct machine_roots *r, struct err *e)
{
    static const char *const types[] = {"other", "integrated GPU", "discrete GPU", "virtual GPU", "CPU"};
    const struct caps *c = &g->caps;
    char text[64], pci[32];
    machine_pci(g, pci, sizeof pci);
    json_t *o = json_object(), *on = json_object();
    json_put(o, "name", json_clean(c->name), e);
    json_put(o, "vendor", json_clean(c->vendor_name), e);
    json_put(o, "type", json_string(types[c->type]), e);
    snprintf(text, sizeof text, "%04x:%04x", c->vendor, c->device);
    json_put(o, "id", json_string(text), e);
    json_put(o, "driver", json_clean(c->driver_name), e);
    json_put(o, "driver_version", json_clean(c->driver_info), e);
    snprintf(text, sizeof text, "%u.%u.%u", VK_API_VERSION_MAJOR(c->api), VK_API_VERSION_MINOR(c->api),
             VK_API_VERSION_PATCH(c->api));
    json_put(o, "vulkan", json_string(text), e);
    json_put(o, "heaps", heaps_json(c, e), e);
    json_put(o, "resizable_bar", json_string(rebar(c)), e);
    json_put(o, "pcie_link", link_json(r, pci), e);
    json_put(o, "subgroup", json_integer(c->subgroup), e);
    json_put(on, "fp16_arithmetic", json_boolean(c->f16_math), e);
    json_put(on, "storage_16bit", json_boolean(c->f16_store), e);
    json_put(on, "integer_dot_product", json_boolean(c->int_dot), e);
    json_put(on, "buffer_addresses", json_boolean(c->addresses), e);
    json_put(on, "cooperative_matrix", json_boolean(c->coop1), e);
    json_put(on, "cooperative_matrix_2", json_boolean(c->coop2), e);
    json_put(on, "timestamps", json_boolean(c->timestamps), e);
    json_put(o, "features", on, e);
    return o;
}
