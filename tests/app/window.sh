#!/bin/sh
# window.sh PROGRAM [ARTEFACTS] — the real window under real mouse and keyboard: what a user does in the first minutes.
data=$(realpath "$(dirname "$0")/../data")
# shellcheck source=tests/app/lib.sh
. "$(dirname "$0")/lib.sh"
open_screen

# --- it opens, and says what to do ---
open_window window --json --synthetic tiny --steps 9 --seed 5 --sampler ddim --output "$here/pictures"
await 1 '"event":"model"' "the model"
soon 0.6
shot invitation
canvas=$(rect canvas) panel=$(rect panel) strip=$(rect strip)
[ "$(spread invitation "$panel")" -ge 4 ] || wrong "the panel shows nothing"
[ "$(spread invitation "$canvas")" -ge 1 ] || wrong "the canvas invites to nothing"

# --- ctrl-click types a number into a slider ---
at panel 0.45 0.42
xdotool keydown ctrl click 1 keyup ctrl
soon
xdotool type 8
key Return
soon
at panel 0.8 0.42 # detail
xdotool keydown ctrl click 1 keyup ctrl
soon
xdotool type 1.03
key Return
soon
at canvas 0.5 0.5

# --- space makes a picture, every step of it is kept ---
key space
await 1 '"event":"done"' "the first picture"
soon
shot picture
[ "$(count '"event":"start"')" = 1 ] || wrong "space started $(count '"event":"start"') runs"
grep -q '"event":"done","run":1,"frames":9' events || wrong "not 9 frames of 8 steps"
grep -q '"event":"first_preview"' events || wrong "the time to the first preview was not measured"
[ "$(changed invitation picture "$canvas")" -ge 30 ] || wrong "the picture is not on the canvas"
[ "$(changed invitation picture "$strip")" -ge 15 ] || wrong "the film strip is empty"

# --- nothing to do costs nothing ---
soon 5 # the last message fades
ticks() { awk '{ print $14 + $15 }' "/proc/$app/stat"; }
idle=$(ticks)
soon 4
idle=$(($(ticks) - idle))
[ $idle -le 4 ] || wrong "$idle ticks of 400 while nothing happens"

# --- scrubbing: keys, wheel, track ---
key Left Left Left
await 1 '"event":"shown","run":1,"step":5' "the arrow keys"
at canvas 0.5 0.5
xdotool click 4
await 1 '"event":"shown","run":1,"step":4' "the mouse wheel"
at strip 0.02 0.34
xdotool click 1
await 1 '"event":"shown","run":1,"step":0' "a click on the track"
xdotool mousedown 1
soon
at strip 0.98 0.34
await 1 '"event":"shown","run":1,"step":8' "dragging along the track"
xdotool mouseup 1
key Home Right Right
await 1 '"event":"shown","run":1,"step":2' "the arrow keys again"
soon 1
shot early
key v
soon
shot noisy
[ "$(changed early noisy "$canvas")" -ge 5 ] || wrong "the noisy state looks like the estimate"
[ "$(changed picture noisy "$canvas")" -ge 20 ] || wrong "scrubbing shows the same picture"
key v v End

# --- what is saved is what the command line makes ---
key ctrl+s
await 1 '"event":"file"' "the saved picture"
[ -s pictures/vkdit-001.png ] || wrong "no file was saved"
grep -aq '"epsilon-scale":1.03' pictures/vkdit-001.png || wrong "the detail that was typed is not in the picture"
"$vkdit" generate --quiet --from pictures/vkdit-001.png -o again.png || wrong "the saved picture cannot be made again"
[ "$(compare -metric AE pictures/vkdit-001.png again.png null: 2>&1)" = 0 ] || wrong "the command line makes another picture"
rm -f again.png

# --- another seed, a branch, comparing ---
key r space
await 2 '"event":"done"' "the second picture"
key c
soon 1
shot compared
[ "$(changed picture compared "$canvas")" -ge 20 ] || wrong "nothing is compared"
key c c c Home Right Right Right
await 1 '"event":"shown","run":2,"step":3' "the second film"
key b
await 1 '"parent":2' "the branch"
await 3 '"event":"done"' "the end of the branch"

# --- live: a changed setting is enough ---
runs=$(count '"event":"start"')
key l r
await $((runs + 1)) '"event":"start"' "a live run"
key l
soon 0.5

await 4 '"event":"done"' "the live run's end"

