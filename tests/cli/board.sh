#!/bin/sh
# board.sh PROGRAM DATA — the mixing board without a window: --mix, --diff, presets, trace, inspect --modulation.
# shellcheck source=tests/cli/lib.sh disable=SC2086,SC2059 # $tiny is split, and growth_file makes bytes, on purpose
. "$(dirname "$0")/lib.sh"
data=${2:?test data}
tiny="generate --synthetic tiny --steps 2"
"$vkdit" $tiny -q -o plain.png --no-metadata 2>err || { cat err >&2; echo "no device can be used here" >&2; exit 77; }

edits() {
    run 0 $tiny --no-metadata --mix 'block*=1; final.gamma*=1' -o rest.png && same rest.png plain.png
    run 0 $tiny --mix 'block[1:].gate_mlp*=0.5' --mix 'swap block class=9' --diff diff.png -o edited.png
    says err "PSNR" "the difference must be told"
    present diff.png
    cmp -s edited.png plain.png && wrong "edits changed nothing"
    run 0 generate --from edited.png -o again.png && same again.png edited.png
    run 0 $tiny --mix 'block*=1' --diff none.png -o r.png
    says err "to the last bit" "no difference must be told"
    run 0 $tiny --json --mix 'mute block' --diff d.png -o j.png
    says out '"event":"difference"' "the difference must be an event"
}

presets() {
    printf '{"vkdit_mix": 1, "name": "half", "edits": ["block[1:].gate_mlp*=0.5", "swap block class=9"]}' >half.json
    run 0 $tiny --mix half.json -o preset.png
    rm half.json
    run 0 generate --from preset.png -o preset2.png && same preset.png preset2.png
    run 0 $tiny --no-metadata --mix 'block[1:].gate_mlp*=0.5; swap block class=9' -o words.png
    run 0 generate --from preset.png --no-metadata -o bare.png && same words.png bare.png
    printf '{"vkdit_mix": 7, "edits": []}' >bad.json
    fails 1 "bad.json: the preset has format 7" $tiny --mix bad.json
    fails 1 "absent.json" $tiny --mix absent.json
}

# An edit shows in the table as it does in the numbers; a class that only lends its vectors has no rows of its own.
mixed_traces() {
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o rest --mix 'block*=1'
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o bare
    for f in rest bare; do grep -v '^#' $f/stats.csv >$f.numbers; done
    cmp -s rest.numbers bare.numbers || wrong "a mix at rest changes the trace"
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o mute --mix 'mute block[1].gate_mlp'
    grep -v '^#' mute/stats.csv >mute.numbers
    cmp -s mute.numbers bare.numbers && wrong "a mix does not show in the trace"
    run 0 trace --synthetic tiny --steps 3 -c 1 -o swapped --mix 'swap block class=2; swap final class=2'
    run 0 trace --synthetic tiny --steps 3 -c 2 -o other
    for f in swapped other; do grep -v '^#' $f/stats.csv | grep ',[12],' | cut -d, -f1-3,5- >$f.numbers; done
    [ -s other.numbers ] || wrong "no statistics of the class"
    cmp -s swapped.numbers other.numbers || wrong "swapped in, a class has other numbers than its own"
    run 0 trace --synthetic tiny --steps 3 -c 1 --observe 1 -o seen --mix 'skip block[1]'
    [ "$(grep -c '^1,[a-zA-Z]*,[0-9]*,[0-9.]*,0,0,' seen/observed.csv)" = 2 ] || wrong "a skipped block adds something"
    fails 2 "--mix: blok" trace --synthetic tiny --mix 'blok*=1'
}

refusals() {
    fails 2 '--mix: blok*=1: "block" or "final" wanted' $tiny --mix 'blok*=1'
    run 2 $tiny --mix 'block[9]*=2' && says err "block 9: there are 4" "a block that is not there"
    fails 2 "give --mix" $tiny --diff d.png
    fails 2 "extra class 99" $tiny --mix 'swap block class=99'
    fails 2 "--plot draws" inspect --synthetic tiny --plot x.svg
    fails 2 "--growth draws" inspect --growth x.safetensors
    printf x >x.safetensors
    fails 1 "x.safetensors" inspect --growth x.safetensors --plot x.svg
    absent x.svg
}

