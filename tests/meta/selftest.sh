#!/bin/sh
# selftest.sh — the checks of this folder can fail: each is run on a tree with one fault and must complain.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
must_fail() { # check, fault
    if sh "$here/$1.sh" "$tree" "${3-}" >/dev/null 2>&1; then
        echo "$1.sh did not notice: $2" >&2
        failed=1
    fi
    rm -rf "$tree/src" "$tree/build" "$tree/stray" "$tree/include"
    mkdir -p "$tree/src/base" "$tree/src/gpu" "$tree/include" "$tree/build/CMakeFiles/vkdit_objects.dir"
}
must_fail symbols "a missing library" >/dev/null 2>&1

echo '#include "gpu/gpu.h"' >"$tree/src/base/a.c"
touch "$tree/src/gpu/gpu.h"
must_fail layers "base includes gpu"
echo '#include <volk.h>' >"$tree/src/base/a.c"
must_fail layers "base includes volk"
mkdir "$tree/src/unknown"
must_fail layers "an unknown folder"
echo 'void f(void) { goto end; end:; }' >"$tree/src/base/a.c"
must_fail words "a jump"
echo 'void f(void) { exit(1); }' >"$tree/src/base/a.c"
must_fail words "exit in the library"
echo 'char *f(void) { return getenv("VKDIT_DEVICE"); }' >"$tree/src/gpu/a.c"
must_fail words "getenv in the library"
mkdir "$tree/stray"
must_fail words "a stray folder"
echo 'struct unknown_type f(struct never n);' >"$tree/src/base/a.h"
must_fail headers "a header that does not compile" cc
echo 'static int counter; int f(void) { return counter++; }' | cc -x c -c - -o "$tree/build/CMakeFiles/vkdit_objects.dir/a.o"
must_fail globals "a static counter" "$tree/build"
[ $failed = 0 ] && echo "ok: every check can fail"
exit $failed
