"""What the measurements look like in the end: the Markdown report, the CSV files, the plot."""

import csv
import math
import os
import re
from statistics import median

from cases import README

COLUMNS = ("case", "title", "reach", "peer_seconds", "peer_seconds_low", "peer_seconds_high",
           "peer_runs", "peer_error", "seconds", "seconds_low", "seconds_high", "reached", "repetitions", "ratios", "ratio",
           "ratio_low", "ratio_high", "passes", "passes_low", "passes_high", "iterations",
           "sketch_iterations", "default_error", "default_worst", "default_seconds", "x_mb", "mb",
           "peer_mb", "peer_errors", "default_errors", "gflops", "percent", "must", "aim", "unit", "verdict", "note", "held")
RUN_COLUMNS = ("case", "program", "repetition", "seconds", "error", "iterations",
               "sketch_iterations", "passes", "stopped", "reached", "kkt", "threads", "kernel",
               "init", "x_bytes", "fit_bytes")


def number(value, digits=3):
    """Three significant digits without an exponent where that is readable."""
    if value is None:
        return "-"
    if value == 0 or not 1e-4 <= abs(value) < 1e6:
        return re.sub(r"e\+?(-?)0*", r"e\1", "%.*g" % (digits, value))
    return "%.*f" % (max(0, digits - 1 - math.floor(math.log10(abs(value)))), value)


def with_spread(row, name):
    if row.get(name) is None:
        return "-"
    text = number(row[name])
    if row.get(name + "_low") is not None and row[name + "_low"] != row[name + "_high"]:
        text += " (%s-%s)" % (number(row[name + "_low"]), number(row[name + "_high"]))
    return text


def iterations(row):
    if row.get("iterations") is None:
        return "-"
    text = "%g" % row["iterations"]
    return text + (" (%g)" % row["sketch_iterations"] if row.get("sketch_iterations") else "")


def memory(row):
    if row.get("mb") is None:
        return "-"
    return "%s / %s (X %s)" % (number(row["mb"]), number(row["peer_mb"]), number(row["x_mb"]))


UNITS = {"x": "x", "%": " %", "passes": " passes"}


def wanted(row):
    unit = UNITS[row["unit"]]
    return "%g%s / %g%s" % (row["must"], unit, row["aim"], unit)


def main_table(rows):
    heads = ("case", "scikit-learn, s", "its error", "nmfkit to it, s", "ratio", "passes",
             "iterations (in sketch)", "default fit: error", "s", "memory, MB", "pass, GFLOP/s",
             "% of limit", "at least / hoped for", "verdict", "note")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        peer = with_spread(row, "peer_seconds")
        if row.get("peer_runs"):
            peer += ", %d run%s" % (row["peer_runs"], "s" if row["peer_runs"] > 1 else "")
        title = row["title"] + (", to " + row["reach"] if row["reach"] else "")
        cells = (title, peer, number(row.get("peer_error"), 5), with_spread(row, "seconds"),
                 with_spread(row, "ratio"), with_spread(row, "passes"), iterations(row),
                 number(row.get("default_error"), 5), number(row.get("default_seconds")),
                 memory(row), number(row.get("gflops")), number(row.get("percent")), wanted(row),
                 row["verdict"], row["note"])
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def held_lines(rows):
    """What limits each case that falls short of its aim, in a line."""
    return ["- **%s** (%s; hoped for: %g%s): %s." % (row["case"], row["verdict"], row["aim"], UNITS[row["unit"]], row["held"])
            for row in rows if row["held"]]


def errors_of(row, side):
    return [float(error) for error in row.get(side + "_errors", "").split()]


def ends_table(rows, slack):
    """Where fits of the same seeds end by themselves on both sides: either may fall into the worse valley."""
    heads = ("case", "seeds", "scikit-learn's error: lowest, median, highest", "nmfkit's", "nmfkit's is no higher",
             "scikit-learn's is no higher")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        theirs, ours = errors_of(row, "peer"), errors_of(row, "default")
        if not ours:
            continue
        three = [", ".join(number(error, 6) for error in (min(side), median(side), max(side))) for side in (theirs, ours)]
        lower = sum(mine <= other * slack for other, mine in zip(theirs, ours))
        higher = sum(other <= mine * slack for other, mine in zip(theirs, ours))
        lines.append("| %s | %d | %s | %s | %d of %d | %d of %d |" % (
            row["case"], len(ours), *three, lower, len(ours), higher, len(ours)))
    return lines if len(lines) > 2 else []