traces() {
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o one --observe 2 --channel 'block[1].mlp_in[5]' --strip final.scale
    for f in trace.safetensors trace.json stats.csv vectors.csv channels.csv observed.csv frequency.csv bands.svg \
        heat_mean.svg heat_mean.png cosine_time.svg cosine_class.svg variance.svg rank.svg strip_final_scale.svg added.svg \
        frequency.svg channel_block1_mlp_in_5.png channel_block1_mlp_in_5.csv; do present "one/$f"; done
    grep -q '"command": "vkdit trace --synthetic' one/trace.json || wrong "the manifest lacks the command"
    for f in one/*.svg; do
        grep -q '</svg>' "$f" || wrong "$f is not whole"
        grep -q '<desc>vkdit trace' "$f" || wrong "$f does not say how it was made"
        grep -qi 'nan\|inf ' "$f" && wrong "$f holds numbers that are none"
    done
    sed -n 's/.*"name": "\(.*\)",.*/\1/p' one/trace.json >names
    sed -n 's/.*"sha256": "\(.*\)".*/\1/p' one/trace.json | paste -d' ' - names | sed 's/ /  /' >sums
    [ "$(wc -l <sums)" -gt 20 ] || wrong "the manifest lists too little"
    (cd one && sha256sum -c --quiet ../sums) || wrong "a hash of the manifest is wrong"
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o two --observe 2 --channel 'block[1].mlp_in[5]' --strip final.scale
    diff -r one two >/dev/null || wrong "the same command wrote other bytes"
    [ "$(grep -c ^block one/stats.csv)" = $((24 * 3 * 3)) ] || wrong "stats.csv has the wrong number of lines"
    run 2 trace --synthetic tiny --steps 3 -o four --channel nowhere
    says err "--channel wants a place" "a channel that is not there"
    run 0 trace -m "$data/dit/sit_toy.weights.safetensors" --sit --steps 4 -o five --observe 2 --sort change
    present five/added.svg
}

# A sampler that chooses its own steps: its table is read on the way, and a mix is applied on the way.
adaptive() {
    sit="-m $data/dit/sit_toy.weights.safetensors --sit"
    run 0 trace $sit --sampler dopri5 -c 1,2 --observe 2 -o chosen
    run 0 trace $sit --sampler euler --steps 3 -c 1,2 -o given
    for f in chosen given; do grep '^[bf][^,]*,0,0,' $f/stats.csv >$f.first; done
    [ -s given.first ] && cmp -s given.first chosen.first || wrong "the same time gave other vectors"
    [ "$(grep -c '^final.scale,' chosen/stats.csv)" -gt 60 ] || wrong "too few evaluations"
    present chosen/added.svg
    run 0 generate $sit --sampler dopri5 -c 1 --latent-out bare.latent
    run 0 generate $sit --sampler dopri5 -c 1 --latent-out rest.latent --mix 'block*=1' && same bare.latent rest.latent
    run 0 generate $sit --sampler dopri5 -c 1 --latent-out half.latent --mix 'block.gate_mlp*=0.5'
    cmp -s bare.latent half.latent && wrong "a mix does nothing to an adaptive run"
    run 0 trace $sit --sampler dopri5 -c 1 -o shut --mix 'mute block.gate_mlp'
    run 0 generate $sit --sampler dopri5 -c 1 --latent-out half.latent --force --mix 't[0.5:1].block.gate_mlp*=0.5'
    grep '^block.[0-9]*..gate_mlp,[0-9]*,[0-9.]*,1,' shut/stats.csv | cut -d, -f6-8 | sort -u >shut.sizes
    [ "$(cat shut.sizes)" = 0,0,0 ] || wrong "muted gates are not 0 in an adaptive trace"
    fails 2 "freeze" generate -q $sit --sampler dopri5 -c 1 --latent-out no.latent --mix 'freeze block step=2'
    fails 1 "no table in advance" generate -q $sit --sampler dopri5 -c 1 --latent-out no.latent --save-table no.table
    absent no.latent
}

