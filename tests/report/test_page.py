"""The page that `nmf report` makes, opened in headless Chromium: for every kind of data its numbers
are the JSON's, its sliders give W H with the scaled part (compared with NumPy), and languages, themes,
keyboard, contrast, labels, saving and hostile names are as they should be."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
import base64

import browser

try:
    import numpy as np
except ImportError:
    print("skipped: no NumPy")
    sys.exit(77)

NMF = os.environ.get("NMF")
DATA = os.environ.get("NMFKIT_TEST_DATA", "")
HOSTILE = "<script>window.hacked=1</script>"
NAMES = [HOSTILE, "</script><script>window.hacked=1</script>", "\"><img src=x onerror=window.hacked=1>",
         "a'b\"c&amp;d", "\u202eevil", "${window.hacked=1}", "{k}", "臉", "=1+1", "line\u2028two"]


def claim(holds, sentence, *values):
    if not holds:
        raise AssertionError(sentence % values)


# ---- data ----

def run(*command):
    subprocess.run([NMF, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def planted(seed, samples, parts):
    """Samples that are sums of the parts (k x features), of which each has few."""
    rng = np.random.RandomState(seed)
    weights = rng.exponential(size=(samples, len(parts))) * (rng.rand(samples, len(parts)) < 0.5)
    return weights @ parts + 0.01 * rng.rand(samples, parts.shape[1])


def pictures(seed=0):
    parts = np.zeros((4, 8, 6))
    parts[0, :4], parts[1, 4:], parts[2, :, :2], parts[3, 2:6, 2:5] = 1, 2, 1.5, 1
    return planted(seed, 40, parts.reshape(4, -1))


def write_names(path, names):
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(name + "\n" for name in names))


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


def make_features():
    rng = np.random.RandomState(4)
    np.save("features.npy", planted(4, 30, rng.exponential(size=(3, len(NAMES)))))
    write_names("features.txt", NAMES)
    write_names("samples.txt", [NAMES[i % len(NAMES)] + " %d" % i for i in range(30)])
    write_names("classes.txt", [NAMES[i % 4] for i in range(30)])
    with open("rank.json", "w", encoding="utf-8") as file:
        json.dump({"kind": "rank", "loss": "frobenius", "predictive": 3, "best": 3, "set": [3, 4],
                   "stable": [2, 3], "at_edge": False, "verdict": NAMES[1],
                   "ranks": [{"k": k, "error": 0.5 / k + 0.01 * k, "loss": 20.0 / k, "se": 0.4,
                              "p_best": 0.25, "stability": 0.7, "returning": 1} for k in (2, 3, 4, 5)],
                   "components": [{"stability": 0.9}, {"stability": None}, {"stability": 0.5}]}, file)
    return ("features.npy", ["--feature-names", "features.txt", "--sample-names", "samples.txt"],
            ["--labels", "classes.txt", "--rank", "rank.json", "--title", HOSTILE], 3)


MADE = {"pictures": make_pictures, "words": make_words, "curves": make_curves,
        "signatures": make_signatures, "features": make_features}
# Real data sets, where they are: data, how it is read, what else the report gets, k, kind.
REAL = {
    "faces": ("olivetti/olivetti.npy", ["--image-shape", "64x64"], [], 16, "pictures"),
    "ap": ("ap/ap.mtx", ["--feature-names", "{}/ap/vocab.txt", "--weighting", "tfidf"], [], 20, "words"),
    "cells": ("pbmc3k/pbmc3k_500.mtx", ["--transpose", "--loss", "kl"],
              ["--labels", "{}/pbmc3k/celltype_2638.txt"], 9, "features"),
    "breast21": ("sbs96/breast21_sbs96.tsv", ["--transpose", "--loss", "kl"], [], 5, "signatures"),
    "piano": ("piano_mary/X.npy", ["--transpose", "--loss", "kl"], [], 4, "curves"),
    "swimmer": ("swimmer/swimmer_32x32.npy", ["--image-shape", "32x32"], [], 17, "pictures"),
}
READING = ("--image-shape", "--transpose", "--feature-names", "--sample-names")


def make_report(name, data, reading, more, k):
    """Fits and writes NAME.nmf.npz and NAME.html."""
    run("fit", data, "-k", k, *reading, "-o", name + ".nmf.npz", "--quiet")
    of_report, i = [], 0
    while i < len(reading):  # options of reading serve both, those of fitting the fit only
        length = 1 if reading[i] == "--transpose" else 2
        of_report += reading[i:i + length] if reading[i] in READING else []
        i += length
    run("report", name + ".nmf.npz", "--data", data, *of_report, *more, "-o", name + ".html", "--quiet")


def json_of(name):
    with open(name + ".html", encoding="utf-8") as file:
        text = file.read()
    return json.loads(re.search(r'id="nmf-report">(.*?)</script>', text, re.S).group(1))


def unpack(packed):
    """The matrix that the page's unpack gives."""
    width = {1: "u1", 2: "<u2", 4: "<u4"}
    values = np.frombuffer(base64.b64decode(packed["values"]), width[packed["bytes"]]).astype(float)
    scales = np.array(packed["scales"])[:, None]
    if "pointers" not in packed:
        return values.reshape(packed["rows"], packed["columns"]) * scales
    matrix = np.zeros((packed["rows"], packed["columns"]))
    indices = np.frombuffer(base64.b64decode(packed["indices"]), width[packed["index_bytes"]])
    for i, (first, end) in enumerate(zip(packed["pointers"], packed["pointers"][1:])):
        matrix[i, indices[first:end]] = values[first:end]
    return matrix * scales


