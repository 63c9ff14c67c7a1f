"""The command nmf of a wheel: the program inside the package takes this process's place."""

import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "nmf")


def main():
    try:
        os.execv(PROGRAM, ["nmf", *sys.argv[1:]])
    except OSError as error:
        sys.exit("nmf: %s: %s" % (PROGRAM, error.strerror))
