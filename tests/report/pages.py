"""What the tests of the report's page check on every page: its numbers are the JSON's, its sliders
give W H with the scaled part (compared with NumPy), languages, themes, contrast, labels, phone and
paper, and silence: nothing in the console, nothing asked of the network."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import browser

try:
    import numpy as np
except ImportError:
    print("skipped: no NumPy")
    sys.exit(77)

NMF = os.environ.get("NMF")
HOSTILE = "<script>window.hacked=1</script>"
NAMES = [HOSTILE, "</script><script>window.hacked=1</script>", "\"><img src=x onerror=window.hacked=1>",
         "a'b\"c&amp;d", "\u202eevil", "${window.hacked=1}", "{k}", "臉", "=1+1", "line\u2028two"]


def claim(holds, sentence, *values):
    if not holds:
        raise AssertionError(sentence % values)


def run(*command):
    subprocess.run([NMF, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def write_names(path, names):
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(name + "\n" for name in names))


READING = ("--image-shape", "--transpose", "--feature-names", "--sample-names", "--missing", "--weights")


def make_report(name, data, reading, more, k):
    """Fits and writes NAME.nmf.npz and NAME.html."""
    run("fit", data, "-k", k, *reading, "-o", name + ".nmf.npz", "--quiet")
    of_report, i = [], 0
    while i < len(reading):  # options of reading serve both, those of fitting the fit only
        length = 1 if reading[i] == "--transpose" else 2
        of_report += reading[i:i + length] if reading[i] in READING else []
        i += length
    run("report", name + ".nmf.npz", "--data", data, *of_report, *more, "-o", name + ".html", "--quiet")


def report_text(name):
    with open(name + ".html", encoding="utf-8") as file:
        return file.read()


def json_of(name):
    return json.loads(re.search(r'id="nmf-report">(.*?)</script>', report_text(name), re.S).group(1))


def unpack(packed):
    """The matrix that the page's unpack gives."""
    width = {1: "u1", 2: "<u2", 4: "<u4"}
    values = np.frombuffer(base64.b64decode(packed["values"]), width[packed["bytes"]]).astype(float)
    scales = np.array(packed["scales"])[:, None]
    lows = np.array(packed.get("lows", 0 * scales[:, 0]))[:, None]
    if "pointers" not in packed:
        matrix = lows + values.reshape(packed["rows"], packed["columns"]) * scales
    else:
        matrix = np.zeros((packed["rows"], packed["columns"]))
        indices = np.frombuffer(base64.b64decode(packed["indices"]), width[packed["index_bytes"]])
        for i, (first, end) in enumerate(zip(packed["pointers"], packed["pointers"][1:])):
            matrix[i, indices[first:end]] = values[first:end]
        matrix = matrix * scales
    if "seen" in packed:
        bits = np.frombuffer(base64.b64decode(packed["seen"]), "u1").reshape(packed["rows"], -1)
        seen = np.unpackbits(bits, axis=1, bitorder="little")[:, :packed["columns"]]
        matrix[seen == 0] = np.nan
    return matrix


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
    mark, top = report["kind"]["mark"], max(model.max(), np.nanmax(original))
    low = min(0, np.nanmin(original))
    near = 1e-3 * top  # two roundings to 16 bits, times k
    if mark == "picture":
        grey = np.round(255 * np.clip((model - low) / (np.nanmax(original) - low), 0, 1))
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
        drawn = low + (200 - points[:, 1]) / 200 * (top - low)
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
    # The browser's first page, its own, may still be asking for its parts.
    asked = [url for url in page.requests() if not url.startswith(("data:", "blob:", "chrome:"))]
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
    page.tool("Accessibility.disable")  # or it would be kept up to date with all that follows
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
    # All of the page in the window, or each stop would be scrolled to; few pixels, for each stop is painted.
    page.resize(1200, page.run("return document.documentElement.scrollHeight"), scale=0.1)
    page.press("Tab", len(stops) + 2)
    page.tool("Emulation.clearDeviceMetricsOverride")
    seen = set(page.run("return [...seen]"))
    missed = [stop for i, stop in enumerate(stops) if str(i) not in seen]
    claim(not missed, "%s: Tab does not reach %d of %d: %s", name, len(missed), len(stops), missed[:3])
    # A slider moves by arrow keys, and the plot's cursor tells the sample; Enter takes it apart.
    page.run("document.querySelector('.part input[type=range]').focus()")
    page.press("ArrowRight")
    claim(page.run("return document.querySelector('.part input[type=range]').value") == "1.05",
          "%s: the arrow key does not move the slider", name)
    page.run("document.querySelector('.plot-host').focus()")
    page.press("ArrowRight", 2)
    told = page.run("return document.querySelector('.readout').textContent")
    claim(": " in told, "%s: the plot says %r", name, told)
    page.press("Enter")
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


def names_are_only_text(page, name, report):
    """The title is HOSTILE and the samples' names are NAMES with their numbers."""
    text = report_text(name)
    claim(text.count("<script") == 2, "%s has more scripts than its own", name)
    hacked, parts, title, options = page.run(
        "return [window.hacked === undefined, document.querySelectorAll('#page img, #page script').length,"
        "document.querySelector('h1').textContent,"
        "[...document.querySelectorAll('#sample-select option')].map(o => [Number(o.value), o.textContent])]")
    claim(hacked and parts == 0, "%s: a name has become a part of the page", name)
    claim(title == HOSTILE, "%s: the title is %r", name, title)
    claim(len(options) > 8, "%s: only %d samples can be chosen", name, len(options))
    for place, text in options:
        wanted = NAMES[report["samples"]["index"][place] % len(NAMES)] + " %d" % report["samples"]["index"][place]
        claim(text.startswith(wanted), "%s: sample %d is called %r", name, place, text)


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
    paper = base64.b64decode(page.tool("Page.printToPDF", printBackground=True, pageRanges="1-2", generateTaggedPDF=False)["data"])
    claim(paper[:4] == b"%PDF" and len(paper) > 10000, "%s: nothing is printed", name)


# ---- all of it ----

def open_page(page, name):
    page.open(name + ".html")
    claim(page.run("return document.documentElement.dataset.ready") == "yes", "%s is not drawn", name)
    return json_of(name)


def figures_are_right(page, name, report, data):
    """What is claimed of every page, but its silence, which is judged when all has been done to it."""
    numbers_are_the_jsons(page, name, report)
    sliders_give_W_H(page, name, report, data)
    is_legible_in_both_themes(page, name)
    language_switches(page, name)


def page_is_for_everybody(page, name):
    terms_explain_themselves(page, name)
    everything_has_a_name(page, name)
    fits_a_phone_and_paper(page, name)
    keyboard_alone_reaches_everything(page, name)


def main(*tests):
    """Runs functions of a browser, named by what they claim, in a new directory; one that returns a
    text was skipped, and why."""
    if not NMF:
        sys.exit("set NMF to the command under test")
    browser.need_chromium()
    folder, failed, here = tempfile.mkdtemp(prefix="nmf-report-"), 0, os.getcwd()
    os.chdir(folder)
    try:
        with browser.Browser(folder) as page:
            for test in tests:
                begin = time.monotonic()
                try:
                    reason = test(page)
                    print("%s %s%s (%.1f s)" % ("skipped" if reason else "ok     ", test.__name__,
                                                ": " + reason if reason else "",
                                                time.monotonic() - begin), flush=True)
                except Exception as error:  # the others are still worth their while
                    failed += 1
                    print("FAILED  %s: %s" % (test.__name__, error), flush=True)
    finally:
        os.chdir(here)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)
