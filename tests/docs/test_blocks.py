"""Every block of every document does what it says: shell lines and Python run, C compiles and runs, links
lead somewhere, and what a table quotes of a command's output is what the command prints.

A document's blocks run in one scratch directory, one after the other, beside the files of fixtures(). Of
```sh every line must succeed; lines that install or build (./run, make, apt, pip, cd) are checked for their
targets only. ```python blocks of a document share their names. ```c is compiled against the built library; what
has no main is put into one. ```text and ```cmake are looked at by other tests."""

import atexit
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ["NMFKIT_SOURCE_DIR"], os.environ["NMFKIT_BUILD_DIR"]
DOCUMENTS = sorted(glob.glob(os.path.join(SOURCE, "*.md")) +
                   glob.glob(os.path.join(SOURCE, "docs", "*.md")))
KINDS = ("sh", "python", "c", "cmake", "text")
DATA = os.environ.get("NMFKIT_TEST_DATA")
try:
    import numpy as np
except ImportError:
    print("skipped: no numpy")
    sys.exit(77)


class Failed(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def environment(work):
    """nmf, the libraries and the package as after an install; nothing of the user's own."""
    stubs = os.path.join(work, ".pc")
    os.makedirs(stubs, exist_ok=True)
    for name, libraries in (("nmfkit", "-lnmfkit"), ("nmfkit-io", "-lnmfkit-io -lnmfkit")):
        with open(os.path.join(stubs, name + ".pc"), "w", encoding="ascii") as file:
            file.write("Name: %s\nDescription: as built\nVersion: 0\nLibs: -L%s -Wl,-rpath,%s %s\n"
                       "Cflags: -I%s/include\n" % (name, BUILD, BUILD, libraries, SOURCE))
    return {**os.environ, "PATH": BUILD + os.pathsep + os.environ["PATH"], "PKG_CONFIG_PATH": stubs,
            "PYTHONPATH": os.path.join(SOURCE, "python"), "LC_ALL": "C.UTF-8", "HOME": work,
            "XDG_CACHE_HOME": os.path.join(work, ".cache")}


# ---- the files that documents speak of ----

def write_counts(path, rows, columns, rate):
    """MatrixMarket counts in topics of their own, and vocab.txt."""
    random = np.random.RandomState(3)
    W, H = random.gamma(0.2, size=(rows, 5)), random.gamma(0.2, size=(5, columns))
    X = random.poisson(rate * W @ H) + np.eye(rows, columns, dtype=int)
    entries = [(i + 1, j + 1, X[i, j]) for i, j in zip(*np.nonzero(X))]
    with open(path, "w", encoding="ascii") as file:
        file.write("%%MatrixMarket matrix coordinate integer general\n")
        file.write("%d %d %d\n" % (rows, columns, len(entries)))
        file.writelines("%d %d %d\n" % entry for entry in entries)


def write_table(path, X, corner, columns, rows):
    with open(path, "w", encoding="ascii") as file:
        file.write("\t".join([corner, *columns]) + "\n")
        for name, row in zip(rows, X):
            file.write("\t".join([name, *map(str, row)]) + "\n")


PICTURES = tempfile.mkdtemp()  # made once, copied for each document


def make_pictures(work, run):
    for name, seed in (("faces.npz", 0), ("new.npz", 1)):
        made = os.path.join(PICTURES, name)
        if not os.path.exists(made):
            run("nmf generate faces --seed %d -o '%s' --quiet" % (seed, made))
        shutil.copy(made, os.path.join(work, name))


def make_folder(work, run):
    run("""python3 -c "import numpy as n, os; X = n.load('faces.npz')['X']; os.mkdir('photos')
for i in range(20): open('photos/%02d.pgm' % i, 'wb').write(b'P5 64 64 255 ' + X[10 * i].tobytes())
open('new.pgm', 'wb').write(b'P5 64 64 255 ' + X[7].tobytes())" && nmf convert new.pgm -o new/ --quiet &&
        mv new/*.png new.png""".replace("python3", os.environ.get("NMFKIT_PYTHON", "python3"), 1))


def make_news(work, run):
    if DATA:
        for name in ("ap.mtx", "vocab.txt"):
            shutil.copy(os.path.join(DATA, "ap", name), os.path.join(work, name))
    else:
        write_counts(os.path.join(work, "ap.mtx"), 200, 300, 20)
        with open(os.path.join(work, "vocab.txt"), "w", encoding="ascii") as file:
            file.writelines("word%d\n" % j for j in range(300))


def make_documents(work, run):
    write_counts(os.path.join(work, "docs.mtx"), 60, 80, 20)
    write_counts(os.path.join(work, "more.mtx"), 7, 80, 20)


def make_catalogue(work, run):
    random = np.random.RandomState(0)
    X = random.poisson(random.gamma(0.5, size=(21, 3)) @ random.gamma(0.5, size=(3, 96)) * 40) + 1
    genomes, kinds = ["genome%d" % i for i in range(21)], ["type%d" % j for j in range(96)]
    write_table(os.path.join(work, "catalogue.tsv"), X, "genome", kinds, genomes)
    write_table(os.path.join(work, "genes-by-cells.tsv"), X.T, "gene", genomes, kinds)


def make_power(work, run):
    np.save(os.path.join(work, "power.npy"),
            np.random.RandomState(0).gamma(1.0, size=(80, 60)) + 1e-3)


def make_negative(work, run):
    with open(os.path.join(work, "negative.csv"), "w", encoding="ascii") as file:
        file.write("1,2\n3,-4\n")


def make_cells(work, run):
    shutil.copy(os.path.join(SOURCE, "tests", "io", "golden", "arrays", "new.h5ad"),
                os.path.join(work, "cells.h5ad"))


def make_programs(work, run):
    shutil.copy(os.path.join(SOURCE, "examples", "faces.c"), os.path.join(work, "faces.c"))
    with open(os.path.join(work, "core.c"), "w", encoding="ascii") as file:
        file.write("#include <nmfkit/nmfkit.h>\nint main(void) { return nmf_version()[0] != '0'; }\n")


# A word in a document: what makes the files it stands for.
FIXTURES = (("faces.npz", make_pictures), ("photos/", make_folder), ("ap.mtx", make_news),
            ("docs.mtx", make_documents), ("catalogue.tsv", make_catalogue),
            ("genes-by-cells.tsv", make_catalogue), ("power.npy", make_power),
            ("negative.csv", make_negative), ("cells.h5ad", make_cells), ("faces.c", make_programs))


def fixtures(text, work, run):
    for word, make in FIXTURES:
        if word in text:
            make(work, run)


# ---- blocks ----

def targets():
    made = set(re.findall(r"^\.PHONY: (\S+)", read(os.path.join(SOURCE, "Makefile")), re.M))
    return made | {"deps"}


def only_looked_at(line):
    """Whether the line builds or installs; its target must exist."""
    words = [word for word in line.split("#")[0].split() if "=" not in word or word.startswith("-")]
    if not words or words[0] not in ("./run", "make", "apt", "pip", "cd", "git", "sudo", "python3"):
        return False
    if words[0] in ("./run", "make"):
        for word in words[1:]:
            if word not in targets():
                raise Failed("no target %s: %s" % (word, line))
    return words[0] != "python3" or "setup" in line


def run_shell(text, run):
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip() and not only_looked_at(line):
            run(line)


IN_MAIN = "#include <stdio.h>\n%s\nint main(void)\n{\n%s\nreturn 0;\n}\n"


def run_c(text, work, run):
    if "int main(" not in text:
        includes = "\n".join(re.findall(r"^#include.*$", text, re.M))
        text = IN_MAIN % (includes, re.sub(r"^#include.*$", "", text, flags=re.M))
    with open(os.path.join(work, "block.c"), "w", encoding="utf-8") as file:
        file.write(text)
    run('"${CC:-cc}" -std=c11 -Wall -Wextra -Werror block.c '
        "$(pkg-config --cflags --libs nmfkit-io) -lm -o block && ./block")


def blocks(text):
    """(line number, kind, text) of each fenced block."""
    found, start = [], None
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            if start is None:
                start, kind = number, line[3:].strip()
            else:
                found.append((start, kind, "\n".join(lines[start:number - 1]) + "\n"))
                start = None
    if start is not None:
        raise Failed("the block of line %d does not end" % start)
    return found


def check_links(path, text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" in target:
            continue
        if not os.path.exists(os.path.join(os.path.dirname(path), target)):
            raise Failed("a link leads to %s, which is not there" % target)


def check_topics(text, run):
    """The table of topics, three words each, is what `nmf top` prints for the fit above it. Kernels differ
    in their last bits, so a topic's words may change places, and two topics of the twenty be others."""
    quoted = [set(cell.split()) for row in re.findall(r"^\|(.*)\|$", text, re.M)
              for cell in row.split("|") if re.fullmatch(r" [a-z]+ [a-z]+ [a-z]+ ", cell)]
    if not DATA or len(quoted) < 20:
        return
    lines = run("nmf top ap.nmf.npz -n 6 --tsv").splitlines()[1:]
    printed = [line.split("\t") for line in lines]
    topics = [{row[2] for row in printed[i:i + 6]} for i in range(0, len(printed), 6)]
    others = [sorted(words) for words in quoted if not any(words <= topic for topic in topics)]
    if len(others) > 2:
        raise Failed("nmf top prints no such topics: %s, but %s" % (others, topics))


class Python:
    """An interpreter that runs a document's blocks one after the other, between its lines of shell."""

    DONE = "this block is done"
    DRIVER = ("import sys\nnames = {'__name__': '__main__'}\nfor name in sys.stdin:\n"
              "    name = name.strip()\n"
              "    exec(compile(open(name, encoding='utf-8').read(), name, 'exec'), names)\n"
              "    print(%r, flush=True)\n" % DONE)

    def __init__(self, work, env):
        self.work, self.env, self.process = work, env, None

    def run(self, line, text):
        if self.process is None:
            self.process = subprocess.Popen(
                [os.environ.get("NMFKIT_PYTHON", "python3"), "-c", self.DRIVER], cwd=self.work, env=self.env,
                text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        name = "line%d.py" % line
        with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
            file.write(text)
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        said = []
        for output in self.process.stdout:
            if output.rstrip("\n") == self.DONE:
                return
            said.append(output)
        raise Failed("%s\nended: %s" % (text, "".join(said)[-1500:]))

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()


def check(path, work):
    python = Python(work, environment(work))
    try:
        return check_blocks(path, work, python)
    finally:
        python.close()


def check_blocks(path, work, python):
    text = read(path)
    env = environment(work)

    def run(line):
        done = subprocess.run(["bash", "-c", line], cwd=work, env=env, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        if done.returncode != 0:
            raise Failed("%s\nended with %d: %s" % (line, done.returncode, done.stdout[-1500:]))
        return done.stdout

    check_links(path, text)
    found = blocks(text)
    if any(kind not in KINDS for _, kind, _ in found):
        raise Failed("a block of another kind than %s" % ", ".join(KINDS))
    if not any(kind in ("sh", "python", "c") for _, kind, _ in found):
        return 0
    fixtures(text, work, run)
    for line, kind, block in found:
        try:
            if kind == "sh":
                run_shell(block, run)
            elif kind == "c":
                run_c(block, work, run)
            elif kind == "python":
                python.run(line, block)
        except Failed as error:
            raise Failed("block of line %d: %s" % (line, error)) from None
    check_topics(text, run)
    return len(found)


def main():
    chosen = sys.argv[1:] or DOCUMENTS
    counts = []
    atexit.register(shutil.rmtree, PICTURES, ignore_errors=True)
    for path in chosen:
        with tempfile.TemporaryDirectory() as work:
            try:
                counts.append("%s %d" % (os.path.basename(path), check(path, work)))
            except Failed as error:
                sys.exit("%s: %s" % (os.path.relpath(path, SOURCE), error))
    print("blocks run: " + ", ".join(counts))


main()