# numpy's own format: a zip archive whose members begin as numpy says; numpy reads it where it is installed.
numpy() {
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o n1 --npz
    run 0 trace --synthetic tiny --steps 3 -c 1,2 -o n2 --npz && same n1/trace.npz n2/trace.npz
    grep -q trace.npz n1/trace.json || wrong "the manifest lacks trace.npz"
    grep -aq "NUMPY" n1/trace.npz || wrong "trace.npz holds no arrays"
    python3 -c 'import numpy' 2>/dev/null || return 0
    python3 - <<'CODE' >npz.text || wrong "numpy does not read trace.npz"
import json, struct, numpy
a = numpy.load("n1/trace.npz")
raw = open("n1/trace.safetensors", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
types = {"F32": "<f4", "I32": "<i4", "U8": "|u1"}
names = [k for k in head if k != "__metadata__"]
assert sorted(names) == sorted(a.files), (names, a.files)
for k in names:
    lo, hi = head[k]["data_offsets"]
    b = numpy.frombuffer(raw[8 + n + lo:8 + n + hi], types[head[k]["dtype"]]).reshape(head[k]["shape"])
    assert a[k].dtype == b.dtype and numpy.array_equal(a[k], b, equal_nan=True), k
print(len(names), a["table"].shape)
CODE
}

# a log of two times and three bins, from -1 to 1, or with the edges given as four floats in octal
growth_file() {
    header='{"iteration":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"edges":{"dtype":"F32","shape":[4],"data_offsets":[16,32]},"counts":{"dtype":"I32","shape":[2,5,3],"data_offsets":[32,152]},"moments":{"dtype":"F32","shape":[2,5,4],"data_offsets":[152,312]}}'
    size=$(printf %s "$header" | wc -c)
    printf "\\$(printf %03o $((size % 256)))\\$(printf %03o $((size / 256)))\\0\\0\\0\\0\\0\\0%s" "$header"
    printf '\0\0\0\0\0\0\0\0\012\0\0\0\0\0\0\0'
    printf "${1:-\\0\\0\\200\\277\\0\\0\\0\\277\\0\\0\\0\\077\\0\\0\\200\\077}"
    for _ in 1 2 3 4 5 6 7 8 9 10; do printf '\0\0\0\0\011\0\0\0\1\0\0\0'; done
    head -c 160 /dev/zero
}

growth() {
    growth_file >log.safetensors
    run 0 inspect --growth log.safetensors --plot growth.svg
    says err "2 times, 3 bins" "what was drawn"
    grep -q '</svg>' growth.svg || wrong "growth.svg is not whole"
    grep -qi nan growth.svg && wrong "growth.svg holds numbers that are none"
    growth_file '\0\0\200\077\0\0\0\0\0\0\0\0\0\0\200\077' >flat.safetensors
    fails 1 "edges do not rise" inspect --growth flat.safetensors --plot flat.svg
    fails 1 "a growth log has" inspect --growth "$data/dit/dit_toy.io.safetensors" --plot flat.svg
    absent flat.svg
}

weights() {
    run 0 inspect --modulation "$data/dit/dit_zero.weights.safetensors" --plot zero.svg
    says out "adaLN-Zero" "an untrained checkpoint"
    grep -q '</svg>' zero.svg || wrong "zero.svg is not whole"
    grep -qi nan zero.svg && wrong "zero.svg holds numbers that are none"
    run 0 inspect --modulation --synthetic tiny --json
    says out '"blocks_are_the_identity": false' "the JSON report"
}

edits
presets
refusals
traces
mixed_traces
adaptive
numpy
weights
growth
finish
