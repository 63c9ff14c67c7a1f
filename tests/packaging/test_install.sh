#!/bin/sh
# Claims: an install is complete, works after it was moved, and serves a stranger's program through
# pkg-config, shared and static, and through find_package; the command and the Python package find their
# libraries.
set -eu
here=$NMFKIT_SOURCE_DIR/tests/packaging
cc=${CC:-cc}

fail() {
    printf 'test_install: %s\n' "$1" >&2
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
DESTDIR=$scratch/stage cmake --install "$NMFKIT_BUILD_DIR" --prefix /somewhere >"$scratch/log"
prefix=$scratch/moved
mv "$scratch/stage/somewhere" "$prefix"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name nmfkit.pc)")
export PKG_CONFIG_PATH
version=$(pkg-config --modversion nmfkit)
define=-DEXPECTED_VERSION=\"$version\"
libdir=$(pkg-config --variable libdir nmfkit)

for file in "$libdir/libnmfkit.so" "$libdir/libnmfkit-io.so" "$prefix/include/nmfkit/options.def" \
    "$prefix/bin/nmf" "$prefix/share/man/man1/nmf.1" \
    "$prefix/share/bash-completion/completions/nmf"; do
    [ -s "$file" ] || fail "${file#"$prefix"/} is not installed, or empty"
done

for library in nmfkit nmfkit-io; do
    soname=$(objdump -p "$libdir/lib$library.so" | awk '$1 == "SONAME" { print $2 }')
    [ "$soname" = "lib$library.so.${version%%.*}" ] || fail "lib$library.so has SONAME $soname"
done

# shellcheck disable=SC2046 # flags are words
$cc "$here/consumer.c" "$define" -o "$scratch/shared" $(pkg-config --cflags --libs nmfkit-io)
LD_LIBRARY_PATH=$libdir "$scratch/shared" || fail 'the program built through pkg-config failed'

# shellcheck disable=SC2046
$cc "$here/consumer.c" "$define" -o "$scratch/static" $(pkg-config --cflags nmfkit-io) \
    "$libdir/libnmfkit-io.a" "$libdir/libnmfkit.a" \
    $(pkg-config --static --libs nmfkit-io | tr ' ' '\n' | grep -v '^-lnmfkit')
"$scratch/static" || fail 'the program linked to the static libraries failed'

cmake -S "$here" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release \
    -DEXPECTED_VERSION="$version" >>"$scratch/log" || fail 'find_package(nmfkit) failed'
cmake --build "$scratch/build" >>"$scratch/log" || fail 'building against nmfkit::io failed'
"$scratch/build/consumer" || fail 'the program built through find_package failed'

"$prefix/bin/nmf" info >"$scratch/info" || fail 'the installed command does not start'

unset NMFKIT_LIBRARY
package=$(find "$prefix" -type d -path '*/nmfkit' -path '*python*')
[ -s "$package/__init__.py" ] || fail 'the Python package is not installed'
if "${NMFKIT_PYTHON:-python3}" -c 'import numpy' 2>/dev/null; then
    PYTHONPATH=$(dirname "$package") "${NMFKIT_PYTHON:-python3}" -c "
import nmfkit, os
assert nmfkit.__version__ == '$version', nmfkit.__version__
assert os.path.samefile(nmfkit._library.library._name, '$libdir/libnmfkit.so')
assert nmfkit.datasets.swimmer().data.shape == (256, 1024)
" || fail 'the installed Python package does not find its libraries'
fi
