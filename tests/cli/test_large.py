"""Data larger than the memory that the command may have: it says that they stay on disk, works within the
limit, as the system measures it and enforces it, and ends with the very bits of a fit in memory; what cannot be done within it
is refused with the least that would do, and that much is enough. Bad days are one sentence."""

import filecmp
import functools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import command_test

SHAPES = {"large.npy": "3000x4096",  # 12.3 MB
          "tall.npy": "40000x400"}  # W is large too


KEPT = tempfile.TemporaryDirectory(prefix="nmf-test-")  # what is made once and copied for each test that asks for it


def make(name, work):
    """A file of SHAPES or of ENTRIES."""
    kept = os.path.join(KEPT.name, name)
    if not os.path.exists(kept):
        if name in SHAPES:
            good("nmf generate parts --shape %s -o %s -q" % (SHAPES[name], name), work)
            shutil.copyfile(os.path.join(work, name), kept)
            return
        subprocess.run([sys.executable, "-c", ENTRIES], cwd=KEPT.name, check=True)
    shutil.copyfile(kept, os.path.join(work, name))


def good(command, work, **more):
    result = command_test.run(command, work, **more)
    assert result.returncode == 0, "%s: exit code %d, %s" % (command, result.returncode,
                                                             result.stderr)
    return result


def sentence(command, result, *fragments):
    lines = result.stderr.splitlines()
    assert result.returncode == 1, "%s: exit code %d: %s" % (command, result.returncode, lines)
    assert lines and lines[-1].startswith("nmf "), "%s: no sentence: %r" % (command, lines)
    for fragment in fragments:
        assert fragment in lines[-1], "%s: no %r in %r" % (command, fragment, lines[-1])


def bytes_of(work, name):
    with open(os.path.join(work, name), "rb") as file:
        return file.read()


def same_bytes(work, *names):
    """Without either in this process's memory, which counts as that of the commands that it starts."""
    return filecmp.cmp(*(os.path.join(work, name) for name in names), shallow=False)


# Between a test and its command: a process counts as its own what the one that started it had in memory, and this one has
# little. Arguments: MB of the cap, or 0; the command. Prints its exit code and its largest memory in kB.
STARTER = """
import os, resource, sys
cap = int(sys.argv[1]) << 20
said = os.dup(1)
child = os.fork()
if child == 0:
    os.close(said)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if cap:
        resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))
    os.execvp("sh", ["sh", "-c", "exec " + sys.argv[2]])
_, status, used = os.wait4(child, 0)
os.write(said, b"%d %d" % (os.waitstatus_to_exitcode(status), used.ru_maxrss))
"""


def run_measured(command, work, cap=None, stderr=None):
    """Exit code and largest memory in MB, mapped files that were touched included. cap: MB of memory of its own
    (private and writable) that the system gives it at most; what is more is refused as if there were none."""
    environment = command_test.environment(work)
    # What a sanitizer keeps of freed memory, to find who still uses it, is not the command's.
    environment["ASAN_OPTIONS"] = (environment.get("ASAN_OPTIONS", "") +
                                   ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", STARTER, str(cap or 0), command], cwd=work,
                               stdin=subprocess.DEVNULL, env=environment, stdout=subprocess.PIPE, stderr=stderr,
                               start_new_session=True)
    patience = threading.Timer(60, os.killpg, (process.pid, signal.SIGKILL))  # a BLAS without memory may ask for ever
    patience.start()
    said = process.communicate()[0].split()
    patience.cancel()
    assert len(said) == 2, "%s did not end in a minute" % command
    return int(said[0]), int(said[1]) / 1024


def peak(command, work, cap=None):
    """The same of a command that succeeds."""
    code, used = run_measured(command, work, cap)
    assert code == 0, "%s: exit code %d" % (command, code)
    return used


TINY = "nmf fit tiny.npy -k 2 --threads 2 -o tiny.npz"


