#!/bin/sh
# board.sh PROGRAM [ARTEFACTS] — the mixing board under real mouse and keyboard: the plots are there before the run is
# over, a fader changes the picture, its way back changes it back, and what the board writes is what --mix reads.
# shellcheck source=tests/app/lib.sh
. "$(dirname "$0")/lib.sh"

# picture N NAME: Space, and a screenshot of the N-th finished picture
picture() {
    key space
    await "$1" '"event":"done"' "picture $1"
    soon
    shot "$2"
}

open_screen
open_window window --json --synthetic tiny --steps 6 --seed 5 --class 1 --sampler ddim --output "$here/pictures"
await 1 '"event":"model"' "the model"
at canvas 0.5 0.5
key m
await 2 '"event":"layout"' "the board"
soon 0.6
shot empty
board=$(rect board) panel=$(rect panel) canvas=$(rect canvas)
picture 1 rest
[ "$(changed empty rest "$board")" -ge 25 ] || wrong "the board shows no plots"

# --- another step moves the mark, a click on the map picks a block ---
key Home
soon
shot first
[ "$(changed rest first "$board")" -ge 1 ] || wrong "the present step is not marked"
key End
at board 0.5 0.3
xdotool click 1
await 1 '"event":"block"' "a click on the map"
at board 0.5 0.99
soon
shot picked
[ "$(changed rest picked "$board")" -ge 1 ] || wrong "another block looks the same"

# --- the last fader (gate of the MLP) down to 0: ctrl-click types a number ---
at panel 0.45 "$(awk 'BEGIN { print 553 / 792 }')"
xdotool keydown ctrl click 1 keyup ctrl
soon
xdotool type 0.25
key Return
await 1 '"event":"mix","text":"block\[[0-9]*\].gate_mlp\*=0.25"' "the fader"
mix=$(grep '"event":"mix"' events | tail -n 1 | sed 's/.*"text":"\([^"]*\)".*/\1/')
at canvas 0.5 0.5
soon
key Escape
picture 2 mixed
[ "$(changed picked mixed "$canvas")" -ge 1 ] || wrong "the fader changes nothing"
key ctrl+s
await 1 '"event":"file"' "the saved picture"
"$vkdit" generate --quiet --synthetic tiny --steps 6 --seed 5 --class 1 --sampler ddim --mix "$mix" -o again.png ||
    wrong "the command line does not take the board's mix"
[ "$(compare -metric AE pictures/vkdit-001.png again.png null: 2>&1)" = 0 ] || wrong "the command line makes another picture"
rm -f again.png

# --- taken back, done again, put aside ---
key ctrl+z
await 1 '"event":"mix","text":""' "undo"
key ctrl+y
await 2 'gate_mlp\*=0.25' "redo"
key x
await 2 '"event":"mix","text":""' "A"
picture 3 without
[ "$(changed picked without "$canvas")" = 0 ] || wrong "without edits it is another picture"
key x
await 3 'gate_mlp\*=0.25' "B"

# --- a channel that was clicked lies over the picture of the next run ---
at board 0.5 0.5
xdotool click 1
await 1 '"event":"watch"' "a click on a channel"
at canvas 0.5 0.9
soon
shot before
picture 4 watched
[ "$(changed before watched "$canvas")" -ge 5 ] || wrong "the watched channel is not to be seen"

# --- the other pages: likeness is measured when it is looked at, the watched channel's patches, the weights ---
page() { # PLACE NAME: its tab, then the mouse away from it
    at board "$1" 0.045
    xdotool click 1
    await 1 "\"event\":\"page\",\"name\":\"$2\"" "the page $2"
    at canvas 0.5 0.97
    xdotool click 1
    soon 1
    shot "$2"
}
page 0.4 Patches
page 0.55 Weights
page 0.25 Likeness
for one in Patches Weights Likeness; do
    [ "$(changed empty $one "$board")" -ge 20 ] || wrong "the page $one is empty"
done
[ "$(changed Patches Weights "$board")" -ge 20 ] || wrong "two pages are alike"
at board 0.1 0.045
xdotool click 1
soon

# --- what the blocks add is measured from the next run on: the statistic of that name is the last of the list ---
shot before_added
at panel 0.7 "$(awk 'BEGIN { print 222 / 792 }')"
xdotool click 1
soon
shot list
at panel 0.7 "$(awk 'BEGIN { print 520 / 792 }')"
xdotool click 1
soon
at canvas 0.5 0.97
xdotool click 1
soon
shot not_added
picture 5 added
[ "$(changed not_added added "$board")" -ge 5 ] || wrong "what the blocks add is not to be seen"
key m
key ctrl+q
ended 0

# --- during a run, a change takes effect at the next step: the run goes on as a branch of itself ---
open_window window --json --synthetic tiny --steps 60 --seed 5 --class 1 --sampler ddim --mix 'skip block[1]'
await 1 '"event":"model"' "the model again"
at canvas 0.5 0.5
key space
await 1 '"event":"step","step":[3-9]' "a few steps"
key x
await 1 '"event":"start","run":2,.*"parent":1' "the run to go on with other faders"
await 1 '"event":"done","run":2,"frames":61' "its end"
key ctrl+q
ended 0
finish
