#!/bin/sh
# generate.sh PROGRAM — pictures end to end with the tiny synthetic model: names, metadata, repetition, interruption.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
"$vkdit" generate --synthetic tiny --steps 2 -q -o try.png 2>err || { cat err >&2; echo "no device can be used here" >&2; exit 77; }
tiny="generate --synthetic tiny --steps 2"
png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || wrong "$1 is not a PNG"; }

# shellcheck disable=SC2086 # $tiny is split on purpose
{
    # names: numbers count on, nothing is replaced unasked
    run 0 $tiny -c 1,2 && png vkdit-001.png && png vkdit-002.png
    says err "random weights" "a synthetic model must say so"
    run 0 $tiny && png vkdit-003.png
    run 0 $tiny -o a.png && png a.png && cp a.png first.png
    run 0 $tiny -s 1 -o a.png && png a-1.png && same a.png first.png
    says err "--force" "a taken name must be told"
    run 0 $tiny -s 1 -o a.png --force && same a.png a-1.png
    run 0 $tiny -c 1,2 -s 9 -o 'x-{seed}-{class}-{step}-{index}.png' && png x-9-1-2-0.png && png x-9-2-2-1.png
    mkdir -p folder && run 0 $tiny -o folder && png folder/vkdit-001.png
    run 0 $tiny -o - && png out
    run 0 $tiny -c 1,2 --force -o both.png && png both.png && png both-1.png
    run 0 $tiny --count 2 -s 5 -o 'seed-{seed}.png' && png seed-5.png && png seed-6.png

    # a picture says how it was made, well enough to make it again to the last bit
    run 0 $tiny -c 3,5 -b 2 -s 7 --cfg 2 -o 'b-{index}.png'
    for i in 0 3; do
        run 0 generate --from b-$i.png -o again-$i.png && same b-$i.png again-$i.png
        [ "$(find . -name "again-$i*" | wc -l)" = 1 ] || wrong "--from of one picture wrote several"
    done
    cmp -s b-0.png b-2.png && wrong "repeated classes gave the same picture"
    run 0 $tiny -c 1,2,3 -s 2 --grid 2 -o grid.png
    run 0 generate --from grid.png -o grid2.png && same grid.png grid2.png
    run 0 generate --from b-0.png --seed 8 -o other.png && ! cmp -s b-0.png other.png || wrong "--seed does not override --from"
    run 0 $tiny -s random -o random.png
    run 0 generate --from random.png -o random2.png && same random.png random2.png
    run 0 $tiny --no-metadata -o bare.png
    fails 1 "does not say how it was made" generate --from bare.png
    run 0 $tiny --sampler ddpm --rng philox -o ddpm.png
    run 0 generate --from ddpm.png -o ddpm2.png && same ddpm.png ddpm2.png

    # tensors: what a run gives can be fed back
    run 0 $tiny --latent-out l.safetensors --trajectory t.safetensors --save-table m.safetensors -o full.png
    present l.safetensors && present t.safetensors && present m.safetensors
    run 0 $tiny --noise t.safetensors -o replay.png --no-metadata
    run 0 $tiny -o plain.png --no-metadata && same plain.png replay.png
    run 0 $tiny --load-table m.safetensors -o table.png --no-metadata && same plain.png table.png
    run 0 $tiny --init-image l.safetensors --strength 0.5 -o changed.png && png changed.png

    # what is drawn on a terminal goes elsewhere when standard output carries data
    run 0 $tiny --show -q -o shown.png
    [ "$(wc -l <out)" -gt 5 ] || wrong "--show drew nothing"
    run 0 $tiny --validation --precision fp16 -o fp16.png
    fails 1 "has no encoder" $tiny -i shown.png

    # events: one JSON object per line, ending in done or error
    run 0 $tiny --json -o json.png
    grep -vq '^{"event":"[a-z]*".*}$' out && wrong "a line of --json is not an event"
    for event in start device step image done; do says out "\"event\":\"$event\"" --json; done
    "$vkdit" $tiny --json --sampler nothing >out 2>err && wrong "an unknown sampler was accepted"
    says out '"event":"error"' "--json on failure"

    # refusals come before the work, in one line
    fails 2 'nothing' $tiny --sampler nothing
    fails 2 'dopri5' $tiny --sampler dopri5
    fails 2 "only" $tiny -W 300
    fails 2 "class" $tiny -c 9999
    run 2 $tiny --json -o - && says err "both want" "--json with --output -"
    fails 1 "no such folder" $tiny -o nowhere/a.png
    fails 2 "{seed}" $tiny -o '{sed}.png'
    fails 2 "%d" $tiny -o '%s.png'
    fails 2 "one picture" $tiny -c 1,2 -o -
    fails 2 "--init-image" $tiny --strength 0.5
    fails 1 "nothing.safetensors" $tiny --noise nothing.safetensors
    fails 1 "try.png" generate -m try.png
    fails 2 "pictures 0 to 0" $tiny --only 4

    # a full disk leaves nothing behind, and says so
    before=$(find . -type f | wc -l)
    (ulimit -f 8 && "$vkdit" $tiny -o full-disk.png >/dev/null 2>err-full)
    [ $? = 1 ] || wrong "a failed write has the wrong exit code"
    says err-full "full-disk.png" "a failed write"
    rm -f err-full
    [ "$(find . -type f | wc -l)" = "$before" ] || wrong "a failed write left something behind"

    # Ctrl-C: finished pictures are kept, nothing half, exit code 130
    mkdir stop
    "$vkdit" generate --synthetic tiny --steps 20 --count 100000 -o 'stop/{seed}.png' >/dev/null 2>err &
    job=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -e stop/1.png ] && break
        sleep 0.5
    done
    kill -INT $job
    wait $job
    [ $? = 130 ] || wrong "an interruption has the wrong exit code"
    says err "interrupted" "an interruption"
    [ -z "$(find stop -type f ! -name '*.png')" ] || wrong "an interruption left a half file"
    for picture in stop/*.png; do png "$picture"; done
}

# eval and inspect of what was written
fails 2 "--in and --out" eval --synthetic tiny --in t.safetensors
fails 1 "nothing" eval --synthetic tiny --in nothing.safetensors --out e.safetensors
absent e.safetensors
run 0 inspect --synthetic tiny && says out "blocks" inspect
run 0 inspect --synthetic tiny --json && says out "{" "inspect --json"
fails 1 "try.png" inspect try.png
run 0 devices && says out "kernels" devices
run 0 devices --json && says out '"devices"' "devices --json"
run 0 classes --synthetic tiny && says out "0" classes
finish
