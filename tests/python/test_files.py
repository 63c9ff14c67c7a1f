"""Files, data sets and galleries through Python are those of the command."""

import os
import pickle
import struct
import subprocess
import sys
import tempfile

import python_test
from python_test import claim, raises

np = python_test.need("numpy")
import nmfkit  # noqa: E402
from nmfkit import NMF, PCA  # noqa: E402

FACES = nmfkit.datasets.faces()
COMMAND = os.environ.get("NMF") or os.path.join(python_test.SOURCE, "build", "release", "nmf")


def run(*arguments):
    done = subprocess.run([COMMAND, *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    claim(done.returncode == 0, "%s", done.stderr)
    return done.stdout


def generated_data_is_the_command_s():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "faces.npy")
        run("generate", "faces", "-o", path, "--quiet")
        claim(np.array_equal(np.load(path), FACES.data), "faces")
    claim(FACES.image_shape == (64, 64) and FACES.images.shape == (400, 64, 64), "pictures")
    claim(FACES.labels[11] == "person-02" and FACES.target[11] == 1, "labels")
    swimmer = nmfkit.datasets.swimmer()
    claim(swimmer.data.shape == (256, 1024) and swimmer.data.dtype == np.uint8, "swimmer")
    claim("256 x 1024 uint8, pictures of 32 x 32" in repr(swimmer), "%r", swimmer)


def data_on_disk_are_learned_from_as_they_lie():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "faces.npy")
        np.save(path, FACES.data)
        there, here = nmfkit.read(path), nmfkit.read(path, memory_limit=100000)
        claim(isinstance(there.data, np.ndarray), "%r", there.data)
        claim("<OnDisk: 400 x 4096 uint8>" in repr(here.data), "%r", here.data)
        with raises(TypeError, "has no entries in memory"):
            np.asarray(here.data)
        first = NMF(4, max_iter=20, random_state=0)
        second = NMF(4, max_iter=20, random_state=0, memory_limit=10 ** 7)
        W, again = first.fit_transform(there), second.fit_transform(here)
        claim(np.array_equal(W, again), "another W")
        claim(np.array_equal(first.components_, second.components_), "another H")
        claim(np.array_equal(first.transform(there), second.transform(here)), "another transform")
        claim(np.array_equal(PCA(3, svd_solver="randomized", random_state=0).fit_transform(there),
                             PCA(3, svd_solver="randomized", random_state=0).fit_transform(here)), "PCA")
        with raises(ValueError, "take no weights"):
            second.fit_transform(here.data, weights=np.ones((400, 4096)))
        with raises(ValueError, "4096 features, but NMF is expecting 3"):
            NMF(1).fit(np.ones((5, 3))).transform(here)
        with raises(MemoryError, "the limit is 1000"):
            NMF(4, memory_limit=1000).fit(here)


def files_are_read_with_what_they_know():
    with tempfile.TemporaryDirectory() as work:
        table = os.path.join(work, "genes.csv")
        with open(table, "w", encoding="ascii") as file:
            file.write("cell,a,b,c\nx,1,2,3\ny,4,5,6\n")
        data = nmfkit.read(table)
        claim(np.array_equal(data.data, [[1, 2, 3], [4, 5, 6]]), "%s", data.data)
        claim(data.feature_names == ["a", "b", "c"] and data.sample_names == ["x", "y"], "names")
        claim(np.array_equal(nmfkit.read(table, transpose=True).data, data.data.T), "transpose")
        words = os.path.join(work, "words.txt")
        with open(words, "w", encoding="ascii") as file:
            file.write("first\nsecond\nthird\n")
        claim(nmfkit.read(table, feature_names=words).feature_names ==
              ["first", "second", "third"], "names of their own")
        with raises(AttributeError, "this data has no labels"):
            data.target
        cube = np.arange(24, dtype=np.uint8).reshape(2, 12)
        path = os.path.join(work, "cube.npy")
        np.save(path, np.asfortranarray(cube))
        read = nmfkit.read(path, image_shape=(3, 4))
        claim(np.array_equal(read.data, cube) and read.images.shape == (2, 3, 4), "pictures")
        turned = nmfkit.read(path, image_shape=(3, 4), image_order="column")
        claim(np.array_equal(turned.images[0], cube[0].reshape(4, 3).T), "columns first")
        order = np.random.RandomState(7).permutation(2)
        claim(np.array_equal(nmfkit.read(path, shuffle=7).data, cube[order]), "shuffle")
        data = read.data  # the only thing kept
        del read
        claim(np.array_equal(data, cube), "the array keeps its memory")
        with raises(OSError, "none.npy"):
            nmfkit.read(os.path.join(work, "none.npy"))
        with raises(ValueError, "image_order = 'up'"):
            nmfkit.read(path, image_order="up")


