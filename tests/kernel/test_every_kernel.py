#!/usr/bin/env python3
"""Every function of the kernel table is called by a kernel test, whose arrays end before a page that nobody may
touch (support.c), for each instruction set that runs here and both compute types."""
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ["NMFKIT_SOURCE_DIR"])


def functions():
    """Names of the table's functions."""
    table = (SOURCE / "src/kernel/table.h").read_text().split("typedef struct nmfi_kernels {")[1]
    return re.findall(r"\(\*(\w+)(?:\[\d\])*\)\(", table)


def main():
    """0 where none is missing."""
    tests = "".join(path.read_text() for path in sorted((SOURCE / "tests/kernel").glob("test_*.c")))
    names = functions()
    assert len(names) > 40, names
    missing = [name for name in names if not re.search(r"->%s\b(\[\w+\])*(\[[^]]+\])*\(" % name, tests)]
    if missing:
        print("no test in tests/kernel calls: " + ", ".join(missing), file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
