#!/bin/sh
# Claims: an install is complete, works after it was moved, and serves a stranger's program through
# pkg-config, shared and static, and through find_package; the command and the Python package find their
# libraries; what is uninstalled leaves nothing, and what else is there stays.
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
    "$prefix/bin/nmf" "$prefix/share/man/man1/nmf.1" "$prefix/share/man/man1/nmf-fit.1" \
    "$prefix/share/man/man3/nmf_fit.3" "$prefix/share/man/man3/nmfkit.3" \
    "$prefix/share/bash-completion/completions/nmf" "$prefix/share/zsh/site-functions/_nmf" \
    "$prefix/share/fish/vendor_completions.d/nmf.fish" "$prefix/share/doc/nmfkit/LICENSE" \
    "$prefix/share/doc/nmfkit/README.md" "$prefix/share/doc/nmfkit/docs/python.md" \
    "$prefix/share/doc/nmfkit/examples/faces.c"; do
    [ -s "$file" ] || fail "${file#"$prefix"/} is not installed, or empty"
done

soversion=${version%.*} # until 1.0
for library in nmfkit nmfkit-io; do
    soname=$(objdump -p "$libdir/lib$library.so" | awk '$1 == "SONAME" { print $2 }')
    [ "$soname" = "lib$library.so.$soversion" ] || fail "lib$library.so has SONAME $soname"
done

# shellcheck disable=SC2046 # flags are words
$cc "$here/consumer.c" "$define" -o "$scratch/shared" $(pkg-config --cflags --libs nmfkit-io)
LD_LIBRARY_PATH=$libdir "$scratch/shared" || fail 'the program built through pkg-config failed'

for example in "$prefix"/share/doc/nmfkit/examples/*.c; do # README's line
    # shellcheck disable=SC2046
    $cc "$example" $(pkg-config --cflags --libs nmfkit-io) -lm -o "$scratch/example" ||
        fail "${example##*/} is not built by the line of README"
done

# shellcheck disable=SC2046
$cc "$here/consumer.c" "$define" -o "$scratch/static" $(pkg-config --cflags nmfkit-io) \
    "$libdir/libnmfkit-io.a" "$libdir/libnmfkit.a" \
    $(pkg-config --static --libs nmfkit-io | tr ' ' '\n' | grep -v '^-lnmfkit')
"$scratch/static" || fail 'the program linked to the static libraries failed'

cmake -S "$here" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release \
    -DEXPECTED_VERSION="$version" >>"$scratch/log" || fail 'find_package(nmfkit) failed'
cmake --build "$scratch/build" >>"$scratch/log" || fail 'building against nmfkit::io failed'
"$scratch/build/consumer" || fail 'the program built through find_package failed'
! cmake -S "$here" -B "$scratch/unknown" -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENT=pictures \
    -DEXPECTED_VERSION="$version" >"$scratch/unknown.log" 2>&1 || fail 'an unknown component was found'
grep -q pictures "$scratch/unknown.log" || fail 'an unknown component is not named'

# The lines of docs/c.md, as they stand there.
mkdir "$scratch/guide"
{
    echo 'cmake_minimum_required(VERSION 3.25)'
    echo 'project(guide C)'
    echo "add_executable(mine $NMFKIT_SOURCE_DIR/examples/faces.c)"
    awk '/^```cmake/ { inside = 1; next } /^```/ { inside = 0 } inside' "$NMFKIT_SOURCE_DIR/docs/c.md"
    echo 'target_link_libraries(mine PRIVATE m)'
} >"$scratch/guide/CMakeLists.txt"
grep -q find_package "$scratch/guide/CMakeLists.txt" || fail 'docs/c.md has no lines for CMake'
{ cmake -S "$scratch/guide" -B "$scratch/guide/build" -DCMAKE_PREFIX_PATH="$prefix" &&
    cmake --build "$scratch/guide/build"; } >>"$scratch/log" || fail 'the lines of docs/c.md build nothing'

"$prefix/bin/nmf" info >"$scratch/info" || fail 'the installed command does not start'

