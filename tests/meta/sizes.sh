#!/bin/sh
# sizes.sh — lengths of files and functions against our aims. Only reports: a longer function may be the clearer one.
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"
for f in $(find src tests -name '*.[ch]'); do
    awk -v file="$f" '
        /^[a-zA-Z].*\)$/ && !/;/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        /^{/ { start = NR }
        /^}/ && start { if (NR - start - 1 > 60) printf "long function: %s:%d %s, %d lines\n", file, start, name, NR - start - 1; start = 0 }
        END { if (NR > 800) printf "long file: %s, %d lines\n", file, NR }' "$f"
done
finish "lengths reported"
