"""What people do first and wrong is answered in one sentence that says what the thing is and what to do: files of
kinds that are not read, models where data are wanted and data where a model is, calls that lack something; in
Python and by the command alike."""

import io
import os
import subprocess
import tempfile
import wave
import zipfile

import python_test
from python_test import claim

np = python_test.need("numpy")

import nmfkit  # noqa: E402
from nmfkit import NMF, PCA  # noqa: E402

NMF_COMMAND = os.environ.get("NMF")
X = np.random.RandomState(0).rand(12, 6)


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def sound():
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(400))
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def packed(content):
    import gzip
    return gzip.compress(content)


# name, its bytes, what the sentence says it is, what it says to do
FOREIGN = [
    ("sheet.xlsx", zipped(**{"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<b/>"}), "Excel workbook", "CSV"),
    ("noname", zipped(**{"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<b/>"}), "Excel workbook", "CSV"),
    ("sheet.ods", zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument", "CSV"),
    ("sheet.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office", "CSV"),
    ("stack.tif", b"II*\0\x08\0\0\0" + bytes(40), "TIFF", ".npy"),
    ("stack.tiff", b"MM\0*\0\0\0\x08" + bytes(40), "TIFF", "PNG"),
    ("sound.wav", sound(), "recording", "spectrogram"),
    ("object.rds", packed(b"X\n\0\0\0\3\0\4\2\2" + bytes(60)), "R object", "writeMM"),
    ("space.RData", packed(b"RDX3\nX\n" + bytes(60)), "R's saved workspace", "write.csv"),
    ("sky.fits", b"SIMPLE  =                    T" + b" " * 2850, "FITS", "numpy.save"),
    ("table.parquet", b"PAR1" + bytes(40) + b"PAR1", "Parquet", "CSV"),
    ("table.feather", b"ARROW1\0\0" + bytes(40), "Arrow", "CSV"),
    ("object.pkl", b"\x80\x04\x95" + bytes(30), "pickle", "numpy.save"),
    ("page.csv", b"<!DOCTYPE html><html><body>404</body></html>", "web page", "download"),
    ("paper.pdf", b"%PDF-1.7\n" + bytes(40), "PDF", "CSV"),
    ("pointer.npz", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS", "git lfs pull"),
    ("download.zip", zipped(**{"data/table.csv": "1,2\n", "README": "a"}), "zip archive", "unpack it"),
    ("nothing.zip", b"PK\5\6" + bytes(18), "zip archive", "empty"),
    ("objects.npy", npy(np.array([{}, 1], dtype=object)), "'|O'", "real numbers"),
    ("nothing.csv", b"", "empty", "0 bytes"),
]


def command(work, *arguments):
    done = subprocess.run([NMF_COMMAND, *arguments], cwd=work, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    claim(done.returncode in (1, 2), "%s: exit status %d: %s", arguments, done.returncode, done.stderr)
    lines = done.stderr.strip().split("\n")
    claim(len(lines) <= 2, "%s: %s", arguments, done.stderr)
    return lines[0]


def said_by(kinds, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kinds as error:
        claim("\n" not in str(error), "one sentence: %s", error)
        return str(error)
    raise AssertionError("%s: %s: nothing was said" % (call, arguments))


def kinds_that_are_not_read_are_called_by_their_name():
    with tempfile.TemporaryDirectory() as work:
        for name, content, what, remedy in FOREIGN:
            path = os.path.join(work, name)
            with open(path, "wb") as file:
                file.write(content)
            sentences = [said_by((ValueError, OSError, NotImplementedError), nmfkit.read, path)]
            if NMF_COMMAND:
                sentences.append(command(work, "fit", name, "-k", "2"))
            for sentence in sentences:
                claim(name in sentence and what in sentence and remedy in sentence, "%s: %s", name, sentence)


def a_zip_with_one_array_is_read_as_it_is():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "one.zip")
        with open(path, "wb") as file:
            file.write(zipped(**{"README.txt": "hello", "deep/in/x.npy": npy(X)}))
        claim(np.array_equal(nmfkit.read(path).data, X), "an .npy inside of a zip")


def a_folder_of_tables_is_no_folder_of_pictures():
    with tempfile.TemporaryDirectory() as work:
        os.mkdir(os.path.join(work, "tables"))
        sentence = said_by((ValueError, OSError), nmfkit.read, os.path.join(work, "tables"))
        claim("no picture" in sentence, "an empty one: %s", sentence)
        for name in "abcde":
            np.savetxt(os.path.join(work, "tables", name + ".csv"), X, delimiter=",")
        sentences = [said_by((ValueError, OSError), nmfkit.read, os.path.join(work, "tables"))]
        if NMF_COMMAND:
            sentences.append(command(work, "fit", "tables", "-k", "2"))
        for sentence in sentences:
            for word in ("a.csv", "and 2 more", "name what is to be read", "pictures", "cells"):
                claim(word in sentence, "%r is not in: %s", word, sentence)


def models_and_data_are_told_apart():
    with tempfile.TemporaryDirectory() as work:
        data, model, table = (os.path.join(work, name) for name in ("x.npy", "m.npz", "x.csv"))
        np.save(data, X)
        np.savetxt(table, X, delimiter=",")
        nmfkit.save_model(NMF(2, random_state=0).fit(X), model)
        for path in (data, table):
            sentence = said_by((ValueError, OSError), nmfkit.load_model, path)
            claim(path in sentence and "no model" in sentence, "data as a model: %s", sentence)
        sentence = said_by((ValueError, OSError), nmfkit.read, model)
        claim("is a model" in sentence and ":W" in sentence, "a model as data: %s", sentence)
        if not NMF_COMMAND:
            return
        sentence = command(work, "fit", "m.npz", "-k", "2")
        claim("is a model, and data are wanted here; m.npz:W" in sentence, "%s", sentence)
        for words in (("transform", "x.npy", "m.npz", "-o", "w.npy"), ("transform", "x.npy", "x.npy", "-o", "w.npy"),
                      ("top", "x.npy"), ("report", "x.npy", "-o", "r.html"), ("reconstruct", "x.csv", "-o", "r.npy")):
            sentence = command(work, *words)
            claim("is no model" in sentence, "%s: %s", words, sentence)


def calls_that_lack_something_say_what():
    H = np.random.RandomState(1).rand(3, 6)
    fitted = NMF(3, random_state=0).fit(X)
    for named, words in (({"H": H}, "W is missing"), ({"W": np.ones((12, 3))}, "H is missing"), ({}, "missing")):
        sentence = said_by(ValueError, NMF(3, init="custom").fit, X, **named)
        claim(words in sentence, "%s: %s", list(named), sentence)
    sentence = said_by(TypeError, nmfkit.save_model, object(), "m.npz")
    claim("NMF or a PCA" in sentence and "builtins.object" in sentence, "%s", sentence)
    sentence = said_by(Exception, nmfkit.save_model, NMF(2), "m.npz")
    claim("not fitted" in sentence, "%s", sentence)
    try:
        from sklearn.decomposition import NMF as Theirs
        sentence = said_by(TypeError, nmfkit.save_model, Theirs(2, max_iter=2).fit(X), "m.npz")
        claim("sklearn" in sentence, "%s", sentence)
    except ImportError:
        pass
    sentence = said_by(ValueError, fitted.transform, X[:, :4])
    claim("4 features" in sentence and "6" in sentence, "%s", sentence)
    for estimator in (fitted, PCA(3).fit(X)):
        for W in (X, X[0, :3]):
            sentence = said_by(ValueError, estimator.inverse_transform, W)
            claim(str(W.shape) in sentence and "3 components" in sentence, "%s", sentence)
    sentence = said_by(ValueError, NMF(3, solver="hals", beta_loss="kullback-leibler").fit, X)
    claim("hals" in sentence, "%s", sentence)
    for missing in ("nowhere.npy", "nowhere/"):
        said_by(FileNotFoundError, nmfkit.read, missing)
    said_by(FileNotFoundError, nmfkit.load_model, "nowhere.npz")


def what_read_gives_is_what_fit_takes():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "x.csv")
        np.savetxt(path, X, delimiter=",", fmt="%.17g")
        for estimator in (NMF(2, random_state=0), PCA(2)):
            W = estimator.fit_transform(nmfkit.read(path))
            claim(np.array_equal(W, type(estimator)(**estimator.get_params()).fit_transform(X)), "fit(read(path))")
            claim(np.array_equal(estimator.transform(nmfkit.read(path)), estimator.transform(X)), "transform")


python_test.main(
    kinds_that_are_not_read_are_called_by_their_name,
    a_zip_with_one_array_is_read_as_it_is,
    a_folder_of_tables_is_no_folder_of_pictures,
    models_and_data_are_told_apart,
    calls_that_lack_something_say_what,
    what_read_gives_is_what_fit_takes,
)
