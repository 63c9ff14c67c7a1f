"""Plug-ins: what is read and drawn by large libraries is loaded when it is needed. Without them the command starts and
does all else; what needs one says so in one sentence and leaves nothing. Wherever the libraries are moved or linked to,
what lies beside them is found."""

import glob
import os
import shutil
import subprocess

import command_test

LIBRARIES = os.environ["NMFKIT_LIBRARY"]
LARGE = ("libhdf5", "libcurl", "libcairo", "libpango")
SENTENCES = {
    ("info", "cells.h5"): "HDF5 files need nmfkit's plug-in hdf5, which cannot be loaded: ",
    ("info", "old.mat"): "HDF5 files need nmfkit's plug-in hdf5, which cannot be loaded: ",
    ("gallery", "x.nmf.npz", "-o", "x.png"): "drawings need nmfkit's plug-in draw, which cannot be loaded: ",
    ("fetch", "olivetti"): "downloads need nmfkit's plug-in download, which cannot be loaded: ",
}


def copied(place):
    """The command and its libraries in a folder of their own, without plug-ins; the folder of these."""
    os.makedirs(place)
    for path in glob.glob(os.path.join(LIBRARIES, "libnmfkit*.so*")):
        shutil.copy(path, place, follow_symlinks=False)
    shutil.copy(command_test.NMF, os.path.join(place, "nmf"))
    folder, = glob.glob(os.path.join(LIBRARIES, "nmfkit-*", ""))
    return os.path.dirname(folder)


def run(place, *words, **more):
    environment = dict(os.environ, LD_LIBRARY_PATH=place, XDG_CACHE_HOME=os.path.abspath("cache"), **more)
    return subprocess.run([os.path.join(place, "nmf"), *words], env=environment, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def make_files():
    for name in ("cells.h5", "old.mat"):
        with open(name, "wb") as file:
            file.write(b"\x89HDF\r\n\x1a\n" + bytes(1000))


def starts_without_large_libraries():
    loaded = run(place, "--version", LD_TRACE_LOADED_OBJECTS="1").stdout
    assert "libnmfkit-io" in loaded, loaded
    assert not [name for name in LARGE if name in loaded], loaded


def all_else_is_done():
    done = run(place, "fit", "parts.npy", "-k", "2", "-o", "x.nmf.npz", "--quiet")
    assert done.returncode == 0 and not done.stderr, done.stderr


def says_what_is_missing():
    before = sorted(os.listdir())
    for words, sentence in SENTENCES.items():
        done = run(place, *words)
        lines = done.stderr.splitlines()
        assert done.returncode == 1 and len(lines) == 1 and sentence in lines[0], (words, done.stderr)
        assert sorted(set(os.listdir()) - {"cache"}) == before, os.listdir()


def refuses_what_is_no_plugin():
    folder = os.path.join(place, os.path.basename(plugins))
    os.mkdir(folder)
    wrong = os.path.join(folder, "hdf5.so")
    with open(wrong, "w", encoding="ascii") as file:
        file.write("no library")
    assert SENTENCES[("info", "cells.h5")] in run(place, "info", "cells.h5").stderr
    shutil.copy(os.path.join(LIBRARIES, "libnmfkit.so"), wrong)
    said = run(place, "info", "cells.h5").stderr
    assert SENTENCES[("info", "cells.h5")] in said and "nmf_plugin_hdf5" in said, said
    shutil.rmtree(folder)


def finds_what_lies_beside():
    shutil.copytree(plugins, os.path.join(place, os.path.basename(plugins)))
    os.mkdir("links")
    for path in glob.glob(os.path.join(place, "*nmf*")):
        if os.path.isfile(path):
            os.symlink(path, os.path.join("links", os.path.basename(path)))
    done = run(os.path.abspath("links"), "gallery", "x.nmf.npz", "-o", "x.png", "--quiet")
    assert done.returncode == 0 and os.path.getsize("x.png") > 0, done.stderr


with command_test.scratch("parts.npy") as directory:
    os.chdir(directory)
    place = os.path.join(os.path.dirname(directory), "moved")
    plugins = copied(place)
    make_files()
    for claim in (starts_without_large_libraries, all_else_is_done, says_what_is_missing, refuses_what_is_no_plugin,
                  finds_what_lies_beside):
        print(claim.__name__, flush=True)
        claim()
