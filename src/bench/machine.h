// machine.h — what a result must say about where it was made, and nothing about whose machine it is: no user name, no
// host name, no serial numbers. What cannot be read is "not available".
#ifndef VKDIT_BENCH_MACHINE_H
#define VKDIT_BENCH_MACHINE_H

#include "gpu/gpu.h"

#include <jansson.h>

// Where the system tells things; tests give folders of their own. NULL = the real ones.
struct machine_roots {
    const char *sys, *proc, *etc;
};

struct sensors { // NAN: not available
    double core_mhz, memory_mhz, watts, celsius;
};

// PCI address of the device, as sysfs spells it ("0000:03:00.0"); "" when it has none or does not tell.
void machine_pci(const struct gpu *g, char *out, size_t room);
struct sensors machine_sensors(const struct machine_roots *r, const char *pci);

json_t *machine_json(const struct machine_roots *r, struct err *e); // system, kernel, CPU, memory
json_t *machine_device_json(const struct gpu *g, const struct machine_roots *r, struct err *e);
json_t *machine_sensors_json(const struct sensors *s, struct err *e);
json_t *machine_build_json(struct err *e); // how this program was made

#endif
