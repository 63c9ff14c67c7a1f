"""One function for each kind of case: measures it and gives its row of the table."""

import subprocess
import sys
from statistics import median

import matrices
from cases import BEST_KNOWN, HELD, KL
from measure import Machine

LONGEST = 60       # seconds; a fit that needs more to get somewhere has not got there
PEER_SECONDS = 45  # a slow scikit-learn fit is not repeated past this; the row says how often
SLACK = 1 + 2e-5   # rounding of an f32 loss against an error recomputed in double


REACHED = "reaches what is hoped for"


def say(text):
    print(text, file=sys.stderr, flush=True)


def millions(count):
    return count / 1e6


def spread(row, name, values):
    if values:
        row[name] = median(values)
        row[name + "_low"], row[name + "_high"] = min(values), max(values)


def pairs(slow, quick, good):
    """Ratios of times of neighbouring runs, where the quick one is good."""
    return [one["seconds"] / other["seconds"] for one, other in zip(slow, quick) if any(other is run for run in good)]


class Bench:
    """What the rows share: the programs, the data, and measurements that several rows need."""

    def __init__(self, programs, datasets, repeat, small):
        self.programs, self.datasets, self.repeat, self.small = programs, datasets, repeat, small
        self.runs = []    # every single run, for runs.csv
        self.peers = {}   # a case's scikit-learn runs, by data and parameters
        self.tables = {}  # nmf bench's lines, by arguments and kernels
        self.in_use = ""  # the kernels of the cases
        self.peer_version = ""
        self.machine = Machine(None if small else programs.now)

    def row(self, case):
        row = {"case": case.name, "title": case.title, "reach": case.reach, "unit": case.unit,
               "must": case.must, "aim": case.aim, "note": ""}
        getattr(self, "measure_" + case.kind)(case, row)
        self.settle(case, row)
        return row

    # ---- shares of the machine's limits ----

    def limit(self, part, threads, kernels=None):
        """The best of all tries so far: what disturbs a measurement of a limit only lowers it. Each instruction set
        has its own multiply-adds; memory is the same for all."""
        column = "read_gb" if part == "read" else "gflops"
        return max(float(line[column]) for (_, by), table in self.tables.items() for line in table
                   if line["part"] == part and line["threads"] == threads
                   and (part == "read" or by == (kernels or self.in_use)))

    def share(self, line, part):
        value = float(line["read_gb" if part == "read" else "gflops"])
        return 100 * value / self.limit(part, line["threads"], line.get("kernel"))

    def settle(self, case, row):
        """Shares and verdict, by the limits as they are known now."""
        lines = row.get("lines")
        if lines:
            arithmetic = "fma-f64" if case.storage == "f64" else "fma-f32"
            part = "read" if "read" in case.reach else arithmetic
            shares = [self.share(line, part) for line in lines]
            row["gflops"] = min(float(line["gflops"]) for line in lines)
            row["percent"] = min(shares)
            if "one_thread" in row:
                row["note"] = "; ".join(self.share_note(row, *pair) for pair in zip(lines, shares))
        row["verdict"] = verdict(case, row)
        row["held"] = "" if row["verdict"].startswith(REACHED) else HELD[case.name]

    @staticmethod
    def share_note(row, line, share):
        seconds = float(line["seconds"])
        text = "k = %s: %.4g ms, %.0f %%" % (line["k"], 1e3 * seconds, share)
        if line["threads"] != "1":
            text += ", %.2fx with %s threads" % (row["one_thread"][line["k"]] / seconds,
                                                 line["threads"])
        return text + (", others used the machine" if line["disturbed"] == "-1" else "")

    # ---- single runs ----

    def note(self, case, program, repetition, run):
        run["repetition"] = repetition
        self.runs.append(dict(run, case=case.name, program=program))
        iterations = "%d" % run["iterations"]
        if run.get("sketch_iterations"):
            iterations += " and %d in the sketch" % run["sketch_iterations"]
        say("  %-22s %10.4f s  error %.7f  iterations %s  passes %s" % (
            program, run["seconds"], run["error"], iterations, run.get("passes", "-")))
        return run

    def shape(self, case):
        return "1000x256" if self.small else "%dx%d" % case.shape

    def k(self, case):
        return min(case.k, 8) if self.small else case.k

    def ours(self, case, repetition, program, target=None, options=(), data=None):
        options = ("--components", self.k(case), "--seed", repetition, *case.options, *options)
        if target is not None:  # when it gets there, not when it would stop by itself
            options += () if "--tol" in options else ("--tol", 0)
            options += ("--time-limit", LONGEST)
        run = self.machine.measured(self.programs.ours, self.datasets.path(data or case.data), options, target,
                                    case.beta)
        return self.note(case, program, repetition, run)

    def peer(self, case, repetition, kind):
        """scikit-learn's run of this repetition, or its last one where repeating takes too long."""
        data = case.data.replace("-u8", "")  # it has no integer arithmetic
        done = self.peers.setdefault((data, self.k(case), repr(case.peer)), [])
        spent = sum(run["seconds"] for run in done)
        if len(done) <= repetition and (not done or spent + done[-1]["seconds"] <= PEER_SECONDS):
            params = dict(case.peer, n_components=self.k(case), random_state=repetition)
            if self.small and "max_iter" in params:
                params["max_iter"] = 20
            run = self.machine.measured(self.programs.peer, self.datasets.path(data), kind, params)
            self.peer_version = run.pop("version")
            done.append(self.note(case, "scikit-learn", repetition, run))
        return done[min(repetition, len(done) - 1)]

    def another_peer(self, case, seed, kind):
        """scikit-learn's run of a seed beyond the repetitions; None where that takes too long."""
        run = self.peer(case, seed, kind)
        return run if run["repetition"] == seed else None

    def table(self, *arguments, kernels=""):
        arguments += ("--quick",) if self.small else ()
        key = arguments, kernels or self.in_use
        if key not in self.tables:
            say("  nmf bench %s%s" % (" ".join(arguments), kernels and " (%s)" % kernels))
            runs = [self.programs.passes(*arguments, kernels=kernels)
                    for _ in range(self.repeat if arguments[0] == "pass" and not self.small else 1)]
            self.tables[key] = [of_median_seconds(lines) for lines in zip(*runs)]
        return self.tables[key]

    def pass_figures(self, case, row, storage="f32"):
        """What one pass over this shape reaches: a fit's own passes include those of its start."""
        if case.beta not in (1, 2):
            return  # nmf bench times the passes of the two
        loss = KL if case.beta == 1 else ()
        lines = self.table("pass", "--shape", self.shape(case), "-k", str(case.k),
                           "--storage", storage, *loss)
        row["lines"] = [line for line in lines if line["part"] == "pass"][-1:]  # all threads

    # ---- kinds of cases ----

    def measure_fit(self, case, row, kind="nmf"):
        peers, reaching, default, ratios = [], [], [], []
        for repetition in range(max(self.repeat, self.seeds(case))):
            peer = self.peer(case, repetition, kind) if repetition < self.repeat else self.another_peer(
                case, repetition, kind)
            if peer is None:
                break
            target = peer["error"] if self.small else case.goal or peer["error"]
            run = self.ours(case, repetition, "nmfkit to that error", target)
            default.append(self.ours(case, repetition, "nmfkit default"))
            peers.append(peer)
            if run["error"] <= target * SLACK:
                reaching.append(run)
                ratios.append(peer["seconds"] / run["seconds"])
        self.fill(row, case, peers, reaching, default)
        self.fill_ratios(row, ratios, in_the_median=True)
        self.ends(row, peers, default)
        if kind == "nmf" and case.kind == "fit":
            self.pass_figures(case, row)

    def measure_sparse(self, case, row):
        """The same on sparse data, whose passes are another thing."""
        self.measure_fit(case, row)

    def measure_gather(self, case, row):
        """The products with a sparse X, against reading the rows that its entries name."""
        lines = self.programs.gather(self.datasets.path(case.data), case.ranks)
        row["percent"] = min(100 * line["limit"] / line["iteration"] for line in lines)
        row["note"] = "; ".join("k = %d: %.3g ms, limit %.3g ms" % (
            line["k"], 1e3 * line["iteration"], 1e3 * line["limit"]) for line in lines)

    def measure_memory(self, case, row):
        """The plan: the other factor and the products packed, and U and V of the start's sketch."""
        X = matrices.load(self.datasets.path(case.data))
        run = self.ours(case, 0, "nmfkit default")
        sides, k = sum(X.shape), self.k(case)
        width = min(k + 10, *X.shape)
        other = X.nnz * (X.data.itemsize + X.indices.itemsize) + 8 * (X.shape[1] + 1)
        plan = 4 * (2 * max(X.shape) * (width + 7) // 8 * 8 + width * sides)
        allowed = run["x_bytes"] + other + 4 * 3 * sides * k + plan
        peak = run["x_bytes"] + run["fit_bytes"]
        row["percent"] = 100 * allowed / peak
        row["note"] = "%.0f MB; needed %.0f, of which the plan %.0f" % (
            millions(peak), millions(allowed), millions(plan))

    def fill(self, row, case, peers, reaching, default):
        row["peer_runs"] = len({id(run) for run in peers})
        spread(row, "peer_seconds", [run["seconds"] for run in peers])
        row["peer_error"] = median(run["error"] for run in peers)
        row["peer_mb"] = millions(median(run["fit_bytes"] + run["x_bytes"] for run in peers))
        spread(row, "seconds", [run["seconds"] for run in reaching])
        for name in ("passes", "iterations", "sketch_iterations"):
            row[name] = median(run[name] for run in reaching) if reaching else None
        row["reached"], row["repetitions"] = "%d of %d" % (len(reaching), len(default)), len(default)
        row["default_seconds"] = median(run["seconds"] for run in default)
        row["default_error"] = median(run["error"] for run in default)
        row["default_worst"] = max(run["error"] for run in default)
        row["x_mb"] = millions(default[0]["x_bytes"])
        row["mb"] = millions(max(run["fit_bytes"] + run["x_bytes"] for run in default))

    def seeds(self, case):
        """Of three seeds one that leads into a poor valley says little: as many as a case asks for beyond the repetitions."""
        return min(case.seeds, 2) if self.small else case.seeds

    @staticmethod
    def ends(row, peers, default):
        """Where both sides' fits end by themselves, seed by seed."""
        both = [(peer, mine) for peer, mine in zip(peers, default) if peer["repetition"] == mine["repetition"]]
        row["peer_errors"] = " ".join("%.9g" % peer["error"] for peer, _ in both)
        row["default_errors"] = " ".join("%.9g" % mine["error"] for _, mine in both)

    def fill_ratios(self, row, ratios, in_the_median=False):
        """Of the repetitions that got there; the row has a ratio if all did. Or, in the median, if most did: one that does
        not is slower than any that does."""
        row["ratios"] = " ".join("%.4g" % ratio for ratio in ratios)
        tried = row.get("repetitions", self.repeat)
        every = ratios + [0.0] * (tried - len(ratios))
        if len(ratios) == tried or (in_the_median and median(every) > 0):
            spread(row, "ratio", every)

    def measure_starts(self, case, row):
        """Many starts, the best kept, against a single fit of the peer's."""
        peers = [self.peer(case, repetition, "nmf") for repetition in range(self.repeat)]
        ours = [self.ours(case, repetition, "nmfkit") for repetition in range(self.repeat)]
        good = [run for run in ours if run["error"] <= case.goal * SLACK]
        self.fill(row, case, peers, good, ours)
        self.fill_ratios(row, pairs(peers, ours, good))

    def measure_pca(self, case, row):
        peers, ours = [], []
        for repetition in range(self.repeat):
            peers.append(self.peer(case, repetition, "pca"))
            ours.append(self.ours(case, repetition, "nmfkit"))
        good = [mine for peer, mine in zip(peers, ours) if mine["error"] <= peer["error"] * SLACK]
        self.fill(row, case, peers, good, ours)
        row["iterations"] = None
        self.fill_ratios(row, pairs(peers, ours, good))

    def measure_python(self, case, row):
        """Default against default, both through Python."""
        peers, ours = [], []
        for repetition in range(self.repeat):
            peers.append(self.peer(case, repetition, "nmf"))
            params = dict(case.peer, n_components=self.k(case), random_state=repetition)
            params.pop("solver", None)  # scikit-learn has but one for other losses; ours is its default
            run = self.machine.measured(self.programs.peer, self.datasets.path(case.data), "nmf", params, "nmfkit")
            run.pop("version")
            ours.append(self.note(case, "nmfkit from Python", repetition, run))
        good = [mine for peer, mine in zip(peers, ours) if mine["error"] <= peer["error"] * SLACK]
        self.fill(row, case, peers, good, ours)
        self.fill_ratios(row, pairs(peers, ours, good))
        self.ends(row, peers, ours)
        beside = median(run["beside"] for run in ours)
        row["note"] = "%.2g ms beside the arithmetic" % (1e3 * beside)

    def measure_consensus(self, case, row):
        """Replicates and what they agree on, against as many of the peer's fits: each of these that is measured stands for
        all."""
        count = 4 if self.small else case.replicates
        peers, ratios, seconds = [], [], []
        for repetition in range(self.repeat):
            peers.append(self.peer(case, repetition, "nmf"))
            found = self.programs.consensus(self.datasets.path(case.data), self.k(case), count, case.options)
            seconds.append(found["seconds"])
            ratios.append(count * peers[-1]["seconds"] / seconds[-1])
            say("  %-22s %10.4f s  worst stability %.2f, %d of %d replicates unconverged" % (
                "nmf consensus", seconds[-1], found["worst_stability"], found["unconverged"], count))
        spread(row, "peer_seconds", [count * run["seconds"] for run in peers])
        spread(row, "seconds", seconds)
        spread(row, "ratio", ratios)
        row["peer_runs"] = len({id(run) for run in peers})
        row["note"] = "scikit-learn's time is %d times that of a fit" % count

    def measure_storage(self, case, row):
        """u8 against f32, both to scikit-learn's error on the f32 data."""
        floats, bytes_, default, peers, ratios = [], [], [], [], []
        wide = case.data.replace("-u8", "")
        for repetition in range(self.repeat):
            peers.append(self.peer(case, repetition, "nmf"))
            target = peers[-1]["error"]
            floats.append(self.ours(case, repetition, "nmfkit f32 to it", target, data=wide))
            bytes_.append(self.ours(case, repetition, "nmfkit u8 to it", target))
            default.append(self.ours(case, repetition, "nmfkit default"))
            if floats[-1]["reached"] and bytes_[-1]["reached"]:
                ratios.append(floats[-1]["seconds"] / bytes_[-1]["seconds"])
        self.fill(row, case, peers, [run for run in bytes_ if run["reached"]], default)
        self.fill_ratios(row, ratios)
        row["f32_mb"] = millions(max(run["fit_bytes"] + run["x_bytes"] for run in floats))
        row["note"] = "f32: %.4g s, %.0f MB" % (median(run["seconds"] for run in floats),
                                               row["f32_mb"])
        # A quarter of X, and working memory that does not grow because X is small.
        allowed = row["f32_mb"] - 0.75 * millions(floats[0]["x_bytes"])
        row["memory_holds"] = row["mb"] <= 1.1 * allowed
        self.pass_figures(case, row, "u8")

    def measure_share(self, case, row):
        ranks = ("-k", str(case.ranks[0])) if case.options else ()
        table = self.table("pass", "--shape", self.shape(case), "--storage", case.storage, *ranks,
                           *case.options)
        lines = [line for line in table if line["part"] == "pass" and int(line["k"]) in case.ranks]
        most = max(int(line["threads"]) for line in lines)
        row["lines"] = [line for line in lines if int(line["threads"]) == most]
        row["one_thread"] = {line["k"]: float(line["seconds"]) for line in lines
                             if line["threads"] == "1"}

    def measure_scan(self, case, row):
        """Gigabytes a second, against what a loop that only reads has."""
        threads = self.programs.threads
        self.table("limits")
        line = self.machine.measured(self.programs.scan, self.shape(case), case.storage, threads)
        rate = 1e-9 * line["bytes"] / line["seconds"]
        row["percent"] = self.share({"read_gb": rate, "threads": str(threads)}, "read")
        row["note"] = "%.1f GB/s" % rate

    def measure_own(self, case, row):
        """The default solver, until it is where multiplicative updates stopped by themselves."""
        slow, quick, default = [], [], []
        for seed in range(max(self.repeat, self.seeds(case))):
            slow.append(self.ours(case, seed, "nmfkit mu", options=("--solver", "mu")))
            quick.append(self.ours(case, seed, "nmfkit to that D", slow[-1]["error"]))
            default.append(self.ours(case, seed, "nmfkit default"))
        good = [run for run, mu in zip(quick, slow) if run["error"] <= mu["error"] * SLACK]
        self.fill(row, None, slow, good, default)
        self.fill_ratios(row, pairs(slow, quick, good), in_the_median=True)
        self.ends(row, slow, default)

    def measure_busy(self, case, row):
        """Two threads against one where other programs want the processors too."""
        single, both = [], []
        looks, self.machine.now = self.machine.now, None  # it is not left to us, and that is the point
        spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
        try:
            for repetition in range(self.repeat):
                for runs, threads in ((single, 1), (both, 2)):
                    runs.append(self.ours(case, repetition, "nmfkit, %d threads" % threads,
                                          options=("--threads", threads)))
        finally:
            for process in spinning:
                process.kill()
                process.wait()
            self.machine.now = looks
        self.fill(row, None, single, both, both)
        self.fill_ratios(row, pairs(single, both, both))

    def measure_passes(self, case, row):
        best = BEST_KNOWN[case.k] if self.datasets.is_olivetti else self.best_seen(case)
        runs = [self.ours(case, repetition, "nmfkit to 0.1 %", best * 1.001)
                for repetition in range(self.repeat)]
        reaching = [run for run in runs if run["reached"]]
        spread(row, "seconds", [run["seconds"] for run in reaching])
        if len(reaching) == self.repeat:
            spread(row, "passes", [run["passes"] for run in reaching])
            for name in ("iterations", "sketch_iterations"):
                row[name] = median(run[name] for run in reaching)
        row["reached"] = "%d of %d" % (len(reaching), self.repeat)
        row["note"] = "best known: %.5f" % best

    def best_seen(self, case):
        """For data nobody has a record of: long fits from several starts."""
        most = ("--tol", "1e-6", "--max-iter", 20 if self.small else 2000)
        fits = [self.ours(case, seed, "nmfkit, long", options=most + ("--init", init))
                for seed, init in ((0, "auto"), (1, "random"), (2, "random"))]
        return min(run["error"] for run in fits)


def of_median_seconds(lines):
    """Of the same line of several runs the one whose time is the median: what a shared machine does
    lasts longer than a run. Where the machine was not whole during any of a run's passes, the others tell."""
    lines = [line for line in lines if line["disturbed"] != "-1"] or lines
    return sorted(lines, key=lambda line: float(line["seconds"] or 0))[len(lines) // 2]


def verdict(case, row):
    name = {"x": "ratio", "%": "percent", "passes": "passes"}[case.unit]
    value = row.get(name)
    if value is None:
        return "short: reached by %s" % row["reached"]
    fewer = case.unit == "passes"
    if not row.get("memory_holds", True):
        return "short: memory"
    runs = ", by %s runs" % row["reached"] if row.get("ratio_low") == 0 else ""
    if value <= case.aim if fewer else value >= case.aim:
        return REACHED + runs
    if value <= case.must if fewer else value >= case.must:
        return "holds" + runs
    gap = {"x": "%.2gx" % (case.must / value), "%": "%.0f points" % (case.must - value),
           "passes": "%.0f passes" % (value - case.must)}
    return "short by " + gap[case.unit]
