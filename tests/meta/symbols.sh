#!/bin/sh
# symbols.sh SOURCE LIBRARY — the shared library exports what include/vkdit.h declares, nothing else.
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"
declared=$(awk '/^VKDIT_API/ { text = $0; sub(/\(.*/, "", text); sub(/.*[ *]/, "", text); print text }' include/vkdit.h | sort)
exported=$(nm -D --defined-only "${2:?library}" | awk '{ print $3 }' | sort)
[ "$(printf '%s\n' "$declared" | wc -l)" -gt 10 ] || complain "found too few declarations in vkdit.h"
for s in $declared; do printf '%s\n' "$exported" | grep -qx "$s" || complain "declared but not exported: $s"; done
for s in $exported; do printf '%s\n' "$declared" | grep -qx "$s" || complain "exported but not declared: $s"; done
finish "exported symbols"
