#!/bin/sh
# hostile.sh PROGRAM MAKER DATA — every malformed file through the program: refused with one line, quickly, nothing
# written. MAKER --make FOLDER writes the files that are too large to be kept.
. "$(dirname "$0")/../cli/lib.sh"
maker=${2:?maker} data=${3:?data}
mkdir large pictures
"$maker" --make "$here/large" || exit 1
rm -f /tmp/vkdit_pwned
tab=$(printf '\t')

refused() { # file
    [ "$got" != 0 ] || wrong "$1: was accepted"
    [ "$got" -lt 100 ] || wrong "$1: ended with $got"
    [ "$(wc -l <err)" = 1 ] || wrong "$1: not one line of error"
    grep -qF "vkdit: $1" err || wrong "$1: is not named"
    LC_ALL=C grep -q '[^[:print:]]' err && wrong "$1: control bytes in the message"
    [ -s out ] && wrong "$1: wrote on standard output"
}

while IFS=$tab read -r name model container; do
    case $name in '#'*) continue ;; esac
    file=$data/hostile/$name
    [ -e "$file" ] || file=$here/large/$name
    [ -e "$file" ] || wrong "$name: there is no such file"
    begun=$(date +%s)
    # the autoencoder stands ready, so that nothing but the model can stop a picture
    timeout 20 "$vkdit" generate -q -m "$file" --heads 2 --vae "$data/../../assets/vkdit-vae.safetensors" -c 1 --steps 2 \
        --cache none -o "$here/pictures/%d.png" >out 2>err
    got=$?
    took=$(($(date +%s) - begun))
    # a refusal is quick; a file that runs takes as long as its picture, which under the validation layer is not short
    [ "$got" = 0 ] || [ "$model" = W ] || [ $took -le 5 ] || wrong "$name: was refused only after $took seconds"
    written=$(find pictures -type f | wc -l)
    case $model in
    ok) [ "$got$written" = 01 ] || wrong "$name: exit code $got, $written pictures" ;;
    W) [ "$got" = 1 ] && [ "$(wc -l <err)" = 1 ] && grep -q '^vkdit: .*not finite' err || wrong "$name: exit code $got" ;;
    any) [ "$got" = 0 ] || refused "$file" ;;
    *) refused "$file" ;;
    esac
    [ "$got" = 0 ] || [ "$written" = 0 ] || wrong "$name: $written files written"
    rm -f pictures/*
    [ "$model" != E ] || { timeout 20 "$vkdit" inspect "$file" --cache none --heads 2 >out 2>err; got=$?; refused "$file"; }
done <"$data/hostile/expect.tsv"
absent /tmp/vkdit_pwned
finish