def model_files_go_both_ways():
    faces = FACES.data[::4]
    names = ["p%d" % i for i in range(faces.shape[1])]
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.npz")
        for estimator in (NMF(5, random_state=3, alpha_W=1e-4, l1_ratio=0.5, tol=1e-3),
                          NMF(4, solver="cd", init="random", random_state=1, max_iter=20),
                          NMF(3, beta_loss="kullback-leibler", random_state=0, max_iter=5),
                          NMF(3, beta_loss=1.5, solver="mu", random_state=0, max_iter=5),
                          PCA(3, random_state=0, whiten=True, pca_sign="u")):
            data = faces if not isinstance(estimator, NMF) else faces.astype("f8")
            W = estimator.fit_transform(data)
            estimator.feature_names_in_ = np.array(names, dtype=object)
            nmfkit.save_model(estimator, path, W, image_shape=(64, 64))
            again, same = nmfkit.load_model(path)
            claim(np.array_equal(same, W), "W")
            claim(type(again) is type(estimator), "%r", again)
            claim(repr(again.get_params()) == repr(estimator.get_params()), "%s\n%s",
                  again.get_params(), estimator.get_params())
            claim(list(again.feature_names_in_) == names, "names")
            del again.feature_names_in_
            del estimator.feature_names_in_
            claim(np.array_equal(again.transform(data), estimator.transform(data)), "transform")
            claim("pictures of 64 x 64" in run("info", path), "the command's view")
            if isinstance(estimator, NMF):
                for name in ("n_iter_", "stopped_", "kkt_", "reconstruction_err_"):
                    claim(getattr(again, name) == getattr(estimator, name), "%s", name)
                claim(np.array_equal(again.trace_.loss, estimator.trace_.loss), "trace")


def a_model_of_the_command_s_transforms_as_the_command_does():
    with tempfile.TemporaryDirectory() as work:
        data, model, weights = (os.path.join(work, name) for name in
                                ("x.npy", "model.npz", "weights.npy"))
        X = np.random.RandomState(0).rand(30, 12)
        np.save(data, X)
        run("fit", data, "-k", "3", "-o", model, "--quiet", "--seed", "5", "--alpha-H", "0.01", "--alpha-W", "0.02")
        nmf, W = nmfkit.load_model(model)
        claim(nmf.random_state == 5 and nmf.alpha_H == 0.01 and nmf.n_components == 3, "%r", nmf)
        run("transform", model, data, "-o", weights, "--quiet")
        claim(np.array_equal(nmf.transform(X), np.load(weights)), "transform")
        own = NMF(**nmf.get_params()).fit_transform(X)
        claim(np.array_equal(own, W), "the same options give the same fit")


