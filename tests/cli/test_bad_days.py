"""Bad days of files: writes, reads and syncs that a signal interrupts, short writes, a file system that has no
permissions to set or cannot sync. What is written is what a good day writes, to the byte. A library that is loaded
before the command makes the days bad."""

import os
import subprocess

import command_test

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static int is_on(const char *name) { return getenv(name) != NULL; }
static int breaks(void) /* the BROKEN_READ-th reading of a file of data and those after it */
{
    static unsigned calls;
    return is_on("BROKEN_READ") && ++calls >= (unsigned)atoi(getenv("BROKEN_READ"));
}
static int is_of_data(int file)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "/data.") != NULL;
}
static void count(void) /* so that a test knows that it was there at all */
{
    const char *path = getenv("BAD_COUNT");
    static int open_before;
    if (path != NULL && !open_before) {
        open_before = 1;
        mkdir(path, 0777);
    }
}
ssize_t write(int file, const void *bytes, size_t some)
{
    static ssize_t (*next)(int, const void *, size_t);
    static unsigned calls;
    if (next == NULL) next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (is_on("BAD_WRITE") && file > 2) {
        count();
        if (calls++ % 3 != 2) { errno = EINTR; return -1; }
        if (some > 1) some = 1 + some / 2;
    }
    return next(file, bytes, some);
}
ssize_t read(int file, void *bytes, size_t some)
{
    static ssize_t (*next)(int, void *, size_t);
    static unsigned calls;
    if (next == NULL) next = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    if (is_on("BAD_READ") && file > 2) {
        count();
        if (calls++ % 3 != 2) { errno = EINTR; return -1; }
        if (some > 1) some = 1 + some / 2;
    }
    if (is_on("BROKEN_READ") && is_of_data(file) && breaks()) { count(); errno = EIO; return -1; }
    return next(file, bytes, some);
}
ssize_t pread(int file, void *bytes, size_t some, off_t place)
{
    static ssize_t (*next)(int, void *, size_t, off_t);
    static unsigned calls;
    if (next == NULL) next = (ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
    if (is_on("BAD_READ")) {
        count();
        if (calls++ % 3 != 2) { errno = EINTR; return -1; }
        if (some > 1) some = 1 + some / 2;
    }
    if (is_on("BROKEN_READ") && is_of_data(file) && breaks()) { count(); errno = EIO; return -1; }
    return next(file, bytes, some, place);
}
ssize_t pread64(int file, void *bytes, size_t some, off64_t place) { return pread(file, bytes, some, place); }
int fsync(int file)
{
    static int (*next)(int);
    static unsigned calls;
    if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (is_on("BAD_SYNC")) count();
    if (is_on("BAD_SYNC") && calls++ % 3 != 2) { errno = EINTR; return -1; }
    if (is_on("NO_SYNC")) { count(); errno = EINVAL; return -1; }
    if (is_on("BROKEN_SYNC")) { count(); errno = EIO; return -1; }
    return next(file);
}
int fchmod(int file, mode_t mode)
{
    static int (*next)(int, mode_t);
    if (next == NULL) next = (int (*)(int, mode_t))dlsym(RTLD_NEXT, "fchmod");
    if (is_on("NO_MODES")) { count(); errno = EPERM; return -1; }
    return next(file, mode);
}
"""

OUTPUTS = [
    ("nmf convert parts.npy -o %s --quiet", "copy.npy"),
    ("nmf convert parts.npy -o %s --quiet", "copy.csv.gz"),
    ("nmf convert parts.npy -o %s --quiet", "copy.npz"),
    ("nmf convert parts.npy -o %s --quiet", "copy.mat"),
    ("nmf fit parts.npy -k 2 --seed 1 --quiet -o m.npz --save-W %s", "W.csv"),
    ("nmf fit parts.npy -k 2 --seed 1 --quiet -o m.npz --save-H %s", "H.npy"),
    ("nmf gallery parts.npy --image-shape 6x5 -o %s --quiet", "gallery.png"),
]
INPUTS = "parts.npy", "parts.npz", "parts.csv.gz"


def build(work):
    """The library; None where it cannot be: no compiler, or a command that brings a runtime of its own."""
    if os.environ.get("NMFKIT_SANITIZED"):
        return None
    source, library = os.path.join(work, "..", "shim.c"), os.path.abspath(os.path.join(work, "..", "shim.so"))
    with open(source, "w", encoding="ascii") as file:
        file.write(SHIM)
    done = subprocess.run([os.environ.get("CC", "cc"), "-w", "-shared", "-fPIC", "-o", library, source, "-ldl"],
                          check=False)
    return library if done.returncode == 0 else None


def content(path):
    with open(path, "rb") as file:
        return file.read()


def on_a_day(days, library, command, work, must=True):
    counted = os.path.join(work, "counted")
    bad = " ".join(day + "=1" for day in days)
    done = command_test.run("%s BAD_COUNT=%s LD_PRELOAD=%s %s" % (bad, counted, library, command), work)
    if os.path.isdir(counted):
        os.rmdir(counted)
    else:
        assert not must, "%s: %s did not happen" % (command, bad)
    return done


def expect_same(days, library, command, name, work):
    done = command_test.run(command % name, work)
    assert done.returncode == 0, done.stderr
    right = content(os.path.join(work, name))
    others = set(os.listdir(work))
    os.chmod(os.path.join(work, name), 0o640)
    # libzip and libc's own streams write without asking the shim
    own = name.endswith((".npy", ".csv", ".mtx", ".gz")) or "BAD_WRITE" not in days
    done = on_a_day(days, library, command % name, work, must=own)
    assert done.returncode == 0, "%s %s: %s" % (days, command, done.stderr)
    assert content(os.path.join(work, name)) == right, "%s: %s differs" % (days, name)
    assert set(os.listdir(work)) == others, "left behind: %s" % (set(os.listdir(work)) - others)


def with_library(claim):
    with command_test.scratch("parts.npy", "parts.csv", "words.mtx") as work:
        library = build(work)
        if library is None:
            return "no library can be loaded before this command"
        claim(library, work)
    return None


def interrupted_writes_and_syncs_go_on():
    def claim(library, work):
        for command, name in OUTPUTS:
            expect_same(("BAD_WRITE", "BAD_SYNC"), library, command, name, work)
    return with_library(claim)


def file_systems_without_permissions_or_syncs_are_written_to():
    def claim(library, work):
        for command, name in OUTPUTS:
            expect_same(("NO_MODES", "NO_SYNC"), library, command, name, work)
    return with_library(claim)


def a_sync_that_fails_is_an_error_and_the_older_file_stays():
    def claim(library, work):
        for command, name in OUTPUTS:
            path = os.path.join(work, name)
            if os.path.exists(path):
                os.remove(path)
            with open(path, "wb") as file:
                file.write(b"the last good one")
            done = on_a_day(["BROKEN_SYNC"], library, command % name, work)
            assert done.returncode == 1 and "Input/output error" in done.stderr, done.stderr
            assert done.stderr.count("\n") == 1, done.stderr
            assert content(path) == b"the last good one"
    return with_library(claim)


def interrupted_reads_go_on():
    def claim(library, work):
        for line in ("nmf convert parts.npy -o parts.npz", "gzip -k parts.csv"):
            assert command_test.run(line, work).returncode == 0
        for name in INPUTS:
            for limit in ("", " --memory-limit 3M"):
                command = "nmf fit %s -k 2 --seed 3 --quiet -o m.npz --save-H H.npy%s" % (name, limit)
                done = command_test.run(command, work)
                assert done.returncode == 0, done.stderr
                right = content(os.path.join(work, "H.npy"))
                # parts of the archive, which libzip reads by itself
                done = on_a_day(["BAD_READ"], library, command, work, must=not name.endswith(".npz"))
                assert done.returncode == 0, "%s: %s" % (command, done.stderr)
                assert content(os.path.join(work, "H.npy")) == right, command
    return with_library(claim)


def a_disk_that_fails_at_any_reading_is_a_sentence():
    """At the first reading of the data, the second, ... until a fit, a transform and a copy are through."""
    def claim(library, work):
        for line in ("nmf generate parts --shape 900x800 -o data.npy -q", "nmf convert data.npy -o data.npz -q",
                     "nmf convert data.npy -o data.csv -q", "nmf fit data.npy -k 2 -o model.npz -q"):
            assert command_test.run(line, work).returncode == 0
        kept = set(os.listdir(work))
        for name in ("data.npy", "data.npz", "data.csv"):
            for command in ("nmf fit %s -k 2 --solver hals --sketch 0 --init random --max-iter 4 -o m.npz -q",
                            "nmf transform model.npz %s -o W.npy -q", "nmf convert %s -o copy.npy -q"):
                command = command % name + " --memory-limit 1200K"
                failed = broken_at_each_reading(command, library, work, kept)
                # what libzip and libc's own streams read does not ask the shim
                assert failed >= (2 if name == "data.npy" else 0), "%s: only %d readings" % (command, failed)
    return with_library(claim)


def broken_at_each_reading(command, library, work, kept):
    """How many of its readings, of those that were tried, ended the command."""
    failed, number = 0, 1
    while True:
        counted = os.path.join(work, "counted")
        done = command_test.run("BROKEN_READ=%d BAD_COUNT=%s LD_PRELOAD=%s %s" % (number, counted, library, command), work)
        if not os.path.isdir(counted):
            assert done.returncode == 0, "%s: %s" % (command, done.stderr)
            for name in set(os.listdir(work)) - kept:
                os.remove(os.path.join(work, name))
            return failed
        os.rmdir(counted)
        assert done.returncode == 1 and "Input/output error" in done.stderr, "%s: %d %s" % (
            command, done.returncode, done.stderr)
        assert done.stderr.count("\n") == 1 and "data." in done.stderr, done.stderr
        assert set(os.listdir(work)) == kept, "left behind: %s" % (set(os.listdir(work)) - kept)
        failed += 1
        number += 1 + number // 2


def a_link_to_nothing_yet_stays_a_link():
    with command_test.scratch("parts.npy") as work:
        os.mkdir(os.path.join(work, "there"))
        os.symlink("there/x.npy", os.path.join(work, "second.npy"))
        os.symlink(os.path.join(work, "second.npy"), os.path.join(work, "first.npy"))
        os.symlink("round.npy", os.path.join(work, "round.npy"))
        done = command_test.run("nmf convert parts.npy -o first.npy --quiet", work)
        assert done.returncode == 0, done.stderr
        assert os.path.islink(os.path.join(work, "first.npy")) and os.path.islink(os.path.join(work, "second.npy"))
        assert content(os.path.join(work, "there", "x.npy")) == content(os.path.join(work, "parts.npy"))
        assert os.listdir(os.path.join(work, "there")) == ["x.npy"]
        os.symlink("nowhere/x.npy", os.path.join(work, "lost.npy"))
        done = command_test.run("nmf convert parts.npy -o lost.npy --quiet", work)
        assert done.returncode == 1 and "No such file" in done.stderr, done.stderr


command_test.main([
    a_link_to_nothing_yet_stays_a_link,
    interrupted_writes_and_syncs_go_on,
    file_systems_without_permissions_or_syncs_are_written_to,
    a_sync_that_fails_is_an_error_and_the_older_file_stays,
    interrupted_reads_go_on,
    a_disk_that_fails_at_any_reading_is_a_sentence,
])
