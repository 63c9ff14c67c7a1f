"""The reports of docs/report.md, by the commands that stand there, for the tests and for scripts/report_pictures."""

import os
import re
import shlex
import subprocess

PLACE = os.path.abspath(os.environ.get("NMFKIT_TEST_DATA", ""))
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = {  # what the commands call it: where NMFKIT_TEST_DATA has it
    "olivetti.npy": "olivetti/olivetti.npy", "labels.npy": "olivetti/labels.npy",
    "ap.mtx": "ap/ap.mtx", "vocab.txt": "ap/vocab.txt",
    "pbmc3k_500.mtx": "pbmc3k/pbmc3k_500.mtx", "celltype_2638.txt": "pbmc3k/celltype_2638.txt",
    "breast21_sbs96.tsv": "sbs96/breast21_sbs96.tsv", "X.npy": "piano_mary/X.npy",
    "swimmer_32x32.npy": "swimmer/swimmer_32x32.npy",
}


def link_data():
    """Links to what there is of the data, in this directory; the names of what there is not."""
    missing = set()
    for name, path in DATA.items():
        path = os.path.join(PLACE, path)
        if os.path.exists(path):
            os.symlink(path, name)
        else:
            missing.add(name)
    return missing


def commands():
    """Name of a page: words of the fit, words of the report, as the document has them."""
    with open(os.path.join(SOURCE, "docs", "report.md"), encoding="utf-8") as file:
        lines = [shlex.split(line) for line in re.findall(r"^nmf ((?:fit|report) [^\[\n]*)$", file.read(), re.M)]
    pairs = list(zip(lines[::2], lines[1::2]))
    assert all(fit[0] == "fit" and report[0] == "report" for fit, report in pairs), lines
    return {report[-1][:-len(".html")]: (fit, report) for fit, report in pairs}


def run(nmf, words):
    subprocess.run([nmf, *words, "--quiet"], check=True, stdout=subprocess.DEVNULL)
