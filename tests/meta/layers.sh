#!/bin/sh
# layers.sh — every #include "folder/..." of src/ must be an edge of this table; libraries have one home each.
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"

# folder: what it may include besides itself. A word with a slash is a single header.
table='
base:
gpu:     base
graph:   base
weights: base
image:   base
sample:  base kernels/tick.h
kernels: base graph
exec:    base graph gpu
models:  base graph kernels weights
board:   base
engine:  base gpu graph weights image sample kernels exec models board vkdit.h
bench:   base gpu graph image sample kernels exec models board engine vkdit.h
cli:     base image sample board vkdit.h app/app.h
app:     base image board cli vkdit.h
'
# A library of others is known to these folders only.
homes='
volk.h:      gpu exec bench
volk.c:      gpu
vulkan:      gpu exec bench
spng.h:      image
chafa:       image
zip.h:       weights cli
jansson.h:   base weights models board engine bench cli app
webp:        image
SDL.h:       app
imgui.h:     app
backends:    app
xcb:         app
'

row() { printf '%s\n' "$1" | sed -n "s/^$2:[ ]*//p"; }

for folder in src/*/; do
    folder=$(basename "$folder")
    printf '%s\n' "$table" | grep -q "^$folder:" || complain "src/$folder is not in the table of tests/meta/layers.sh"
    allowed=" $folder $(row "$table" "$folder") "
    for file in src/"$folder"/*.c src/"$folder"/*.h src/"$folder"/*.cpp; do
        [ -f "$file" ] || continue
        for target in $(sed -n 's/^[ ]*#[ ]*include[ ]*["<]\([^">]*\)[">].*/\1/p' "$file"); do
            home=$(row "$homes" "${target%%/*}")
            if [ -n "$home" ]; then
                case " $home " in *" $folder "*) ;; *) complain "$file includes <$target>, known to: $home" ;; esac
                continue
            fi
            [ -f "src/$target" ] || [ -f "include/$target" ] || [ -f "src/$folder/$target" ] || continue # the system's
            case "$allowed" in *" ${target%%/*} "* | *" $target "*) ;;
            *) complain "$file includes $target: $folder may include only:$allowed" ;; esac
        done
    done
done
finish "include edges of src/"
