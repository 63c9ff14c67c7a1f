#!/usr/bin/env python3
"""How a fit shared by processes scales: the time of an iteration from the measured speed of a pass, the bytes that
the processes send (exact: tests/mpi/test_bytes.py counts them), and a network's latency and bandwidth.

    bench/scale.py                      the tables of docs/scale.md
    bench/scale.py --measure BUILD      predicted against measured, 1, 2, 4 and 8 processes on this machine (make bench-mpi)
"""
import argparse
import math
import os
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


def dealt(n, k):
    """Each process updates its own columns of H only (src/pass/tiles.c)."""
    return k >= 8 and k * n >= 1 << 20


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


def iteration_bytes(kind, m, n, k, entry, processes):
    """What all processes together send in an iteration. Agreements are 8 bytes of each process."""
    if processes == 1:
        return 0
    if kind == "frobenius" and dealt(n, k):
        up = nodes(slots_of(m), processes)[0] * (numbers(k) + products(n, k, entry)) + (processes - 1) * numbers(k)
        own = rows_of(n, processes, owner(slots_of(m), processes, 0))
        columns = k * entry * (n - own + 2 * (processes - 1) * n)  # each its own; H and the point ahead of it to all
        return up + columns + exchange(n, processes, numbers(k)) + 8 * processes * 3
    if kind in ("frobenius", "jmm"):  # dense or sparse, in rows: the sums of one visit
        sums = exchange(m, processes, numbers(k) + products(n, k, entry))
        of_components = 2 * exchange(m, processes, 8 * k) if kind == "jmm" else 0
        return sums + of_components + 8 * processes * 2
    assert kind == "divergence"  # W to all, H's own columns to all, plain and ahead
    factors = (processes - 1) * k * (m + 2 * n) * entry
    sums = exchange(m, processes, numbers(k)) + exchange(n, processes, numbers(k))
    return factors + sums + 4 * exchange(m, processes, 8 * k) + 8 * processes * 3


# --- time of an iteration ----------------------------------------------------------------------------


def exchange_seconds(m, n, k, entry, processes, network):
    """Sums of products up the tree, one level after the other, and from the root to all (binomial for what is small,
    scattered and gathered for what is large)."""
    latency, bandwidth = network[:2]
    if processes == 1:
        return 0.0
    node = numbers(k) + products(n, k, entry)
    levels = nodes(slots_of(m), processes)[1]
    rounds = math.ceil(math.log2(processes))
    up = levels * (2 * latency + node / bandwidth)
    down = 2 * rounds * latency + 2 * node / bandwidth
    if dealt(n, k):  # the root sends to each its columns, then each sends its own to all, twice
        senders = min(processes, slots_of(n))
        down = 2 * rounds * latency + senders * latency + node / bandwidth + 2 * (senders * rounds * latency + 2 * node / bandwidth)
    agreements = 2 * 2 * rounds * latency
    return up + down + agreements


def iteration(shape, k, entry, processes, machine, network):
    """(seconds of the pass, of H, of the network)."""
    m, n, stored = shape
    share = max(1, -(-slots_of(m) // processes)) / slots_of(m)  # of the process that has the most slots
    visit = 4.0 * stored * k * share / machine["flops"]
    sweeps = 4 * 2.0 * n * k * k / machine["flops"]
    if dealt(n, k):  # else every process updates all of H
        sweeps *= max(rows_of(n, processes, r) for r in {0, processes // 2, processes - 1}) / n if processes > 1 else 1
    return visit, sweeps, exchange_seconds(m, n, k, entry, processes, network)


SHAPES = {  # name: (samples, features, entries), k, flops a second of a process (32 cores), bytes of X
    "10^9 x 10^4, dense u8": ((10**9, 10**4, 10**13), 20, 32 * 30e9, 10**13),
    "10^8 x 10^6, 10^11 entries": ((10**8, 10**6, 10**11), 50, 32 * 4e9, 8 * 10**11),
    "10^6 x 3x10^4 cells, 5 % stored": ((10**6, 3 * 10**4, 15 * 10**8), 30, 32 * 4e9, 8 * 15 * 10**8),
}


def tables():
    for title, (shape, k, flops, stored) in SHAPES.items():
        print("\n**%s, k = %d** (X: %.3g TB; a process: 32 cores, %.3g Gflop/s)\n" % (title, k, stored / 1e12, flops / 1e9))
        names = ("25 GbE", "InfiniBand HDR", "Slingshot-11")
        print("| processes | GB of X in each | sent by all, GB | pass, s | H, s | " + " | ".join("network, s; efficiency: " + n for n in names) + " |")
        print("|--:|--:|--:|--:|--:|" + "--:|" * len(names))
        alone = sum(iteration(shape, k, 4, 1, {"flops": flops}, NETWORKS["InfiniBand HDR"]))
        for power in range(0, 15, 2):
            p = 1 << power
            cells = []
            for name in names:
                visit, sweeps, wire = iteration(shape, k, 4, p, {"flops": flops}, NETWORKS[name])
                cells.append("%.2g; %.2f" % (wire, alone / (visit + sweeps + wire) / p))
            print("| %d | %.3g | %.3g | %.3g | %.3g | %s |" % (
                p, stored / p / 1e9, iteration_bytes("frobenius", shape[0], shape[1], k, 4, p) / 1e9, visit, sweeps, " | ".join(cells)))


# --- measured ----------------------------------------------------------------------------------------


def run(build, processes, words):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "mpi"))
    os.environ.setdefault("NMFKIT_LIBRARY", build)
    import together
    program = os.path.join(build, "bench", "bench_mpi")
    command = [program, "alone"] if processes == 1 else together.launch(processes) + [program, "mpi"]
    return [float(word) for word in together.run(command + [str(w) for w in words]).split()]


def measure(build, m, n, k):
    """One process's pass speed and two processes' messages predict the rest. More processes than processors share
    them."""
    cores = len(os.sched_getaffinity(0))
    alone, = run(build, 1, ("fit", m, n, k, 1))
    latency, bandwidth = run(build, 2, ("ping",))
    print("%d x %d, k = %d, f32, %d processors; one process of one thread: %.4f s an iteration; messages: %.1f us, %.1f GB/s"
          % (m, n, k, cores, alone, 1e6 * latency, bandwidth / 1e9))
    print("| processes | predicted, s | measured, s | measured / predicted |\n|--:|--:|--:|--:|")
    for p in (1, 2, 4, 8):
        wire = exchange_seconds(m, n, k, 4, p, (latency, bandwidth))
        # Beyond the processors messages of different pairs share them too.
        predicted = alone / min(p, cores) + wire * max(1, p / cores)
        found = alone if p == 1 else run(build, p, ("fit", m, n, k, 1))[0]
        print("| %d | %.4f | %.4f | %.2f |" % (p, predicted, found, found / predicted))
    two_threads, = run(build, 1, ("fit", m, n, k, 2))
    two_processes, = run(build, 2, ("fit", m, n, k, 1))
    print("2 processes x 1 thread against 1 x 2: %.4f / %.4f s = %.2f" % (two_processes, two_threads, two_processes / two_threads))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--measure", metavar="BUILD", help="the build whose bench_mpi is run")
    parser.add_argument("--shape", default="50000x4096", help="what is measured: samples x features")
    parser.add_argument("-k", type=int, default=16)
    args = parser.parse_args()
    m, n = map(int, args.shape.split("x"))
    if args.measure:
        measure(os.path.abspath(args.measure), m, n, args.k)
    else:
        tables()


if __name__ == "__main__":
    main()
