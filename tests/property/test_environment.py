"""The same bits whatever the environment says about threads: models saved by separate runs of `nmf fit`, `nmf
pca` and `nmf transform` under other OMP_NUM_THREADS and OPENBLAS_NUM_THREADS hold the same arrays."""

import os
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import command_test  # noqa: E402

ENVIRONMENTS = (
    "",
    "OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1",
    "OMP_NUM_THREADS=3 OPENBLAS_NUM_THREADS=2",
    "OMP_NUM_THREADS=8 OPENBLAS_NUM_THREADS=8",
    "OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 GOTO_NUM_THREADS=4 MKL_NUM_THREADS=3",
)


def entry(i, j):
    return (i * i + 7 * i * j + 3 * j) % 101 + 5 * ((i + j) % 3 == 0)


def data(rows, columns, code, dtype):
    return command_test.npy([[entry(i, j) for j in range(columns)] for i in range(rows)], code, dtype)


def arrays(path):
    """{name: bytes} of a model's factors and figures; the trace and the manifest tell times too."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()
                if name.endswith(".npy") and "trace" not in name}


def expect_same_arrays(command, code, dtype, rows, columns):
    with command_test.scratch() as work:
        with open(os.path.join(work, "x.npy"), "wb") as file:
            file.write(data(rows, columns, code, dtype))
        first = None
        for environment in ENVIRONMENTS:
            result = command_test.run("%s nmf %s x.npy -o model.npz" % (environment, command), work)
            assert result.returncode == 0, result.stderr
            found = arrays(os.path.join(work, "model.npz"))
            assert {"W.npy", "H.npy"} <= set(found), "the model holds only %s" % sorted(found)
            first = first or found
            differing = [name for name in found if found[name] != first.get(name)]
            assert not differing, "%s, %s, %r: %s differ" % (command, dtype, environment, differing)


def fits_do_not_depend_on_the_environment():
    for code, dtype in (("B", "|u1"), ("d", "<f8")):
        expect_same_arrays("fit -k 6 --max-iter 10", code, dtype, 210, 190)


def pca_does_not_depend_on_the_environment():
    expect_same_arrays("pca -k 5 --pca-solver exact", "d", "<f8", 210, 230)
    expect_same_arrays("pca -k 40 --pca-solver randomized", "d", "<f8", 150, 160)


command_test.main([
    fits_do_not_depend_on_the_environment,
    pca_does_not_depend_on_the_environment,
])
