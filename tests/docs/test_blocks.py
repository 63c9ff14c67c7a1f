"""Every block of every document does what it says: shell lines and Python run, C compiles and runs, links
lead somewhere, and what a table quotes of a command's output is what the command prints.

A document's blocks run in one scratch directory, one after the other, beside the files of fixtures(). Of
```sh every line must succeed; lines that install or build (./run, make, apt, pip, cd) are checked for their
targets only. ```python blocks of a document share their names. ```c is compiled against the built library; what
has no main is put into one. ```text is a formula, or how a command is called: then the command has the options
that it names. ```cmake is built in packaging_install, against what is installed; ELSEWHERE names other tests that
run blocks. What is indented like a block would be run by nobody, and is refused.

The examples that `nmf help COMMAND` ends with, and so those of the manual, are run as documents are. A call of nmf that
was made before, with the same words and the same files, is not made again: what it wrote is there at once."""

import glob
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ["NMFKIT_SOURCE_DIR"], os.environ["NMFKIT_BUILD_DIR"]
DOCUMENTS = sorted(glob.glob(os.path.join(SOURCE, "*.md")) +
                   glob.glob(os.path.join(SOURCE, "docs", "*.md")))
EXAMPLES = os.path.join(SOURCE, "help")  # no document: the examples of the commands' help
KINDS = ("sh", "python", "c", "cmake", "text")
ELSEWHERE = {"docs/report.md": ("tests/report/documented.py", "nmf fit olivetti.npy")}  # document: who runs it, what begins the block
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


def read_bytes(path):
    with open(path, "rb") as file:
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


def make_pictures(work, run):
    run("nmf generate faces -o faces.npz")


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


def make_tables(work, run):
    """X.npy of three parts; counts.npy and counts.mtx."""
    random = np.random.RandomState(1)
    X = random.gamma(0.5, size=(60, 3)) @ random.gamma(0.5, size=(3, 40))
    np.save(os.path.join(work, "X.npy"), X + 0.01 * random.rand(60, 40))
    np.save(os.path.join(work, "counts.npy"), random.poisson(20 * X + 0.5).astype(np.uint16))
    write_counts(os.path.join(work, "counts.mtx"), 60, 40, 20)


def make_scene(work, run):
    """The hyperspectral scene, where it is; else one of its shape with three materials and noise."""
    os.makedirs(os.path.join(work, "samson"))
    real = os.path.join(DATA or "", "samson", "Y_u16.npy")
    if os.path.exists(real):
        os.symlink(real, os.path.join(work, "samson", "Y_u16.npy"))
        return
    random = np.random.RandomState(2)
    shares, spectra = random.dirichlet(0.3 * np.ones(3), 95 * 95), 100 + 900 * random.rand(3, 156)
    Y = shares @ spectra + random.randn(95 * 95, 156)
    np.save(os.path.join(work, "samson", "Y_u16.npy"), Y.round().astype(np.uint16).T.copy())


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
            ("negative.csv", make_negative), ("cells.h5ad", make_cells), ("faces.c", make_programs),
            ("nmf rank X.npy", make_tables), ("samson/Y_u16.npy", make_scene))


def fixtures(text, work, run):
    for word, make in FIXTURES:
        if word in text:
            make(work, run)


def make_examples(work, run):
    """What the examples of the commands' help begin with."""
    make_pictures(work, run)
    make_tables(work, run)
    make_documents(work, run)
    make_cells(work, run)
    with np.load(os.path.join(work, "faces.npz")) as faces:
        X = faces["X"]
    np.save(os.path.join(work, "faces.npy"), X[::16])
    np.save(os.path.join(work, "new.npy"), X[:5])
    run("nmf convert faces.npy -o faces/ --image-shape 64x64 --quiet; nmf fit docs.mtx -k 3 --quiet;"
        "nmf fit cells.h5ad:layers/counts -k 2 --loss kl -o cells.nmf.npz --quiet")
    for model, labels in (("docs.nmf.npz", "classes.txt"), ("cells.nmf.npz", "types.txt")):
        samples = len(np.load(os.path.join(work, model))["W"])
        with open(os.path.join(work, labels), "w", encoding="ascii") as file:
            file.writelines("class%d\n" % (i % 3) for i in range(samples))
    if DATA:
        os.symlink(os.path.join(DATA, "olivetti", "olivettifaces.mat"), os.path.join(work, "olivettifaces.mat"))


# Words of an example: those in their place here, where it would take long.
SHORTER = {"demo -o parts -k 16": "demo -o parts -k 2", "--max-k 100": "--max-k 2", "--loss kl -k 9": "--loss kl -k 9 --replicates 20",
           "--shape 100000x4096": "--shape 500x256", "bench limits": "bench limits --quick", "--shape 50000x4096": "--shape 1000x256 --quick"}
# A download (cli_fetch has a server of its own), and what README.zh-CN.md runs in Chinese.
NOT_RUN = ("nmf fetch olivetti", "nmf demo")


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


INDENTED = re.compile(r"(?:^|\n)[ ]*\n    (\S.*)")


def all_is_fenced(text):
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    indented = INDENTED.search(outside)
    if indented and not re.match(r"[-*]|\d+\.", indented.group(1)):
        raise Failed("a block without ```, which nothing runs: %s" % indented.group(1))


