# lib.sh — shared by the checks of this folder: go to the source tree, collect complaints, end honestly.
# shellcheck shell=sh
cd "${1:?source folder}" || exit 1
found=0
complain() {
    printf '%s\n' "$*" >&2
    found=$((found + 1))
}
finish() { # "what was checked"
    [ $found = 0 ] || { printf '%d complaints: %s\n' $found "$1" >&2; exit 1; }
    printf 'ok: %s\n' "$1"
}
