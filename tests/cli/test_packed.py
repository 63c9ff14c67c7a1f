"""Every text format, and .npy, is read packed by gzip, xz and Zstandard as it is read plain, from a file and from
standard input; what packs is another program."""

import gzip
import lzma
import os
import shutil
import subprocess

import command_test

TEXTS = {  # file: content, how it is read
    "table.csv": ("gene,a,b,c\none,1,2,3\ntwo,4,5,0\n", ""),
    "table.tsv": ("gene\ta\tb\tc\none\t1\t2\t3\ntwo\t4\t5\t0\n", ""),
    "comma.csv": ("gene;a;b\none;1,5;2\ntwo;4;5,25\n", ""),
    "blanks.txt": ("1 2 3\n4 5 0\n", ""),
    "long.csv": ("cell,gene,count\none,a,1\none,c,3\ntwo,b,5\n", "--long"),
    "assay.gct": ("#1.2\n2\t3\nName\tDescription\ts1\ts2\ts3\none\tx\t1\t2\t3\ntwo\ty\t4\t5\t0\n", ""),
    "counts.mtx": ("%%MatrixMarket matrix coordinate integer general\n2 3 3\n1 1 1\n1 3 3\n2 2 5\n", ""),
    "dense.mtx": ("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n", ""),
    "lines.svm": ("1 1:1 3:3\n0 2:5\n", ""),
    "words.ldac": ("2 0:1 2:3\n1 1:5\n", "--format ldac"),
    "docword.small.txt": ("2\n3\n3\n1 1 1\n1 3 3\n2 2 5\n", ""),
}


def zstandard(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


PACKINGS = [(".gz", gzip.compress), (".xz", lzma.compress)] + ([(".zst", zstandard)] if shutil.which("zstd") else [])


def converted(work, line):
    """What the data are, with their names: the bytes of an .npz that nmf writes of them."""
    done = command_test.run(line + " -o out.npz --quiet", work)
    assert done.returncode == 0, (line, done.stderr)
    with open(os.path.join(work, "out.npz"), "rb") as file:
        return file.read()


def packed_is_as_plain(name, content, how):
    with command_test.scratch() as work:
        def write(path, data):
            with open(os.path.join(work, path), "wb") as file:
                file.write(data)
        write(name, content)
        plain = converted(work, "nmf convert %s %s" % (name, how))
        for extension, pack in PACKINGS:
            write(name + extension, pack(content))
            assert converted(work, "nmf convert %s%s %s" % (name, extension, how)) == plain, name + extension
            if name != "docword.small.txt":  # whose words are found by its name
                assert converted(work, "nmf convert - %s < %s%s" % (how, name, extension)) == plain, name + extension


def every_text_format_is_read_packed():
    for name, (content, how) in TEXTS.items():
        packed_is_as_plain(name, content.encode(), how)


def arrays_are_read_packed():
    packed_is_as_plain("array.npy", command_test.npy([[1.0, 2.5], [3.0, 0.25]], "d", "<f8"), "")


command_test.main([every_text_format_is_read_packed, arrays_are_read_packed])
