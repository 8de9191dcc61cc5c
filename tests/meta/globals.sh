#!/bin/sh
# globals.sh SOURCE BUILD — no object of the library holds writable data. The one exception is volk's loader,
# which keeps the entry points of the Vulkan library itself (the same for every context).
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"
objects=$(find "${2:?build folder}/CMakeFiles/vkdit_objects.dir" -name '*.o')
[ -n "$objects" ] || complain "no objects found under $2"
for o in $objects; do
    # symbol table lines: address flags section TAB size name; .data.rel.ro is constant after loading
    state=$(objdump -t "$o" | awk -F'\t' '
        { n = split($1, left, " "); section = left[n]; split($2, right, " ") }
        section ~ /^\.(data|bss|tdata|tbss)/ && section !~ /^\.data\.rel\.ro/ && right[2] != section && right[2] !~ /^(vk|volk|loadedInstance$|loadedDevice$|loadedModule$)/ { print right[2] }
        section == "*COM*" { print right[2] }')
    [ -z "$state" ] || complain "$o has mutable globals:" $state
done
finish "no mutable globals in $(printf '%s\n' "$objects" | wc -l) objects"
