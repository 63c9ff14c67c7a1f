"""The same components in the same order, whatever the kernels are and however the matrix is stored: as .npy of either
type, .csv, MatrixMarket, .npz, and with one start or several."""

import os
import struct
import zipfile

import command_test

KERNELS = "portable", "avx2", "avx512"
EACH_WITH_EACH = os.environ.get("NMFKIT_ALL_ORDERS")  # else every kernel with some of the formats
SAMPLES, FEATURES = 60, 48
CENTRES, WIDTHS, SIZES = (5, 40, 13, 30, 22), (3, 4, 2, 5, 3), (3, 8, 3, 4, 20)


def noise(i, j):
    """Between 0 and 1, as a congruential generator has it."""
    return (1103515245 * (i * 977 + j * 12345 + 7) + 12345 >> 8) % 1024 / 1024


def planted():
    """Five peaks of different sizes, in halves, most of what lies between them zero."""
    rows = []
    for i in range(SAMPLES):
        row = [0.0] * FEATURES
        for c, (centre, width, size) in enumerate(zip(CENTRES, WIDTHS, SIZES)):
            weight = size * (1 + (i * (3 + 2 * c) + 11 * c) % 7) * ((i + c) % 3 > 0)
            for j in range(centre - width, centre + width + 1):
                row[j] += weight * (width + 1 - abs(j - centre))
        rows.append([round(2 * (value + noise(i, j))) / 2 for j, value in enumerate(row)])
    return rows


def write_all(rows, work):
    text = "".join(",".join("%g" % value for value in row) + "\n" for row in rows)
    entries = [(i, j, value) for i, row in enumerate(rows) for j, value in enumerate(row) if value]
    market = "%%%%MatrixMarket matrix coordinate real general\n%d %d %d\n%s" % (
        len(rows), len(rows[0]), len(entries),
        "".join("%d %d %g\n" % (i + 1, j + 1, value) for i, j, value in entries))
    files = {"x.npy": command_test.npy(rows, "d", "<f8"), "x4.npy": command_test.npy(rows, "f", "<f4"),
             "x.csv": text.encode(), "x.mtx": market.encode()}
    for name, content in files.items():
        with open(os.path.join(work, name), "wb") as file:
            file.write(content)
    run("nmf convert x.mtx -o x.npz --quiet", work)
    return list(files) + ["x.npz"]


def run(command, work):
    done = command_test.run(command, work)
    assert done.returncode == 0, (command, done.stderr)
    return done


def components(path):
    with zipfile.ZipFile(path) as archive:
        content = archive.read("H.npy")
    header = content[10:10 + struct.unpack("<H", content[8:10])[0]].decode()
    shape = tuple(int(word) for word in header.split("(")[1].split(")")[0].split(","))
    code = "d" if "<f8" in header else "f"
    values = struct.unpack("<%d%s" % (shape[0] * shape[1], code), content[10 + len(header):])
    return [values[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]


def cosine(a, b):
    product = sum(x * y for x, y in zip(a, b))
    return product / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def expect_same_order(found, right, said, least):
    for j, row in enumerate(found):
        likeness = [cosine(row, other) for other in right]
        best = max(range(len(right)), key=likeness.__getitem__)
        assert best == j and likeness[j] > least, "%s: component %d is the other's %d (%.4f)" % (
            said, j, best, likeness[best])


def fits_in_one_order(work, names, options, right, least):
    first = None
    for number, kernels in enumerate(KERNELS):
        for name in names if EACH_WITH_EACH else names[number % 2::2]:
            run("NMFKIT_KERNELS=%s nmf fit %s -o m.npz --quiet %s" % (kernels, name, options), work)
            found = components(os.path.join(work, "m.npz"))
            said = "%s, %s, %s" % (kernels, name, options)
            expect_same_order(found, right, said, least)
            first = first or found
            expect_same_order(found, first, said, 0.95)


def planted_components_come_by_their_size():
    """The largest first: by what the peaks were made with, height times area times how often."""
    rows = planted()
    largest = sorted(range(5), key=lambda c: -SIZES[c] * (WIDTHS[c] + 1) ** 2)
    right = [[max(0.0, WIDTHS[c] + 1 - abs(j - CENTRES[c])) for j in range(FEATURES)] for c in largest]
    with command_test.scratch() as work:
        names = write_all(rows, work)
        for options in ("-k 5", "-k 5 --starts 5 --init random", "-k 5 --loss kl",
                        "-k 5 --solver hals --sketch 0"):
            fits_in_one_order(work, names, options, right, 0.8)


def parts_of_one_size_do_too():
    """Each set of six equal parts once: no size tells which is the first, where they lie does. The singular values that
    fits start from are equal too, and the vectors that belong to them another set for each kernel."""
    rows = [[20.0 if sample >> (j // 4) & 1 else 0.0 for j in range(24)] for sample in range(1, 64)]
    right = [[1.0 if j // 4 == part else 0.0 for j in range(24)] for part in range(6)]
    with command_test.scratch() as work:
        names = write_all(rows, work)
        for options in ("-k 6", "-k 6 --init random --seed 2 --starts 4"):
            fits_in_one_order(work, names, options, right, 0.999)


command_test.main([
    planted_components_come_by_their_size,
    parts_of_one_size_do_too,
])
