"""Golden tests of the command: every case in cases/*.case is a command line and exactly what it
must print, return and leave behind. A case is a paragraph of lines "key: text":

  name: k = 0 is refused            what the case claims
  have: parts.npy                   input files (FIXTURES of command_test.py), if any
  setup: mkdir closed               a shell line to run before, if any
  run: nmf fit parts.npy -k 0       the shell line under test
  exit: 2                           its exit code; without this line 0
  out: / err:                       one line each of standard output and error; none: nothing
  new: parts.nmf.npz                files that appear or change; none: nothing does
  slow: yes                         it runs the command tens of times, or the demo: not under a sanitizer

In out, err and new, {...} stands for any text. Lines beginning with # are comments.
"""

import glob
import os
import re
import sys

import command_test

KEYS = ("name", "have", "setup", "run", "exit", "out", "err", "new", "slow")
SANITIZED = "NMFKIT_SANITIZED" in os.environ


def read_cases(path):
    cases, case = [], None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if not line:
                case = None
                continue
            key, colon, text = line.partition(":")
            if not colon or key not in KEYS:
                sys.exit("%s:%d: not a line of a case: %s" % (path, number, line))
            if case is None:
                case = {key: [] for key in KEYS}
                cases.append(case)
            case[key].append(text[1:] if text.startswith(" ") else text)
    return cases


def matches(expected, text):
    pattern = ".*".join(re.escape(part) for part in expected.split("{...}"))
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def compare_text(what, expected_lines, text):
    expected = "".join(line + "\n" for line in expected_lines)
    if matches(expected, text):
        return []
    return ["%s is\n    %s\n  and not\n    %s" % (
        what, text.replace("\n", "\n    "), expected.replace("\n", "\n    "))]


def compare_files(expected, before, after):
    changed = sorted(path for path in after if path not in before or after[path] != before[path])
    patterns = " ".join(expected).split()
    problems = ["left behind or changed: " + path for path in changed
                if not any(matches(pattern, path) for pattern in patterns)]
    problems += ["not written: " + pattern for pattern in patterns
                 if not any(matches(pattern, path) for path in changed)]
    problems += ["removed: " + path for path in before if path not in after]
    return problems


def run_case(case):
    with command_test.scratch(*" ".join(case["have"]).split()) as work:
        for line in case["setup"]:
            prepared = command_test.run(line, work)
            if prepared.returncode != 0:
                return ["setup failed: " + line + "\n" + prepared.stderr]
        before = command_test.snapshot(work)
        result = command_test.run(case["run"][0], work)
        after = command_test.snapshot(work)
    problems = []
    code = int(case["exit"][0]) if case["exit"] else 0
    if result.returncode != code:
        problems.append("the exit code is %d and not %d" % (result.returncode, code))
    problems += compare_text("standard output", case["out"], result.stdout)
    problems += compare_text("standard error", case["err"], result.stderr)
    return problems + compare_files(case["new"], before, after)


def main():
    if not command_test.NMF:
        sys.exit("set NMF to the command under test")
    wanted = sys.argv[1:]  # part of a case's name; none: all
    directory = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
    count = failed = 0
    for path in sorted(glob.glob(os.path.join(directory, "*.case"))):
        for case in read_cases(path):
            name = case["name"][0]
            if wanted and not any(word in name for word in wanted) or SANITIZED and case["slow"]:
                continue
            count += 1
            problems = run_case(case)
            if problems:
                failed += 1
                print("FAILED %s: %s\n  $ %s" % (os.path.basename(path), name, case["run"][0]))
                for problem in problems:
                    print("  " + problem)
    print("%d cases, %d failed" % (count, failed))
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main()
