"""A fit that is killed at random moments, again and again, and goes on from its checkpoint ends with the
files of one that was not. Signals that ask for a checkpoint get one; what cannot be gone on from is
refused with a sentence, and nothing that is worth something is replaced.

    NMFKIT_KILLS=200 python3 test_checkpoint.py     more moments than a test has time for"""

import io
import json
import os
import random
import signal
import struct
import subprocess
import time
import zipfile

import command_test

# When a process is killed no sanitizer says anything.
KILLS = int(os.environ.get("NMFKIT_KILLS", "3" if "NMFKIT_SANITIZED" in os.environ else "8"))
PATIENCE_SECONDS = 120
METHODS = {  # a fit of each takes some tenths of a second
    "sketch": "-k 8 --tol 1e-7 --max-iter 300",
    "hals": "-k 8 --sketch 0 --init random --tol 0 --max-iter 150 --starts 2",
    "cd": "-k 6 --solver cd --tol 1e-6 --max-iter 60",
    "kl": "-k 6 --loss kl --tol 1e-6 --max-iter 40",
    "mu": "-k 6 --loss kl --solver mu --tol 1e-9 --max-iter 60",
    "jmm": "-k 6 --loss kl --solver jmm --tol 0 --max-iter 60",
    "incremental": "-k 6 --solver incremental --tol 0 --max-iter 60",
    "incremental kl": "-k 6 --loss kl --solver incremental --tol 0 --max-iter 40"}


def data(work):
    made = command_test.run("nmf generate swimmer -o figures.npy --quiet", work)
    assert made.returncode == 0, made.stderr


def arguments(options, more=""):
    return ("nmf fit figures.npy %s -o model.npz --save-W W.npy --save-H H.npy %s" % (
        options, more)).split()


