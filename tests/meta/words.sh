#!/bin/sh
# words.sh — words that may not stand in our code, each with the reason. Comments count: say it another way.
# shellcheck source=tests/meta/lib.sh disable=SC2086 # lists of files are split on purpose
. "$(dirname "$0")/lib.sh"

ban() { # reason, pattern, files...
    reason=$1 pattern=$2
    shift 2
    hits=$(grep -nE "$pattern" "$@" /dev/null 2>/dev/null)
    [ -z "$hits" ] || complain "$reason:
$hits"
}
sources=$(find src include -name '*.[ch]' -o -name '*.cpp')
library=$(find src include -name '*.[ch]' ! -path 'src/cli/*' ! -path 'src/app/*') # not the program

ban "no jumps" '(^|[^a-z_])(goto|setjmp|longjmp)[ (;]' $sources
ban "the library never ends the process" '(^|[^a-z_])(exit|_exit|abort|quick_exit) *\(' $library
ban "unbounded string functions" '(^|[^a-z_])(strcpy|strcat|sprintf|gets|alloca) *\(' $sources
ban "no code that is switched off" '^ *# *if 0' $sources
ban "the library prints nothing" '(^|[^a-z_])(printf|puts|putchar|perror) *\(|[^a-z_]stderr[^a-z_]' $library
hits=$(grep -nE '(^|[^a-z_])(getenv|setenv|putenv) *\(' $library | 
    grep -vE '^src/gpu/.*getenv\("(XDG_CACHE_HOME|HOME)"\)|^src/image/show.c:.*getenv\("(NO_COLOR|TERM)"\)')
[ -z "$hits" ] || complain "the environment is the program's business; the library only looks for the user's cache folder and the kind of terminal:
$hits"
ban "no idle waits in a running step" 'vkDeviceWaitIdle|vkQueueWaitIdle' $(find src/exec src/engine -name '*.c')
ban "paths of somebody's own machine" '(^|[^a-zA-Z0-9._])/(home|work|root)/' \
    $(find src include shaders tests docs cmake tools quickstart .ci README.md CONTRIBUTING.md CHANGELOG.md -type f \
        ! -path 'tests/data/*' ! -path 'tests/fuzz/corpus/*' ! -path tests/meta/words.sh 2>/dev/null)

# What git holds; pictures that somebody made here are theirs. Without git, all that lies here.
top=$(git ls-files 2>/dev/null | cut -d/ -f1 | sort -u)
for entry in ${top:-$(ls -A)}; do
    case $entry in
    shaders | src | assets | tests | include | docs | tools | cmake) ;;
    CMakeLists.txt | README.md | LICENSE | CONTRIBUTING.md | CHANGELOG.md | quickstart) ;;
    .* | build* | out) ;; # dot files; products that git ignores
    *) complain "the top of the tree has no place for: $entry" ;;
    esac
done
finish "words and places"
