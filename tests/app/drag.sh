#!/bin/sh
# drag.sh PROGRAM [ARTEFACTS] — a picture is dragged out of the gallery: another program gets the file, the window goes on
# whatever that program does. VKDIT_DRAG_TARGET is that program (drag_target.c).
# shellcheck source=tests/app/lib.sh
. "$(dirname "$0")/lib.sh"
target=${VKDIT_DRAG_TARGET:?drag_target}
folder="$here/a folder é #1"
open_screen
mkdir "$folder"
"$vkdit" generate --quiet --synthetic tiny --steps 2 -o "$folder/one & two.png" || exit 1

open_window window --json --synthetic tiny --steps 9 --output "$folder"
await 1 '"event":"model"' "the model"
key g
await 1 '"event":"gallery","pictures":1' "the gallery"

# going: a drag is under way; counted from what the program says, for one that begins late has still begun
going() { [ "$(count '"event":"drag"')" -gt "$(count '"event":"dragged"')" ]; }
# take_up: presses the button on the first picture and pulls; again when the button went up and down too fast to be seen
take_up() {
    for _ in 1 2 3 4 5; do
        at panel 0.17 0.32
        xdotool mousedown 1
        at panel 0.2 0.36
        for _ in $(seq 40); do
            going && return 0
            sleep 0.1
        done
        at canvas 0.5 0.5
        xdotool mouseup 1
        soon
    done
    wrong "a drag does not begin"
}
let_go() {
    over=$(count '"event":"dragged"')
    xdotool mouseup 1
    await $((over + 1)) '"event":"dragged"' "the end of drag $((over + 1))"
}
taken() { grep '"event":"dragged"' events | tail -n 1 | grep -q "\"taken\":$1"; }
# other HOW: opens another program's window at the left edge of the screen
other() {
    : >dropped
    "$target" "$1" 5 300 >>dropped 2>&1 &
    other=$!
    heard ready
}
heard() {
    for _ in $(seq "${VKDIT_TEST_PATIENCE:-600}"); do
        grep -q "$1" dropped && return 0
        kill -0 "$other" 2>/dev/null || grep -q "$1" dropped || break
        sleep 0.1
    done
    wrong "the other program never said: $1"
    return 1
}
over_other() {
    : >dropped
    xdotool mousemove 300 350 mousemove 100 350 mousemove 60 350
    heard enter
}

# --- to a program that takes it ---
uri="file://$(printf '%s' "$here" | sed 's/[^A-Za-z0-9\/._-]/?/g')/a%20folder%20%C3%A9%20%231/one%20%26%20two.png"
for how in take proxy; do
    other $how
    take_up
    over_other
    [ $how = proxy ] || shot carried
    let_go
    heard got || kill "$other"
    wait "$other"
    taken true || wrong "$how: the program got it and the window does not know"
    [ "$(grep got dropped | tr -d '\r')" = "got $uri" ] || wrong "$how: wanted $uri, $(cat dropped)"
done

# --- to one that does not want it; moving on; Esc ---
other refuse
take_up
over_other
let_go
taken false || wrong "refused, and told as taken"
heard leave
take_up
over_other
xdotool mousemove 400 200
heard leave
over_other
key Escape
heard leave
let_go
taken false || wrong "Esc does not end a drag"
kill "$other"
wait "$other" 2>/dev/null

# --- to one that is gone when it has to answer, to nothing, to our own window ---
other vanish
take_up
over_other
let_go
heard vanished
taken false || wrong "taken by a program that is gone"
take_up
xdotool mousemove 700 5
let_go
taken false || wrong "the empty screen took it"
take_up
at canvas 0.5 0.5
let_go
taken false || wrong "the window took it from itself"

# --- and it works on ---
[ -s "$folder/one & two.png" ] || wrong "the file is gone"
key g space
await 1 '"event":"done"' "a picture afterwards"
grep -q '"event":"problem"' events && wrong "a problem came up"
key ctrl+q
ended 0
[ -s err ] && wrong "it complained"
finish
