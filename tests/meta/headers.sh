#!/bin/sh
# headers.sh SOURCE CC [CXX] — every header compiles alone; the public one also as C++17.
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"
sdl=$(pkg-config --cflags sdl2 2>/dev/null)
for h in include/*.h src/*/*.h; do
    if [ -z "$sdl" ] && grep -q '#include <SDL' "$h"; then continue; fi # the window is optional
    if grep -q '#include <xcb/' "$h" && ! pkg-config --exists xcb; then continue; fi
    "$2" -std=c11 -Wall -Wextra -Wno-missing-field-initializers -Wno-unused-function -Werror -fsyntax-only -Isrc -Iinclude $sdl -include "$h" -x c /dev/null ||
        complain "$h does not compile alone"
done
case $3 in
'' | *NOTFOUND) echo "no C++ compiler: vkdit.h was tried in C only" ;;
*) "$3" -std=c++17 -Wall -Wextra -pedantic -Werror -fsyntax-only -include include/vkdit.h -x c++ /dev/null ||
    complain "vkdit.h is not C++17" ;;
esac
finish "headers compile alone"