# ---- numbers ----

def short(x):
    if x == 0 or 0.001 <= abs(x) < 100000:
        return plain_digits(x)
    factor, power = ("%.2e" % x).split("e")
    raised = "".join("⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".index(c)] for c in str(int(power)))
    factor = plain_digits(float(factor))
    return ("" if factor == "1" else factor + "·") + "10" + raised


def plain_digits(x):
    text = "%.4g" % x
    if "e" in text:
        text = repr(float(text))
    return text[:-2] if text.endswith(".0") else text


def shown(value, form):
    if value is None:
        return "–"
    if form == "percent":
        return ("%.2f" if abs(value) < 0.0995 else "%.1f") % (100 * value) + " %"
    if form == "cosine":
        return "%.2f" % value
    if form == "whole":
        return "{:,}".format(value).replace(",", "\u202f") if isinstance(value, int) else str(value)
    return plain_digits(value) if value == 0 or 0.001 <= abs(value) < 1e6 else short(value)


def numbers_are_the_jsons(page, name, report):
    found = page.run("return [...document.querySelectorAll('[data-json]')].map(e => "
                     "[e.dataset.json, e.dataset.format, e.textContent])")
    claim(len(found) > 30, "%s: only %d numbers", name, len(found))
    for path, form, text in found:
        value = report
        for step in path.split("/"):
            value = value[int(step)] if isinstance(value, list) else value[step]
        if text != shown(value, form) and isinstance(value, float) and re.search("[0-9]", text):
            # A tie may be rounded up or down: then the last digit differs by one.
            unit = 10.0 ** -len(text.split(" ")[0].partition(".")[2]) if "10" not in text[-4:] else 0
            number = float(text.split(" ")[0]) if unit else float("nan")
            factor = 100 if form == "percent" else 1
            claim(abs(number - factor * value) <= 0.5000001 * unit, "%s: %s is %s on the page and %r "
                  "in the JSON", name, path, text, value)
        else:
            claim(text == shown(value, form), "%s: %s is %s on the page and %r in the JSON", name, path,
                  text, value)


# ---- sliders ----

MOVE = """const slider = document.querySelector('.part input[type=range]');
slider.value = arguments[0]; slider.dispatchEvent(new Event('input'));
const done = arguments[1];
requestAnimationFrame(() => requestAnimationFrame(() => done(Number(slider.dataset.component))));"""
SEEN = {
    "picture": "const c = document.querySelector('[data-role=reconstruction] canvas');"
               "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
               ".filter((v, i) => i % 4 === 0)",
    "terms": "return [...document.querySelectorAll('[data-role=reconstruction] .bar')].map(b => "
             "[b.querySelector('.name').title, Number(b.querySelector('.front').dataset.value)])",
    "line": "return document.querySelector('path[data-role=reconstruction]').getAttribute('d')",
    "columns": "return [...document.querySelectorAll('svg[data-role=reconstruction] rect[data-value]')]"
               ".map(r => Number(r.dataset.value))",
}


def check_seen(report, seen, model, original):
    mark, top = report["kind"]["mark"], max(model.max(), original.max())
    near = 1e-3 * top  # two roundings to 16 bits, times k
    if mark == "picture":
        grey = np.round(255 * np.clip(model / original.max(), 0, 1))
        off = np.abs(np.array(seen) - grey).max()
        claim(off <= 1, "a pixel of the reconstruction is off by %d grey levels", off)
    elif mark == "columns":
        claim(np.abs(np.array(seen) - model).max() <= near, "the bars are not W H")
    elif mark == "terms":
        names = report["features"].get("names")
        names = names or ["feature %d" % j for j in range(len(model))]
        claim(len(seen) > 3, "only %d terms are shown", len(seen))
        for name, value in seen:
            wanted = [model[j] for j in range(len(model)) if names[j] == name]
            claim(min(abs(value - x) for x in wanted) <= near, "%s: %g is not W H", name, value)
    else:
        points = np.array([list(map(float, pair.split())) for pair in re.split("[ML]", seen)[1:]])
        drawn = (200 - points[:, 1]) / 200 * top
        claim(np.abs(drawn - model).max() <= 0.002 * top, "the curve is not W H")


