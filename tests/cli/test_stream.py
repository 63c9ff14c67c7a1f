"""nmf fit - --stream: rows of .npy and lines of numbers lead to the same model, however the pipe cuts them;
what is no row is refused with its place, and Ctrl-C keeps what was learned so far."""

import os
import random
import signal
import subprocess
import time

import command_test


def rows(count, columns=12):
    chance = random.Random(4)
    parts = [[chance.random() if chance.random() < 0.4 else 0.0 for _ in range(columns)]
             for _ in range(3)]
    made = []
    for _ in range(count):
        weights = [chance.random() for _ in parts]
        made.append([round(100 * sum(w * part[j] for w, part in zip(weights, parts)) +
                           chance.random(), 3) for j in range(columns)])
    return made


def write(work, name, text):
    with open(os.path.join(work, name), "wb" if isinstance(text, bytes) else "w") as file:
        file.write(text)


def read(work, name):
    with open(os.path.join(work, name), "rb") as file:
        return file.read()


def lines(data, delimiter, end="\n"):
    return "".join(delimiter.join(map(repr, row)) + end for row in data)


def stream(work, shell, output):
    result = command_test.run("%s | nmf fit - --stream -k 3 -o %s.npz --save-H %s.npy -q" % (
        shell, output, output), work)
    assert result.returncode == 0, result.stderr
    return read(work, output + ".npy")


def formats_and_pieces_do_not_matter():
    data = rows(2500)
    names = ["g%d" % j for j in range(12)]
    with command_test.scratch() as work:
        write(work, "x.npy", command_test.npy(data, "d", "<f8"))
        write(work, "commas", ",".join(names) + "\n" + lines(data, ","))
        write(work, "tabs", "# a comment\n\n" + lines(data, "\t", "\r\n"))
        write(work, "blanks", lines(data, "  ").rstrip("\n"))
        quoted = ['"%s, ""%d"""' % (name, i) for i, name in enumerate(names)]
        quoted[3] = '"two\nlines"'
        write(work, "quotes", ",".join(quoted) + "\n# a \" that nothing closes\n" +
              "".join(",".join('"%r"' % value for value in row) + "\r\n" for row in data))
        H = stream(work, "cat x.npy", "a")
        for name in ("commas", "tabs", "blanks", "quotes"):
            assert stream(work, "cat " + name, name + "_H") == H, name
        assert stream(work, "dd if=commas bs=997 2>&-", "pieces") == H
        direct = command_test.run("nmf fit x.npy --stream -k 3 --save-H b.npy", work)
        assert direct.returncode == 0 and read(work, "b.npy") == H, direct.stderr
        assert "2500 rows of 12 features; a row before it was learned from: loss" in direct.stdout
        top = command_test.run("nmf top commas_H.npz -n 2 --tsv", work)
        assert "\tg" in top.stdout, top.stdout + top.stderr
        top = command_test.run("nmf top quotes_H.npz -n 12", work)
        assert 'g11, "11"' in top.stdout, top.stdout + top.stderr
        new = command_test.run("nmf transform x.nmf.npz x.npy -o W.npy", work)
        assert new.returncode == 0, new.stderr
        half = command_test.run("nmf fit x.npy --stream --half-life 300 -k 3 -o c.npz "
                                "--save-H c.npy", work)
        assert half.returncode == 0 and read(work, "c.npy") != H, half.stderr


def what_is_no_row_is_named():
    data = rows(20)
    with command_test.scratch() as work:
        cases = {
            "short": (lines(data[:5], ",") + "1,2\n", "line 6 has 2 numbers, the lines before 12"),
            "word": (lines(data[:5], ",") + lines(data[5:6], ",").replace(",", ",x", 1),
                     "line 6, cell 2: 'x"),
            "empty": ("", "has no rows"),
            "quote": (lines(data[:5], ",") + '"1,2\n', "line 6, cell 1: its quotes do not end"),
            "behind": ('a,b\n1,"2"3\n', "line 2, cell 2: its quotes do not end, or something"),
            "place": ('"a\nb",c\n1,2\n1,x\n', "line 4, cell 2: 'x"),
            "negative": ("1 2\n-1 2\n", "X[1,0] = -1"),
            "cut.npy": (command_test.npy(data, "d", "<f8")[:-100], "ends after 18 rows; its header "
                        "promises 20"),
            "fortran.npy": (command_test.npy(data, "d", "<f8").replace(b"False", b"True "),
                            "column by column")}
        for name, (content, words) in cases.items():
            write(work, name, content)
            result = command_test.run("nmf fit %s --stream -k 2 -o m.npz" % name, work)
            assert result.returncode == 1, (name, result)
            assert words in result.stderr and result.stderr.count("\n") == 1, result.stderr
        for more, words in (("--save-W W.npy", "--save-W cannot go with --stream"),
                            ("--checkpoint c", "--checkpoint cannot go with --stream"),
                            ("--loss kl", "frobenius loss only"), ("-k 0", "components = 0")):
            result = command_test.run("nmf fit short --stream -k 2 -o m.npz " + more, work)
            assert result.returncode in (1, 2) and words in result.stderr, result.stderr
        result = command_test.run("nmf fit short -k 2 --half-life 5", work)
        assert result.returncode == 2 and "--half-life needs --stream" in result.stderr
        assert "m.npz" not in command_test.snapshot(work)


def ctrl_c_while_rows_are_waited_for_keeps_what_was_learned():
    with command_test.scratch() as work:
        process = subprocess.Popen(
            ["nmf", "fit", "-", "--stream", "-k", "3", "-o", "m.npz", "-v"], cwd=work, text=True,
            executable=command_test.NMF, env=command_test.environment(work),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(lines(rows(2000), ","))
        process.stdin.flush()
        while "loss" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        err = process.stderr.read()
        process.stdin.close()
        assert process.wait(timeout=60) == -signal.SIGINT, process.returncode
        assert "interrupted after " in err and "what they told is in m.npz" in err, err
        assert set(command_test.snapshot(work)) == {"m.npz"}
        process.stdout.close()
        process.stderr.close()


command_test.main([formats_and_pieces_do_not_matter, what_is_no_row_is_named,
                   ctrl_c_while_rows_are_waited_for_keeps_what_was_learned])
