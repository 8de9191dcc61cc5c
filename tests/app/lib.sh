# lib.sh PROGRAM [ARTEFACTS] — shared by the tests of the window: a screen of its own, the program on it, its events as
# JSON lines, real mouse and keyboard through XTest, screenshots that are asked what is in them.
# shellcheck shell=sh
vkdit=$(realpath "${1:?program}")
keep=${2-} # screenshots are kept here
for tool in Xvfb xdotool import convert compare; do
    command -v $tool >/dev/null || { echo "no $tool here: the window cannot be tried"; exit 77; }
done
here=$(mktemp -d)
cd "$here" || exit 1
failed=0
app=
screen=
quit() {
    [ -n "$app" ] && kill "$app" 2>/dev/null
    [ -n "$screen" ] && kill "$screen" 2>/dev/null
    wait
    rm -rf "$here"
}
trap quit EXIT
export HOME="$here" SDL_VIDEODRIVER=x11 SDL_RENDER_DRIVER=software SDL_AUDIODRIVER=dummy
unset VKDIT_MODEL WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_PICTURES_DIR GDK_SCALE

wrong() {
    printf 'FAILED: %s\n' "$*" >&2
    tail -n 3 events 2>/dev/null | sed 's/^/    event: /' >&2
    sed 's/^/    stderr: /' err 2>/dev/null | tail -n 20 >&2
    failed=$((failed + 1))
}
finish() {
    grep -hE 'VUID-|SYNC-HAZARD|UNASSIGNED-' events err && wrong "the validation layer complained"
    [ -n "$keep" ] && mkdir -p "$keep" && cp ./*.png "$keep" 2>/dev/null
    [ $failed = 0 ] && { echo "ok"; exit 0; }
    echo "$failed checks failed" >&2
    exit 1
}
soon() { sleep "${1:-0.3}"; }

# open_screen: Xvfb on a free number
open_screen() {
    mkfifo number
    Xvfb -displayfd 3 -screen 0 1400x900x24 -nolisten tcp >xvfb.log 2>&1 3>number &
    screen=$!
    DISPLAY=:$(head -n 1 <number)
    export DISPLAY
}
# open_window words...: starts the program and waits until it has drawn
open_window() {
    "$vkdit" "$@" >events 2>err &
    app=$!
    await 1 '"event":"window"' "the window to open"
}
# ended WANTED: waits for the program, checks its exit code
ended() {
    for _ in $(seq 300); do
        kill -0 "$app" 2>/dev/null || break
        sleep 0.1
    done
    if kill -0 "$app" 2>/dev/null; then
        wrong "the program did not end"
        kill -9 "$app"
    fi
    wait "$app"
    got=$?
    app=
    [ $got = "$1" ] || wrong "exit code $got, wanted $1"
}
# count PATTERN: events so far
count() { grep -c -- "$1" events; }
# await N PATTERN WHAT: until there are N such events
await() {
    for _ in $(seq "${VKDIT_TEST_PATIENCE:-600}"); do
        [ "$(count "$2")" -ge "$1" ] && return 0
        kill -0 "$app" 2>/dev/null || break
        sleep 0.1
    done
    wrong "waited in vain for $3"
    return 1
}
key() { xdotool key --delay 30 "$@"; }
shot() { import -silent -window root "$1.png" && convert "$1.png" +repage "$1.png"; }
# rect NAME: "WxH+X+Y" of canvas, strip or panel on the screen, from the last layout event
rect() {
    set -- "$1" "$(xdotool search --name '^vkdit$' | tail -n 1)"
    eval "$(xdotool getwindowgeometry --shell "$2" | grep -E '^(X|Y)=')"
    grep '"event":"layout"' events | tail -n 1 | sed "s/.*\"$1\":\[\([0-9.]*\),\([0-9.]*\),\([0-9.]*\),\([0-9.]*\)\].*/\1 \2 \3 \4/" |
        awk -v X="$X" -v Y="$Y" '{ printf "%dx%d+%d+%d", $3, $4, $1 + X, $2 + Y }'
}
# spread IMAGE RECT: standard deviation of what is there, in percent; 0 is one flat colour
spread() { convert "$1.png" -crop "$2" +repage -format '%[fx:100*standard_deviation]' info: | cut -d. -f1; }
# changed A B RECT: pixels that differ by more than a little, in percent
changed() {
    convert "$1.png" -crop "$3" +repage a.tmp.png && convert "$2.png" -crop "$3" +repage b.tmp.png
    pixels=$(compare -fuzz 8% -metric AE a.tmp.png b.tmp.png null: 2>&1 | awk '{ print int($1) }')
    rm -f a.tmp.png b.tmp.png
    echo "$3" | awk -F'[x+]' -v n="$pixels" '{ printf "%d", 100 * n / ($1 * $2) }'
}
# at NAME FX FY: moves the mouse to that part of a place
at() {
    # shellcheck disable=SC2046 # two numbers
    xdotool mousemove $(rect "$1" | awk -F'[x+]' -v fx="$2" -v fy="$3" '{ printf "%d %d", $3 + fx * $1, $4 + fy * $2 }')
}