def sliders_give_W_H(page, name, report, data):
    learned = np.load(name + ".nmf.npz")
    W, H = learned["W"].astype(float), learned["H"].astype(float)
    if report["kind"]["name"] == "signatures":
        names = [str(n) for n in learned["feature_names"]]
        H = H[:, [names.index(n) for n in report["features"]["names"]]]
    place = report["data"]["of"][0]
    sample = report["samples"]["index"][place]
    original = unpack(report["data"]["X"])[0]
    if data is not None:
        claim(np.abs(original - data[sample]).max() <= data[sample].max() / 1e5, "%s: the original is "
              "not the data's", name)
    for factor in (2, 0):
        component = page.run_async(MOVE, factor)
        weights = W[sample].copy()
        weights[component] *= factor
        check_seen(report, page.run(SEEN[report["kind"]["mark"]]), weights @ H, original)
    page.run("document.querySelector('#sample-reset').click()")
    check_seen(report, page.run(SEEN[report["kind"]["mark"]]), W[sample] @ H, original)


# ---- how it can be read ----

def is_quiet(page, name):
    said = [entry["message"] for entry in page.logged("browser")]
    claim(not said, "%s: the console says %s", name, said)
    asked = [url for url in page.requests() if not url.startswith(("data:", "blob:"))]
    claim(len(asked) == 1 and asked[0].endswith(name + ".html"), "%s asks for %s", name, asked)


# Every visible text against what lies behind it; large text may have less contrast.
CONTRAST = """
function rgb(text) { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; }
function over(top, under) { return [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * under[i]).concat(1); }
function light(c) { const s = c.slice(0, 3).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * s[0] + 0.7152 * s[1] + 0.0722 * s[2]; }
function behind(e) { let stack = []; for (; e; e = e.parentElement) stack.push(rgb(getComputedStyle(e).backgroundColor));
  return stack.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]); }
const bad = [], walker = document.createTreeWalker(document.getElementById('page'), NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!walker.currentNode.textContent.trim() || box.width < 2 || box.right < 0 || style.visibility === 'hidden') continue;
  if (['title', 'option'].includes(e.tagName.toLowerCase()) || e.closest('details:not([open]) > :not(summary)')) continue;
  const colour = rgb(e instanceof SVGElement ? style.fill : style.color), under = behind(e);
  const a = light(over(colour, under)), b = light(under), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) bad.push(e.tagName + '.' + e.getAttribute('class') + ' "' + walker.currentNode.textContent.slice(0, 30) + '" ' + ratio.toFixed(2));
}
return bad;"""


def is_legible_in_both_themes(page, name):
    seen = []
    for theme in ("light", "dark"):
        page.run("const s = document.getElementById('theme'); s.value = arguments[0];"
                 "s.dispatchEvent(new Event('change'))", theme)
        seen.append(page.run("return getComputedStyle(document.body).backgroundColor"))
        bad = page.run(CONTRAST)
        claim(not bad, "%s, %s: too little contrast: %s", name, theme, bad[:8])
    claim(seen[0] != seen[1], "%s: the theme changes nothing", name)


def everything_has_a_name(page, name):
    """By Chromium's own accessibility tree."""
    wanted = {"button", "link", "image", "img", "slider", "combobox", "radio", "textbox", "table", "group",
              "region", "navigation"}
    nodes = page.tool("Accessibility.getFullAXTree")["nodes"]
    claim(len(nodes) > 100, "%s: the accessibility tree has %d nodes", name, len(nodes))
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in wanted and not node.get("ignored"):
            said = node.get("name", {}).get("value", "")
            claim(said.strip(), "%s: a %s has no name: %s", name, role, node)
    repeated = page.run("const seen = {}; document.querySelectorAll('[id]').forEach(e => "
                        "seen[e.id] = (seen[e.id] || 0) + 1); return Object.keys(seen).filter(i => seen[i] > 1)")
    claim(not repeated, "%s: the same id twice: %s", name, repeated)


