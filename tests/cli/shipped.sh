#!/bin/sh
# shipped.sh PROGRAM MAKER — the program with models that ship: found, named, advising, repeated, previewed.
# MAKER --make FOLDER writes a small set; see tests/engine/test_shipped.c for what its files say.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
maker=${2:?maker}
mkdir assets && "$maker" --make "$here/assets" >out || { cat out >&2; exit 1; }
export VKDIT_ASSETS="$here/assets"
"$vkdit" generate -q -o try.png 2>err || { cat err >&2; echo "no device can be used here" >&2; exit 77; }
png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || wrong "$1 is not a PNG"; }
says_in() { grep -aqF -- "$2" "$1" || wrong "$1 lacks \"$2\""; }

run 0 models && says out "one      a SiT (default)" models && says out "two" models
grep -q gone out && wrong "models lists what is not there"
run 0 classes && says out "2  cat" classes
run 0 classes two && says out "0  -" "classes of another model"

# the default model, as it advises; the seed picks the class; the picture records all of it
run 0 generate -o a.png && png a.png
says err "the seed picks class 0, ant" "no class"
says err "The One" "the model's name"
grep -q "random weights" err && wrong "a shipped model was called random"
for text in '"model":"one"' '"class":"0"' '"sampler":"heun"' '"steps":3' '"cfg-scale":2.5' '"cfg-channels":2' '"cfg-interval"' \
    '"epsilon-scale":1.05' '"shift":2' "class 0 (ant)" "Sampler: heun" "CFG scale: 2.5"; do says_in a.png "$text"; done
run 0 generate --from a.png -o again.png && same a.png again.png
run 0 generate --from a.png --cfg-scale 4 -o other.png
cmp -s a.png other.png && wrong "--cfg-scale does not override what the picture says"

# words by name, neighbours by seed and place
run 0 generate -m one -c wasp -o wasp.png && says err "class 1" "by name"
run 0 generate -s 12 -o seed.png && says err "class 2, cat" "by seed"
run 0 generate -s 9 --count 2 -o 'c-{class}.png' && png c-9.png && png c-0.png
run 0 generate -s 8 -b 3 -o 'b-{class}.png' && png b-8.png && png b-9.png && png b-0.png
run 0 generate --from b-9.png -o b-again.png && same b-9.png b-again.png

# a mix names classes as --class does
run 0 generate -q -c 5 --mix 'swap block class=cat; class[fox].block[0].gate*=0.5' --no-metadata -o name.png
run 0 generate -q -c 5 --mix 'swap block class=2; class[5].block[0].gate*=0.5' --no-metadata -o number.png
same name.png number.png
run 0 generate -q -c 5 --no-metadata -o rest.png
cmp -s name.png rest.png && wrong "a mix that names a class changes nothing"
fails 2 "--mix: " generate -q -c 5 --mix 'blend block class=unicorn amount=0.5' -o no.png
absent no.png

# a file of the same name comes first; what is neither is told
fails 1 "no model that ships is called so" generate -m three
run 1 generate -m two -c 1 && says err "no autoencoder" "a neighbour that leads elsewhere"
says err "not all followed" "bad advice"
cp assets/one.safetensors one
run 0 generate -m one -c 1 --latent-out l.safetensors && present l.safetensors
rm one
printf '[1]' >assets/models.json
fails 1 "models.json" generate
fails 1 "models.json" models
"$maker" --make "$here/assets" >out

# previews and films
run 0 generate -c cat -o p.png --preview forming.png --film film.png --film-frames 3 -v
png forming.png && png film.png
says err "first preview" "-v"
says err "after the start of the program" "-v"
says err "3 stages" "--film"
fails 1 "film.png exists" generate -c cat -o q.png --film film.png
run 0 generate -c cat -o q.png --film film.png --force && png film.png
if command -v ffmpeg >/dev/null; then
    run 0 generate -c cat -o m.png --film film.mp4 --film-frames 3
    [ "$(head -c 8 film.mp4 | tail -c 4)" = ftyp ] || wrong "film.mp4 is no MP4"
    fails 1 "film.mp4 exists" generate -c cat -o n.png --film film.mp4
    mkdir none
    PATH=$here/none "$vkdit" generate -q -c cat -o o.png --film other.mp4 2>err && wrong "an MP4 without ffmpeg"
    says err "ffmpeg" "what is missing must be told"
    absent other.mp4
    [ -z "$(find . -name '*other.mp4*')" ] || wrong "something is left of other.mp4"
fi
run 0 generate -c cat -o p2.png && same p.png p2.png

# who draws a preview changes the preview and nothing else
tiny=$(cd "$(dirname "$0")/../data/model" && pwd)/tiny.weights.safetensors
for who in rough tiny decoder; do
    run 0 generate -c cat -o "p-$who.png" --preview "$who.png" --preview-with $who --tiny-vae "$tiny" -v
    png $who.png
    same p.png "p-$who.png"
    says err "previews took" "what previews cost"
done
cmp -s rough.png tiny.png && wrong "the tiny decoder drew rough colours"
cmp -s decoder.png tiny.png && wrong "the tiny decoder drew what the whole one does"
run 0 generate -c cat -o p3.png --preview none.png --preview-with tiny && same rough.png none.png
fails 2 "--preview-with" generate --preview none.png --preview-with pencil
fails 1 "not a tiny decoder" generate --tiny-vae assets/one.safetensors
fails 1 "absent.safetensors" generate --tiny-vae absent.safetensors
head -c 9000 "$tiny" >short.safetensors
fails 1 "short.safetensors" generate --tiny-vae short.safetensors
fails 2 "one picture" generate -c cat,dog --film f.png
fails 2 "needs --film" generate -c cat --film-frames 3
fails 2 "each of 2 runs" generate --count 2 --film f.png
fails 1 "no such folder" generate --preview nowhere/p.png
run 0 generate -c cat --json -o j.png
says out '"event":"preview","step":1,"since_start":' "--json"
says out '"since_start":' "--json"
run 0 generate -c cat --show-steps --color never -o s.png
finish
