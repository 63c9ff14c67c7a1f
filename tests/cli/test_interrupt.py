"""Ctrl-C: once there is a result, the first stops the fit, keeps the best so far and says so; the
command then dies of the signal, as shells and make expect. Before that, and where nothing is worth
keeping, it ends at once. No temporary file stays behind. And the progress line: only on a terminal,
erased at the end."""

import os
import pty
import select
import signal
import subprocess
import time

import command_test

# Would take hours: the tests end it.
LONG_FIT = ["nmf", "fit", "faces.npy", "-k", "30", "--init", "random", "--starts", "100000",
            "--tol", "0", "--precision", "f64", "-o", "model.npz"]
# Not even its first iteration ends within the patience of anybody.
SLOW_FIT = ["nmf", "fit", "faces.npy", "-k", "4000", "--init", "random", "--inner-sweeps", "1000",
            "--tol", "0", "--precision", "f64", "-o", "model.npz"]
PATIENCE_SECONDS = 120


def waits_for(condition, process):
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, "the command ended by itself with %s" % process.returncode
        assert time.monotonic() < end, "nothing happened for %d seconds" % PATIENCE_SECONDS
        time.sleep(0.02)


def handles(process, number):
    """Has the process a handler for the signal? That is the moment the fit begins."""
    with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
        caught = [line for line in file if line.startswith("SigCgt:")][0].split()[1]
    return int(caught, 16) >> (number - 1) & 1


FACES = []  # the bytes of faces.npy, made once


def start(work, command, **streams):
    path = os.path.join(work, "faces.npy")
    if not FACES:
        made = command_test.run("nmf generate faces -o faces.npy --quiet", work)
        assert made.returncode == 0, made.stderr
        with open(path, "rb") as file:
            FACES.append(file.read())
    with open(path, "wb") as file:
        file.write(FACES[0])
    return subprocess.Popen(command, cwd=work, executable=command_test.NMF, text=True,
                            env=command_test.environment(work), stdin=subprocess.DEVNULL, **streams)


def after_an_iteration(process):
    """Reads what --verbose prints until an iteration is done."""
    while True:
        line = process.stderr.readline()
        assert line, "the command ended by itself with %s" % process.wait()
        if line.startswith(("iteration ", "in a sketch")):
            return


def interrupt(number):
    with command_test.scratch() as work:
        process = start(work, LONG_FIT + ["-v"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        after_an_iteration(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == -number, "the exit status is %d" % process.returncode
        last = err.splitlines()[-1]
        assert last.startswith("nmf fit: interrupted after ") and \
            last.endswith("; the best result so far is in model.npz"), err
        assert "interrupted after" in out and "wrote model.npz" in out, out
        assert sorted(command_test.snapshot(work)) == ["faces.npy", "model.npz"]
        info = command_test.run("nmf info model.npz", work)
        assert "stopped: interrupted after" in info.stdout, info.stdout + info.stderr


def sigint_keeps_the_best_result_so_far():
    interrupt(signal.SIGINT)


def sigterm_keeps_the_best_result_so_far():
    interrupt(signal.SIGTERM)


def read_terminal(terminal, until, process):
    seen = b""
    end = time.monotonic() + PATIENCE_SECONDS
    while until not in seen and time.monotonic() < end and process.poll() is None:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 4096)
    assert until in seen, "on the terminal: %r" % seen
    return seen


def progress_line_is_shown_on_a_terminal_and_erased():
    with command_test.scratch() as work:
        try:
            terminal, other_side = pty.openpty()
        except OSError as reason:
            return "no terminal to be had: %s" % reason
        process = start(work, LONG_FIT, stdout=subprocess.PIPE, stderr=other_side)
        os.close(other_side)
        began = time.monotonic()
        seen = read_terminal(terminal, b" readings", process)
        assert time.monotonic() - began > 0.9, "a progress line before the first second"
        assert b"\n" not in seen, "the progress line wraps: %r" % seen
        process.send_signal(signal.SIGINT)
        seen = read_terminal(terminal, b"nmf fit: interrupted after ", process)
        assert seen.rindex(b"\r\x1b[K") > seen.rfind(b"readings"), "not erased: %r" % seen
        process.communicate(timeout=PATIENCE_SECONDS)
        os.close(terminal)


def demo_leaves_no_empty_directory():
    with command_test.scratch() as work:
        process = start(work, ["nmf", "demo", "-k", "300"], stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
        waits_for(lambda: "nmf-demo/" in command_test.snapshot(work), process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == -signal.SIGINT, "the exit status is %d" % process.returncode
        assert err.startswith("nmf demo: interrupted") and err.count("\n") == 1, err
        assert sorted(command_test.snapshot(work)) == ["faces.npy"]


def before_there_is_a_result_the_first_ends_it_at_once():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with command_test.scratch() as work:
            process = start(work, SLOW_FIT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            waits_for(lambda process=process, number=number: handles(process, number), process)
            process.send_signal(number)
            _, err = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == -number, "the exit status is %d" % process.returncode
            assert err == "" and sorted(command_test.snapshot(work)) == ["faces.npy"], err


def a_signal_while_writing_leaves_no_temporary_file():
    with command_test.scratch() as work:
        process = start(work, ["nmf", "convert", "faces.npy", "-o", "faces.csv"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        waits_for(lambda: any(".tmp-" in name for name in command_test.snapshot(work)), process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)
        if process.returncode == 0:
            return "it was written before the signal came"
        assert process.returncode == -signal.SIGTERM, "the exit status is %d" % process.returncode
        assert sorted(command_test.snapshot(work)) == ["faces.npy"]


def a_second_one_ends_it_while_a_result_is_written():
    with command_test.scratch() as work:
        os.mkfifo(os.path.join(work, "report.json"))  # whoever writes there waits for a reader
        process = start(work, ["nmf", "fit", "faces.npy", "-k", "2", "--max-iter", "2", "-o",
                               "model.npz", "--json", "report.json"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        waits_for(lambda: os.path.exists(os.path.join(work, "model.npz")), process)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None, "the first one ended it with %s" % process.returncode
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == -signal.SIGINT, "the exit status is %d" % process.returncode
        assert sorted(os.listdir(work)) == ["faces.npy", "model.npz", "report.json"]


command_test.main([sigint_keeps_the_best_result_so_far, sigterm_keeps_the_best_result_so_far,
                   progress_line_is_shown_on_a_terminal_and_erased,
                   before_there_is_a_result_the_first_ends_it_at_once,
                   a_signal_while_writing_leaves_no_temporary_file,
                   a_second_one_ends_it_while_a_result_is_written, demo_leaves_no_empty_directory])
