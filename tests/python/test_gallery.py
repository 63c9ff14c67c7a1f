"""gallery(): the pictures that `nmf gallery` draws, pixel for pixel."""

import os
import subprocess
import tempfile

from python_test import claim, main, need, raises

np = need("numpy")
nmfkit = need("nmfkit")
NMF = os.environ.get("NMF")


def command(*arguments):
    subprocess.run([NMF, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def drawn(*arguments):
    command("gallery", *arguments, "-o", "drawn.png", "--quiet")
    with open("drawn.png", "rb") as file:
        return file.read()


def same(gallery, *arguments):
    claim(gallery.png() == drawn(*arguments), "nmf gallery %s draws other pixels",
          " ".join(map(str, arguments)))


def in_folder(test):
    def there():
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                return test()
            finally:
                os.chdir(before)
    there.__name__ = test.__name__
    return there


@in_folder
def pictures_are_the_commands():
    swimmer = nmfkit.datasets.swimmer()
    command("generate", "swimmer", "-o", "swimmer.npz", "--quiet")
    for name, model in (("nmf", nmfkit.NMF(6, random_state=0, max_iter=20)), ("pca", nmfkit.PCA(6, whiten=True))):
        model.fit(swimmer)
        nmfkit.save_model(model, name + ".npz")
        same(nmfkit.gallery(model, grid=(1, 4), scale="minmax", colormap="magma", pixel_size=2,
                            title="Four"),
             name + ".npz", "--grid", "1x4", "--scale", "minmax", "--colormap", "magma",
             "--pixel-size", 2, "--title", "Four")
        same(nmfkit.gallery(model, data=swimmer, reconstruct=[0, 5, 7], title="Both"),
             name + ".npz", "--data", "swimmer.npz", "--reconstruct", "0,5,7", "--title", "Both")
        again, _ = nmfkit.load_model(name + ".npz")
        claim(again.image_shape_ == (32, 32), "%s", again.image_shape_)
    same(nmfkit.gallery(again), "pca.npz")
    same(nmfkit.gallery(again, rows=[5, 2]), "pca.npz", "--rows", "5,2")
    same(nmfkit.gallery(swimmer, rows=[3, 0, 255]), "swimmer.npz", "--rows", "3,0,255")
    same(nmfkit.gallery(swimmer.data, grid=(2, 5), scale="zero"), "swimmer.npz", "--grid", "2x5",
         "--scale", "zero")


@in_folder
def components_that_are_no_pictures_are_the_commands_bars():
    X = np.random.RandomState(0).rand(40, 16)
    names = ["w%d" % j for j in range(16)]
    with open("names.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(names) + "\n")
    np.save("X.npy", X)
    command("fit", "X.npy", "-k", 3, "--feature-names", "names.txt", "-o", "words.npz", "--quiet")
    model, _ = nmfkit.load_model("words.npz")
    same(nmfkit.gallery(model), "words.npz")
    same(nmfkit.gallery(model, count=4, title="Words"), "words.npz", "-n", 4, "--title", "Words")
    same(nmfkit.gallery(model, rows=[2, 0]), "words.npz", "--rows", "2,0")
    command("gallery", "words.npz", "--image-shape", "4x4", "-o", "forced.png", "--quiet")
    with open("forced.png", "rb") as file:
        claim(nmfkit.gallery(model, image_shape=(4, 4)).png() == file.read(), "as pictures")
    same(nmfkit.gallery(model, kind="curves", grid=(3, 1)), "words.npz", "--kind", "curves", "--grid", "3x1")
    with raises(ValueError, "gallery of their own"):
        nmfkit.gallery(model, X)
    with raises(TypeError, "given together"):
        nmfkit.gallery(model, reconstruct=[0])
    with raises(TypeError, "one fitted estimator"):
        nmfkit.gallery(X, data=X, reconstruct=[0])


if __name__ == "__main__":
    main(pictures_are_the_commands, components_that_are_no_pictures_are_the_commands_bars)
