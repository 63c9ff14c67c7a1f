"""Code in the package's docstrings runs: what stands indented there and begins with an import, as a user would paste it,
with an X at hand. What needs mpi4py is run by one process, where that and the plug-in are there."""

import ast
import glob
import os
import re
import subprocess
import sys
import textwrap

import python_test
from python_test import SOURCE, claim

np = python_test.need("numpy")
LONGEST = 60  # seconds
BLOCK = re.compile(r"(?:^|\n)[ ]*\n((?:    .*(?:\n|$))+)")
GIVEN = "import numpy\nX = numpy.random.RandomState(0).rand(40, 20)\n"
KINDS = (ast.Module, ast.ClassDef, ast.FunctionDef)


def examples():
    """(where, code) of each."""
    found = []
    for path in sorted(glob.glob(os.path.join(SOURCE, "python", "nmfkit", "*.py"))):
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        for node in ast.walk(tree):
            text = ast.get_docstring(node) if isinstance(node, KINDS) else None
            for block in BLOCK.findall(text or ""):
                code = textwrap.dedent(block)
                if re.match(r"(import|from) |>>> ", code):
                    where = "%s, %s" % (os.path.basename(path), getattr(node, "name", "module"))
                    found.append((where, code))
    return found


def can_share():
    try:
        import mpi4py  # noqa: F401  pylint: disable=unused-import
    except ImportError:
        return False
    build = os.environ.get("NMFKIT_BUILD_DIR", os.path.join(SOURCE, "build", "release"))
    return bool(glob.glob(os.path.join(build, "libnmfkit-mpi.so*")))


def every_example_runs():
    ran = []
    for where, code in examples():
        claim(not code.startswith(">>>"), "%s: an example in another form than the others", where)
        if "mpi4py" in code and not can_share():
            continue
        environment = {**os.environ, "PYTHONPATH": os.path.join(SOURCE, "python"),
                       "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        done = subprocess.run([sys.executable, "-c", GIVEN + code], env=environment, text=True, timeout=LONGEST,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        claim(done.returncode == 0, "%s:\n%s\nended: %s", where, code, done.stdout[-1500:])
        ran.append(where)
    claim("__init__.py, module" in ran, "the first example of the package was not found: %s", ran)


def calls_that_are_quoted_are_there():
    """What the docstrings of public names write as `word=value` is a keyword, or an attribute, of something public."""
    import inspect

    import nmfkit
    known = set()
    for name in nmfkit.__all__:
        thing = getattr(nmfkit, name)
        known.add(name)
        for member in dir(thing):
            known.add(member)
            known.update(parameters(inspect, getattr(thing, member, None)))
        known.update(parameters(inspect, thing))
    wrong = []
    for name in nmfkit.__all__:
        text = inspect.getdoc(getattr(nmfkit, name)) or ""
        wrong += ["%s says %s=" % (name, word) for word in re.findall(r"\b([a-z]\w+)=['\d]", text) if word not in known]
    claim(not wrong, "%s", wrong)


def parameters(inspect, thing):
    try:
        return set(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return set()


if __name__ == "__main__":
    python_test.main(every_example_runs, calls_that_are_quoted_are_there)