unset NMFKIT_LIBRARY
package=$(find "$prefix" -type d -path '*python*/nmfkit')
[ -s "$package/__init__.py" ] || fail 'the Python package is not installed'
if "${NMFKIT_PYTHON:-python3}" -c 'import numpy' 2>/dev/null; then
    PYTHONPATH=$(dirname "$package") "${NMFKIT_PYTHON:-python3}" -c "
import importlib.metadata, nmfkit, os
assert nmfkit.__version__ == '$version', nmfkit.__version__
assert os.path.samefile(nmfkit._library.library._name, '$libdir/libnmfkit.so')
assert nmfkit._library.SOVERSION == '$soversion', nmfkit._library.SOVERSION
assert importlib.metadata.version('nmfkit') == '$version'
assert nmfkit.datasets.swimmer().data.shape == (256, 1024)
" || fail 'the installed Python package does not find its libraries'
fi

# --- uninstall: everything goes, a stranger's file stays -------------------------------------------
touch "$prefix/bin/stranger"
"$NMFKIT_SOURCE_DIR/scripts/uninstall" "$prefix" || fail 'uninstall failed'
left=$(find "$prefix" ! -type d)
[ "$left" = "$prefix/bin/stranger" ] || fail "uninstall left $left"
[ "$(find "$prefix" -mindepth 1 -type d)" = "$prefix/bin" ] || fail 'uninstall left directories'
! "$NMFKIT_SOURCE_DIR/scripts/uninstall" "$prefix" 2>"$scratch/err" || fail 'nothing was uninstalled twice'
grep -q 'installed.txt is not there' "$scratch/err" || fail 'the second uninstall does not say why'

# --- a home directory: directories that were there stay, and python3 looks there --------------------
home=$scratch/home
mkdir -p "$home/.local/bin" "$home/.local/share"
HOME=$home cmake --install "$NMFKIT_BUILD_DIR" --prefix "$home/.local" >>"$scratch/log"
PATH=$home/.local/bin:$PATH
[ "$(command -v nmf)" = "$home/.local/bin/nmf" ] || fail 'nmf is not in ~/.local/bin'
if "${NMFKIT_PYTHON:-python3}" -c 'import numpy' 2>/dev/null; then
    (cd "$scratch" && HOME=$home "${NMFKIT_PYTHON:-python3}" -c "
import nmfkit, os
assert nmfkit.__file__.startswith('$home/.local/lib/'), nmfkit.__file__
assert os.path.samefile(nmfkit._library.library._name, '$home/.local/lib/libnmfkit.so')
") || fail 'python3 does not find what is below ~/.local'
fi
"$NMFKIT_SOURCE_DIR/scripts/uninstall" "$home/.local" || fail 'uninstall failed below ~/.local'
[ "$(find "$home" | sort | tr '\n' ' ')" = "$home $home/.local $home/.local/bin $home/.local/share " ] ||
    fail "uninstall left $(find "$home")"

# --- a virtual environment ---------------------------------------------------------------------------
if "${NMFKIT_PYTHON:-python3}" -c 'import numpy, venv' 2>/dev/null; then
    "${NMFKIT_PYTHON:-python3}" -m venv --without-pip --system-site-packages "$scratch/venv"
    cmake --install "$NMFKIT_BUILD_DIR" --prefix "$scratch/venv" >>"$scratch/log"
    (cd "$scratch" && venv/bin/python -c "
import importlib.metadata, nmfkit
assert nmfkit.__file__.startswith('$scratch/venv/'), nmfkit.__file__
assert importlib.metadata.version('nmfkit') == '$version'
") || fail 'the python of a virtual environment does not find what is installed there'
fi

printf 'a\n../b\n' >"$scratch/damaged"
mkdir -p "$home/share/nmfkit" && cp "$scratch/damaged" "$home/share/nmfkit/installed.txt"
! "$NMFKIT_SOURCE_DIR/scripts/uninstall" "$home" 2>/dev/null || fail 'a list that leads outside was followed'
