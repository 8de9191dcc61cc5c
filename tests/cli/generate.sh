#!/bin/sh
# generate.sh PROGRAM — pictures end to end with the tiny synthetic model: names, metadata, repetition, interruption.
# Each run costs seconds on a slow driver; there, what does not depend on the device is left to the fast ones.
# shellcheck source=tests/cli/lib.sh disable=SC2086 # $tiny is split on purpose
. "$(dirname "$0")/lib.sh"
tiny="generate --synthetic tiny --steps 2"
began=$(date +%s)
"$vkdit" $tiny -q -o try.png 2>err || { cat err >&2; echo "no device can be used here" >&2; exit 77; }
slow=$(($(date +%s) - began >= 5))
png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || wrong "$1 is not a PNG"; }

# numbers count on, nothing is replaced unasked
names() {
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
    run 0 $tiny --show -q -o shown.png
    [ "$(wc -l <out)" -gt 5 ] || wrong "--show drew nothing"
}

# a picture says how it was made, well enough to make it again to the last bit
repeats() {
    run 0 $tiny -c 3,5 -b 2 -s 7 --cfg 2 -o 'b-{index}.png'
    run 0 generate --from b-3.png -o again-3.png && same b-3.png again-3.png
    [ "$(find . -name "again-3*" | wc -l)" = 1 ] || wrong "--from of one picture wrote several"
    cmp -s b-0.png b-2.png && wrong "repeated classes gave the same picture"
}

# packed weights: another picture, the same again, and the picture says so
packed() {
    run 0 $tiny -c 4 -o full.png
    for w in q8 q4; do
        run 0 $tiny -c 4 --weights $w -o $w.png && says err "$w" "the arithmetic"
        grep -aqF "\"weights\":\"$w\"" $w.png || wrong "$w.png does not say that its weights were packed"
        run 0 generate --from $w.png -o again-$w.png && same $w.png again-$w.png
        cmp -s full.png $w.png && wrong "--weights $w changes nothing"
    done
    cmp -s q8.png q4.png && wrong "8 and 4 bits are the same"
    run 0 inspect --synthetic tiny --weights q4 --json && says out '"weights": "q4"' "inspect"
}

more_repeats() {
    run 0 $tiny -c 1,2,3 -s 2 --grid 2 -o grid.png
    run 0 generate --from grid.png -o grid2.png && same grid.png grid2.png
    run 0 generate --from b-0.png --seed 8 -o other.png
    cmp -s b-0.png other.png && wrong "--seed does not override --from"
    run 0 $tiny -s random --sampler ddpm --rng philox -o random.png
    run 0 generate --from random.png -o random2.png && same random.png random2.png
    run 0 $tiny --no-metadata -o bare.png
    fails 1 "does not say how it was made" generate --from bare.png
}

# what a run gives can be fed back
tensors() {
    run 0 $tiny --latent-out l.safetensors --trajectory t.safetensors --save-table m.safetensors -o plain.png --no-metadata
    present l.safetensors && present t.safetensors && present m.safetensors
    run 0 $tiny --noise t.safetensors --load-table m.safetensors -o replay.png --no-metadata && same plain.png replay.png
    run 0 $tiny --init-image l.safetensors --strength 0.5 -o changed.png && png changed.png
}

# one JSON object per line, ending in done or error
events() {
    run 0 $tiny --json -o json.png
    grep -vq '^{"event":"[a-z]*".*}$' out && wrong "a line of --json is not an event"
    for event in start device step image "done"; do says out "\"event\":\"$event\"" --json; done
    run 2 $tiny --json --sampler nothing && says out '"event":"error"' "--json on failure"
    run 2 $tiny --json -o - && says err "both want" "--json with --output -"
}

# refusals come before the work, in one line
refusals() {
    fails 2 "nothing" $tiny --sampler nothing
    fails 2 "dopri5" $tiny --sampler dopri5
    fails 2 "only" $tiny -W 300
    fails 2 "512x256 pixels: DiT 4x96/2 makes pictures of 128x128 only" $tiny --size 512x256
    fails 2 "class" $tiny -c 9999
    fails 1 "no such folder" $tiny -o nowhere/a.png
    fails 2 "{seed}" $tiny -o '{sed}.png'
    fails 2 "%d" $tiny -o '%s.png'
    fails 2 "one picture" $tiny -c 1,2 -o -
    fails 2 "--init-image" $tiny --strength 0.5
    fails 1 "has no encoder" $tiny -i try.png
    fails 1 "nothing.safetensors" $tiny --noise nothing.safetensors
    fails 1 "try.png" generate -m try.png
    fails 1 "--synthetic" generate -m DiT-XL/2
    fails 2 "pictures 0 to 0" $tiny --only 4
    fails 2 "--in and --out" eval --synthetic tiny --in l.safetensors
    fails 1 "nothing" eval --synthetic tiny --in nothing.safetensors --out e.safetensors
    absent e.safetensors
    fails 1 "try.png" inspect try.png
}

# a full disk leaves nothing behind, and says so; SwiftShader keeps its compiled code in files, which the same limit breaks
full_disk() {
    "$vkdit" devices --json >devices.json
    if grep -q SwiftShader devices.json; then
        echo "a full disk was left to other drivers"
        return
    fi
    before=$(find . -type f ! -name err | wc -l)
    (ulimit -f 8 && "$vkdit" $tiny -o full-disk.png >/dev/null 2>err)
    [ $? = 1 ] || wrong "a failed write has the wrong exit code"
    says err "full-disk.png" "a failed write"
    [ "$(find . -type f ! -name err | wc -l)" = "$before" ] || wrong "a failed write left something behind"
}

# Ctrl-C: finished pictures are kept, nothing half, exit code 130
interruption() {
    mkdir stop
    "$vkdit" generate --synthetic tiny --steps 20 --count 100000 -o 'stop/{seed}.png' >/dev/null 2>err &
    job=$!
    tries=0
    until [ -e stop/1.png ] || [ $tries = 240 ]; do
        sleep 0.5
        tries=$((tries + 1))
    done
    kill -INT $job
    wait $job
    [ $? = 130 ] || wrong "an interruption has the wrong exit code"
    says err "interrupted" "an interruption"
    [ -z "$(find stop -type f ! -name '*.png')" ] || wrong "an interruption left a half file"
    for picture in stop/*.png; do png "$picture"; done
}

reports() {
    run 0 inspect --synthetic tiny && says out "blocks" inspect
    run 0 inspect --synthetic tiny --json && says out "{" "inspect --json"
    run 0 devices && says out "kernels" devices
    run 0 devices --json && says out '"devices"' "devices --json"
    run 0 classes --synthetic tiny && says out "0" classes
}

reports
repeats
refusals
interruption
if [ $slow = 0 ]; then
    names
    more_repeats
    packed
    tensors
    events
    full_disk
else
    echo "a slow device: file names, events and full disks were left to the faster ones"
fi


# the film in time
run 0 generate --synthetic tiny --steps 4 --sampler ddim -q -o last.png --film film.webp --film-frames 3
head -c 12 film.webp | grep -q WEBP || wrong "the film is no WebP"
fails 1 "film.webp exists" generate --synthetic tiny --steps 4 --sampler ddim -o last.png --film film.webp

finish