def start(work, command):
    return subprocess.Popen(command, cwd=work, executable=command_test.NMF, text=True,
                            env=command_test.environment(work), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


def content(work):
    """All that a fit leaves, but for the time it took."""
    found = {}
    for name in ("W.npy", "H.npy"):
        with open(os.path.join(work, name), "rb") as file:
            found[name] = file.read()
    with zipfile.ZipFile(os.path.join(work, "model.npz")) as model:
        for name in model.namelist():
            found[name] = model.read(name)
    manifest = json.loads(found["manifest.json"])
    del manifest["seconds"]
    found["manifest.json"] = json.dumps(manifest)
    trace = io.BytesIO(found["trace.npy"])
    trace.seek(128)
    lines = list(struct.iter_unpack("<5d", trace.read()))
    found["trace.npy"] = struct.pack("<%dd" % (4 * len(lines)),
                                     *(value for line in lines for value in line[:2] + line[3:]))
    return found


def killed_at_random(options, kills, chance):
    """Runs until it has been killed so often, if it lasts that long; how often it was."""
    with command_test.scratch() as work:
        data(work)
        begin = time.monotonic()
        code, _, err = finish(start(work, arguments(options)))
        seconds = time.monotonic() - begin
        assert code == 0, err
        whole, done = content(work), 0
        while True:
            for name in ("W.npy", "H.npy", "model.npz"):
                if os.path.exists(os.path.join(work, name)):
                    os.remove(os.path.join(work, name))
            process = start(work, arguments(options, "--checkpoint c --resume c --every 0"))
            if done < kills:
                time.sleep(chance.uniform(0, 1.2 * seconds))
                process.kill()
            code, _, err = finish(process)
            if code == -signal.SIGKILL:
                done += 1
                continue
            assert code == 0, err
            assert content(work) == whole, "ended otherwise after %d kills" % done
            if done >= kills:
                break
        # A process that is killed while it writes its results cannot tidy up; of checkpoints nothing stays.
        left = {name for name in command_test.snapshot(work)
                if not name.startswith(("model.npz.tmp-", "W.npy.tmp-", "H.npy.tmp-"))}
        assert left == {"figures.npy", "model.npz", "W.npy", "H.npy"}, left
        return done


def killed_fits_end_with_the_same_files():
    chance = random.Random(int(os.environ.get("NMFKIT_KILL_SEED", "1")))
    each = -(-KILLS // len(METHODS))
    total = sum(killed_at_random(options, each, chance) for options in METHODS.values())
    print("killed %d times" % total)


def wait_for(condition, process):
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, "ended by itself with %s" % process.returncode
        assert time.monotonic() < end, "nothing happened for %d seconds" % PATIENCE_SECONDS
        time.sleep(0.01)


# Would take hours.
LONG = "-k 8 --sketch 0 --init random --starts 100000 --tol 0"


def after_an_iteration(process):
    while True:
        line = process.stderr.readline()
        assert line, "the command ended by itself with %s" % process.wait()
        if line.startswith("iteration "):
            return


def signals_have_one_written():
    for number in (signal.SIGTERM, signal.SIGHUP):
        with command_test.scratch() as work:
            data(work)
            process = start(work, arguments(LONG, "--checkpoint c --every 1h -v"))
            after_an_iteration(process)
            process.send_signal(number)
            code, _, err = finish(process)
            assert code == -number, (code, err)
            assert err.splitlines()[-1] == (
                "nmf fit: the same command with --resume c goes on from there"), err
            left = set(command_test.snapshot(work))
            assert left == {"figures.npy", "model.npz", "W.npy", "H.npy", "c"}, left
            process = start(work, arguments(LONG, "--resume c --every 1h -v"))
            after_an_iteration(process)
            process.kill()
            finish(process)


def sigusr1_has_one_written_and_the_fit_goes_on():
    with command_test.scratch() as work:
        data(work)
        process = start(work, arguments(LONG, "--checkpoint c --every 1h -v"))
        after_an_iteration(process)
        process.send_signal(signal.SIGUSR1)
        seen = []
        while not os.path.exists(os.path.join(work, "c")):
            seen.append(process.stderr.readline())
            assert seen[-1], "ended by itself: %s" % process.wait()
        after_an_iteration(process)
        process.send_signal(signal.SIGINT)
        code, _, _ = finish(process)
        assert code == -signal.SIGINT, code


def a_time_limit_leaves_one_and_counts_anew():
    with command_test.scratch() as work:
        data(work)
        code, _, err = finish(start(work, arguments(LONG, "--checkpoint c --time-limit 0.2")))
        assert code == 0 and "--resume c goes on" in err, err
        begin = time.monotonic()
        code, _, err = finish(start(work, arguments(LONG, "--resume c --time-limit 0.2")))
        assert code == 0 and "--resume c goes on" in err, err
        assert time.monotonic() - begin > 0.2


def fails_with(work, command, words):
    result = command_test.run(command, work)
    assert result.returncode in (1, 2), (result.returncode, result.stderr)
    assert words in result.stderr and result.stderr.count("\n") == 1, result.stderr


def two_runs_with_one_name_are_told():
    with command_test.scratch() as work:
        data(work)
        process = start(work, arguments(LONG, "--checkpoint c --every 0 -v"))
        after_an_iteration(process)
        fails_with(work, "nmf fit figures.npy -k 8 -o other.npz --checkpoint c",
                   "c: another run keeps its checkpoint there (process %d): give this one another "
                   "name" % process.pid)
        wait_for(lambda: os.path.exists(os.path.join(work, "c")), process)
        process.kill()
        finish(process)
        with open(os.path.join(work, "c"), "rb") as file:
            before = file.read()
        fails_with(work, "nmf fit figures.npy -k 8 -o other.npz --checkpoint c",
                   "c: is there already, and would be replaced")
        with open(os.path.join(work, "c"), "rb") as file:
            assert file.read() == before


def what_cannot_be_gone_on_from_is_refused():
    with command_test.scratch("parts.npy") as work:
        data(work)
        finish(start(work, arguments(LONG, "--checkpoint c --time-limit 0.1")))
        with open(os.path.join(work, "c"), "rb") as file:
            good = file.read()
        again = "nmf fit figures.npy %s -o model.npz --resume " % LONG
        with open(os.path.join(work, "cut"), "wb") as file:
            file.write(good[:len(good) // 2])
        with open(os.path.join(work, "old"), "wb") as file:
            file.write(good[:16] + b"0.1.0".ljust(32, b"\0") + good[48:])
        with open(os.path.join(work, "bent"), "wb") as file:
            file.write(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
        fails_with(work, again + "cut", "cut: is no whole checkpoint: it ends after %d bytes" % (
            len(good) // 2))
        fails_with(work, again + "old", "made by nmfkit 0.1.0")
        fails_with(work, again + "bent", "damaged")
        fails_with(work, again + "figures.npy", "figures.npy")
        fails_with(work, again + "none", "none: cannot be read: No such file or directory")
        fails_with(work, again.replace("-k 8", "-k 9") + "c", "components = 8")
        fails_with(work, again.replace("figures.npy", "parts.npy") + "c", "of other data")
        fails_with(work, "nmf fit figures.npy -k 8 --every 5s", "--every needs --checkpoint")
        fails_with(work, "nmf fit figures.npy -k 8 --checkpoint d --every soon", "every = soon")
        fails_with(work, "nmf fit figures.npy -k 8 --checkpoint figures.npy", "figures.npy")
        fails_with(work, "nmf fit figures.npy -k 8 --checkpoint nowhere/c", "nowhere/c")
        with open(os.path.join(work, "c"), "rb") as file:
            assert file.read() == good


def a_full_disk_is_told_and_the_fit_goes_on():
    with command_test.scratch() as work:
        data(work)
        result = command_test.run("ulimit -f 40; exec nmf fit figures.npy -k 2 --sketch 0 --init random "
                                  "--tol 0 --max-iter 5 -o model.npz --checkpoint c --every 0", work)
        assert result.returncode == 0, result.stderr
        assert "the checkpoint was not kept: " in result.stderr and "File too large" in result.stderr
        assert set(command_test.snapshot(work)) == {"figures.npy", "model.npz"}


command_test.main([killed_fits_end_with_the_same_files, signals_have_one_written,
                   sigusr1_has_one_written_and_the_fit_goes_on,
                   a_time_limit_leaves_one_and_counts_anew, two_runs_with_one_name_are_told,
                   what_cannot_be_gone_on_from_is_refused, a_full_disk_is_told_and_the_fit_goes_on])
