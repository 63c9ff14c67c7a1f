"""The page that `nmf report` makes, opened in headless Chromium: the six reports of docs/report.md (real.py), every kind of
data, made here, holes, weights, several starts, hostile names, saving, and the size of large models and how soon they open."""

import json
import os
import time
import xml.etree.ElementTree

import pages
import real
from pages import HOSTILE, NAMES, claim, is_quiet, json_of, make_report, np, open_page, run, unpack, write_names

# ---- data ----

def planted(seed, samples, parts):
    """Samples that are sums of the parts (k x features), of which each has few."""
    rng = np.random.RandomState(seed)
    weights = rng.exponential(size=(samples, len(parts))) * (rng.rand(samples, len(parts)) < 0.5)
    return weights @ parts + 0.01 * rng.rand(samples, parts.shape[1])


def pictures(seed=0):
    parts = np.zeros((4, 8, 6))
    parts[0, :4], parts[1, 4:], parts[2, :, :2], parts[3, 2:6, 2:5] = 1, 2, 1.5, 1
    return planted(seed, 40, parts.reshape(4, -1))


def make_pictures():
    np.save("pictures.npy", np.round(60 * pictures()).astype(np.uint8))
    write_names("labels.txt", [NAMES[i % 3] for i in range(40)])
    return "pictures.npy", ["--image-shape", "8x6"], ["--labels", "labels.txt"], 4


