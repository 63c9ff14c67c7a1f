#!/bin/sh
# No kernel works on vectors entry by entry: scripts/check_vectors over the objects of every instruction set. And it
# would have found it: a comparison in vectors twice as wide as the machine's own is what it says no to.
set -eu

command -v objdump >/dev/null && [ "$(uname -m)" = x86_64 ] || exit 77
check=$NMFKIT_SOURCE_DIR/scripts/check_vectors

cat >trap.c <<'END'
typedef double wide __attribute__((vector_size(64)));
typedef long long flags __attribute__((vector_size(64)));
void inside(const wide *x, long n, wide lowest, wide highest, flags *bad)
{
    flags found = {0};
    for (long i = 0; i < n; i++) found |= ~((x[i] * 2 >= lowest) & (x[i] * 2 <= highest));
    *bad = found;
}
END
if "$CC" --version | grep -q 'Free Software'; then # others may cut it into vectors of the right size
    "$CC" -O3 -mavx2 -Wno-psabi -c trap.c
    if "$check" trap.o >found; then
        echo "check_vectors found nothing in trap.o, which compares entry by entry" >&2
        exit 1
    fi
    grep -q 'trap.o: inside: the loop at' found
fi

find "$NMFKIT_BUILD_DIR" -name 'kernel_f*.c.o' >objects
[ "$(wc -l <objects)" -ge 6 ]
xargs "$check" <objects
