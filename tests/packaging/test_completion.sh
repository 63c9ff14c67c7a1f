#!/bin/sh
# Claims: the completion scripts are valid in their shells and complete commands, flags and values there; the
# manual has a page for each command, which groff sets without a warning. Shells that are missing are left out.
set -eu

fail() {
    printf 'test_completion: %s\n' "$1" >&2
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export HOME="$scratch"
PATH=$(dirname "$NMF"):$PATH

"$NMF" help --completion bash >nmf.bash
"$NMF" help --completion zsh >_nmf
"$NMF" help --completion fish >nmf.fish

if command -v fish >/dev/null; then
    # shellcheck disable=SC2016 # fish's own variables
    completed=$(fish --no-config -c 'source nmf.fish; for line in "nmf tr" "nmf fit --in" \
        "nmf fit x --init nndsvda" "nmf generate s" "nmf help pc"
        complete -C $line; end' | cut -f 1 | tr '\n' ' ')
    [ "$completed" = 'transform --index --init --inner-sweeps nndsvda nndsvdar swimmer pca ' ] ||
        fail "fish completes $completed"
fi
if command -v zsh >/dev/null; then
    zsh -f -n _nmf || fail 'zsh refuses its script'
    # The specifications as _arguments gets them, for a command line that is complete up to its last word.
    # shellcheck disable=SC2016 # zsh's own variables
    zsh -f -c '
        compdef() { }
        _describe() { print -r -- ${(P)2} }
        _arguments() { print -rl -- "$@"; line=(fit); state=argument; return 1 }
        source ./_nmf; words=(x --init ""); CURRENT=3; _nmf || true' >specifications || fail 'zsh fails in its script'
    grep -q '^--init=\[.*\]:value:(auto random .*nndsvda' specifications || fail 'zsh: no values of --init'
    grep -q '^(-k --components)-k+\[number of components' specifications || fail 'zsh: no -k'
    grep -q '^--save-W=\[.*\]:FILE:_files$' specifications || fail 'zsh: --save-W takes no file'
fi

commands=$("$NMF" help | awk '/^  [a-z]/ { print $1 }')
for command in '' $commands; do
    page=nmf${command:+-$command}.1
    # shellcheck disable=SC2086 # no word or one
    "$NMF" help --man $command >"$page"
    grep -q '^\.SH SYNOPSIS' "$page" || fail "$page is no page"
    if command -v man >/dev/null && command -v groff >/dev/null; then
        # as lintian looks at pages
        LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" \
            >/dev/null 2>warnings || fail "$page: man failed"
        [ ! -s warnings ] || fail "$page: $(head -n 1 warnings)"
    fi
done
for command in $commands; do
    "$NMF" help --man | grep -q "^\.BR nmf\\\\-$command (1)\$" || fail "nmf.1 does not name $command"
done
