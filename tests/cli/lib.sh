# lib.sh PROGRAM — shared by the tests of this folder: a scratch folder, and checks that count.
# shellcheck shell=sh
vkdit=${1:?program}
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 1
failed=0
unset VKDIT_MODEL DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER # no window opens
wrong() {
    printf 'FAILED: %s\n' "$*" >&2
    [ -s err ] && sed 's/^/    stderr: /' err >&2
    failed=$((failed + 1))
}
# run WANTED_EXIT_CODE words...: runs the program, keeps out and err
run() {
    want=$1
    shift
    "$vkdit" "$@" >out 2>err
    got=$?
    [ $got = "$want" ] || wrong "vkdit $*: exit code $got, wanted $want"
}
# fails WANTED_EXIT_CODE "text" words...: one line on standard error that holds the text, nothing on standard output
fails() {
    code=$1 text=$2
    shift 2
    run "$code" "$@"
    [ "$(wc -l <err)" = 1 ] || wrong "vkdit $*: not one line of error"
    grep -q '^vkdit: ' err || wrong "vkdit $*: the line does not begin with vkdit:"
    grep -qF -- "$text" err || wrong "vkdit $*: the line lacks \"$text\""
    [ -s out ] && wrong "vkdit $*: wrote on standard output"
}
says() { grep -qF -- "$2" "$1" || wrong "$3: $1 lacks \"$2\""; }
same() { cmp -s "$1" "$2" || wrong "$1 and $2 differ"; }
absent() { [ ! -e "$1" ] || wrong "$1 exists"; }
present() { [ -s "$1" ] || wrong "$1 is missing"; }
finish() {
    [ $failed = 0 ] && { echo "ok"; exit 0; }
    echo "$failed checks failed" >&2
    exit 1
}
