"""README's table: measured and written (make readme-table, five minutes on two cores with nothing else to do), or compared
with what was measured.

  readme.py BUILD     measures its cases (README in cases.py) three times with AVX2 on both sides, leaves their lines in
                      bench/readme.csv, and writes the tables of README.md and README.zh-CN.md anew
  readme.py --check   fails where a table has another number than bench/readme.csv
"""

import csv
import os
import subprocess
import sys

import report
from cases import README

HERE = os.path.dirname(os.path.abspath(__file__))
MEASURED = os.path.join(HERE, "readme.csv")
DOCUMENTS = [os.path.join(os.path.dirname(HERE), name) for name in ("README.md", "README.zh-CN.md")]


def measure(build):
    out = os.path.join(os.path.dirname(HERE), "build", "bench")
    environment = dict(os.environ, BENCH_ONLY=",".join(README), BENCH_KERNELS="avx2", BENCH_OUT=out,
                       OPENBLAS_CORETYPE="Haswell")
    environment.setdefault("BENCH_REPEAT", "3")
    subprocess.run([sys.executable, os.path.join(HERE, "run.py"), build], check=True, env=environment)
    report.write_csv(MEASURED, report.COLUMNS, read_csv(os.path.join(out, "cases.csv")))


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table_in(text, table):
    """Begin and end of the table whose first line is that of `table`."""
    begin = text.index(table[0] + "\n")
    return begin, text.index("\n\n", begin)


def main(what):
    if what != "--check":
        measure(what)
    rows, wrong = read_csv(MEASURED), False
    missing = set(README) - {row["case"] for row in rows}
    if missing:
        sys.exit("readme: %s has no %s" % (MEASURED, ", ".join(sorted(missing))))
    for language, path in enumerate(DOCUMENTS):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        table = report.readme_table(rows, README, language)
        begin, end = table_in(text, table)
        new = text[:begin] + "\n".join(table) + text[end:]
        if what == "--check" and new != text:
            wrong = True
            print("%s has\n%s\nwhere bench/readme.csv says\n%s" % (os.path.basename(path), text[begin:end], "\n".join(table)))
        elif new != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(new)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
