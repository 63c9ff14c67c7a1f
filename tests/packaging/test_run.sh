#!/bin/sh
# Claims about ./run on machines that differ only in what stand-ins for dpkg-query, id, sudo, apt-get and
# make say: what is missing is installed before make runs, nobody is asked for what is there, and who
# cannot install is told the exact line.
set -eu
run=$NMFKIT_SOURCE_DIR/run

fail() {
    printf 'test_run: %s\n' "$1" >&2
    cat "$scratch/out" "$scratch/calls" >&2 || true
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
PATH=$scratch/bin:/usr/bin:/bin

# stand_in NAME SCRIPT: a command that logs its call and does what the script says.
stand_in() {
    printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$scratch" "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# try TARGET: calls ./run, leaves its output, its calls of install or make, and its exit code.
try() {
    : >"$scratch/calls"
    code=0
    "$run" "$@" >"$scratch/out" 2>&1 </dev/null || code=$?
}

stand_in make 'exit 0'
stand_in apt-get 'exit 0'
stand_in sudo 'exit 1'
stand_in dpkg-query 'case "$4" in gcc | libcmocka-dev) exit 1 ;; esac; printf installed'

stand_in id 'echo 1000'
try check
[ "$code" = 1 ] || fail "without root a missing package must end it with 1, not $code"
grep -q 'apt-get update && apt-get install -y --no-install-recommends gcc libcmocka-dev$' \
    "$scratch/out" || fail 'the line to type is not exact'
! grep -q '^make' "$scratch/calls" || fail 'make ran although packages are missing'

stand_in sudo 'if [ "$1" = -n ]; then exit 0; fi; "$@"'
try check
[ "$code" = 0 ] || fail "with sudo it ended with $code"
grep -q '^sudo env .*apt-get install .* gcc libcmocka-dev$' "$scratch/calls" || fail 'sudo was not used'

stand_in id 'echo 0'
try demo
[ "$code" = 0 ] || fail "as root it ended with $code"
! grep -q '^sudo' "$scratch/calls" || fail 'root needs no sudo'
! grep -q libcmocka "$scratch/calls" || fail 'demo does not need the test packages' # dpkg-query neither
awk '/^apt-get update/ { a = NR } /^apt-get install .* gcc$/ { b = NR } /^make demo$/ { c = NR }
    END { exit !(a && a < b && b < c) }' "$scratch/calls" || fail 'the order is update, install, make'

stand_in apt-get 'exit 100'
try demo
[ "$code" = 1 ] || fail "a failed installation must end it with 1, not $code"
! grep -q '^make' "$scratch/calls" || fail 'make ran although the installation failed'

stand_in dpkg-query 'case "$4" in libcmocka-dev | python3-sklearn) exit 1 ;; esac; printf installed'
stand_in apt-get 'exit 0'
try deps bench
[ "$code" = 0 ] || fail "deps with a target ended with $code"
grep -q '^apt-get install .* python3-sklearn$' "$scratch/calls" || fail 'deps bench is what bench needs'
! grep -q '^make' "$scratch/calls" || fail 'deps only installs'
try bench
grep -q '^make bench$' "$scratch/calls" || fail 'bench runs after its packages are there'

stand_in dpkg-query 'printf installed'
stand_in id 'echo 1000'
stand_in make 'exit 7'
try demo JOBS=1
[ "$code" = 7 ] || fail "the exit code of make is lost: $code"
grep -q '^make demo JOBS=1$' "$scratch/calls" || fail 'arguments do not reach make'
! grep -q '^apt-get' "$scratch/calls" || fail 'apt-get ran although nothing is missing'

try
[ "$code" = 2 ] || fail "no target is wrong usage: 2, not $code"
grep -q '^usage:' "$scratch/out" || fail 'no target must print the usage'

# Every line of the list is a known group, a package name and a reason.
! grep -Env '^(#.*)?$|^(run|check|bench|valgrind|fuzz|coverage|format|deb) +[a-z0-9.+-]+ +[^ ].*[^ .]$' \
    "$NMFKIT_SOURCE_DIR/scripts/packages.txt" || fail 'scripts/packages.txt has a malformed line'
