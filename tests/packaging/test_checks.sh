#!/bin/sh
# Claims about the checks themselves: in a tree with offences scripts/check_floors names each with its
# line, scripts/check_headers refuses a header that does not stand alone, scripts/check_symbols an export
# that is not public. A check that cannot fail would be none.
set -eu
scripts=$NMFKIT_SOURCE_DIR/scripts
cc=${CC:-cc}

fail() {
    printf 'test_checks: %s\n' "$1" >&2
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# put FILE LINE...: a source file with these lines.
put() {
    file=$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
}

# --- floors: a tree that keeps to them -------------------------------------------------------------
put include/nmfkit/a.h '#include <stddef.h>'
put include/nmfkit/io.h '#include <nmfkit/a.h>'
put src/base/b.h '#include <nmfkit/a.h>'
put src/base/comm.h '#include <nmfkit/a.h>'
put src/data/d.h '#include "base/b.h"'
put src/rule/r.h '#include "data/d.h"'
put io/files/reader.h '#include <nmfkit/io.h>'
put io/arrays/npy.h '#include "io/files/reader.h"'
put io/texts/csv.h '#include "io/arrays/npy.h"'
put io/model/model.h '#include "io/texts/csv.h"'
put io/read.c '#include "io/arrays/npy.h"'
put render/draw/canvas.c '#include "io/files/reader.h"'
put cli/main.c '#include "args.h"' '#include <nmfkit/io.h>'
put cli/args.h '/* nothing */'
"$NMFKIT_PYTHON" "$scripts/check_floors" . >out || fail "a good tree was refused: $(cat out)"

# offence FILE LINE: with this line at its end the file must be named, with the line's number.
offence() {
    cp "$1" saved
    printf '\n%s\n' "$2" >>"$1"
    if "$NMFKIT_PYTHON" "$scripts/check_floors" . >out; then fail "not noticed: $2 in $1"; fi
    grep -q "^$1:$(wc -l <"$1")[: ]" out || fail "$2 in $1 was not named but: $(cat out)"
    mv saved "$1"
}
offence src/base/b.h '#include "data/d.h"'
offence src/data/d.h '#include <nmfkit/io.h>'
offence include/nmfkit/a.h '#include <nmfkit/io.h>'
offence include/nmfkit/a.h '#include "../../src/base/b.h"'
offence io/files/reader.h '#include "src/base/b.h"'
offence io/files/reader.h '#include "render/draw/canvas.c"'
offence io/files/reader.h '#include "io/arrays/npy.h"' # io has floors of its own
offence io/texts/csv.h '#include "io/read.c"'
offence io/texts/csv.h '#include "io/model/model.h"' # a circle: model includes texts
offence cli/main.c '#include "io/files/reader.h"'
offence src/data/d.h '#include "rule/r.h"' # a circle: rule includes data
offence cli/main.c '#include "missing.h"'
offence src/rule/r.h 'int rule_of(const nmf_comm *processes);' # who shares a fit is not a rule's business
offence src/rule/r.h '#include "base/comm.h"'

# The same by symbols, whatever was included: declared by hand, or by a header of a lower floor.
object() {
    mkdir -p build/core.dir/"$(dirname "$1")"
    "$cc" -c "$1" -o build/core.dir/"$1".o
}
put src/base/low.c 'int nmfi_low(void);' 'int nmfi_low(void) { return 1; }'
put src/data/high.c 'int nmfi_low(void);' 'int nmfi_high(void);' 'int nmfi_high(void) { return nmfi_low(); }'
put src/data/other.c 'int nmfi_high(void);' 'int nmfi_other(void);' \
    'int nmfi_other(void) { return nmfi_high(); }'
for file in src/base/low.c src/data/high.c src/data/other.c; do object "$file"; done
"$NMFKIT_PYTHON" "$scripts/check_floors" . build >out || fail "good objects were refused: $(cat out)"
put src/base/up.c 'int nmfi_high(void);' 'int nmfi_up(void);' 'int nmfi_up(void) { return nmfi_high(); }'
object src/base/up.c
! "$NMFKIT_PYTHON" "$scripts/check_floors" . build >out || fail 'a symbol of a higher floor was not noticed'
grep -q '^src/base/up.c: takes nmfi_high from src/data/high.c' out || fail "not named but: $(cat out)"
rm src/base/up.c # what is left of it in the build is of no account
put src/data/high.c 'int nmfi_other(void);' 'int nmfi_high(void);' 'int nmfi_high(void) { return nmfi_other(); }'
object src/data/high.c
! "$NMFKIT_PYTHON" "$scripts/check_floors" . build >out || fail 'files that need each other were not noticed'
grep -q '^src/data/high.c: takes nmfi_other from src/data/other.c: part of a circle' out ||
    fail "not named but: $(cat out)"

# --- headers ---------------------------------------------------------------------------------------
put good/nmfkit/a.h '#ifndef A' '#define A' '#include <stddef.h>' 'size_t nmf_a(void);' '#endif'
put bad/nmfkit/a.h '#ifndef A' '#define A' 'size_t nmf_a(void);' '#endif'
put cxx/nmfkit/a.h '#ifndef A' '#define A' 'void nmf_a(int class);' '#endif'
"$scripts/check_headers" good >out || fail 'a good header was refused'
! "$scripts/check_headers" bad >out 2>&1 || fail 'a header that needs another one was accepted'
! "$scripts/check_headers" cxx >out 2>&1 || fail 'a header that is no C++ was accepted'

# --- symbols ---------------------------------------------------------------------------------------
# library FILE NAME...: a shared library with these functions; what else it calls stands in CALLS.
library() {
    file=$1
    shift
    : >lib.c
    for name in ${CALLS-}; do printf 'int %s(void);\n' "$name" >>lib.c; done
    for name; do
        printf 'int %s(void);\nint %s(void) { return 1' "$name" "$name" >>lib.c
        for call in ${CALLS-}; do printf ' + %s()' "$call" >>lib.c; done
        printf '; }\n' >>lib.c
    done
    mkdir -p "$(dirname "$file")"
    "$cc" -shared -fPIC lib.c -o "$file"
}
library good.so nmf_a
library bad.so nmf_a nmfi_b
CALLS=nmfi_b library plugins/x.so nmf_plugin_x
CALLS=nmfi_b library loose/x.so nmf_plugin_x nmf_more
CALLS=nmfi_c library others/x.so nmf_plugin_x
symbols() { "$scripts/check_symbols" "$@" >out 2>&1; }
symbols good.so bad.so plugins || fail "good libraries were refused: $(cat out)"
! symbols bad.so good.so plugins || fail 'an internal export was accepted'
! symbols good.so good.so plugins || fail 'a plug-in may take what is not exported'
! symbols good.so bad.so others || fail 'an internal export that no plug-in takes was accepted'
! symbols good.so bad.so loose || fail 'a plug-in that exports more than its table was accepted'
