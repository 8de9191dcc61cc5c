#!/bin/sh
# prebuilt.sh — the committed SPIR-V belongs to the sources beside it. Regenerating it needs a network, this does not.
. "$(dirname "$0")/lib.sh"

tools/prebuild-shaders --sums || complain "shaders/prebuilt is out of date"
while read -r name _; do
    [ -s "shaders/prebuilt/$name.spv" ] || complain "shaders/prebuilt/$name.spv is missing"
done <<LIST
$(grep '^[a-z].* @prebuilt' shaders/MANIFEST)
LIST
finish "prebuilt shaders"
