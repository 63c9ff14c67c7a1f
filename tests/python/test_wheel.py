"""The wheel holds what its RECORD says, and works where nothing else of this project is: unpacked
onto the path, and installed by pip without a network."""

import base64
import csv
import glob
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile

import python_test
from python_test import claim

python_test.need("numpy")
BUILD = os.environ.get("NMFKIT_BUILD_DIR") or os.path.join(python_test.SOURCE, "build", "release")
USE = """
import nmfkit, numpy, os
assert os.path.dirname(nmfkit.__file__).startswith(%r), nmfkit.__file__
assert nmfkit._library.library._name.startswith(os.path.dirname(nmfkit.__file__))
assert nmfkit.NMF(2).fit_transform(numpy.eye(5) + 1).shape == (5, 2)
assert nmfkit.datasets.swimmer().data.shape == (256, 1024)
"""


def make(directory):
    script = os.path.join(python_test.SOURCE, "scripts", "make_wheel")
    done = subprocess.run([sys.executable, script, BUILD, directory], text=True,
                          stdout=subprocess.PIPE, check=True)
    path = done.stdout.strip()
    claim(glob.glob(os.path.join(directory, "*")) == [path], "%s", os.listdir(directory))
    return path


def use(python, directory, **environment):
    """Runs the package from `directory`, without what this test's own environment has."""
    kept = {key: value for key, value in os.environ.items()
            if key not in ("NMFKIT_LIBRARY", "PYTHONPATH")}
    subprocess.run([python, "-c", USE % directory], cwd=directory, check=True,
                   env={**kept, **environment})


def the_record_is_true():
    with tempfile.TemporaryDirectory() as work:
        with zipfile.ZipFile(make(work)) as wheel:
            name = next(entry for entry in wheel.namelist() if entry.endswith("/RECORD"))
            rows = list(csv.reader(io.StringIO(wheel.read(name).decode())))
            claim(sorted(row[0] for row in rows) == sorted(wheel.namelist()), "names")
            claim("nmfkit/py.typed" in wheel.namelist(), "no py.typed")
            claim(any(path.endswith((".data/scripts/nmf", "/bin/nmf")) for path in wheel.namelist()), "no command nmf")
            for path, digest, size in rows:
                if path == name:
                    continue
                content = wheel.read(path)
                hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                claim(digest == "sha256=" + hashed.rstrip(b"=").decode(), "%s", path)
                claim(int(size) == len(content), "%s", path)


def the_metadata_told_beforehand_are_the_wheels():
    sys.path.insert(0, os.path.join(python_test.SOURCE, "python"))
    import build_backend
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as told:
        place = build_backend.prepare_metadata_for_build_wheel(told)
        with zipfile.ZipFile(make(work)) as wheel:
            names = {name for name in wheel.namelist() if name.startswith(place + "/")}
            claim({place + "/" + name for name in os.listdir(os.path.join(told, place))} ==
                  names - {place + "/RECORD"}, "%s", sorted(names))
            for name in names - {place + "/RECORD"}:
                with open(os.path.join(told, name), "rb") as file:
                    claim(file.read() == wheel.read(name), "%s", name)


def it_works_unpacked_onto_the_path():
    with tempfile.TemporaryDirectory() as work:
        path = make(work)
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall(work)
        use(sys.executable, work, PYTHONPATH=work)


def pip_installs_it_without_a_network():
    with tempfile.TemporaryDirectory() as work:
        path = make(work)
        target = os.path.join(work, "target")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index",
               "--no-deps", "--target", target, path]
        done = subprocess.run(pip, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if "No module named pip" in done.stdout:
            return "no pip"
        claim(done.returncode == 0, "%s", done.stdout)
        use(sys.executable, target, PYTHONPATH=target)
    return None


if "asan" in os.environ.get("LD_PRELOAD", ""):
    print("skipped: a wheel of an instrumented build is for nobody")
    sys.exit(77)
python_test.main(the_record_is_true, the_metadata_told_beforehand_are_the_wheels,
                 it_works_unpacked_onto_the_path, pip_installs_it_without_a_network)
