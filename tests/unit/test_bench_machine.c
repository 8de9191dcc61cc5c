// test_bench_machine.c — sensors and system facts read from a made-up /sys, /proc and /etc; nobody's name gets in.
#include "check.h"
#include "scratch.h"

#include "bench/machine.h"

#include <math.h>

static void put(const char *root, const char *path, const char *text)
{
    char full[600];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')); s++) {
        *s = 0;
        mkdir(full, 0700);
        *s = '/';
    }
    FILE *f = fopen(full, "w");
    CHECK(f && fputs(text, f) >= 0, "cannot write %s", full);
    if (f) fclose(f);
}

static void sensors(const char *root)
{
    const struct machine_roots r = {root, root, root};
    struct sensors s = machine_sensors(&r, "0000:03:00.0");
    CHECK(isnan(s.watts) && isnan(s.core_mhz) && isnan(s.celsius), "sensors of nothing");
    put(root, "bus/pci/devices/0000:03:00.0/hwmon/hwmon4/power1_average", "123000000\n");
    put(root, "bus/pci/devices/0000:03:00.0/hwmon/hwmon4/temp1_input", "61000\n");
    put(root, "bus/pci/devices/0000:03:00.0/hwmon/hwmon4/freq1_input", "2304000000\n");
    s = machine_sensors(&r, "0000:03:00.0");
    CHECK(s.watts == 123 && s.celsius == 61 && s.core_mhz == 2304, "%g W, %g C, %g MHz", s.watts, s.celsius,
          s.core_mhz);
    CHECK(isnan(s.memory_mhz), "a clock that nobody wrote: %g", s.memory_mhz);
    CHECK(isnan(machine_sensors(&r, "").watts), "a device without an address has no sensors");
    put(root, "bus/pci/devices/0000:04:00.0/hwmon/hwmon9/power1_average", "lots\n");
    CHECK(isnan(machine_sensors(&r, "0000:04:00.0").watts), "words are not watts");
}

static void texts(const char *root)
{
    struct err e = {0};
    const struct machine_roots r = {root, root, root};
    struct sensors none = {NAN, NAN, NAN, 40};
    json_t *j = machine_sensors_json(&none, &e);
    CHECK(!strcmp(json_string_value(json_object_get(j, "watts")), "not available"), "a missing value needs the words");
    CHECK(json_real_value(json_object_get(j, "celsius")) == 40, "a value that is there");
    json_decref(j);
    j = machine_json(&r, &e);
    CHECK(!strcmp(json_string_value(json_object_get(j, "system")), "not available"), "no os-release");
    json_decref(j);
    put(root, "os-release", "NAME=\"X\"\nPRETTY_NAME=\"Some System 12\"\n");
    put(root, "cpuinfo", "processor\t: 0\nmodel name\t: A \x1b[31mCPU\n");
    j = machine_json(&r, &e);
    CHECK(!strcmp(json_string_value(json_object_get(j, "system")), "Some System 12"), "%s",
          json_string_value(json_object_get(j, "system")));
    const char *cpu = json_string_value(json_object_get(j, "cpu"));
    CHECK(cpu && !strchr(cpu, 0x1b) && !strncmp(cpu, "A ", 2), "control bytes in %s", cpu ? cpu : "nothing");
    char host[256] = "", *all = json_dumps(j, 0);
    if (!gethostname(host, sizeof host - 1) && strlen(host) > 5)
        CHECK(!strstr(all, host), "the host's name is in %s", all);
    const char *user = getenv("USER");
    if (user && strlen(user) > 4) CHECK(!strstr(all, user), "the user's name is in %s", all);
    free(all);
    json_decref(j);
    CHECK(e.code == ERR_NONE, "%s", e.text);
}

int main(void)
{
    struct scratch s;
    scratch_open(&s);
    sensors(s.dir);
    texts(s.dir);
    scratch_close(&s);
    return check_done();
}
