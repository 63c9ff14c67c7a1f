"""A disk that is full, and files that may not grow: one sentence, exit code 1, and nothing left
behind, not even a temporary file; an older file of the same name keeps its content."""

import os
import resource
import shutil
import signal

import command_test

COMMANDS = [
    ("nmf fit parts.npy -k 2 --quiet -o %s", "model.npz"),
    ("nmf pca parts.npy -k 2 --quiet -o %s", "model.npz"),
    ("nmf convert parts.npy -o %s", "parts.npz"),
    ("nmf convert parts.npy -o %s", "copy.npy"),
    ("nmf convert parts.npy -o %s", "parts.csv"),
    ("nmf convert parts.npy -o %s", "parts.mat"),
    ("nmf convert parts.npy --image-shape 6x5 -o %s", "pictures/"),
    ("nmf gallery parts.npy --image-shape 6x5 -o %s", "gallery.png"),
    ("nmf gallery parts.npy --image-shape 6x5 -o %s", "gallery.svg"),
    ("nmf gallery parts.npy --image-shape 6x5 -o %s", "gallery.pdf"),
]


def check_failed(command, result):
    name = command.split()[1]
    assert result.returncode == 1, "%s: exit code %d, %s" % (command, result.returncode,
                                                             result.stderr)
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("nmf %s: " % name), \
        "%s: not one sentence: %r" % (command, result.stderr)


def forbid_large_files():
    """Files end at 40 bytes: EFBIG from every write beyond, where a full disk says ENOSPC."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))


def file_that_may_not_grow_leaves_nothing_behind():
    for command, name in COMMANDS:
        with command_test.scratch("parts.npy") as work:
            result = command_test.run(command % name, work, preexec_fn=forbid_large_files)
            check_failed(command, result)
            left = sorted(command_test.snapshot(work))
            assert left == ["parts.npy"], "%s: left behind: %s" % (command, left)


def older_file_survives():
    for command, name in COMMANDS:
        if name.endswith("/"):
            continue
        with command_test.scratch("parts.npy") as work:
            with open(os.path.join(work, name), "wb") as file:
                file.write(b"the last good one")
            before = command_test.snapshot(work)
            result = command_test.run(command % name, work, preexec_fn=forbid_large_files)
            check_failed(command, result)
            assert command_test.snapshot(work) == before, "%s: changed something" % command


def full_file_system_leaves_nothing_behind():
    """A small tmpfs, mounted where only this shell sees it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return "no unshare(1)"
    enter = [unshare, "--mount"] if os.geteuid() == 0 else [unshare, "--map-root-user", "--mount"]
    mount = "mkdir disk && mount -t tmpfs -o size=16k nmf disk"
    with command_test.scratch() as work:
        shell = "%s sh -c '%s'" % (" ".join(enter), mount)
        if command_test.run(shell, work).returncode != 0:
            return "no permission to mount a tmpfs"
    for command, name in COMMANDS:
        with command_test.scratch("parts.npy") as work:
            fill = "head -c 1000000 /dev/zero > disk/filler 2>/dev/null"
            script = "%s; %s; %s; code=$?; ls -A disk > left; exit $code" % (
                mount, fill, command % ("disk/" + name))
            result = command_test.run("%s sh -c '%s'" % (" ".join(enter), script), work)
            check_failed(command, result)
            with open(os.path.join(work, "left"), encoding="utf-8") as file:
                left = file.read().split()
            assert left == ["filler"], "%s: left behind: %s" % (command, left)
    return None


command_test.main([file_that_may_not_grow_leaves_nothing_behind, older_file_survives,
                   full_file_system_leaves_nothing_behind])
