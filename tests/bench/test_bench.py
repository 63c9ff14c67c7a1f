"""Claims about the shape and the arithmetic of what `nmf bench` and bench/run.py write. Times are
not looked at: the data is tiny and the machine may be busy."""

import csv
import os
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("NMFKIT_SOURCE_DIR", ".")
BUILD = os.environ.get("NMFKIT_BUILD_DIR", "build/release")
sys.path[:0] = [os.path.join(SOURCE, "tests", "cli"), os.path.join(SOURCE, "bench")]

import command_test  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
from cases import CASES, HELD, README  # noqa: E402


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def close(value, expected, digits):
    """Equal up to the rounding of printed numbers."""
    return abs(value - expected) <= max(0.02 * abs(expected), 0.6 * 10.0 ** -digits)


def bench(arguments):
    with command_test.scratch() as work:
        result = command_test.run("nmf bench --quick -o b.csv " + arguments, work)
        assert result.returncode == 0, result.stderr
        return result.stdout, read_csv(os.path.join(work, "b.csv"))


def every_part_is_measured_with_one_thread_and_with_all():
    text, lines = bench("")
    parts = {line["part"] for line in lines}
    assert parts == {"fma-f32", "fma-f64", "read", "pass", "scaling-k", "scaling-m",
                     "scaling-n"}, parts
    assert {line["storage"] for line in lines if line["part"] == "pass"} == {
        "float32", "uint8", "uint16", "float64"}
    for part in parts:
        threads = {int(line["threads"]) for line in lines if line["part"] == part}
        assert min(threads) == 1 and len(threads) == min(2, len(os.sched_getaffinity(0))), threads
    assert text.count("\n## ") == 2 and text.startswith("## Limits"), text


def shares_are_work_by_time_by_limit():
    _, lines = bench("pass -k 3 --shape 90x70 --storage u8")
    limits = {(line["part"], line["threads"]): line for line in lines}
    passes = [line for line in lines if line["part"] == "pass"]
    assert passes and all(line["storage"] == "uint8" for line in passes)
    for line in passes:
        assert (line["rows"], line["columns"], line["k"]) == ("90", "70", "3"), line
        low, middle, high = (float(line["seconds" + end]) for end in ("_lowest", "", "_highest"))
        assert 0 < low <= middle <= high and int(line["passes"]) >= 5 and line["disturbed"] == "0", line
        gflops, read = 4e-9 * 90 * 70 * 3 / middle, 1e-9 * 90 * 70 / middle
        peak = float(limits["fma-f32", line["threads"]]["gflops"])
        bandwidth = float(limits["read", line["threads"]]["read_gb"])
        assert close(float(line["gflops"]), gflops, 2), line
        assert close(float(line["percent_of_fma"]), 100 * gflops / peak, 2), line
        assert close(float(line["percent_of_read"]), 100 * read / bandwidth, 2), line


def what_the_machine_gives_now_is_measured_alone():
    text, lines = bench("now")
    assert [line["part"] for line in lines] == ["now-f32"] and float(lines[0]["gflops"]) > 0, lines
    assert text.startswith("multiply-add f32 now, ") and text.count("\n") == 1, text


class Calls:
    """Results and looks at the machine in the order they are asked for."""

    def __init__(self, looks):
        self.looks, self.made = list(looks), 0

    def now(self):
        return self.looks.pop(0)

    def run(self, name):
        self.made += 1
        return "%s %d" % (name, self.made)


def runs_of_half_a_machine_are_made_again_at_most_twice():
    for looks, made, again, disturbed in (
            ([100, 90], 1, 0, 0),                          # whole before and after
            ([100, 60, 100, 99], 2, 1, 0),                 # after the first: not
            ([100, 50, 50, 100, 50, 100, 50], 3, 2, 1),    # never; one look more before the second
            ([50, 100, 50, 86, 86], 2, 1, 0),              # the most is what was seen
            ([39, 39], 1, 0, 0)):
        calls = Calls([40] * measure.Machine.FIRST + looks)
        machine = measure.Machine(calls.now)
        assert machine.measured(calls.run, "run") == "run %d" % made, looks
        assert (machine.again, machine.disturbed, machine.runs) == (again, disturbed, 1) and not calls.looks, looks
    unwatched = Calls([])
    assert measure.Machine(None).measured(unwatched.run, "run") == "run 1"