HEADS = (("case", "scikit-learn", "its error", "nmfkit, to that error", "ratio", "nmfkit's default", "its error"),
         ("数据", "scikit-learn", "其误差", "nmfkit 达到该误差", "倍数", "nmfkit 默认", "其误差"))
# of the runs that reach the error: how many of how many
SOME, ALL = (", %d of %d runs", "，%d 次中的 %d 次"), (", %d of %d runs", "，%d 次全部")
SPREAD = ("%sx to %sx, median %sx", "%sx 至 %sx，中位数 %sx")


def ratios_in_words(ratios, language, missed=0):
    """Of one run or two each; of more the median where they agree to a tenth, else their range. A run that did not get
    there counts as slower than any that did, in the median."""
    ratios, middle = sorted(ratios), median([0.0] * missed + list(ratios)) if ratios else 0.0
    if not ratios:
        return "-"
    if len(ratios) <= 2:
        return (", ", "、")[language].join(number(ratio, 2) + "x" for ratio in ratios)
    if ratios[-1] <= 1.1 * ratios[0]:
        return number(middle, 2) + "x"
    return SPREAD[language] % (number(ratios[0], 2), number(ratios[-1], 2), number(middle, 2))


def readme_table(rows, titles, language=0):
    """README's table: when nmfkit is where scikit-learn ended, and what its default gives by itself. rows: of this
    run, or as cases.csv has them; titles: in both languages, by the name of the case."""
    lines = ["| " + " | ".join(HEADS[language]) + " |", "|---" * 7 + "|"]
    found = {row["case"]: row for row in rows}
    for name, title in titles.items():
        row = found.get(name)
        if row is None:
            continue

        def value(column, digits):
            return number(float(row[column]), digits) if row.get(column) not in (None, "") else "-"

        ratios = [float(ratio) for ratio in str(row["ratios"]).split()]
        missed = int(row["repetitions"]) - len(ratios)
        reaching = value("seconds", 3) + " s"
        if not name.startswith("python-"):
            count = (int(row["repetitions"]), len(ratios))
            text = (SOME if missed else ALL)[language]
            reaching += text % ((count[::-1] if language == 0 else count)[:text.count("%d")])
        cells = (title[language], value("peer_seconds", 3) + " s", value("peer_error", 4), reaching,
                 ratios_in_words(ratios, language, missed), value("default_seconds", 3) + " s", value("default_error", 4))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def in_words(row):
    """A case in a line, for who watches."""
    if row.get("ratio") is not None:
        return "%s s after scikit-learn's %s s: %sx" % (
            number(row["seconds"]), number(row["peer_seconds"]), number(row["ratio"]))
    if row.get("percent") is not None:
        return "%s %% of the machine's limit" % number(row["percent"])
    if row.get("passes") is not None:
        return "%s passes over X" % number(row["passes"])
    return "scikit-learn's error was reached by %s" % row.get("reached", "-")


LIMITS = {"fma-f32": "multiply-add f32, GFLOP/s", "fma-f64": "multiply-add f64, GFLOP/s",
          "read": "read, GB/s"}


def limits_table(lines, limit):
    """limit(part, threads): the best measured."""
    text = ["| limit | threads | best |", "|---|---|---|"]
    for line in lines:
        if line["part"] in LIMITS:
            best = limit(line["part"], line["threads"])
            text.append("| %s | %s | %s |" % (LIMITS[line["part"]], line["threads"], number(best)))
    return text


def kernels_table(lines, share):
    """share(line, part): in percent of that limit."""
    text = ["| kernels | storage | threads | ms a pass | GFLOP/s | % of its multiply-adds | GB/s |",
            "|---" * 7 + "|"]
    for line in lines:
        part = "fma-f64" if line["storage"] == "float64" else "fma-f32"
        cells = (line["kernel"], line["storage"], line["threads"],
                 number(1e3 * float(line["seconds"])), number(float(line["gflops"])),
                 number(share(line, part)), number(float(line["read_gb"])))
        text.append("| " + " | ".join(cells) + " |")
    return text


