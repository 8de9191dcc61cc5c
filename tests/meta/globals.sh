#!/bin/sh
# globals.sh SOURCE BUILD — no object of the library holds writable data. The one exception is src/gpu/loader.c,
# where volk keeps the entry points of the Vulkan library itself (the same for every context) behind a lock.
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"
objects=$(find "${2:?build folder}/CMakeFiles/vkdit_objects.dir" -name '*.o')
[ -n "$objects" ] || complain "no objects found under $2"
for o in $objects; do
    # symbol table lines: address flags section TAB size [.hidden] name; .data.rel.ro is constant after loading
    state=$(objdump -t "$o" | awk -F'\t' -v loader="${o##*/src/gpu/}" '
        { n = split($1, left, " "); section = left[n]; n = split($2, right, " "); name = right[n] }
        name == section { next }
        loader == "loader.c.o" && name ~ /^(vk|volk|loaded|lock$)/ { next }
        section ~ /^\.(data|bss|tdata|tbss)/ && section !~ /^\.data\.rel\.ro/ { print name }
        section == "*COM*" { print name }')
    [ -z "$state" ] || complain "$o has mutable globals:" $state
done
finish "no mutable globals in $(printf '%s\n' "$objects" | wc -l) objects"