def another_kernel_variant_is_measured_on_demand():
    with command_test.scratch() as work:
        result = command_test.run(
            "NMFKIT_KERNELS=portable nmf bench pass --quick -k 2 --shape 40x30 --quiet -o b.csv",
            work)
        assert result.returncode == 0 and result.stdout == "", result
        lines = read_csv(os.path.join(work, "b.csv"))
    assert {line["kernel"] for line in lines if line["part"] == "pass"} == {"portable"}


def verdicts_follow_from_must_and_aim():
    ratio = next(case for case in CASES if case.unit == "x")
    share = next(case for case in CASES if case.unit == "%")
    fewer = next(case for case in CASES if case.unit == "passes")
    for case, name, good, fair, poor in (
            (ratio, "ratio", ratio.aim, ratio.must, ratio.must / 2),
            (share, "percent", share.aim, share.must, share.must - 10),
            (fewer, "passes", fewer.aim, fewer.must, fewer.must + 3)):
        assert rows.verdict(case, {name: good}) == "reaches what is hoped for"
        assert rows.verdict(case, {name: fair}) == "holds"
        assert rows.verdict(case, {name: poor}).startswith("short by ")
    assert rows.verdict(ratio, {"reached": "1 of 5"}) == "short: reached by 1 of 5"
    assert rows.verdict(ratio, {"ratio": ratio.aim, "memory_holds": False}) == "short: memory"


def a_run_that_falls_short_is_slower_than_any_that_does_not():
    case = next(case for case in CASES if case.unit == "x")
    row = {"ratio": case.aim, "ratio_low": 0.0, "reached": "2 of 3"}
    assert rows.verdict(case, row) == "reaches what is hoped for, by 2 of 3 runs"
    assert rows.verdict(case, dict(row, ratio=case.must)) == "holds, by 2 of 3 runs"


def what_limits_a_case_is_known_of_each():
    assert sorted(HELD) == sorted(case.name for case in CASES)
    assert all(text and not text.endswith(".") for text in HELD.values())


def exponents_are_those_of_the_curve():
    assert abs(report.slope([(n, 3e-6 * n) for n in (10, 20, 40, 80)]) - 1) < 1e-12
    assert abs(report.slope([(n, 7.0 * n * n) for n in (10, 20, 40, 80)]) - 2) < 1e-12


def ratios_are_told_as_they_are():
    for ratios, words in (([], "-"), ([66.2, 67.9], "66x, 68x"), ([7.31, 7.2, 7.4], "7.3x"),
                          ([23.4, 45.1, 41.8], "23x to 45x, median 42x")):
        assert report.ratios_in_words(ratios, 0) == words, words
    assert report.ratios_in_words([30, 40, 50], 0, missed=2) == "30x to 50x, median 30x"
    row = {"case": "faces16", "peer_seconds": "3.631", "peer_error": "0.127702", "seconds": 0.05431, "repetitions": "3",
           "ratios": "66.2 67.9", "default_seconds": 0.1141, "default_error": "0.12761"}
    assert report.readme_table([row], README)[2] == (
        "| 400 faces, k = 16, tol 1e-4 | 3.63 s | 0.1277 | 0.0543 s, 2 of 3 runs | 66x, 68x | 0.114 s | 0.1276 |")
    assert "3 次中的 2 次 | 66x、68x" in report.readme_table([row], README, 1)[2]


def ends_are_compared_seed_by_seed_in_both_directions():
    row = {"case": "faces16", "peer_errors": "0.13 0.15 0.14 0.12", "default_errors": "0.12 0.16 0.13 0.12"}
    line = report.ends_table([row, {"case": "pass16"}], 1)[2]
    assert line == ("| faces16 | 4 | 0.120000, 0.135000, 0.150000 | 0.120000, 0.125000, 0.160000 | 3 of 4 | 2 of 4 |"), line
    assert report.ends_table([{"case": "pass16"}], 1) == []


