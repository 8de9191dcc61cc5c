#!/bin/sh
# bench.sh PROGRAM — vkdit bench and selftest from the outside: a short run, its files, and every kind of wrong request.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

fails 2 "exclude each other" bench --quick --full
fails 2 "exclude each other" bench --csv --md
fails 2 "exclude each other" bench --synthetic tiny -m a.safetensors
fails 2 "exclude each other" bench --device 0 --all-devices
fails 2 "knows compare, plot and show" bench paint
fails 2 "wants result files" bench compare
fails 1 "nothing.json" bench compare nothing.json nothing.json
printf '{"schema":"vkdit-bench","schema_version":99}' >new.json
fails 1 "schema version 99" bench show new.json
printf 'not JSON' >bad.json
fails 1 "bad.json" bench plot bad.json
printf 'a\0b' >zero.json
fails 1 "zero.json" bench show zero.json
fails 2 "roofline bars kernels" bench plot bad.json --chart pie
fails 2 "got \"0\"" bench --seconds 0

"$vkdit" bench --quick --synthetic tiny --groups ceiling,sampling --seconds 40 --save a.json -q >text 2>err ||
    { cat err >&2; echo "no device can be used here" >&2; exit 77; }
says text "sampling tiny b1" "the table"
says text "0 invalid" "the table"
says text "not available" "what cannot be read must be said"
present a.json
says a.json '"schema": "vkdit-bench"' "the document"
grep -qi "$(hostname)" a.json && [ "$(hostname | wc -c)" -gt 5 ] && wrong "the host name is in the document"
fails 1 "exists already" bench --quick --save a.json
run 0 bench show a.json && same out text
run 0 bench show a.json --csv && says out "group,name,value,unit" "CSV"
run 0 bench show a.json --md && says out "| group | name |" "Markdown"
run 0 bench compare a.json a.json && says out "same" "a result and itself"
grep -qE 'faster|slower' out && grep -vE '^faster, slower:' out | grep -qE 'faster|slower' && wrong "a result differs from itself"
run 0 bench plot a.json --save roof.svg && present roof.svg
says roof.svg "Roofline" "the chart"
run 0 bench plot a.json --chart bars && says out "<svg" "a chart on standard output"
fails 1 "roof.svg" bench plot a.json --save roof.svg
run 0 bench --quick --synthetic tiny --groups ceiling --seconds 10 --json -q && says out '"schema_version": 1' "--json"
run 0 bench show a.json a.json && says out "a.json" "two results"
run 0 bench --sustained 3 --synthetic tiny --json -q && says out '"slower_at_the_end_percent"' "--sustained"
# choosing kernels again: on a device where nothing is to be chosen it says so
run 0 tune --synthetic tiny --cache "$here/tuned"
grep -q "nothing to choose\|kept in" err out || wrong "tune says nothing"
run 0 tune --synthetic tiny --cache "$here/tuned" --json && says out '"shapes"' "tune --json"
fails 2 "without a cache folder" tune -q --synthetic tiny --cache none
run 0 selftest && says out " 0 wrong" selftest
run 0 selftest --json && says out '"wrong": 0' "selftest --json"
finish