def transform_weighs_as_the_fit_did():
    """W of raw counts, as the command has it and as the fit itself: in a file, in Python, pickled."""
    counts = np.random.RandomState(0).poisson(0.5, (40, 30)).astype(float)
    for weighting in ("tfidf", "log1p-cp10k", "sqrt"):
        with tempfile.TemporaryDirectory() as work:
            data, model, weights = (os.path.join(work, name) for name in
                                    ("x.npy", "model.npz", "w.npy"))
            np.save(data, counts)
            run("fit", data, "-k", "3", "-o", model, "--quiet", "--weighting", weighting)
            run("transform", model, data, "-o", weights, "--quiet")
            nmf, W = nmfkit.load_model(model)
            claim(np.array_equal(nmf.transform(counts), W), "%s: transform is W", weighting)
            claim(np.array_equal(np.load(weights), W), "%s: the command's is, too", weighting)
            claim(nmf.weighting == weighting, "the parameter says %r", nmf.weighting)
            own = nmfkit.NMF(3, random_state=0, max_iter=1000, weighting=weighting)
            claim(np.allclose(own.fit_transform(counts), W), "%s: fitted in Python", weighting)
            again = pickle.loads(pickle.dumps(own))
            claim(np.array_equal(again.transform(counts), own.transform(counts)), "pickled")


def a_weighting_goes_through_python_unharmed():
    with tempfile.TemporaryDirectory() as work:
        data, model, copy, first, second = (os.path.join(work, name) for name in (
            "x.npy", "model.npz", "copy.npz", "first.npy", "second.npy"))
        np.save(data, np.random.RandomState(0).poisson(1.0, (30, 12)).astype("f8"))
        run("fit", data, "-k", "3", "-o", model, "--quiet", "--weighting", "tfidf")
        nmf, W = nmfkit.load_model(model)
        nmfkit.save_model(nmf, copy, W)
        for path, weights in ((model, first), (copy, second)):
            run("transform", path, data, "-o", weights, "--quiet")
        claim(np.array_equal(np.load(first), np.load(second)), "the copy weighs as the model does")
        claim(np.array_equal(np.load(first), W), "and as the fit did")


def as_peers_are(data, work):
    """fetch_olivetti_faces gives scikit-learn's arrays. Its own function finds, in place of a download,
    the file that it would have made of it."""
    try:
        import joblib
        import sklearn.datasets
    except ImportError:
        return
    pictures = np.load(os.path.join(data, "olivetti.npy")).reshape(-1, 64, 64)
    columns = pictures.transpose(0, 2, 1).reshape(400, -1).astype(np.float64)
    joblib.dump(columns, os.path.join(work, "olivetti_py3.pkz"), compress=6)
    for how in ({}, {"shuffle": True, "random_state": 3},
                {"shuffle": True, "random_state": np.random.RandomState(5)}):
        theirs = sklearn.datasets.fetch_olivetti_faces(data_home=work, **how)
        if "random_state" in how and not isinstance(how["random_state"], int):
            how["random_state"] = np.random.RandomState(5)  # as it was before
        ours = nmfkit.datasets.fetch_olivetti_faces(**how)
        for name in ("data", "images", "target"):
            claim(np.array_equal(ours[name], theirs[name]), "%s %s", name, how)
            claim(ours[name].dtype == theirs[name].dtype, "%s is %s", name, ours[name].dtype)
        X, y = nmfkit.datasets.fetch_olivetti_faces(return_X_y=True, **{**how, "random_state": 1})
        claim(X.shape == (400, 4096) and y.shape == (400,), "a pair")
    try:
        nmfkit.datasets.fetch_olivetti_faces(data_home=os.path.join(work, "not"), download_if_missing=False)
    except OSError as error:
        claim("`download_if_missing` is False" in str(error), "%s", error)
    else:
        claim(False, "what is not there was found")


def olivetti_faces_come_from_the_cache():
    data = os.environ.get("NMFKIT_TEST_DATA") and os.path.join(os.environ["NMFKIT_TEST_DATA"],
                                                               "olivetti")
    if not data or not os.path.isdir(data):
        return "no NMFKIT_TEST_DATA"
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as work:
        os.environ["XDG_CACHE_HOME"] = work
        try:
            faces = nmfkit.datasets.fetch_olivetti(os.path.join(data, "olivettifaces.mat"))
            again = nmfkit.datasets.fetch_olivetti()  # of the cache: no network is asked
            as_peers_are(data, work)
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before
        claim(np.array_equal(faces.data, np.load(os.path.join(data, "olivetti.npy"))), "pictures")
        claim(np.array_equal(faces.target, np.load(os.path.join(data, "labels.npy"))), "people")
        claim(np.array_equal(again.data, faces.data) and again.image_shape == (64, 64), "again")
    return None


