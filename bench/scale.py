#!/usr/bin/env python3
"""Predicts the time of an iteration of a shared Frobenius fit of dense data: the pass over a process's rows at the
measured speed, the bytes of docs/scale.md, and a network's latency and bandwidth.

    bench/scale.py [--pass-gflops F] [--shape MxN] [-k K] [--bytes 4] [--network NAME] [--cores C]

Without a network that is measured, the table's are their makers' figures for one link: latency of a small message
between two hosts and bandwidth of one direction (HDR InfiniBand: 200 Gbit/s; Slingshot-11: 200 Gbit/s; Ethernet: 10 and
100 Gbit/s). `memory` is two processes on one host."""
import argparse
import math

NETWORKS = {  # seconds, bytes a second
    "memory": (0.5e-6, 5e9), "hdr": (1.0e-6, 25e9), "slingshot": (1.8e-6, 25e9),
    "ethernet100": (10e-6, 12.5e9), "ethernet10": (25e-6, 1.25e9)}


def padded(count):
    """The stride of a factor (src/pass/partition.c)."""
    lanes = 64 if count >= 2048 else 32 if count >= 1024 else 16
    stride = -(-count // lanes) * lanes
    return stride + 16 if stride // 16 % 2 == 0 else stride


def node_bytes(n, k, entry):
    return 8 * (k * k + 2 * k + 5) + k * padded(n) * entry


def iteration(m, n, k, entry, processes, cores, gflops, network):
    """(seconds of the pass, of the column factor, of the network) of one process."""
    latency, bandwidth = NETWORKS[network]
    work = 4.0 * m * n * k / processes
    columns = 2.0 * n * k * k * 4  # sweeps over the rows of H, which every process makes
    levels = math.ceil(math.log2(processes)) if processes > 1 else 0
    one = latency + node_bytes(n, k, entry) / bandwidth
    return (work / (gflops * 1e9 * cores), columns / (gflops * 1e9 * cores), 2 * levels * one + 3 * levels * latency)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--shape", default="1000000000x10000")
    parser.add_argument("-k", type=int, default=20)
    parser.add_argument("--bytes", type=int, default=4)
    parser.add_argument("--pass-gflops", type=float, default=30.0, help="of a core (nmf bench pass)")
    parser.add_argument("--cores", type=int, default=1, help="of a process")
    parser.add_argument("--network", choices=sorted(NETWORKS), default="hdr")
    args = parser.parse_args()
    m, n = map(int, args.shape.split("x"))
    print("processes  pass s  columns s  network s  iteration s  efficiency")
    alone = None
    for power in range(0, 15):
        times = iteration(m, n, args.k, args.bytes, 1 << power, args.cores, args.pass_gflops, args.network)
        alone = alone or sum(times)
        print("%9d  %6.3g  %9.3g  %9.3g  %11.3g  %9.2f"
              % (1 << power, *times, sum(times), alone / sum(times) / (1 << power)))


main()