def tables_of_readme_are_what_was_measured():
    if not os.path.exists(os.path.join(SOURCE, "bench", "readme.csv")):
        return "bench/readme.csv is not there yet: make readme-table"
    done = subprocess.run([sys.executable, os.path.join(SOURCE, "bench", "readme.py"), "--check"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    return None


def run_py(only, directory):
    environment = dict(os.environ, BENCH_SMALL="1", BENCH_REPEAT="1", BENCH_ONLY=only,
                       BENCH_OUT=directory)
    script = os.path.join(SOURCE, "bench", "run.py")
    return subprocess.run([sys.executable, script, BUILD], text=True, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def the_whole_benchmark_writes_its_tables():
    try:
        import numpy  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as missing:
        return str(missing)
    if not os.path.exists(os.path.join(BUILD, "bench", "bench_fit")):
        return "this build has no bench_fit"
    wanted = ["faces6", "faces16", "faces10k-u8", "pca6", "pass16", "passes16"]
    with tempfile.TemporaryDirectory() as directory:
        result = run_py(",".join(wanted + ["scaling"]), directory)
        assert result.returncode == 0, result.stderr
        table = read_csv(os.path.join(directory, "cases.csv"))
        assert [line["case"] for line in table] == wanted, table
        assert tuple(table[0]) == report.COLUMNS
        for line in table:
            assert line["verdict"].split()[0] in ("reaches", "holds", "short", "short:"), line
        fit = table[0]
        assert float(fit["ratio"]) > 0 and float(fit["seconds"]) > 0, fit
        runs = read_csv(os.path.join(directory, "runs.csv"))
        to_it = [run for run in runs
                 if run["case"] == "faces6" and "to that error" in run["program"]]
        assert float(to_it[0]["error"]) <= float(fit["peer_error"]) * rows.SLACK, runs
        assert result.stdout.count("\n| ") > len(wanted), result.stdout
        assert "| at least / hoped for | verdict |" in result.stdout and "Our kernels: " in result.stdout, result.stdout
        ends = {line["case"]: line["default_errors"].split() for line in table}
        assert (len(ends["faces6"]), len(ends["faces16"]), len(ends["pass16"])) == (1, 2, 0), ends
        assert "\n| faces16 | 2 | " in result.stdout, result.stdout
        for line in table:
            said = "- **%s** (%s; hoped for: " % (line["case"], line["verdict"]) in result.stdout
            assert said == (not line["verdict"].startswith("reaches")), (line, result.stdout)
        with open(os.path.join(directory, "readme.md"), encoding="utf-8") as file:
            readme = file.read()
        assert "short" not in readme and "hoped" not in readme, "what is hoped for is nobody's figure"
        assert readme.splitlines() == report.readme_table(table, README), "its rows and no others"
        with open(os.path.join(directory, "scaling.svg"), encoding="ascii") as file:
            assert file.read().count("<polyline") == 3 * len(
                {line["threads"] for line in read_csv(os.path.join(directory, "passes.csv"))
                 if line["part"] == "scaling-k"})
    return None


def an_unknown_case_is_refused_by_name():
    try:
        import numpy  # noqa: F401
    except ImportError as missing:
        return str(missing)
    with tempfile.TemporaryDirectory() as directory:
        result = run_py("faces16,face", directory)
    assert result.returncode != 0 and "BENCH_ONLY = face: must be some of faces6" in result.stderr
    return None


command_test.main([every_part_is_measured_with_one_thread_and_with_all,
                   shares_are_work_by_time_by_limit, another_kernel_variant_is_measured_on_demand,
                   verdicts_follow_from_must_and_aim, a_run_that_falls_short_is_slower_than_any_that_does_not,
                   what_limits_a_case_is_known_of_each, exponents_are_those_of_the_curve,
                   ratios_are_told_as_they_are, ends_are_compared_seed_by_seed_in_both_directions,
                   tables_of_readme_are_what_was_measured,
                   the_whole_benchmark_writes_its_tables, an_unknown_case_is_refused_by_name])
