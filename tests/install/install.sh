#!/bin/sh
# install.sh SOURCE BUILD — installs into a temporary prefix, moves it, and builds outside consumers against it:
# with find_package and with pkg-config, in C and in C++, then runs them.
set -e
source=${1:?} build=${2:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

cmake --install "$build" --prefix "$work/first" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mv "$work/first" "$work/prefix" # an installed tree may be moved
prefix=$work/prefix
find "$prefix" -type f -o -type l | sed "s|^$prefix/||" | sort
lib=$(dirname "$(find "$prefix" -name 'libvkdit.so' | head -n 1)")
export PKG_CONFIG_PATH="$lib/pkgconfig"

for f in include/vkdit.h bin/vkdit; do
    [ -e "$prefix/$f" ] || { echo "not installed: $f" >&2; status=1; }
done
soname=$(objdump -p "$lib/libvkdit.so" | awk '/SONAME/ { print $2 }')
[ -e "$lib/$soname" ] && [ "$soname" != libvkdit.so ] || { echo "soname $soname is not a versioned file" >&2; status=1; }

command -v c++ >/dev/null || { echo "no C++ compiler" >&2; exit 77; }
mkdir "$work/outside"
cp "$source"/tests/install/consumer.c "$source"/tests/install/consumer.cpp "$source"/tests/install/CMakeLists.txt "$work/outside"
cmake -S "$work/outside" -B "$work/outside/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
cmake --build "$work/outside/build"
"$work/outside/build/consumer_c"
"$work/outside/build/consumer_cpp"

# shellcheck disable=SC2046 # flags are words
cc -std=c11 -Wall -Wextra -Werror "$work/outside/consumer.c" $(pkg-config --cflags --libs vkdit) -Wl,-rpath,"$lib" -o "$work/by_pc_c"
# shellcheck disable=SC2046
c++ -std=c++17 -Wall -Wextra -Werror "$work/outside/consumer.cpp" $(pkg-config --cflags --libs vkdit) -Wl,-rpath,"$lib" -o "$work/by_pc_cpp"
"$work/by_pc_c" | head -n 1
"$work/by_pc_cpp"
[ "$(pkg-config --modversion vkdit)" = "$("$work/by_pc_c" | sed -n '1s/^vkdit //p')" ] || { echo "vkdit.pc and vkdit_version() disagree" >&2; status=1; }
[ ! -e "$prefix/bin/vkdit" ] || "$prefix/bin/vkdit" --version
exit $status