STOPS = """const groups = {};
return [...document.querySelectorAll('a[href], button, select, input, summary, [tabindex="0"]')].filter(e => {
  if (e.closest('details:not([open]) > :not(summary)')) return false;
  if (e.type !== 'radio') return true;
  return e.checked;
}).map((e, i) => { e.dataset.stop = i; return e.outerHTML.slice(0, 120); });"""


def keyboard_alone_reaches_everything(page, name):
    stops = page.run(STOPS)
    page.run("document.activeElement.blur(); window.scrollTo(0, 0); window.seen = new Set();"
             "document.addEventListener('focusin', e => seen.add(e.target.dataset.stop))")
    page.press("Tab", 9, len(stops) + 2)
    seen = set(page.run("return [...seen]"))
    missed = [stop for i, stop in enumerate(stops) if str(i) not in seen]
    claim(not missed, "%s: Tab does not reach %d of %d: %s", name, len(missed), len(stops), missed[:3])
    # A slider moves by arrow keys, and the plot's cursor tells the sample; Enter takes it apart.
    page.run("document.querySelector('.part input[type=range]').focus()")
    page.press("ArrowRight", 39)
    claim(page.run("return document.querySelector('.part input[type=range]').value") == "1.05",
          "%s: the arrow key does not move the slider", name)
    page.run("document.querySelector('.plot-host').focus()")
    page.press("ArrowRight", 39, 2)
    told = page.run("return document.querySelector('.readout').textContent")
    claim(": " in told, "%s: the plot says %r", name, told)
    page.press("Enter", 13)
    claim(page.run("return document.activeElement.id") == "sample", "%s: Enter does not go to the sample", name)


def language_switches(page, name):
    before = page.run("return [document.documentElement.lang, document.querySelector('h2').textContent]")
    page.run("document.getElementById('language').click()")
    after = page.run("return [document.documentElement.lang, document.querySelector('h2').textContent]")
    claim(before == ["en", "Verdict"] and after == ["zh-CN", "结论"], "%s: %s, then %s", name, before, after)
    english = page.run(
        "const bad = [], w = document.createTreeWalker(document.getElementById('main'), NodeFilter.SHOW_TEXT);"
        "while (w.nextNode()) { const t = w.currentNode.textContent; if (/\\{\\w+\\}/.test(t) && !/hacked|^\\{k\\}/.test(t)) bad.push(t); }"
        "return bad")
    claim(not english, "%s: texts with holes: %s", name, english)
    page.run("document.getElementById('language').click()")
    claim(page.run("return document.documentElement.lang") == "en", "%s: no way back", name)


def terms_explain_themselves(page, name):
    counts = page.run("""const bad = [];
      document.querySelectorAll('.term').forEach(t => { t.click();
        const block = t.closest('.explains'), open = block && block.querySelector('.explanation');
        if (!open || open.textContent.length < 30 || t.getAttribute('aria-expanded') !== 'true') bad.push(t.textContent);
        t.click(); if (block && block.querySelector('.explanation')) bad.push('stays open: ' + t.textContent); });
      return [document.querySelectorAll('.term').length, bad]""")
    claim(counts[0] >= 8 and not counts[1], "%s: %s", name, counts)


def fits_a_phone_and_paper(page, name):
    page.resize(360, 740, True)
    wide = page.run("return document.documentElement.scrollWidth")
    claim(wide <= 360, "%s: %d pixels wide on a phone of 360", name, wide)
    page.tool("Emulation.clearDeviceMetricsOverride")
    paper = base64.b64decode(page.tool("Page.printToPDF", printBackground=True)["data"])
    claim(paper[:4] == b"%PDF" and len(paper) > 10000, "%s: nothing is printed", name)


# ---- tests ----

def check_page(page, name, data):
    report = json_of(name)
    page.open(name + ".html")
    claim(page.run("return document.documentElement.dataset.ready") == "yes", "%s is not drawn", name)
    numbers_are_the_jsons(page, name, report)
    sliders_give_W_H(page, name, report, data)
    terms_explain_themselves(page, name)
    is_legible_in_both_themes(page, name)
    everything_has_a_name(page, name)
    language_switches(page, name)
    fits_a_phone_and_paper(page, name)
    is_quiet(page, name)
    return report


def make_all():
    for kind, make in MADE.items():
        data, reading, more, k = make()
        make_report(kind, data, reading, more, k)


def kind_of_data(kind):
    def every(page):
        data = np.load(kind + ".npy").astype(float) if os.path.exists(kind + ".npy") else None
        report = check_page(page, kind, data)
        claim(report["kind"]["name"] == kind, "%s are taken for %s", kind, report["kind"]["name"])
    every.__name__ = kind + "_are_drawn_as_they_are"
    return every


