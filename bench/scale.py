#!/usr/bin/env python3
"""How a fit shared by processes scales: the time of an iteration from the measured speed of a pass, the bytes that
the processes send (exact: tests/mpi/test_bytes.py counts them), and a network's latency and bandwidth.

    bench/scale.py                      the tables of docs/scale.md
    bench/scale.py --measure BUILD      predicted against measured, 2, 4 and 8 processes on this machine (make bench-mpi)
"""
import argparse
import math
import os
import statistics
import subprocess
import sys

# name: (seconds of a small message between two programs, bytes a second of one direction of one link, where from).
NETWORKS = {
    "10 GbE": (30e-6, 1.25e9, "line rate; latency of TCP through the kernel, 20 to 50 us"),
    "25 GbE": (30e-6, 3.125e9, "line rate; latency as above"),
    "40 GbE, kernel bypass": (1.93e-6, 4.65e9, "measured with Open MPI: blogs.cisco.com/performance/mpi-over-40gb-ethernet"),
    "100 GbE": (30e-6, 12.5e9, "line rate; latency as above"),
    "InfiniBand HDR": (1.0e-6, 25e9, "200 Gbit/s (docs.alliancecan.ca: Narval); .6 us between ports, 1 us with MPI assumed"),
    "InfiniBand NDR": (1.0e-6, 50e9, "400 Gbit/s (community.fs.com: NVIDIA NDR 400G); latency as HDR"),
    "Slingshot-11": (2.0e-6, 25e9, "200 Gbit/s a port, three hops at most (alcf.anl.gov: Aurora interconnect); 2 us assumed"),
}

# --- how a side is divided (src/pass/partition.c) ---------------------------------------------------


def lanes_of(count):
    return 64 if count >= 2048 else 32 if count >= 1024 else 16


