#!/bin/sh
# bench.sh PROGRAM [ARTEFACTS] — the benchmark in the window: bars and roofline while it measures, files that the command
# reads, a stop, and pictures again afterwards.
# shellcheck source=tests/app/lib.sh
. "$(dirname "$0")/lib.sh"
row() { awk -v y="$1" 'BEGIN { print y / 792 }'; } # of the panel, from its height on the usual screen

open_screen
open_window window --json --synthetic tiny --steps 4 --seed 5 --class 1 --sampler ddim --output "$here/pictures"
await 1 '"event":"model"' "the model"
panel=$(rect panel) canvas=$(rect canvas)
at panel 0.88 "$(row 143)"
xdotool click 1
soon 0.6
shot empty
at panel 0.6 "$(row 222)"
xdotool click 1
soon
at panel 0.6 "$(row 282)"
xdotool click 1
soon
shot chosen
[ "$(changed empty chosen "$panel")" -ge 1 ] || wrong "the open model cannot be chosen"

# --- stopped: what was measured stays, nothing can be saved, and the model comes back ---
at panel 0.5 "$(row 262)"
xdotool click 1
soon 4
key Escape
await 1 '"event":"bench".*stopped' "the stop"
await 2 '"event":"model"' "the model again"

# --- all of it ---
at panel 0.5 "$(row 262)"
xdotool click 1
VKDIT_TEST_PATIENCE=3000
await 2 '"event":"bench"' "the end of the benchmark"
await 3 '"event":"model"' "the model after it"
soon
shot measured
[ "$(changed empty measured "$canvas")" -ge 5 ] || wrong "bars and roofline are not to be seen"
at panel 0.5 "$(row 310)"
xdotool click 1
await 1 '"event":"file".*vkdit-bench-001.json' "the saved result"
for f in .json .md -roofline.svg -bars.svg; do [ -s "pictures/vkdit-bench-001$f" ] || wrong "vkdit-bench-001$f is missing"; done
"$vkdit" bench show pictures/vkdit-bench-001.json >table || wrong "the command does not read the window's result"
grep -q " 0 invalid" table || wrong "results are wrong"

# --- pictures again ---
at panel 0.12 "$(row 143)"
xdotool click 1
at canvas 0.5 0.5
key space
await 1 '"event":"done"' "a picture after the benchmark"
key ctrl+q
ended 0
finish
