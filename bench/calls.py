"""make bench-calls: what nmfkit.accelerate() does to the calls that cNMF, OCTIS and librosa make of scikit-learn's NMF,
as the table of docs/python.md has it (minutes, most of them scikit-learn's; NMFKIT_TEST_DATA).

  calls.py BUILD           prints the table
  calls.py BUILD --write   writes it into docs/python.md

Seconds are the processor's, of all threads together; behind them stands the error the estimator tells, lower is better.
"""

import os
import resource
import sys
import warnings

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "python"), HERE]
DOCUMENT = os.path.join(os.path.dirname(HERE), "docs", "python.md")
HEADS = ("call", "scikit-learn", "nmfkit, same solver", "after `accelerate()`")
MU = {"solver": "mu", "init": "random", "random_state": 14, "max_iter": 1000}
CALLS = (  # as the libraries spell them
    ("cNMF: `mu`, `init=\"random\"`, Frobenius, 2,638 cells x 500 genes, k = 9", "pbmc-f64", 9, MU),
    ("cNMF with `beta_loss=\"kullback-leibler\"`, the same cells, 60 iterations at most", "pbmc-f64", 9,
     dict(MU, beta_loss="kullback-leibler", max_iter=60)),
    ("OCTIS: `cd`, 2,246 articles, tf-idf, k = 20", "ap", 20, {"solver": "cd", "random_state": 0, "max_iter": 200}),
    ("librosa.decompose: `cd`, 586 x 129 spectrogram, k = 8", "piano", 8, {"random_state": 0}),
)


def timed(estimator, X):
    """Processor time of the fit, and its error."""
    def spent():
        use = resource.getrusage(resource.RUSAGE_SELF)
        return use.ru_utime + use.ru_stime
    begin = spent()
    estimator.fit(X)
    return spent() - begin, estimator.reconstruction_err_


def table():
    import datasets
    import nmfkit
    import sklearn.decomposition
    from report import number
    lines = ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|"]
    for title, data, k, asked in CALLS:
        X, cells = datasets.prepared(data), [title]
        X = X.T if data == "piano" else X
        for package, accelerated in ((sklearn.decomposition, False), (nmfkit, False), (nmfkit, True)):
            nmfkit.accelerate(accelerated)
            timed(package.NMF(2, max_iter=2), numpy.ones((4, 3)))  # nothing is loaded inside the measured time
            cells.append("%s s, %s" % tuple(map(number, timed(package.NMF(k, **asked), X), (2, 5))))
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], file=sys.stderr)
    return lines


def main(build, write=False):
    os.environ["NMFKIT_LIBRARY"] = os.path.abspath(build)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = table()
    if not write:
        print("\n".join(lines))
        return
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    begin = text.index(lines[0] + "\n")
    end = text.index("\n\n", begin)
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(text[:begin] + "\n".join(lines) + text[end:])


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    main(sys.argv[1], len(sys.argv) == 3)
