"""make bench: this library against scikit-learn on the cases of cases.py, in one run, alternating.

  run.py BUILD            BUILD holds nmf and bench/bench_fit
  BENCH_ONLY=a,b          only these cases (or limits, kernels, scaling)
  BENCH_REPEAT=5          repetitions; tables show medians and, in brackets, lowest and highest
  BENCH_THREADS=2         threads, on both sides
  BENCH_KERNELS=avx2      our kernels, as in NMFKIT_KERNELS, where the machine has more
  BENCH_OUT=build/bench   where the data, report.md, the CSV files and scaling.svg go
  BENCH_SMALL=1           tiny data: tests the machinery, measures nothing
"""

import datetime
import os
import platform
import sys

import report
from cases import CASES
from datasets import Datasets
from measure import Programs
from rows import SLACK, Bench, say

SECTIONS = ("limits", "kernels", "scaling")
KERNELS = ("avx512", "avx2", "portable")


def setting(name, default, lowest):
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) < lowest:
        sys.exit("bench: %s = %s: must be an integer from %d" % (name, text, lowest))
    return int(text)


def wanted_names():
    names = [case.name for case in CASES] + list(SECTIONS)
    only = [name for name in os.environ.get("BENCH_ONLY", "").replace(",", " ").split()]
    for name in only:
        if name not in names:
            sys.exit("bench: BENCH_ONLY = %s: must be some of %s" % (name, ", ".join(names)))
    return only or names


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def kernel_lines(bench):
    """One pass by each variant this processor has, for every storage type."""
    shape = "400x256" if bench.small else "10000x4096"
    lines = []
    for kernels in KERNELS:
        table = bench.table("pass", "--shape", shape, "-k", "16", kernels=kernels)
        lines += [line for line in table if line["part"] == "pass" and line["kernel"] == kernels]
    most = max(int(line["threads"]) for line in lines)
    return [line for line in lines if int(line["threads"]) == most]


def our_kernels(programs):
    """What is in use, by what `nmf info` says of it."""
    lines = programs.call([programs.nmf, "info"]).splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("kernels:")), "unknown")


def heading(bench, datasets, threads):
    return ["# nmfkit against scikit-learn", "",
            "%s, %s, %d threads on each side, %d repetition%s." % (
                datetime.date.today().isoformat(), processor(), threads, bench.repeat,
                "s" if bench.repeat > 1 else ""),
            "Faces: %s. %s" % (datasets.faces_are, bench.peer_version),
            "Our kernels: %s." % bench.kernels, "",
            "%d runs, %d made again and %d disturbed all the same: others used the machine right before or after." % (
                bench.machine.runs, bench.machine.again, bench.machine.disturbed), ""] + (
                ["**Tiny data: these figures measure nothing.**", ""] if bench.small else [])


EXPLANATION = """
Times run from data in memory to finished factors, starts included; starting a process and reading
a file are in neither side's. Each run is a process of its own, scikit-learn's and ours in turn,
with seeds equal to the repetition's number. "To it" is the default fit, but stopped at the first
iteration whose error is at most scikit-learn's and not by its own tolerance; the default fit as
it stops by itself has its own columns. All errors are ||X - WH|| / ||X||, recomputed in double
precision from the written factors (PCA: of the centred data). Memory is X and the most that the
default fit needed beside it, ours / scikit-learn's. GFLOP/s counts 4 m n k for a pass over data
of the case's shape, updates of W and H inside its time, as `nmf bench` measures it; "% of limit"
is that against the multiply-add peak (k = 1, 2, 4: reading, against the read bandwidth), for both
the best that was seen in this run. Where one scikit-learn fit takes long it is not repeated; its
runs are counted. A machine that others use too is not the same from second to second: a run counts
where all threads had their multiply-adds right before it and right after it, else it is made again,
at most twice, on either side.
""".strip().split("\n")

ENDS = """
Seed by seed, each as it stops by itself (`kl-random`: the other side is our own multiplicative
updates). Which valley a start leads into is chance on both sides, and a repetition whose own seed is unlucky does not
get to the other side's error at any time; over many seeds the two columns of counts tell whether one side
is the worse.
""".strip().split("\n")


def compose(bench, datasets, threads, rows, sections, skipped):
    text = heading(bench, datasets, threads)
    if "limits" in sections:
        text += ["## Limits of this machine", ""]
        text += report.limits_table(sections["limits"], bench.limit) + [""]
    if rows:
        text += ["## Cases", ""] + report.main_table(rows) + [""] + EXPLANATION + [""]
        ends = report.ends_table(rows, SLACK)
        if ends:
            text += ["### Where both sides end by themselves", ""] + ends + [""] + ENDS + [""]
        held = report.held_lines(rows)
        if held:
            text += ["### What limits the cases short of what is hoped for", ""] + held + [""]
    if skipped:
        text += ["Not measured, since $NMFKIT_TEST_DATA does not have their data: %s." % ", ".join(skipped), ""]
    if "kernels" in sections:
        text += ["## Kernels and storage types, one pass, k = 16", ""]
        text += report.kernels_table(sections["kernels"], bench.share) + [""]
    if "scaling" in sections:
        text += ["## Scaling", "", "![time of a pass](scaling.svg)", ""]
        text += report.scaling_table(sections["scaling"]) + [""]
    return text


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = os.path.abspath(os.environ.get("BENCH_OUT") or "build/bench")
    small = setting("BENCH_SMALL", 0, 0) > 0
    threads = setting("BENCH_THREADS", min(2, os.cpu_count() or 1), 1)
    repeat = setting("BENCH_REPEAT", 5, 1)
    only = wanted_names()
    os.makedirs(out, exist_ok=True)
    programs = Programs(os.path.abspath(sys.argv[1]), out, threads)
    datasets = Datasets(out, programs.nmf, small)
    bench = Bench(programs, datasets, repeat, small)
    bench.kernels = our_kernels(programs)
    bench.in_use = bench.kernels.split()[0]
    rows, sections, cases, skipped = [], {}, {case.name: case for case in CASES}, []

    def save():  # after each case: what was measured is kept whatever happens next
        for row in rows:
            bench.settle(cases[row["case"]], row)
        lines = [line for table in bench.tables.values() for line in table]
        text = compose(bench, datasets, threads, rows, sections, skipped)
        report.write(out, text, rows, bench.runs, lines)

    if "limits" in only:
        sections["limits"] = bench.table("limits")
        save()
    for case in CASES:
        if case.name in only and not datasets.has(case.data):
            say("%s: skipped, $NMFKIT_TEST_DATA has no such data" % case.name)
            skipped.append(case.name)
            save()
        elif case.name in only:
            say("%s: %s" % (case.name, case.title))
            rows.append(bench.row(case))
            say("  " + report.in_words(rows[-1]))
            save()
    if "kernels" in only:
        sections["kernels"] = kernel_lines(bench)
        save()
    if "scaling" in only:
        sections["scaling"] = bench.table("scaling")
        with open(os.path.join(out, "scaling.svg"), "w", encoding="ascii") as file:
            file.write(report.scaling_svg(sections["scaling"]))
        save()
    with open(os.path.join(out, "report.md"), encoding="utf-8") as file:
        print(file.read(), end="")
    say("bench: %s has report.md, readme.md, cases.csv, runs.csv, passes.csv" % out)


if __name__ == "__main__":
    main()