def make_words():
    rng = np.random.RandomState(1)
    counts = rng.poisson(3 * planted(1, 60, rng.exponential(size=(3, 50)) * (rng.rand(3, 50) < 0.3)))
    entries = ["%d %d %d\n" % (i + 1, j + 1, counts[i, j]) for i, j in zip(*np.nonzero(counts))]
    with open("words.mtx", "w", encoding="ascii") as file:
        file.write("%%%%MatrixMarket matrix coordinate integer general\n60 50 %d\n%s"
                   % (len(entries), "".join(entries)))
    write_names("vocab.txt", ["word" + "abcdefghij"[j // 10] + "abcdefghij"[j % 10] for j in range(50)])
    return "words.mtx", ["--feature-names", "vocab.txt", "--loss", "kl"], [], 3


def make_curves():
    axis = np.arange(60.0)
    parts = np.array([np.exp(-0.5 * ((axis - middle) / 4) ** 2) for middle in (12, 30, 45)])
    np.save("curves.npy", planted(2, 50, parts))
    return "curves.npy", [], [], 3


def make_signatures():
    channels = ["%s[%s]%s" % (before, change, after) for before in "ACGT"
                for change in ("T>G", "C>A", "C>T", "T>A", "T>C", "C>G") for after in "ACGT"]
    rng = np.random.RandomState(3)
    counts = rng.poisson(200 * planted(3, 30, rng.dirichlet(0.2 * np.ones(96), 3)))
    with open("signatures.csv", "w", encoding="ascii") as file:
        file.write("," + ",".join(channels) + "\n")
        file.writelines("tumour%d,%s\n" % (i, ",".join(map(str, row))) for i, row in enumerate(counts))
    return "signatures.csv", ["--loss", "kl"], [], 3


RANKS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 23, 31, 32, 33, 64)


def make_features():
    rng = np.random.RandomState(4)
    np.save("features.npy", planted(4, 30, rng.exponential(size=(3, len(NAMES)))))
    write_names("features.txt", NAMES)
    write_names("samples.txt", [NAMES[i % len(NAMES)] + " %d" % i for i in range(30)])
    write_names("classes.txt", [NAMES[i % 4] for i in range(30)])
    with open("rank.json", "w", encoding="utf-8") as file:
        json.dump({"kind": "rank", "loss": "frobenius", "predictive": 3, "best": 3, "set": [3, 4],
                   "stable": [2, 3], "at_edge": False, "verdict": NAMES[1],
                   "ranks": [{"k": k, "error": 0.5 / k ** 2 + 0.00001 * k, "loss": 20.0 / k, "se": 0.4,
                              "p_best": 0.25, "stability": 0.7, "returning": 1} for k in RANKS],
                   "components": [{"stability": 0.9}, {"stability": None}, {"stability": 0.5}]}, file)
    return ("features.npy", ["--feature-names", "features.txt", "--sample-names", "samples.txt"],
            ["--labels", "classes.txt", "--rank", "rank.json", "--title", HOSTILE], 3)


# ---- data with holes, signs, weights; models of several starts and of a consensus ----

def make_holes():
    values = pictures(6)
    values[np.random.RandomState(6).rand(*values.shape) < 0.2] = np.nan
    values[3] = np.nan
    np.save("holes.npy", values)
    return "holes.npy", ["--image-shape", "8x6", "--missing", "nan"], [], 4


def make_gaps():
    make_curves()
    values = np.load("curves.npy")
    values[:, 20:23] = np.nan
    values[::2, 40] = np.nan
    np.save("gaps.npy", values)
    np.save("weights.npy", 0.5 + np.random.RandomState(7).rand(*values.shape))
    return "gaps.npy", ["--missing", "nan", "--weights", "weights.npy", "--starts", "5", "--init", "random"], [], 3


def make_exact():
    rng = np.random.RandomState(11)
    np.save("exact.npy", rng.rand(30, 2) @ rng.rand(2, 24))
    return "exact.npy", ["--starts", "4", "--init", "random"], [], 2


def make_ratings():
    rng = np.random.RandomState(8)
    rated = rng.rand(60, 20) < 0.4
    stars = 1 + np.round(2 * planted(8, 60, rng.exponential(size=(2, 20)))).astype(int)
    entries = ["%d %d %d\n" % (i + 1, j + 1, min(stars[i, j], 5)) for i, j in zip(*np.nonzero(rated))]
    with open("ratings.mtx", "w", encoding="ascii") as file:
        file.write("%%%%MatrixMarket matrix coordinate integer general\n60 20 %d\n%s"
                   % (len(entries), "".join(entries)))
    return "ratings.mtx", ["--missing", "unstored"], [], 2


def make_signed():
    make_curves()
    np.save("signed.npy", np.load("curves.npy") + 0.2 * np.random.RandomState(9).randn(50, 60))
    return "signed.npy", ["--negatives", "allow"], [], 3


MADE = {"pictures": make_pictures, "words": make_words, "curves": make_curves,
        "signatures": make_signatures, "features": make_features}
# ---- tests ----

def reports_are_written(page):
    for kind, make in MADE.items():
        data, reading, more, k = make()
        make_report(kind, data, reading, more, k)


def kind_of_data(kind, *more):
    def every(page):
        data = np.load(kind + ".npy").astype(float) if os.path.exists(kind + ".npy") else None
        report = open_page(page, kind)
        claim(report["kind"]["name"] == kind, "%s are taken for %s", kind, report["kind"]["name"])
        pages.figures_are_right(page, kind, report, data)
        if kind not in real.kinds() or kind == "features":  # else real.py claims it of such a page
            pages.page_is_for_everybody(page, kind)
        for claims in more:
            claims(page)
        is_quiet(page, kind)
    every.__name__ = kind + "_are_drawn_as_they_are"
    return every


def other_page(page, name, data):
    """What the kinds of data are not checked for: its numbers, its sliders, its silence."""
    report = open_page(page, name)
    pages.figures_are_right(page, name, report, data)
    is_quiet(page, name)
    return report


def originals_of(report, data):
    """Rows of X in the page and in the data: the same ones, with the same holes."""
    shown = unpack(report["data"]["X"])
    wanted = data[[report["samples"]["index"][place] for place in report["data"]["of"]]]
    claim(np.array_equal(np.isnan(shown), np.isnan(wanted)), "the holes are others")
    seen = ~np.isnan(wanted)
    range_of = np.nanmax(wanted) - min(0, np.nanmin(wanted))
    claim(np.abs(shown - wanted)[seen].max() <= range_of / 1e5, "the originals are others")


def errors_over(report, name, data, weights):
    model = np.load(name + ".nmf.npz")
    product = model["W"].astype(float) @ model["H"].astype(float)
    rest, known = weights * (np.nan_to_num(data) - product) ** 2, weights * np.nan_to_num(data) ** 2
    wanted = np.sqrt(rest.sum(axis=1) / np.where(known.sum(axis=1) > 0, known.sum(axis=1), np.nan))
    told = np.array([np.nan if x is None else x for x in report["samples"]["error"]])[:len(data)]
    claim(np.allclose(told, wanted[report["samples"]["index"][:len(data)]], rtol=1e-5, equal_nan=True),
          "the samples' errors are not those over what was observed")


def holes_are_shown_as_holes(page):
    make_report("holes", *make_holes())
    data = np.load("holes.npy")
    report = other_page(page, "holes", None)
    originals_of(report, data)
    errors_over(report, "holes", data, (~np.isnan(data)).astype(float))
    place = report["data"]["of"][0]
    gone = np.isnan(data[report["samples"]["index"][place]])
    for role in ("original", "residual"):
        alpha = page.run("const c = document.querySelector('[data-role=' + arguments[0] + '] canvas');"
                         "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
                         ".filter((v, i) => i % 4 === 3)", role)
        claim(np.array_equal(np.array(alpha) == 0, gone), "%s: pixels that are clear are not the holes", role)
    told = page.run("return [...document.querySelectorAll('[data-caution]')].map(e => e.dataset.caution)")
    claim("unseen_rows" in told, "cautions are %s", told)
    text = page.run("return document.getElementById('page').textContent")
    for words in ("of the entries that were observed", "not observed", "No PCA stands beside it"):
        claim(words in text, "the page does not say %r", words)


def gaps_weights_and_starts_are_told(page):
    make_report("gaps", *make_gaps())
    data = np.load("gaps.npy")
    report = other_page(page, "gaps", None)
    originals_of(report, data)
    errors_over(report, "gaps", data, np.where(np.isnan(data), 0, np.load("weights.npy")))
    path = page.run("return document.querySelector('.whole path.back').getAttribute('d')")
    claim(path.count("M") >= 2, "the curve has no gap: %s", path)
    losses = np.load("gaps.nmf.npz")["start_losses"]
    claim(len(losses) == 5 and np.allclose(report["starts"]["losses"], losses), "%s", report["starts"])
    claim(report["starts"]["won"] == report["model"]["winning_start"] + 1, "%s", report["starts"])
    claim(losses[report["model"]["winning_start"]] <= losses.min() * (1 + 1e-5), "the winner is not the best")
    drawn = page.run("return [...document.querySelectorAll('#history svg')].map(s => "
                     "[s.querySelectorAll('.dot').length, s.querySelectorAll('.ring').length])")
    claim([5, 1] in drawn, "dots and rings are %s", drawn)


def starts_that_an_exact_one_spared_are_not_told_as_tried(page):
    make_report("exact", *make_exact())
    report = other_page(page, "exact", None)
    losses = np.load("exact.nmf.npz")["start_losses"]
    tried = int((~np.isnan(losses)).sum())
    claim(len(losses) == 4 and tried == 1, "the first of these starts is not exact: %s", losses)
    claim((report["starts"]["tried"], report["starts"]["count"], report["starts"]["spread"]) == (1, 4, None), "%s",
          report["starts"])
    told = page.run("return document.querySelector('#history').textContent")
    claim("before the fit ended: 1 of 4" in told, "%s", told)
    claim(page.run("return document.querySelectorAll('#history .ring').length") == 0, "one dot is drawn")


def what_nobody_rated_is_no_zero(page):
    make_report("ratings", *make_ratings())
    report = other_page(page, "ratings", None)
    text = open("ratings.mtx", encoding="ascii").read().split("\n")[2:-1]
    data = np.full((60, 20), np.nan)
    for line in text:
        i, j, stars = map(int, line.split())
        data[i - 1, j - 1] = stars
    originals_of(report, data)
    errors_over(report, "ratings", data, (~np.isnan(data)).astype(float))
    claim(abs(report["data"]["observed"] - len(text) / 1200) < 1e-12, "%s", report["data"]["observed"])
    claim(page.run("return document.querySelectorAll('.pairs .track.hole').length") > 0, "no bar is a hole")


def entries_below_zero_are_drawn(page):
    make_report("signed", *make_signed())
    data = np.load("signed.npy")
    originals_of(other_page(page, "signed", None), data)


def a_consensus_is_no_fit_that_converged(page):
    make_features()
    run("consensus", "features.npy", "-k", 3, "--replicates", 6, "-o", "consensus.nmf.npz", "--quiet")
    run("report", "consensus.nmf.npz", "--data", "features.npy", "-o", "consensus.html", "--quiet")
    report = other_page(page, "consensus", None)
    claim(all("stability" in one for one in report["components"]), "no stability")
    text = page.run("return document.getElementById('verdict-sentence').textContent")
    claim("came back in many fits" in text and "converged" not in text, "%s", text)


def hostile_names_are_text(page):
    claim(page.run("return window.hacked === undefined && !document.querySelector('#page img, #page script')"),
          "a name has become a part of the page")
    claim(page.run("return document.querySelector('h1').textContent") == HOSTILE, "the title is not its text")
    terms = page.run("return [...new Set([...document.querySelectorAll('.bar .name')].map(e => e.textContent))]")
    claim(set(NAMES) == set(terms), "the terms are %s", terms)
    labels = page.run("return [...document.querySelectorAll('.means tbody th')].map(e => e.textContent)")
    claim(sorted(labels) == sorted(NAMES[:4]), "the labels are %s", labels)
    with open("features.html", encoding="utf-8") as file:
        claim(file.read().count("<script") == 2, "the file has more scripts than its own")


def ranks_are_told_apart(page):
    """Ranks, and errors that fall more than tenfold, lie by their logarithms; no two numbers below overlap."""
    dots, numbers = page.run("""
        const chart = document.querySelector("svg.chart[aria-label='held-out error']");
        return [[...chart.querySelectorAll("circle.dot")].map(dot => [dot.cx.baseVal.value, dot.cy.baseVal.value]),
                [...chart.querySelectorAll("text.tick[text-anchor=middle]")].map(text => {
                    const box = text.getBoundingClientRect();
                    return [box.left, box.right, text.textContent];
                })];""")
    errors = [row["error"] for row in json_of("features")["rank"]["ranks"]]
    for what, places, values in (("ranks", [dot[0] for dot in dots], RANKS), ("errors", [dot[1] for dot in dots], errors)):
        line = np.polyfit(np.log(values), places, 1)
        off = np.abs(np.polyval(line, np.log(values)) - places).max()
        claim(off < .2, "%s are drawn up to %g pixels away from their logarithms", what, off)
    said = [text for _, _, text in numbers]
    claim(said[:4] == ["1", "2", "3", "4"] and said[-1] == "64", "the ranks say %s", said)
    for (_, right, one), (left, _, other) in zip(numbers, numbers[1:]):
        claim(right < left, "%s and %s overlap", one, other)


def labels_are_text(page):
    claim(page.run("return window.hacked === undefined"), "a label has run")


def figures_are_saved(page):
    folder = os.path.abspath("saved")
    os.mkdir(folder)
    page.tool("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
    for label in ("SVG", "PNG", "CSV"):
        page.run("[...document.querySelectorAll('.card .saver button')].find(b => b.textContent === arguments[0]).click()", label)
    page.run("[...document.querySelectorAll('.buttons button')].forEach(b => b.click())")
    wanted = 7
    for _ in range(200):
        files = [f for f in os.listdir(folder) if not f.endswith(".crdownload") and not f.startswith(".")]
        if len(files) == wanted:
            break
        time.sleep(0.05)
    claim(len(files) == wanted, "saved are %s", files)
    for file in files:
        with open(os.path.join(folder, file), "rb") as opened:
            content = opened.read()
        if file.endswith(".svg"):
            root = xml.etree.ElementTree.fromstring(content)
            bars = [e for e in root.iter() if e.tag.endswith("rect")]
            claim(len(bars) == 96 + 6, "the SVG has %d bars", len(bars))
        elif file.endswith(".png"):
            claim(content[:8] == b"\x89PNG\r\n\x1a\n", "no PNG")
        elif file.endswith(".json"):
            claim(json.loads(content) == json_of("signatures"), "the JSON saved is another")
        elif "H-as-CSV" in file:
            lines = content.decode().splitlines()
            table = np.array([line.split(",")[1:] for line in lines[1:]], float)
            learned = unpack(json_of("signatures")["H"])
            claim(np.allclose(table.T, learned, rtol=1e-9), "H saved is another")


WHEN = """const navigation = performance.getEntriesByType("navigation")[0], paint = performance.getEntriesByType("paint");
return [navigation.responseEnd, navigation.loadEventEnd, paint.length ? paint[paint.length - 1].startTime : NaN];"""


def opened(page, name):
    """Says by the page's own clock, from the beginning of its navigation, when it had been fetched, was ready, was seen."""
    page.open(name + ".html")
    claim(page.run("return document.documentElement.dataset.ready") == "yes", "%s is not drawn", name)
    page.run_async("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))")
    print("        %s: fetched after %.0f ms, ready after %.0f, seen after %.0f" % (name, *page.run(WHEN)))


def make_large(name, k, reading):
    run("fit", name + ".npy", "-k", k, "--init", "random", "--max-iter", 2, *reading, "-o", name + ".nmf.npz", "--quiet")
    begin = time.monotonic()
    run("report", name + ".nmf.npz", "--data", name + ".npy", *reading[:2 * (name == "pixels")],
        "-o", name + ".html", "--quiet")
    written, size = time.monotonic() - begin, os.path.getsize(name + ".html")
    print("        %s: %d bytes, written in %.2f s" % (name, size, written))
    claim(size <= 2000000, "%s: the page has %d bytes", name, size)
    claim(written < 20, "%s: written in %.1f s", name, written)  # ten times what is promised: others may be at work


def a_hundred_thousand_samples_open_at_once(page):
    """The first page that this browser opens."""
    np.save("long.npy", np.random.RandomState(5).rand(100000, 12).astype(np.float32))
    make_large("long", 10, [])
    page.tool("Performance.enable", timeDomain="threadTicks")
    opened(page, "long")
    metrics = page.tool("Performance.getMetrics")["metrics"]
    busy = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
    print("        long: drawn in %.2f s of the processor's time" % busy)
    claim(busy < 2, "drawn in %.2f s", busy)  # twice the promise
    text = page.run("return document.getElementById('samples-body').textContent")
    claim("1\u202f000 of 100\u202f000 samples" in text, "the page does not say that it shows a part")
    is_quiet(page, "long")
    opened(page, "long")


def large_models_stay_small(page):
    rng = np.random.RandomState(5)
    np.save("wide.npy", rng.rand(60, 10473).astype(np.float32))
    write_names("wide.txt", ["w" + "".join(chr(97 + j // 26 ** p % 26) for p in range(7)) for j in range(10473)])
    np.save("pixels.npy", rng.randint(0, 255, (80, 4096)).astype(np.uint8))
    for name, reading in (("wide", ["--feature-names", "wide.txt"]), ("pixels", ["--image-shape", "64x64"])):
        make_large(name, 50, reading)
        opened(page, name)
        is_quiet(page, name)


MORE = {"features": [hostile_names_are_text, ranks_are_told_apart], "pictures": [labels_are_text], "signatures": [figures_are_saved]}

if __name__ == "__main__":
    pages.main(a_hundred_thousand_samples_open_at_once, reports_are_written,
               *(kind_of_data(kind, *MORE.get(kind, [])) for kind in MADE), holes_are_shown_as_holes,
               gaps_weights_and_starts_are_told, starts_that_an_exact_one_spared_are_not_told_as_tried,
               what_nobody_rated_is_no_zero, entries_below_zero_are_drawn,
               a_consensus_is_no_fit_that_converged, large_models_stay_small, *real.TESTS)
