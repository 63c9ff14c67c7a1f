"""Ctrl-C: the first stops the fit, keeps the best result so far and says so; the command then dies
of the signal, as shells and make expect. And the progress line: only on a terminal, erased at the
end."""

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


def start(work, command, **streams):
    made = command_test.run("nmf generate faces -o faces.npy --quiet", work)
    assert made.returncode == 0, made.stderr
    return subprocess.Popen(command, cwd=work, executable=command_test.NMF, text=True,
                            env=command_test.environment(work), stdin=subprocess.DEVNULL, **streams)


def interrupt(number):
    with command_test.scratch() as work:
        process = start(work, LONG_FIT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        waits_for(lambda: handles(process, number), process)
        time.sleep(0.5)  # some iterations
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == -number, "the exit status is %d" % process.returncode
        assert err.startswith("nmf fit: interrupted after ") and \
            err.endswith("; the best result so far is in model.npz\n"), err
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
        seen = read_terminal(terminal, b" passes/s, loss ", process)
        assert time.monotonic() - began > 0.9, "a progress line before the first second"
        assert b"\n" not in seen, "the progress line wraps: %r" % seen
        process.send_signal(signal.SIGINT)
        seen = read_terminal(terminal, b"nmf fit: interrupted after ", process)
        assert seen.rindex(b"\r\x1b[K") > seen.rfind(b"passes/s"), "not erased: %r" % seen
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
        assert err == "nmf demo: interrupted\n", err
        assert sorted(command_test.snapshot(work)) == ["faces.npy"]


def second_ctrl_c_ends_it_at_once():
    with command_test.scratch() as work:
        process = start(work, SLOW_FIT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        waits_for(lambda: handles(process, signal.SIGINT), process)
        process.send_signal(signal.SIGINT)
        waits_for(lambda: not handles(process, signal.SIGINT), process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == -signal.SIGINT, "the exit status is %d" % process.returncode
        assert err == "" and "model.npz" not in command_test.snapshot(work), err


command_test.main([sigint_keeps_the_best_result_so_far, sigterm_keeps_the_best_result_so_far,
                   progress_line_is_shown_on_a_terminal_and_erased, second_ctrl_c_ends_it_at_once,
                   demo_leaves_no_empty_directory])