def check_usage(text, run):
    """Of a line that says how a command is called: all of its options are the command's."""
    for line in text.splitlines():
        words = line.split()
        if words[:1] != ["nmf"]:
            continue
        help_text = run("nmf help " + words[1])
        for option in re.findall(r"--[A-Za-z][\w-]*", line):
            if not re.search(re.escape(option) + r"(?![\w-])", help_text):
                raise Failed("nmf %s has no %s" % (words[1], option))


def run_elsewhere(path, block):
    test, begins = ELSEWHERE.get(os.path.relpath(path, SOURCE), (None, None))
    if test is None or not block.startswith(begins):
        return False
    if os.path.basename(path) not in read(os.path.join(SOURCE, test)):
        raise Failed("%s does not run the block that begins with %s" % (test, begins))
    return True


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


class Call:
    """A call of nmf in a directory: its words and the bytes of the files that they name decide all that it does."""

    made = {}  # what decides a call: what it printed, {file that it wrote: bytes}

    def __init__(self, line, work):
        self.work, self.key = work, None
        self.before = self.entries()
        if not line.startswith("nmf ") or line.startswith("nmf bench") or re.search(r"[|;&<>$`*?/\\]", line.split("#")[0]):
            return  # others: shell, files of other directories, times
        words = shlex.split(line, comments=True)
        read = [word for word, before in zip(words, [None, *words]) if before != "-o"]
        named = [name for name in self.before if any(name in word for word in read)]
        if all(os.path.isfile(os.path.join(work, name)) for name in named):
            self.key = (*words, *((name, read_bytes(os.path.join(work, name))) for name in sorted(named)))

    def entries(self):
        """{name: what changes with it} of all in the directory."""
        return {entry.name: (entry.stat(follow_symlinks=False).st_mtime_ns, entry.inode()) for entry in os.scandir(self.work)}

    def repeat(self):
        """What it printed when it was made before, its files written here too; None where it was not."""
        if self.key not in self.made:
            return None
        printed, files = self.made[self.key]
        for name, content in files.items():
            with open(os.path.join(self.work, name), "wb") as file:
                file.write(content)
        return printed

    def keep(self, printed):
        changed = [name for name, one in self.entries().items() if self.before.get(name) != one]
        if self.key is not None and not any(os.path.isdir(os.path.join(self.work, name)) for name in changed):
            self.made[self.key] = printed, {name: read_bytes(os.path.join(self.work, name)) for name in changed}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def runner(work):
    """run(LINE): its output; a line that fails fails the test."""
    env = environment(work)

    def run(line):
        call, begin = Call(line, work), processor_seconds()
        printed = call.repeat()
        if printed is not None:
            return printed
        done = subprocess.run(["bash", "-c", line], cwd=work, env=env, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        if done.returncode != 0:
            raise Failed("%s\nended with %d: %s" % (line, done.returncode, done.stdout[-1500:]))
        if "NMFKIT_TEST_VERBOSE" in os.environ:
            print("%7.2f s  %s" % (processor_seconds() - begin, line), flush=True)
        call.keep(done.stdout)
        return done.stdout
    return run


def check_blocks(path, work, python):
    text, run = read(path), runner(work)
    check_links(path, text)
    all_is_fenced(text)
    found = blocks(text)
    if any(kind not in KINDS for _, kind, _ in found):
        raise Failed("a block of another kind than %s" % ", ".join(KINDS))
    if not found:
        return 0
    fixtures(text, work, run)
    for line, kind, block in found:
        try:
            if run_elsewhere(path, block):
                continue
            if kind == "sh":
                run_shell(block, run)
            elif kind == "text":
                check_usage(block, run)
            elif kind == "c":
                run_c(block, work, run)
            elif kind == "python":
                python.run(line, block)
        except Failed as error:
            raise Failed("block of line %d: %s" % (line, error)) from None
    check_topics(text, run)
    return len(found)


def check_examples(work):
    """Those of `nmf help COMMAND`, in the order of its list, beside what make_examples() leaves."""
    run, count = runner(work), 0
    make_examples(work, run)
    for command in re.findall(r"^  ([a-z]+) ", run("nmf help"), re.M):
        examples = run("nmf help " + command).partition("For example:\n")[2]
        if not examples:
            raise Failed("nmf help %s has no example" % command)
        for line in examples.splitlines():
            for long, short in SHORTER.items():
                line = line.replace(long, short)
            needs_data = "olivettifaces.mat" in line and not DATA
            if line.strip() not in NOT_RUN and not needs_data:
                run(line)
                count += 1
    return count


def main():
    chosen = [EXAMPLES if name == "help" else name for name in sys.argv[1:]] or DOCUMENTS + [EXAMPLES]
    counts = []
    for path in chosen:
        with tempfile.TemporaryDirectory() as work:
            try:
                count = check_examples(work) if path == EXAMPLES else check(path, work)
            except Failed as error:
                sys.exit("%s: %s" % (os.path.relpath(path, SOURCE), error))
            counts.append("%s %d" % (os.path.basename(path), count))
    print("blocks run: " + ", ".join(counts))


main()
