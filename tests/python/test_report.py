"""report(): the page of a fitted NMF, from arrays, data frames' names and Datasets."""

import json
import os
import re
import tempfile

from python_test import claim, main, need, raises

np = need("numpy")
nmfkit = need("nmfkit")


def fitted():
    X = np.random.RandomState(0).rand(30, 12).astype(np.float32)
    return nmfkit.NMF(3, random_state=0, max_iter=500), X


def json_of(page):
    return json.loads(re.search(r'id="nmf-report">(.*?)</script>', page, re.S).group(1))


def a_report_is_of_the_models_numbers():
    model, X = fitted()
    W = model.fit_transform(X)
    labels = ["a", "b"] * 15
    told = json_of(model.report(X, labels=labels, title="<b>", lang="zh").html())
    norms = np.linalg.norm(model.components_.astype(float), axis=1)
    parts = W.astype(float).sum(0) * model.components_.astype(float).sum(1)
    claim(np.allclose([c["share"] for c in told["components"]], parts / parts.sum(), rtol=1e-5),
          "the shares are %s", told["components"])
    claim(np.allclose([c["size"] for c in told["components"]], norms, rtol=1e-6), "the sizes are others")
    error = np.linalg.norm(X - W @ model.components_, axis=1) / np.linalg.norm(X, axis=1)
    claim(np.allclose(told["samples"]["error"], error, rtol=1e-3), "the samples' errors are others")
    claim(told["labels"]["names"] == ["a", "b"] and told["title"] == "<b>", "labels or title are lost")
    claim(told["language"] == "zh", "the language is %s", told["language"])


def without_X_there_is_W():
    model, X = fitted()
    W = model.fit_transform(X)
    told = json_of(nmfkit.report(model, W=W, feature_names=["w%d" % j for j in range(12)],
                                 rank={"ranks": [], "verdict": "</script>"}).html())
    claim("data" not in told and told["features"]["names"][3] == "w3", "%s", list(told))
    claim(told["rank"]["verdict"] == "</script>", "the ranks are lost")
    with raises(TypeError, "needs X or W"):
        model.report()
    with raises(ValueError, "11 names for 12"):
        model.report(X, feature_names=["x"] * 11)


def pictures_know_their_shape_and_notebooks_show_the_page():
    faces = nmfkit.datasets.faces()
    model = nmfkit.NMF(4, random_state=0, max_iter=5)
    model.fit(faces.data)
    page = nmfkit.report(model, faces)
    told = json_of(page.html())
    claim(told["kind"]["name"] == "pictures" and told["kind"]["height"] == 64, "%s", told["kind"])
    claim(page._repr_html_().startswith("<iframe srcdoc=\"&lt;!doctype html&gt;"), "no frame")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "page.html")
        page.save(path)
        claim(os.path.getsize(path) > 100000, "the file is small")


if __name__ == "__main__":
    main(a_report_is_of_the_models_numbers, without_X_there_is_W,
         pictures_know_their_shape_and_notebooks_show_the_page)
