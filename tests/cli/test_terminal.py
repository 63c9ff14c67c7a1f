"""What `nmf top` shows on a terminal: columns that fit its width, whatever is in the names."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import command_test


def shown(work, columns, *words):
    """The lines that the command writes to a terminal of this width."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(words, cwd=work, env=command_test.environment(work), stdout=follower,
                               stdin=subprocess.DEVNULL)
    os.close(follower)
    text = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while True:
            piece = os.read(leader, 65536)
            if not piece:
                break
            text += piece
    os.close(leader)
    assert process.wait(timeout=60) == 0, text
    return text.decode("utf-8").replace("\r\n", "\n").splitlines()


def fitted(work, names):
    with open(os.path.join(work, "names.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(names))
    done = command_test.run("nmf fit words.mtx -k 2 -o m.npz --quiet --feature-names names.txt", work)
    assert done.returncode == 0, done.stderr


def components_stand_side_by_side_where_they_fit():
    with command_test.scratch("words.mtx") as work:
        fitted(work, ["apple", "pear", "and", "wheel", "car"])
        wide, narrow = shown(work, 80, "nmf", "top", "m.npz", "-n", "2"), \
            shown(work, 24, "nmf", "top", "m.npz", "-n", "2")
        assert [line.split()[0::2] for line in wide[1:]] == [["apple", "wheel"], ["pear", "car"]], wide
        assert wide[0].split()[0::2] == ["0", "1"], wide
        assert [line.split()[0] for line in narrow if line] == ["0", "apple", "pear", "1", "wheel", "car"], \
            narrow
        for line in wide + narrow:
            assert len(line) <= (80 if line in wide else 24), line


def names_cannot_reach_the_terminal():
    with command_test.scratch("words.mtx") as work:
        fitted(work, ["\x1b[2Japple", "臉" * 40, "and", "w\u009bheel", "car"])
        lines = shown(work, 100, "nmf", "top", "m.npz", "-n", "2")
        assert "\x1b" not in "".join(lines) and "\u009b" not in "".join(lines), lines
        assert lines[1].startswith("?[2Japple ") and "w?heel" in lines[1], lines
        assert lines[2].startswith("臉" * 14 + " "), lines  # 28 columns, and no more


def tab_separated_lines_on_request():
    with command_test.scratch("words.mtx") as work:
        fitted(work, ["apple", "pear", "and", "wheel", "car"])
        lines = shown(work, 80, "nmf", "top", "m.npz", "-n", "1", "--tsv")
        assert [line.split("\t")[2] for line in lines if "\t" in line] == ["feature", "apple", "wheel"], lines


def terminals():
    """Whether this machine lends any; a bare container may not."""
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as error:
        print("skipped: no terminal to be had: %s" % error)
        return False
    return True


if __name__ == "__main__":
    if not terminals():
        sys.exit(77)
    command_test.main([components_stand_side_by_side_where_they_fit, names_cannot_reach_the_terminal,
                       tab_separated_lines_on_request])