# --- films to files, pictures to the clipboard ---
key ctrl+e
await 2 '"event":"file"' "the strip"
key ctrl+w
await 1 'film-001\|libwebp' "the animation"
soon
if [ -s pictures/vkdit-film-001.webp ]; then
    head -c 16 pictures/vkdit-film-001.webp | grep -q WEBP || wrong "the animation is no WebP"
fi
[ -s pictures/vkdit-film-001.png ] || wrong "there is no strip"
key ctrl+m
await 1 'film-001.mp4\|ffmpeg' "the movie"
if command -v xclip >/dev/null; then
    key ctrl+c
    await 1 '"message":"Copied"' "the copy"
    xclip -selection clipboard -t image/png -o 2>/dev/null | head -c 4 | grep -q PNG || wrong "the clipboard holds no PNG"
fi

# --- the controls by mouse: a double use of the seed field, the light theme by key, help ---
key t
soon 0.6
shot light
[ "$(changed compared light "$panel")" -ge 60 ] || wrong "the light colours are dark"
key t F1
soon 0.6
shot help
[ "$(changed picture help "$canvas")" -ge 10 ] || wrong "F1 shows nothing"
key Escape g
soon 0.8
shot gallery
[ "$(changed picture gallery "$panel")" -ge 3 ] || wrong "the gallery looks like the controls"
key g

# --- another size ---
xdotool windowsize "$(xdotool search --name '^vkdit$' | tail -n 1)" 900 620
await 2 '"event":"layout"' "the new size"
soon 1
shot small
[ "$(spread small "$(rect canvas)")" -ge 5 ] || wrong "the small window is empty"

# --- the settings of a saved picture make it again ---
key ctrl+o
soon 0.6
xdotool type --delay 15 "$here/pictures/vkdit-001.png"
key Return
await 1 'The settings of the picture' "the settings of a picture"
done=$(count '"event":"done"')
soon 0.5
key space
await $((done + 1)) '"event":"done"' "the picture again"
soon 0.5
key ctrl+s
await 1 'vkdit-002.png' "the second saved picture"
[ "$(compare -metric AE pictures/vkdit-001.png pictures/vkdit-002.png null: 2>&1)" = 0 ] || wrong "its settings make another picture"

# --- the list of models shows what lies in the folder at hand ---
key ctrl+o
await 1 "\"event\":\"folder\",\"path\":\"$here\"" "the folder"
key Escape
at canvas 0.5 0.5

# --- a file that is dropped on the window is opened ---
if [ -n "${VKDIT_DROP_FILE-}" ]; then
    models=$(count '"event":"model"')
    "$VKDIT_DROP_FILE" "$(xdotool search --name '^vkdit$' | tail -n 1)" "$data/dit/sit_toy.weights.safetensors" || wrong "the file is not taken"
    await $((models + 1)) '"event":"model"' "the dropped model"
    grep '"event":"model"' events | tail -n 1 | grep -q 'SiT 3x64/2' || wrong "the dropped file is another model"
fi

# --- a model that is none: a message, and it goes on ---
echo "this is no model" >broken.safetensors
key ctrl+o
soon 0.6
xdotool type --delay 15 "$here/broken.safetensors"
key Return
await 1 '"event":"problem"' "the message about a broken model"
soon 0.6
shot problem
[ "$(changed small problem "$(rect canvas)")" -ge 5 ] || wrong "the message is not on the screen"
key Escape ctrl+q
ended 0

# --- last time's settings come back; leaving in the middle of a run is clean ---
[ -s .config/vkdit/window.json ] || wrong "the settings were not kept"
open_window window --json --synthetic tiny --steps 400
await 1 '"event":"model"' "the model again"
key space
await 3 '"event":"step"' "a long run"
key Escape
await 1 '"event":"stopped"' "Esc to stop it"
key space
await 2 '"event":"start"' "another run"
soon
key ctrl+q
ended 0
grep -q '"steps": 400' .config/vkdit/window.json || wrong "the last settings were not kept"
[ -s err ] && wrong "it complained"

# --- previews by the tiny decoder ---
open_window window --json --synthetic tiny --steps 9 --preview-with tiny --tiny-vae "$data/model/tiny.weights.safetensors"
await 1 '"event":"model"' "the model with a tiny decoder"
key space
await 1 '"event":"done"' "a picture with previews"
grep -q '"previews":[1-9]' events || wrong "the tiny decoder drew nothing"
key ctrl+q
ended 0
[ -s err ] && wrong "it complained"
finish