def real_data(page):
    if not os.path.isdir(DATA):
        return "NMFKIT_TEST_DATA names no directory"
    for name, (data, reading, more, k, kind) in REAL.items():
        path = os.path.join(DATA, data)
        if os.path.exists(path):
            reading, more = ([one.format(DATA) for one in each] for each in (reading, more))
            make_report(name, path, reading, more, k)
            report = check_page(page, name, None)
            claim(report["kind"]["name"] == kind, "%s are taken for %s", name, report["kind"]["name"])


def the_keyboard_alone_is_enough(page):
    page.open("features.html")
    keyboard_alone_reaches_everything(page, "features")


def hostile_names_are_text(page):
    page.open("features.html")
    claim(page.run("return window.hacked === undefined && !document.querySelector('#page img, #page script')"),
          "a name has become a part of the page")
    claim(page.run("return document.querySelector('h1').textContent") == HOSTILE, "the title is not its text")
    terms = page.run("return [...new Set([...document.querySelectorAll('.bar .name')].map(e => e.textContent))]")
    claim(set(NAMES) == set(terms), "the terms are %s", terms)
    labels = page.run("return [...document.querySelectorAll('.means tbody th')].map(e => e.textContent)")
    claim(sorted(labels) == sorted(NAMES[:4]), "the labels are %s", labels)
    with open("features.html", encoding="utf-8") as file:
        claim(file.read().count("<script") == 2, "the file has more scripts than its own")
    page.open("pictures.html")
    claim(page.run("return window.hacked") is None, "a label has run")


def figures_are_saved(page):
    folder = os.path.abspath("saved")
    os.mkdir(folder)
    page.tool("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
    page.open("signatures.html")
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


def large_models_stay_small_and_open_at_once(page):
    rng = np.random.RandomState(5)
    np.save("wide.npy", rng.rand(60, 10473).astype(np.float32))
    write_names("wide.txt", ["w" + "".join(chr(97 + j // 26 ** p % 26) for p in range(7)) for j in range(10473)])
    np.save("pixels.npy", rng.randint(0, 255, (80, 4096)).astype(np.uint8))
    np.save("long.npy", rng.rand(100000, 12).astype(np.float32))
    page.tool("Performance.enable", timeDomain="threadTicks")
    for name, k, reading in (("wide", 50, ["--feature-names", "wide.txt"]),
                             ("pixels", 50, ["--image-shape", "64x64"]), ("long", 10, [])):
        run("fit", name + ".npy", "-k", k, "--init", "random", "--max-iter", 2, *reading,
            "-o", name + ".nmf.npz", "--quiet")
        begin = time.monotonic()
        run("report", name + ".nmf.npz", "--data", name + ".npy", *reading[:2 * (name == "pixels")],
            "-o", name + ".html", "--quiet")
        written = time.monotonic() - begin
        size = os.path.getsize(name + ".html")
        claim(size <= 2000000, "%s: the page has %d bytes", name, size)
        page.open(name + ".html")
        metrics = page.tool("Performance.getMetrics")["metrics"]
        busy = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
        claim(page.run("return document.documentElement.dataset.ready") == "yes", "%s is not drawn", name)
        is_quiet(page, name)
        print("        %s: %d bytes, written in %.2f s, drawn in %.2f s of the processor's time"
              % (name, size, written, busy))
        # Twice what is promised, and more for the clock on the wall: others may be at work here.
        claim(written < 20 and busy < 2, "%s: written in %.1f s, drawn in %.2f s", name, written, busy)
    text = page.run("return document.getElementById('samples-body').textContent")
    claim("1\u202f000 of 100\u202f000 samples" in text, "the page does not say that it shows a part")


def main():
    if not NMF:
        sys.exit("set NMF to the command under test")
    browser.need_chromium()
    folder, failed, here = tempfile.mkdtemp(prefix="nmf-report-"), 0, os.getcwd()
    os.chdir(folder)
    try:
        with browser.Browser(folder) as page:
            make_all()
            for test in (*map(kind_of_data, MADE), the_keyboard_alone_is_enough, hostile_names_are_text, figures_are_saved,
                         large_models_stay_small_and_open_at_once, real_data):
                begin = time.monotonic()
                try:
                    reason = test(page)
                    print("%s %s%s (%.1f s)" % ("skipped" if reason else "ok     ", test.__name__,
                                                ": " + reason if reason else "", time.monotonic() - begin), flush=True)
                except Exception as error:  # the others are still worth their while
                    failed += 1
                    print("FAILED  %s: %s" % (test.__name__, error), flush=True)
    finally:
        os.chdir(here)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