def padded(count):
    """The stride of a factor."""
    lanes = lanes_of(count)
    stride = -(-count // lanes) * lanes
    return stride + 16 if stride // 16 % 2 == 0 else stride


def slots_of(count):
    tiles = -(-count // lanes_of(count))
    few = min(max(count // 1024, 4), 32)
    wanted = max(few, count // 4096)
    slots = 1
    while slots * 2 <= wanted and slots * 2 <= tiles:
        slots *= 2
    return slots


def owner(slots, processes, slot):
    """The process that has it: the first whose slots end behind it."""
    low, high = 0, processes - 1
    while low < high:
        middle = (low + high) // 2
        if (middle + 1) * slots // processes > slot:
            high = middle
        else:
            low = middle + 1
    return low


def nodes(slots, processes):
    """(nodes of the tree of slots whose children lie with two processes; how many of them follow each other)."""
    def walk(first, count):
        if owner(slots, processes, first) == owner(slots, processes, first + count - 1):
            return 0, 0
        half = count // 2
        left, right = walk(first, half), walk(first + half, half)
        sends = owner(slots, processes, first) != owner(slots, processes, first + half)
        return left[0] + right[0] + sends, max(left[1], right[1]) + sends
    return walk(0, slots)


# --- bytes of an iteration ---------------------------------------------------------------------------


def numbers(k):
    """Bytes of a node of sums without products."""
    return 8 * (k * k + 2 * k + 5)


def products(n, k, entry):
    return k * padded(n) * entry


def dealt(n, k, threads=1):
    """Each process updates its own columns of H only (src/pass/tiles.c)."""
    return k >= 8 and k * n >= threads << 18


def rows_of(count, processes, rank):
    """Rows (or columns) that a process has."""
    slots, lanes = slots_of(count), lanes_of(count)
    tiles = -(-count // lanes)

    def begin(slot):
        return min(slot * tiles // slots * lanes, count)
    return begin((rank + 1) * slots // processes) - begin(rank * slots // processes)


def exchange(rows, processes, node):
    """Bytes of a visit's sums, a node having so many: up the tree of the rows' slots, and to all."""
    return (nodes(slots_of(rows), processes)[0] + processes - 1) * node


def iteration_bytes(kind, m, n, k, entry, processes, threads=1):
    """What all processes together send in an iteration. Agreements are 8 bytes of each process."""
    if processes == 1:
        return 0
    if kind == "few missing" or (kind == "frobenius" and dealt(n, k, threads)):
        up = nodes(slots_of(m), processes)[0] * (numbers(k) + products(n, k, entry)) + (processes - 1) * numbers(k)
        own = rows_of(n, processes, owner(slots_of(m), processes, 0))
        columns = k * entry * (n - own + 2 * (processes - 1) * n)  # each its own; H and the point ahead of it to all
        whole = (processes - 1) * k * m * entry if kind == "few missing" else 0  # W to all
        return up + columns + whole + exchange(n, processes, numbers(k)) + 8 * processes * 3
    if kind in ("frobenius", "jmm"):  # dense or sparse, in rows: the sums of one visit
        sums = exchange(m, processes, numbers(k) + products(n, k, entry))
        of_components = 3 * exchange(m, processes, 8 * k) if kind == "jmm" else 0
        return sums + of_components + 8 * processes * 2
    assert kind == "divergence"  # W to all, H's own columns to all
    factors = (processes - 1) * k * (m + n) * entry
    sums = exchange(m, processes, numbers(k)) + exchange(n, processes, numbers(k))
    return factors + sums + 2 * exchange(m, processes, 8 * k) + 8 * processes * 3


# --- time of an iteration ----------------------------------------------------------------------------


def to_all_seconds(count, k, entry, processes, network):
    """A factor's rows: each process that has some sends its own to all, one after the other."""
    latency, bandwidth = network[:2]
    return min(processes, slots_of(count)) * math.ceil(math.log2(processes)) * latency + 2 * k * count * entry / bandwidth


def divergence_seconds(m, n, k, entry, processes, network):
    """Both factors to all, and the numbers of two visits, and agreements."""
    latency, bandwidth = network[:2]
    rounds = math.ceil(math.log2(processes))
    factors = to_all_seconds(m, k, entry, processes, network) + to_all_seconds(n, k, entry, processes, network)
    sums = sum(nodes(slots_of(count), processes)[1] * (2 * latency + numbers(k) / bandwidth) for count in (m, n))
    return factors + sums + (2 + 2 + 3) * 2 * rounds * latency


def exchange_seconds(m, n, k, entry, processes, network, threads=1, kind="frobenius"):
    """Sums of products up the tree, one level after the other, and from the root to all (binomial for what is small,
    scattered and gathered for what is large)."""
    latency, bandwidth = network[:2]
    if processes == 1:
        return 0.0
    if kind == "divergence":
        return divergence_seconds(m, n, k, entry, processes, network)
    node = numbers(k) + products(n, k, entry)
    levels = nodes(slots_of(m), processes)[1]
    rounds = math.ceil(math.log2(processes))
    up = levels * (2 * latency + node / bandwidth)
    down = 2 * rounds * latency + 2 * node / bandwidth
    if dealt(n, k, threads):  # the root sends to each its columns, then each sends its own to all, twice
        senders = min(processes, slots_of(n))
        down = 2 * rounds * latency + senders * latency + node / bandwidth + 2 * (senders * rounds * latency + 2 * node / bandwidth)
    agreements = 2 * 2 * rounds * latency
    return up + down + agreements


def largest_share(count, processes):
    """Of a side, what the process has that has the most slots."""
    return -(-slots_of(count) // processes) / slots_of(count)


def iteration(shape, k, entry, processes, machine, network, kind="frobenius"):
    """(seconds of the pass, of H, of the network). Under a divergence H is a visit too, of columns, and of both each
    entry takes its model, its part of the gradient and its part of the step's curvature."""
    m, n, stored = shape
    threads = machine.get("threads", 1)
    share = largest_share(m, processes)
    visit = 4.0 * stored * k * share / machine["flops"]
    if kind == "divergence":
        return (1.5 * visit, 6.0 * stored * k * largest_share(n, processes) / machine["flops"],
                exchange_seconds(m, n, k, entry, processes, network, kind=kind))
    sweeps = 4 * 2.0 * n * k * k / machine["flops"]
    if dealt(n, k, threads):  # else every process updates all of H
        sweeps *= max(rows_of(n, processes, r) for r in {0, processes // 2, processes - 1}) / n if processes > 1 else 1
    return visit, sweeps, exchange_seconds(m, n, k, entry, processes, network, threads)


CORES = 32
SHAPES = {  # name: (samples, features, entries), k, flops a second of a process (32 cores), bytes of X
    "10^9 x 10^4, dense u8": ((10**9, 10**4, 10**13), 20, CORES * 30e9, 10**13),
    "10^8 x 10^6, 10^11 entries": ((10**8, 10**6, 10**11), 50, CORES * 4e9, 8 * 10**11),
    "10^6 x 3x10^4 cells, 5 % stored": ((10**6, 3 * 10**4, 15 * 10**8), 30, CORES * 4e9, 8 * 15 * 10**8),
}


def table_of_divergence(title, shape, k, flops, entry_of_X):
    names = ("25 GbE", "InfiniBand HDR")
    print("\n**%s, k = %d, Kullback-Leibler**\n" % (title, k))
    print("| processes | GB of X in each | GB of W in each | sent by all, GB | visit of rows, s | of columns, s | " + " | ".join("network, s; efficiency: " + n for n in names) + " |")
    print("|--:|--:|--:|--:|--:|--:|" + "--:|" * len(names))
    m, n, stored = shape
    machine = {"flops": flops}
    alone = sum(iteration(shape, k, 4, 1, machine, NETWORKS[names[0]], "divergence"))
    for power in range(0, 15, 2):
        p = 1 << power
        times = [iteration(shape, k, 4, p, machine, NETWORKS[name], "divergence") for name in names]
        copy = largest_share(n, p) if p > 1 or stored < m * n else 0  # one process reads a dense X along both sides
        X = stored * entry_of_X * (largest_share(m, p) + copy)
        print("| %d | %.3g | %.3g | %.3g | %.3g | %.3g | %s |" % (
            p, X / 1e9, k * m * 4 / 1e9, iteration_bytes("divergence", m, n, k, 4, p) / 1e9, times[0][0], times[0][1],
            " | ".join("%.2g; %.2f" % (t[2], alone / sum(t) / p) for t in times)))


def tables():
    for title, (shape, k, flops, stored) in SHAPES.items():
        print("\n**%s, k = %d** (X: %.3g TB; a process: 32 cores, %.3g Gflop/s)\n" % (title, k, stored / 1e12, flops / 1e9))
        names = ("25 GbE", "InfiniBand HDR", "Slingshot-11")
        print("| processes | GB of X in each | sent by all, GB | pass, s | H, s | " + " | ".join("network, s; efficiency: " + n for n in names) + " |")
        print("|--:|--:|--:|--:|--:|" + "--:|" * len(names))
        alone = sum(iteration(shape, k, 4, 1, {"flops": flops, "threads": CORES}, NETWORKS["InfiniBand HDR"]))
        for power in range(0, 15, 2):
            p = 1 << power
            cells = []
            for name in names:
                visit, sweeps, wire = iteration(shape, k, 4, p, {"flops": flops, "threads": CORES}, NETWORKS[name])
                cells.append("%.2g; %.2f" % (wire, alone / (visit + sweeps + wire) / p))
            print("| %d | %.3g | %.3g | %.3g | %.3g | %s |" % (
                p, stored / p / 1e9, iteration_bytes("frobenius", shape[0], shape[1], k, 4, p, CORES) / 1e9, visit, sweeps, " | ".join(cells)))


    for title in ("10^9 x 10^4, dense u8", "10^6 x 3x10^4 cells, 5 % stored"):
        shape, k, flops, stored = SHAPES[title]
        table_of_divergence(title, shape, k, flops, stored / shape[2])


# --- measured ----------------------------------------------------------------------------------------


def run(build, processes, words):
    """Lines of numbers."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "mpi"))
    os.environ.setdefault("NMFKIT_LIBRARY", build)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import together
    program = os.path.join(build, "bench", "bench_mpi")
    command = together.launch(processes) + [program, "mpi"] + [str(w) for w in words]
    found = subprocess.run(command, env=together.environment(), check=True, stdout=subprocess.PIPE, timeout=600,
                           universal_newlines=True).stdout
    return [[float(word) for word in line.split()] for line in found.splitlines()]


def predicted(m, n, k, processes, cores, two, H, network):
    """From an iteration of two threads, which says how fast a processor is while its neighbour works too, and what H takes of
    one thread. Beyond the processors processes take turns, and messages of different pairs share them too."""
    working = min(2, cores)
    share = -(-slots_of(m) // processes) / slots_of(m) if processes <= cores else 1 / cores
    turns = max(1, processes / cores)
    of_H = H / min(processes, slots_of(n)) * turns if dealt(n, k) else H * turns
    return (two - H / working) * working * share + of_H + turns * exchange_seconds(m, n, k, 4, processes, network)


def measure(build, m, n, k, rounds):
    """Every round measures all that is compared, one right after the other; the medians over the rounds are told."""
    cores = len(os.sched_getaffinity(0))
    network = run(build, 2, ("ping",))[0]
    print("%d x %d, k = %d, f32, %d processors; messages: %.1f us, %.2f GB/s; medians of %d rounds"
          % (m, n, k, cores, 1e6 * network[0], network[1] / 1e9, rounds))
    print("| processes | one process, s | predicted, s | measured, s | measured / predicted | against 1 x 2 threads |")
    print("|--:|--:|--:|--:|--:|--:|")
    for p in (2, 4, 8):
        lines = run(build, p, ("rounds", m, n, k, rounds))
        rows = [(one, predicted(m, n, k, p, cores, two, H, network), found, two) for found, one, two, H in lines]
        median = statistics.median
        print("| %d | %.4f | %.4f | %.4f | %.2f | %.2f |" % (
            p, median(r[0] for r in rows), median(r[1] for r in rows), median(r[2] for r in rows),
            median(r[2] / r[1] for r in rows), median(r[2] / r[3] for r in rows)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--measure", metavar="BUILD", help="the build whose bench_mpi is run")
    parser.add_argument("--shape", default="50000x4096", help="what is measured: samples x features")
    parser.add_argument("-k", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    m, n = map(int, args.shape.split("x"))
    if args.measure:
        measure(os.path.abspath(args.measure), m, n, args.k, args.rounds)
    else:
        tables()


if __name__ == "__main__":
    main()
