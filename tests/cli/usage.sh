#!/bin/sh
# usage.sh PROGRAM — help, version, documents, and every kind of wrong command line. Needs no device.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run 0 && says out "Commands" "no words"
run 0 --help && says out "generate" "--help"
run 0 --version && says out "vkdit " "--version"
run 0 version && says out "vkdit " "version"
run 0 generate --version && says out "vkdit " "generate --version"
run 0 samplers && says out "ddim" samplers
run 0 samplers --json && says out '"name"' "samplers --json"
run 0 models --assets nowhere --json && says out "[]" "models --json"
run 0 models --assets nowhere && says err "no model is installed" models
for command in generate eval inspect devices samplers models classes bench selftest tune completions version help; do
    run 0 "$command" --help && says out "vkdit $command" "$command --help"
    run 0 help "$command" && says out "vkdit $command" "help $command"
done
run 0 help --man && says out ".TH VKDIT 1" "help --man"
for shell in bash zsh fish; do run 0 completions $shell && says out vkdit "completions $shell"; done
if command -v man >/dev/null && "$vkdit" help --man >page && man --warnings -l page >/dev/null 2>err; then
    [ -s err ] && wrong "the manual page has warnings"
fi
if command -v bash >/dev/null; then "$vkdit" completions bash | bash -n 2>err || wrong "bash completion"; fi

fails 2 "did you mean generate?" generte
fails 2 'see "vkdit help"' xyzzy
fails 2 "a command comes first" --steps 4
fails 2 "did you mean --steps?" generate --stepz 4
fails 2 'got "4x"' generate --steps 4x
fails 2 'got "4x"' generate --steps=4x
fails 2 "wants a value" generate --steps
fails 2 "takes no value" generate --quiet=1
fails 2 "auto fp32 fp16" generate --precision fp8
fails 2 "full q8 q4" generate --weights q5
fails 2 'option of "vkdit eval"' generate --taps
fails 2 "options begin with a dash" generate picture
fails 2 "exclude each other" generate -m a --synthetic tiny
fails 2 "--in and --out" eval
fails 2 "SHELL" completions
fails 2 "tcsh" completions tcsh
fails 2 "no command" help nothing

printf 'not a picture' >bad.png
fails 1 "bad.png" generate --from bad.png
fails 1 "nothing.png" generate --from nothing.png

NO_COLOR=1 run 0 --help
grep -q "$(printf '\033')" out && wrong "NO_COLOR is not honoured"
run 0 help --color always
grep -q "$(printf '\033')" out || wrong "--color always is not honoured"
run 0 help
grep -q "$(printf '\033')" out && wrong "colours in a file"
# without a screen there is no window, and one line says so
touch a.safetensors
run 0
says err "window" "no words"
says out "generate" "no words"
fails 1 "window" window
fails 1 "window" a.safetensors
fails 2 "unknown command" nothing.safetensors
fails 2 "not of" window --taps

finish