@functools.cache
def what_is_there():
    """The memory of a command with nothing to do: programs, stacks, tables."""
    with command_test.scratch() as work:
        good("nmf generate parts --shape 64x64 -o tiny.npy -q", work)
        return peak(TINY + " -q", work)


def claim_it_takes(more, command, work, floor):
    """MB beyond what is there, in memory: else the test's data are too small. What a sanitizer takes hides them."""
    used = peak(command, work)
    assert used > floor + more or "NMFKIT_SANITIZED" in os.environ, "the test's data are too small"


@functools.cache
def least_cap():
    """MB of memory of its own that a command with nothing to do has, while it does it: stacks, and what libraries
    set aside. None under a sanitizer, whose tables no cap leaves room for."""
    if os.environ.get("NMFKIT_SANITIZED"):
        return None
    with command_test.scratch() as work:
        good("nmf generate parts --shape 64x64 -o tiny.npy -q", work)
        alone = dict(command_test.environment(work), OPENBLAS_NUM_THREADS="1")  # as under a cap
        process = subprocess.Popen((TINY + " --solver hals --tol 0 --max-iter 100000000 -v").split(), cwd=work,
                                   executable=command_test.NMF, env=alone, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not process.stderr.readline().startswith("iteration "):
            assert process.poll() is None, "the command ended by itself"
        with open("/proc/%d/status" % process.pid) as status:
            own = int(re.search(r"VmData:\s*(\d+) kB", status.read()).group(1))
        process.kill()
        process.communicate()
    return own // 1024 + 1


def capped(command, work, limit, floor, least):
    """Runs within `limit` MB beyond what a command with nothing to do takes, which the system enforces; what it
    shares with files is measured."""
    used = peak("%s --memory-limit %dM" % (command, limit), work, least and least + limit)
    assert used <= floor + limit, "%s: %.1f MB, %.1f without work" % (command, used, floor)


def factors(work, name):
    good("nmf convert %s:W -o %s-W.npy -q && nmf convert %s:H -o %s-H.npy -q" % ((name,) * 4), work)
    return bytes_of(work, name + "-W.npy"), bytes_of(work, name + "-H.npy")


def fit_within_a_limit_has_the_bits_of_memory():
    with command_test.scratch() as work:
        floor = what_is_there()
        make("large.npy", work)
        fit = "nmf fit large.npy -k 4 --threads 2 -q -o %s"
        claim_it_takes(10, fit % "there.npz", work, floor)
        least = least_cap()
        if least:
            greedy = "%s -c 'bytearray(%d)'" % (sys.executable, (least + 8) << 20)
            assert run_measured(greedy, work)[0] == 0, "memory for all of it"
            code, _ = run_measured(greedy, work, least + 8, stderr=subprocess.DEVNULL)
            assert code == 1, "the cap is none: exit code %d" % code
        capped(fit % "here.npz", work, 8, floor, least)
        assert factors(work, "there.npz") == factors(work, "here.npz"), "other bits"
        result = good("nmf fit large.npy -k 4 --memory-limit 12M -o told.npz", work)
        assert "large.npy: its 12.3 MB stay on disk" in result.stderr, result.stderr
        readings = int(re.search(r"(\d+) passes", result.stdout).group(1))
        read = 1e-3 * float(re.search(r"read ([\d.]+) MB from disk, \d+ MB/s", result.stdout).group(1))
        assert readings <= 12, "%d readings" % readings
        assert abs(read - readings * 0.01229) < 0.002, "%g GB in %d readings" % (read, readings)


def arrays_as_long_as_W_lie_in_a_scratch_file():
    with command_test.scratch() as work:
        floor = what_is_there()
        make("tall.npy", work)
        fit = "nmf fit tall.npy -k 8 --threads 2 --tol 0.01 -q -o %s"
        claim_it_takes(25, fit % "there.npz", work, floor)
        capped(fit % "here.npz", work, 14, floor, least_cap())
        assert factors(work, "there.npz") == factors(work, "here.npz"), "other bits"


def transform_and_convert_go_through_a_file():
    with command_test.scratch() as work:
        floor = what_is_there()
        make("large.npy", work)
        good("nmf fit large.npy -k 4 -o model.npz -q", work)
        good("nmf transform model.npz large.npy -o there.npy -q", work)
        least = least_cap()
        capped("nmf transform model.npz large.npy --threads 2 -o here.npy -q", work, 12, floor, least)
        assert bytes_of(work, "there.npy") == bytes_of(work, "here.npy"), "another W"
        for name in ("copy.npy", "copy.npz"):
            capped("nmf convert large.npy -o %s -q" % name, work, 6, floor, least)
            good("nmf convert %s -o again.npy -q" % name, work)
            assert bytes_of(work, "again.npy") == bytes_of(work, "large.npy"), "another X in " + name


def pca_within_a_limit_has_the_bits_of_memory():
    with command_test.scratch() as work:
        make("large.npy", work)
        options = "-k 3 --pca-solver randomized -q"
        good("nmf pca large.npy %s -o there.npz" % options, work)
        good("nmf pca large.npy %s --memory-limit 12M -o here.npz" % options, work)
        assert factors(work, "there.npz") == factors(work, "here.npz"), "other bits"


def what_cannot_be_is_refused_with_the_least_that_would_do():
    with command_test.scratch() as work:
        make("large.npy", work)
        command = "nmf fit large.npy -k 4 --memory-limit %d -o model.npz -q"
        result = command_test.run(command % 1000, work)
        sentence(command, result, "the limit is 1000")
        least = int(re.search(r"needs (\d+) bytes", result.stderr).group(1))
        result = command_test.run(command % (least - 1), work)
        sentence(command, result, "needs %d bytes" % least)
        good(command % least, work)


def data_in_memory_count_within_the_limit_and_leave_it_where_they_must():
    with command_test.scratch() as work:
        good("nmf generate parts --shape 3000x1500 -o data.npy -q", work)  # 4.5 MB
        # Half of the limit holds the data; the fit wants more than the rest, so they are left on disk after all.
        fit = "nmf fit data.npy -k 10 --threads 1 -o %s.npz --memory-limit %d"
        there = good(fit % ("there", 100000000), work)
        assert "stay on disk" not in there.stderr, there.stderr
        here = good(fit % ("here", 9000001), work)
        assert "data.npy: its 4.5 MB stay on disk" in here.stderr, here.stderr
        assert factors(work, "there.npz") == factors(work, "here.npz"), "other bits"
        # What cannot be left there is named beside what is needed, and both together are enough.
        command = "nmf rank data.npy --max-k 3 --repeats 2 --threads 1 --memory-limit %d"
        refused = command_test.run(command % 5000000, work)
        sentence(command, refused, " beside ", " that the data take; the limit is 5000000")
        needed = [int(number) for number in re.findall(r"needs (\d+) .* beside (\d+) ", refused.stderr)[0]]
        assert needed[1] >= 4500000, refused.stderr
        refused = command_test.run(command % 4500000, work)
        sentence(command, refused, "the data take 4500000 bytes of memory; the limit is 4500000")


def a_blas_without_room_is_a_sentence():
    """OpenBLAS would ask for its memory for ever, and the command wait for its threads: whether by data or by addresses."""
    if os.environ.get("NMFKIT_SANITIZED"):
        print("not tried: a sanitizer's tables leave no room for limits")
        return
    with command_test.scratch() as work:
        good("nmf generate parts --shape 300x200 -o data.npy -q", work)
        fit = "nmf fit data.npy -k 3 --threads 1 -o %s.npz -q"
        good(fit % "there", work)
        for megabytes in (50, 400):
            for command in ("nmf --version", "nmf info data.npy", fit % "here"):
                limited = "ulimit -d %d; timeout 30 %s" % (megabytes << 10, command)
                result = command_test.run(limited, work)
                if megabytes == 50 and command.startswith("nmf fit") and result.returncode != 0:
                    sentence(limited, result, "out of memory")  # of a BLAS that needs more
                    assert not os.path.exists(os.path.join(work, "here.npz")), "something is left behind"
                else:
                    assert result.returncode == 0, "%s: %d, %s" % (limited, result.returncode, result.stderr)
        assert factors(work, "there.npz") == factors(work, "here.npz"), "other bits"


def full_disk_for_the_scratch_file_is_a_sentence():
    with command_test.scratch() as work:
        make("tall.npy", work)
        command = "nmf fit tall.npy -k 8 --tol 0.01 --memory-limit 14M -o model.npz -q"
        result = command_test.run("NMFKIT_SCRATCH=/nowhere " + command, work)
        sentence(command, result, "a scratch file of ", "/nowhere")

        def no_large_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

        result = command_test.run(command, work, preexec_fn=no_large_files)
        sentence(command, result, "a scratch file of ")
        left = [name for name in os.listdir(work) if name != "tall.npy"]
        assert not left, "left behind: %s" % left


def file_cut_short_during_a_fit_is_a_sentence():
    with command_test.scratch() as work:
        make("large.npy", work)
        process = subprocess.Popen(
            ["nmf", "fit", "large.npy", "-k", "8", "--tol", "0", "--solver", "hals", "--memory-limit",
             "12M", "-v", "-o", "model.npz"], cwd=work, executable=command_test.NMF, text=True,
            env=command_test.environment(work), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        while not process.stderr.readline().startswith("iteration "):
            assert process.poll() is None, "the command ended by itself"
        os.truncate(os.path.join(work, "large.npy"), 1000000)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1, "exit code %d" % process.returncode
        assert "large.npy: was cut short while it was read" in err, err
        assert sorted(command_test.snapshot(work)) == ["large.npy"], "something is left behind"


def scratch_file_that_the_disk_does_not_give_back_is_a_sentence():
    """Its pages are lost while a fit goes on, as where a disk fails; the system lets only some users do that."""
    with command_test.scratch() as work:
        make("tall.npy", work)
        process = subprocess.Popen(
            "nmf fit tall.npy -k 8 --tol 0 --solver hals --memory-limit 9M -v -o model.npz".split(), cwd=work,
            executable=command_test.NMF, text=True, env=command_test.environment(work),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not process.stderr.readline().startswith("iteration "):
            assert process.poll() is None, "the command ended by itself"
        maps = "/proc/%d/map_files" % process.pid
        try:
            lost = [name for name in os.listdir(maps)
                    if os.readlink(os.path.join(maps, name)).startswith(os.path.realpath(work))]
            assert lost, "no scratch file is mapped"
            os.truncate(os.path.join(maps, lost[0]), 0)
        except PermissionError:
            process.kill()
            process.communicate()
            print("not tried: mapped files of other processes are not shown here")
            return
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1, "exit code %d" % process.returncode
        assert "nmf: a page of a mapped file (the scratch file" in err, err
        assert sorted(command_test.snapshot(work)) == ["tall.npy"], "something is left behind"


def stored_members_of_archives_stay_on_disk():
    """An .npz that numpy.savez would write, and one whose member is behind a larger one."""
    with command_test.scratch() as work:
        good("nmf generate parts --shape 3000x1000 -o plain.npy -q", work)
        good("nmf convert plain.npy -o stored.npz -q", work)
        good("nmf fit plain.npy -k 3 -o plain-model.npz -q", work)
        result = good("nmf fit stored.npz -k 3 --memory-limit 5M -o stored-model.npz", work)
        assert "stored.npz:X.npy: its 3 MB stay on disk" in result.stderr, result.stderr
        assert factors(work, "plain-model.npz") == factors(work, "stored-model.npz"), "other bits"


# Counts, some of a place listed twice, in several formats and orders: rows x 2000 columns. In a process of its own: this
# one's memory counts as that of the commands that it starts.
ENTRIES = """
import numpy
random = numpy.random.default_rng(3)
rows, columns, count = 3000, 2000, 120000
row = numpy.sort(random.integers(0, rows, count))
column, value = random.integers(0, columns, count), random.integers(1, 9, count)
row[-1], column[-1] = rows - 1, columns - 1
listed = numpy.stack([row + 1, column + 1, value], 1)
head = "%d %d %d" % (rows, columns, count)
banner = "%%MatrixMarket matrix coordinate integer general\\n"
shuffled = listed[random.permutation(count)]
by_columns = listed[numpy.argsort(column, kind="stable")]
for name, first, entries in (("docword.rows.txt", head.replace(" ", "\\n"), listed), ("columns.mtx", banner + head, by_columns),
                             ("shuffled.mtx", banner + head, shuffled)):
    numpy.savetxt(name, entries, "%d", header=first, comments="")
bounds = numpy.searchsorted(row, numpy.arange(rows + 1))
with open("rows.svm", "w") as file:
    for i in range(rows):
        file.write("%d %s\\n" % (i % 2, " ".join("%d:%d" % (j + 1, v) for j, v in zip(
            column[bounds[i]:bounds[i + 1]], value[bounds[i]:bounds[i + 1]]))))
numpy.savetxt("long.csv", listed, "s%d,f%d,%d", header="sample,feature,value", comments="")
"""


def sparse_text_larger_than_the_limit_goes_through_a_scratch_file():
    with command_test.scratch() as work:
        floor = what_is_there()
        least = least_cap()
        for name in ("docword.rows.txt", "columns.mtx", "shuffled.mtx", "rows.svm", "long.csv"):
            make(name, work)
            good("nmf convert %s -o there.npz -q && nmf convert there.npz -o there.npy -q" % name, work)
            if name == "long.csv":  # looking at a table takes some memory of its own
                good("nmf convert long.csv -o here.npz -q --memory-limit 1M", work)
            else:
                capped("nmf convert %s -o here.npz -q" % name, work, 2, floor, least)
            good("nmf convert here.npz -o here.npy -q", work)
            assert same_bytes(work, "there.npy", "here.npy"), "another X of " + name
        result = good("nmf convert shuffled.mtx --transpose -o here.npz --memory-limit 2M", work)
        assert "stay on disk in a scratch file" in result.stderr, result.stderr
        good("nmf convert shuffled.mtx --transpose -o there.npz -q && nmf convert there.npz -o there.npy -q && "
             "nmf convert here.npz -o here.npy -q", work)
        assert same_bytes(work, "there.npy", "here.npy"), "another transpose"


# Counts of 8 programs of genes, as scipy.sparse.save_npz(compressed=False) writes them.
CELLS = """
import numpy
chance = numpy.random.default_rng(1)
programs = chance.gamma(0.3, 1, (8, 900)) * numpy.exp(1.2 * chance.standard_normal(900))
programs /= programs.sum(1)[:, None]
counts = chance.poisson(300 * chance.dirichlet(numpy.full(8, 0.2), 8000) @ programs)
rows, columns = counts.nonzero()
numpy.savez("cells.npz", indices=columns.astype("i4"), format=numpy.array(b"csr"), shape=numpy.array(counts.shape),
            indptr=numpy.searchsorted(rows, numpy.arange(8001)).astype("i8"), data=counts[rows, columns].astype("u2"))
"""


def counts_of_cells_within_a_limit_are_fitted_as_well_as_in_memory():
    with command_test.scratch() as work:
        floor = what_is_there()
        least = least_cap()
        subprocess.run([sys.executable, "-c", CELLS], cwd=work, check=True)
        fit = "nmf fit cells.npz -k 8 --loss kl --threads 2 -q --json %s.json -o %s.npz"
        claim_it_takes(10, fit % ("there", "there"), work, floor)
        capped(fit % ("here", "here") + " --max-iter 10", work, 6, floor, least)
        there, here = (json.loads(bytes_of(work, name)) for name in ("there.json", "here.json"))
        assert here["passes"] <= 20, "%d readings" % here["passes"]
        assert here["error"] ** 2 <= 1.01 * there["error"] ** 2, "%.6g, in memory %.6g" % (here["error"], there["error"])


def tables_larger_than_the_limit_go_through_a_scratch_file():
    with command_test.scratch() as work:
        floor = what_is_there()
        least = least_cap()
        good("nmf generate parts --shape 2500x600 -o small.npy -q && nmf convert small.npy -o large.csv -q", work)
        good("gzip -k large.csv && nmf convert small.npy -o large.mtx -q && nmf convert large.mtx -o mtx.npy -q", work)
        capped("nmf convert large.mtx -o here.npy -q", work, 6, floor, least)
        assert same_bytes(work, "mtx.npy", "here.npy"), "another X of large.mtx"
        good("nmf convert large.csv -o there.npy -q", work)
        for name in ("large.csv", "large.csv.gz"):
            capped("nmf convert %s -o here.npy -q" % name, work, 6, floor, least)
            assert same_bytes(work, "there.npy", "here.npy"), "another X of " + name
        good("nmf fit large.csv -k 3 -o there.npz -q", work)
        capped("nmf fit large.csv -k 3 --threads 2 -o here.npz -q", work, 10, floor, least)
        assert factors(work, "there.npz") == factors(work, "here.npz"), "other bits"

        def no_large_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

        command = "nmf convert large.csv -o full.npy --memory-limit 6M -q"
        sentence(command, command_test.run(command, work, preexec_fn=no_large_files), "its scratch file in ",
                 "NMFKIT_SCRATCH names another directory")
        assert not os.path.exists(os.path.join(work, "full.npy")), "something is left behind"


def data_on_disk_are_weighted_as_they_are_read():
    with command_test.scratch() as work:
        make("shuffled.mtx", work)
        good("nmf convert shuffled.mtx -o counts.npz -q && nmf generate parts --shape 3000x1000 -o dense.npy -q", work)
        for name, weighting in (("counts.npz", "tfidf"), ("counts.npz", "log1p-cp10k"), ("dense.npy", "tfidf"),
                                ("dense.npy", "sum")):
            weighed = "nmf convert %s --weighting %s -o %%s.npz -q %%s" % (name, weighting)
            good(weighed % ("there", ""), work)
            result = good((weighed % ("here", "--memory-limit 1M")).replace(" -q", ""), work)
            assert "stay on disk" in result.stderr, result.stderr
            for where in ("there", "here"):
                good("nmf convert %s.npz -o %s.npy -q" % (where, where), work)
            assert same_bytes(work, "there.npy", "here.npy"), "%s by %s" % (name, weighting)
        fit = "nmf fit dense.npy -k 3 --weighting tfidf -q -o %s.npz %s"
        good(fit % ("there", ""), work)
        good(fit % ("here", "--memory-limit 4M"), work)
        assert factors(work, "there.npz") == factors(work, "here.npz"), "another fit"


command_test.main([fit_within_a_limit_has_the_bits_of_memory,
                   arrays_as_long_as_W_lie_in_a_scratch_file, transform_and_convert_go_through_a_file,
                   pca_within_a_limit_has_the_bits_of_memory,
                   what_cannot_be_is_refused_with_the_least_that_would_do,
                   data_in_memory_count_within_the_limit_and_leave_it_where_they_must,
                   a_blas_without_room_is_a_sentence,
                   full_disk_for_the_scratch_file_is_a_sentence,
                   file_cut_short_during_a_fit_is_a_sentence,
                   scratch_file_that_the_disk_does_not_give_back_is_a_sentence,
                   stored_members_of_archives_stay_on_disk,
                   sparse_text_larger_than_the_limit_goes_through_a_scratch_file,
                   counts_of_cells_within_a_limit_are_fitted_as_well_as_in_memory,
                   tables_larger_than_the_limit_go_through_a_scratch_file,
                   data_on_disk_are_weighted_as_they_are_read])