# ---- scaling ----

SIZES = (("scaling-m", "rows", "samples m", 0), ("scaling-n", "columns", "features n", 0),
         ("scaling-k", "k", "components k", 16))


def points(lines, part, column, threads):
    chosen = [(int(line[column]), float(line["seconds"])) for line in lines
              if line["part"] == part and int(line["threads"]) == threads]
    return sorted(chosen)


def slope(curve):
    """Least-squares exponent of time ~ size^p; 1 is linear."""
    x = [math.log(size) for size, _ in curve]
    y = [math.log(seconds) for _, seconds in curve]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y))
    return above / sum((a - middle_x) ** 2 for a in x)


def thread_counts(lines):
    return sorted({int(line["threads"]) for line in lines if line["part"].startswith("scaling")})


def scaling_table(lines):
    text = ["| time of a pass grows with | threads | exponent (1 is linear) |", "|---|---|---|"]
    for part, column, name, start in SIZES:
        for threads in thread_counts(lines):
            curve = [point for point in points(lines, part, column, threads) if point[0] >= start]
            text.append("| %s, %d to %d | %d | %.2f |" % (name, curve[0][0], curve[-1][0], threads,
                                                         slope(curve)))
    return text


def scaling_svg(lines):
    """Three log-log panels side by side, one line for each number of threads."""
    width, height, left, top, gap = 260, 220, 60, 40, 80
    colours = ("#0b5394", "#cc4125", "#38761d")
    threads = thread_counts(lines)
    every = [float(line["seconds"]) for line in lines if line["part"].startswith("scaling")]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="12">' % (left + 3 * (width + gap),
                                                         top + height + 60),
           '<rect width="100%" height="100%" fill="white"/>']

    def across(panel, share):
        return left + panel * (width + gap) + share * width

    def down(seconds):
        return top + height * (1 - (math.log10(seconds) - low) / (high - low))

    for panel, (part, column, name, _) in enumerate(SIZES):
        sizes = [size for size, _ in points(lines, part, column, threads[0])]
        first, last = math.log(sizes[0]), math.log(sizes[-1])
        svg.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (
            across(panel, 0.5), top + height + 40, name))
        for decade in range(low, high + 1):
            y = down(10.0 ** decade)
            svg.append('<path d="M%.1f %.1fh%d" stroke="#ddd"/><text x="%.1f" y="%.1f" '
                       'text-anchor="end">%g ms</text>' % (across(panel, 0), y, width,
                                                          across(panel, 0) - 6, y + 4,
                                                          1e3 * 10.0 ** decade))
        for size in sizes:
            svg.append('<text x="%.1f" y="%d" text-anchor="middle" font-size="10">%d</text>' % (
                across(panel, (math.log(size) - first) / (last - first)), top + height + 18, size))
        for colour, count in zip(colours, threads):
            line = " ".join("%.1f,%.1f" % (across(panel, (math.log(size) - first) / (last - first)),
                                           down(seconds))
                            for size, seconds in points(lines, part, column, count))
            svg.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (line,
                                                                                           colour))
    for i, (colour, count) in enumerate(zip(colours, threads)):
        svg.append('<text x="%d" y="20" fill="%s">%d thread%s</text>' % (
            left + 100 * i, colour, count, "s" if count > 1 else ""))
    return "\n".join(svg + ["</svg>", ""])


# ---- files ----

def write_csv(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write(directory, text, rows, runs, lines):
    """report.md, readme.md (the table of README.md), cases.csv (a line a case), runs.csv (a line a run),
    passes.csv (nmf bench's)."""
    with open(os.path.join(directory, "report.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    with open(os.path.join(directory, "readme.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(readme_table(rows, README)) + "\n")
    write_csv(os.path.join(directory, "cases.csv"), COLUMNS, rows)
    write_csv(os.path.join(directory, "runs.csv"), RUN_COLUMNS, runs)
    if lines:
        write_csv(os.path.join(directory, "passes.csv"), list(lines[0]), lines)