def galleries_are_pictures_of_what_is_given():
    nmf = NMF(6, random_state=0, max_iter=20).fit(FACES.data)
    one = nmfkit.gallery(nmf)._repr_png_()
    claim(one[:8] == b"\x89PNG\r\n\x1a\n", "a PNG file")
    width, height = struct.unpack(">II", one[16:24])
    claim(width > height, "%d x %d: six parts in two rows of three", width, height)
    both = nmfkit.gallery(FACES.images[:6], nmf, titles=["faces", "parts"], title="Two").png()
    claim(struct.unpack(">I", both[16:20])[0] > width, "two panels are wider than one")
    claim(nmfkit.gallery(FACES.data[:6], image_shape=(64, 64)).png() ==
          nmfkit.gallery(FACES.images[:6]).png(), "two ways to say the same")
    claim(nmfkit.gallery(nmf, colormap="viridis").png() != one, "another colormap")
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "parts.svg")
        nmfkit.gallery(nmf, captions=["part %d" % i for i in range(6)], grid=(2, 3)).save(path)
        with open(path, encoding="utf-8") as file:
            claim("<svg" in file.read(), "an SVG file")
    for what, words in ((lambda: nmfkit.gallery(np.ones((2, 7))), "not square pictures"),
                        (lambda: nmfkit.gallery(nmf, colormap="jet"), "colormap = 'jet'"),
                        (lambda: nmfkit.gallery(nmf, titles=["a", "b"]), "2 titles for 1 panels"),
                        (lambda: nmfkit.gallery(nmf, captions=["a"]), "1 captions for a grid"),
                        (lambda: nmfkit.gallery(nmf, image_shape=(8, 8)), "4096"),
                        (lambda: nmfkit.gallery(nmf, grid=(3, 3)).png(), "6")):
        with raises(ValueError, words):
            what()


def what_is_loaded_later_is_named_at_once():
    claim({"read", "gallery", "datasets", "save_model"} <= set(dir(nmfkit)), "%s", dir(nmfkit))
    claim(len(set(dir(nmfkit))) == len(dir(nmfkit)), "a name twice: %s", dir(nmfkit))
    with raises(AttributeError, "has no attribute 'raed'"):
        nmfkit.raed
    claim(pickle.loads(pickle.dumps(NMF(3))).n_components == 3, "pickled unfitted")
    script = ("import sys, nmfkit; assert 'nmfkit._io_library' not in sys.modules; "
              "nmfkit.read; assert 'nmfkit._io_library' in sys.modules")
    environment = dict(os.environ, PYTHONPATH=os.path.join(python_test.SOURCE, "python"))
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


def a_missing_library_is_one_sentence():
    environment = dict(os.environ, PYTHONPATH=os.path.join(python_test.SOURCE, "python"),
                       NMFKIT_LIBRARY="/nowhere/libnmfkit.so")
    done = subprocess.run([sys.executable, "-c", "import nmfkit"], env=environment, text=True,
                          stderr=subprocess.PIPE, check=False)
    claim(done.returncode == 1 and done.stderr.rstrip().split("\n")[-1] ==
          "ImportError: libnmfkit was not found in NMFKIT_LIBRARY = /nowhere/libnmfkit.so",
          "%s", done.stderr)


python_test.main(
    generated_data_is_the_command_s, data_on_disk_are_learned_from_as_they_lie,
    files_are_read_with_what_they_know, model_files_go_both_ways,
    a_model_of_the_command_s_transforms_as_the_command_does, transform_weighs_as_the_fit_did,
    a_weighting_goes_through_python_unharmed, olivetti_faces_come_from_the_cache, galleries_are_pictures_of_what_is_given,
    what_is_loaded_later_is_named_at_once, a_missing_library_is_one_sentence)
