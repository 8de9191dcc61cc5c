#!/bin/sh
# soak.sh PROGRAM [ACTIONS] — random starts, stops, scrubs, branches, resizes with real events; at the end the program
# is still there, answers, complained of nothing, and holds about as much memory as after its first tenth.
# shellcheck source=tests/app/lib.sh
actions=${2:-${VKDIT_SOAK:-60}}
set -- "$1"
. "$(dirname "$0")/lib.sh"
open_screen
open_window window --json --synthetic tiny --steps 12 --sampler ddim ${VKDIT_VALIDATION:+--validation}
await 1 '"event":"model"' "the model"

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$app/status"; }
act() {
    case $1 in
    0 | 1 | 2) key space ;;
    3) key Escape ;;
    4) soon 2 ;;
    5) key Left Left ;;
    6) key Right ;;
    7) key Home ;;
    8) key b ;;
    9) key c ;;
    10) key v ;;
    11) key r ;;
    12) key g ;;
    13) key l ;;
    14) at strip 0."$2" 0.34 && xdotool click 1 ;;
    15) at canvas 0.5 0.5 && xdotool click 4 click 5 click 5 ;;
    16) xdotool windowsize "$(xdotool search --name '^vkdit$' | tail -n 1)" "$((880 + 4 * $2))" "$((600 + 2 * $2))" ;;
    17) key p ;;
    18) at panel 0.6 0."$2" && xdotool click 1 && key Escape Escape ;;
    19) key F1 ;;
    20 | 21) key m ;;
    22) key x ;;
    23) key ctrl+z ;;
    24 | 25) at board 0.5 0."$2" && xdotool click 1 ;;
    26) at board "$(awk -v p="$2" 'BEGIN { print 0.1 + p % 4 * 0.15 }')" 0.045 && xdotool click 1 ;;
    esac
}
first=0
i=0
# a fixed sequence, so that what fails once fails again
awk -v n="$actions" 'BEGIN { x = 42; while (n--) { x = (x * 16807) % 2147483647; y = (x * 16807) % 2147483647; print int(x / 7) % 27, 10 + int(y / 7) % 80; x = y } }' >plan
while read -r what where; do
    i=$((i + 1))
    act "$what" "$where" </dev/null
    [ $((what % 3)) = 0 ] && soon 0.2
    kill -0 "$app" 2>/dev/null || break
    [ $i = $((actions / 4)) ] && first=$(resident)
done <plan
kill -0 "$app" 2>/dev/null || wrong "it ended at action $i"

key Escape Escape Escape
soon 1
before=$(count '"event":"start"')
xdotool mousemove 2 2
# what random settings cannot do together is told, and is no failure of the window; anything else is
grep '"event":"problem"' events | grep -v 'a branch needs\|cannot be branched\|guidance interval' >problems &&
    wrong "a problem was reported: $(tail -n 1 problems)"
key space
await $((before + 1)) '"event":"start"' "a run after all that"
last=$(resident)
echo "$i actions, $(count '"event":"start"') runs, $(count '"event":"done"') to their end; $first KiB after a quarter, $last at the end"
if grep -q __asan_init "$vkdit"; then
    echo "memory is not compared under a sanitizer, which keeps what was freed"
elif [ "$last" -gt $((first + first / 4 + 20000)) ]; then
    wrong "memory grew from $first to $last KiB"
fi
grep -o '"event":"problem".*' events | sort | uniq -c # what was told on the way
key ctrl+q
ended 0
[ -s err ] && wrong "it complained"
finish
