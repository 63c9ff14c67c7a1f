"""Features of new data are matched with the model's by name: in another order, with others between
them, without some, in every way a matrix is stored. The right weights are those of the same columns
in the model's order, written here."""

import csv
import os

import command_test

NAMES = ["gene%d" % j for j in range(6)]
ROWS = [[1 + (3 * i + 5 * j) % 7 + (9 if i % 2 == j % 2 else 0) for j in range(6)]
        for i in range(12)]


def table(work, path, columns, rows=ROWS, names=None):
    """The columns of the given numbers; None is one that the model does not know."""
    with open(os.path.join(work, path), "w", encoding="ascii") as file:
        heads = names or ["other" if c is None else NAMES[c] for c in columns]
        file.write("sample," + ",".join(heads) + "\n")
        for i, row in enumerate(rows):
            file.write("s%d," % i + ",".join(
                str(5 if c is None else row[c]) for c in columns) + "\n")


def run(command, work, code=0):
    done = command_test.run(command, work)
    assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    return done


def weights(work, path):
    run("nmf convert %s -o %s.csv --quiet" % (path, path), work)
    with open(os.path.join(work, path + ".csv"), encoding="ascii") as file:
        rows = list(csv.reader(file))
    return [[float(cell) for cell in row[-2:]] for row in rows[-len(ROWS):]]


def fitted(work, loss="frobenius", kind="fit"):
    table(work, "train.csv", range(6))
    run("nmf %s train.csv -k 2 -o m.npz --quiet%s" % (
        kind, " --loss " + loss if kind == "fit" else ""), work)
    run("nmf transform m.npz train.csv -o right.npy --quiet", work)
    return weights(work, "right.npy")


def columns_in_another_order_give_the_same_weights():
    for kind, loss in (("fit", "frobenius"), ("fit", "kl"), ("pca", "")):
        with command_test.scratch() as work:
            right = fitted(work, loss, kind)
            table(work, "new.csv", [5, 3, 1, 0, 2, 4])
            done = run("nmf transform m.npz new.csv -o w.npy", work)
            assert "another order" in done.stdout, done.stdout
            assert weights(work, "w.npy") == right, "%s %s, dense" % (kind, loss)
            run("nmf convert new.csv -o new.npz --quiet", work)
            run("nmf transform m.npz new.npz -o w.npy --quiet", work)
            assert weights(work, "w.npy") == right, "%s %s, .npz" % (kind, loss)


def surplus_features_are_left_out_and_counted():
    with command_test.scratch() as work:
        right = fitted(work)
        table(work, "new.csv", [None, 0, 1, 2, 3, 4, 5])
        done = run("nmf transform m.npz new.csv -o w.npy", work)
        assert "1 feature that the model does not know is left out" in done.stdout, done.stdout
        assert weights(work, "w.npy") == right


def missing_features_are_refused_by_name_or_taken_as_said():
    with command_test.scratch() as work:
        fitted(work)
        table(work, "new.csv", [0, 1, 3, 4, 5])
        done = run("nmf transform m.npz new.csv -o w.npy", work, 1)
        assert "lack 1 of the model's 6 features: 'gene2'" in done.stderr, done.stderr
        assert "w.npy" not in os.listdir(work)
        zeros = [row[:2] + [0] + row[3:] for row in ROWS]
        table(work, "zeros.csv", range(6), zeros)
        run("nmf transform m.npz zeros.csv -o z.npy --quiet", work)
        run("nmf transform m.npz new.csv -o w.npy --missing-features zero --quiet", work)
        assert weights(work, "w.npy") == weights(work, "z.npy"), "zero"
        # Ignored: the weights of exact data are found from the other features alone.
        run("nmf reconstruct m.npz -o exact.csv --quiet", work)
        with open(os.path.join(work, "exact.csv"), encoding="ascii") as file:
            rows = list(csv.reader(file))
        exact = [[float(cell) for cell in row[-6:]] for row in rows[-len(ROWS):]]
        table(work, "exact.csv", range(6), exact)
        table(work, "five.csv", [0, 1, 3, 4, 5], exact)
        run("nmf transform m.npz exact.csv -o x.npy --quiet", work)
        run("nmf transform m.npz five.csv -o w.npy --missing-features ignore --quiet", work)
        for a, b in zip(weights(work, "w.npy"), weights(work, "x.npy")):
            assert all(abs(p - q) < 1e-3 * (1 + abs(q)) for p, q in zip(a, b)), (a, b)


def foreign_names_are_an_error_and_position_is_for_who_means_it():
    with command_test.scratch() as work:
        right = fitted(work)
        table(work, "new.csv", range(6), names=list("uvwxyz"))
        done = run("nmf transform m.npz new.csv -o w.npy", work, 1)
        assert "none of the data's 6 feature names ('u', ...)" in done.stderr, done.stderr
        run("nmf transform m.npz new.csv -o w.npy --match position --quiet", work)
        assert weights(work, "w.npy") == right
        with open(os.path.join(work, "plain.csv"), "w", encoding="ascii") as file:
            file.writelines(",".join(map(str, row)) + "\n" for row in ROWS)
        done = run("nmf transform m.npz plain.csv -o w.npy --quiet", work)
        assert "only the model has feature names" in done.stderr, done.stderr
        assert weights(work, "w.npy") == right


def a_name_that_stands_twice_is_not_guessed():
    with command_test.scratch() as work:
        right = fitted(work)
        table(work, "new.csv", range(6), names=["gene0", "gene0"] + NAMES[2:])
        done = run("nmf transform m.npz new.csv -o w.npy", work, 1)
        assert "'gene0' stands twice" in done.stderr, done.stderr
        table(work, "new.csv", [None, 5, 4, 3, None, 2, 1, 0])  # one that the model does not ask for
        run("nmf transform m.npz new.csv -o w.npy --quiet", work)
        assert weights(work, "w.npy") == right


def the_way_the_data_were_read_stays_with_the_model():
    with command_test.scratch() as work:
        with open(os.path.join(work, "t.csv"), "w", encoding="ascii") as file:
            file.writelines(",".join(str(row[j]) for row in ROWS[:6]) + "\n" for j in range(6))
        run("nmf fit t.csv --transpose -k 2 -o m.npz --quiet", work)
        run("nmf transform m.npz t.csv -o w.npy --quiet", work)
        run("nmf transform m.npz t.csv --transpose -o v.npy --quiet", work)
        run("nmf transform m.npz t.csv --transpose=no -o u.npy --quiet", work)
        with open(os.path.join(work, "w.npy"), "rb") as w, open(
                os.path.join(work, "v.npy"), "rb") as v, open(
                    os.path.join(work, "u.npy"), "rb") as u:
            w, v, u = w.read(), v.read(), u.read()
        assert w == v and w != u


def what_goes_with_the_data_has_its_names():
    """Weights, bounds and starts by position would count for another entry than they say."""
    samples = ["s%d" % i for i in range(len(ROWS))]

    def write(path, names, columns, values):
        with open(os.path.join(work, path), "w", encoding="ascii") as file:
            file.write("id," + ",".join(columns) + "\n")
            file.writelines("%s,%s\n" % (name, ",".join(map(str, row))) for name, row in zip(names, values))

    with command_test.scratch() as work:
        table(work, "x.csv", range(6))
        write("same.csv", samples, NAMES, ROWS)
        write("columns.csv", samples, NAMES[::-1], ROWS)
        write("rows.csv", samples[::-1], NAMES, ROWS)
        write("each.csv", NAMES[::-1], ["weight"], [[j + 1] for j in range(6)])
        write("lower.csv", ["lower"], NAMES[::-1], [[0] * 6])
        write("H.csv", ["a", "b"], NAMES[::-1], [[1] * 6, [2] * 6])
        write("W.csv", samples[::-1], ["a", "b"], [[1, 2]] * len(ROWS))
        run("nmf fit x.csv -k 2 -o m.npz --weights same.csv --quiet", work)
        for options in ("--weights columns.csv", "--uncertainty rows.csv", "--observed columns.csv",
                        "--missing rows.csv", "--column-weights each.csv", "--row-weights W.csv",
                        "--lower-H lower.csv", "--fix-W W.csv", "--start-W same.csv --start-H H.csv"):
            done = command_test.run("nmf fit x.csv -k 2 -o no.npz " + options, work)
            assert done.returncode == 1, options
            assert "no.npz" not in os.listdir(work)
            if "row-weights" not in options and "start" not in options:
                assert "bring them into one order" in done.stderr, done.stderr


def what_goes_with_the_data_is_shuffled_as_they_are():
    """--shuffle and --image-order bring X into another order: its weights too."""
    def write(path, rows):
        with open(os.path.join(work, path), "w", encoding="ascii") as file:
            file.writelines(",".join(map(str, row)) + "\n" for row in rows)

    def learned(*options):
        run("nmf fit %s -k 2 --seed 1 -o m.npz --save-H h.csv --quiet" % " ".join(options), work)
        with open(os.path.join(work, "h.csv"), encoding="ascii") as file:
            return file.read()

    with command_test.scratch() as work:
        W = [[1 + (7 * i + 3 * j) % 5 for j in range(6)] for i in range(len(ROWS))]
        each = [1 + i % 4 for i in range(len(ROWS))]
        write("x.csv", ROWS)
        write("w.csv", W)
        write("r.csv", [each])
        run("nmf convert x.csv --shuffle 3 -o xs.csv --quiet", work)
        run("nmf convert w.csv --shuffle 3 -o ws.csv --quiet", work)
        write("c.csv", [[value] for value in each])
        run("nmf convert c.csv --shuffle 3 -o rs.csv --quiet", work)
        assert learned("x.csv --shuffle 3 --weights w.csv") == learned("xs.csv --weights ws.csv")
        assert learned("x.csv --shuffle 3 --row-weights r.csv") == learned("xs.csv --row-weights rs.csv")
        order = [0, 3, 1, 4, 2, 5]  # of 3 x 2 pixels that run down the columns, row by row
        write("xp.csv", [[row[j] for j in order] for row in ROWS])
        write("wp.csv", [[row[j] for j in order] for row in W])
        write("cp.csv", [[W[0][j]] for j in order])
        write("c.csv", [W[0]])
        shape = "--image-shape 3x2"
        assert learned("x.csv", shape, "--image-order column --weights w.csv") == learned(
            "xp.csv", shape, "--weights wp.csv")
        assert learned("x.csv", shape, "--image-order column --column-weights c.csv") == learned(
            "xp.csv", shape, "--column-weights cp.csv")


def labels_in_a_table_go_by_the_samples_names():
    samples, right = ["s%d" % i for i in range(len(ROWS))], ["AB"[i % 2] for i in range(len(ROWS))]

    def labels(content, source="x.csv", told="labels.csv", path="labels.csv", code=0):
        with open(os.path.join(work, path), "w", encoding="utf-8") as file:
            file.write(content)
        done = run("nmf convert %s --labels %s -o back.npz" % (source, told), work, code)
        if code:
            return done.stderr
        run("nmf fit back.npz -k 2 -o lm.npz --quiet", work)
        done = run("nmf assign lm.npz -o -", work)
        rows = list(csv.reader(done.stdout.splitlines(), delimiter="\t"))
        place = rows[0].index("label")
        return [row[place] for row in rows[1:1 + len(ROWS)]]

    def lines(pattern, order):
        return "".join(pattern % (samples[i], right[i]) for i in order)

    mixed = [5, 3, 11, 0, 1, 2, 4, 10, 9, 8, 7, 6]
    with command_test.scratch() as work:
        table(work, "x.csv", range(6))
        for content in ("id,type\n" + lines("%s,%s\n", mixed), lines("%s;%s\n", mixed),
                        "id,type\nzz,Q\n" + lines('"%s","%s"\n', mixed), "\ufeff,x\n" + lines("%s,%s\n", mixed),
                        '"x"\n' + "".join('"%d" "%s"\n' % (i + 1, right[i]) for i in range(len(ROWS))),
                        "\n".join(right) + "\n"):
            got = labels(content)
            assert got == right, (content, got)
        wide = "id,batch,type\n" + lines("%s,1,%s\n", mixed)
        assert labels(wide, told="labels.csv:type") == right and labels(wide, told="labels.csv:3") == right
        assert "labels.csv:COLUMN" in labels(wide, code=2)
        assert "no column 'cluster'" in labels(wide, told="labels.csv:cluster", code=2)
        assert "such as 's6'" in labels("id,type\n" + lines("%s,%s\n", mixed[:-1]), code=1)
        assert "'s5' stands there twice" in labels(lines("%s,%s\n", mixed + [5]), code=1)


def labels_of_another_h5ad_go_with_its_names():
    """Of anndata's columns: texts, truth values, numbers; those of a file whose cells stand in another order are
    refused, and so is one that was not asked for."""
    try:
        import h5py
        import numpy
    except ImportError:
        print("skipped: no h5py")
        return

    def write(path, cells, columns):
        with h5py.File(os.path.join(work, path), "w") as file:
            file["X"] = numpy.array(ROWS, dtype="f4")
            for table, names in (("obs", cells), ("var", NAMES)):
                group = file.create_group(table)
                group.attrs["_index"] = "_index"
                group["_index"] = numpy.array(names, dtype="S8")
            for name, values in columns.items():
                file["obs"][name] = values

    cells = ["c%d" % i for i in range(len(ROWS))]
    with command_test.scratch() as work:
        marks = numpy.arange(len(ROWS)) % 2
        write("x.h5ad", cells, {"truth": marks == 0, "half": marks / 2})
        write("turned.h5ad", cells[::-1], {"type": marks})
        write("foreign.h5ad", ["z" + name for name in cells], {"type": marks})
        for column, values in (("truth", ["TRUE", "FALSE"]), ("half", ["0", "0.5"])):
            run("nmf convert x.h5ad --labels x.h5ad:obs/%s -o l.npz --quiet" % column, work)
            with numpy.load(os.path.join(work, "l.npz")) as file:
                assert list(file["labels"]) == values * (len(ROWS) // 2), file["labels"]
        done = run("nmf convert x.h5ad --labels turned.h5ad:obs/type -o no.npz", work, 1)
        assert "bring them into one order" in done.stderr and "no.npz" not in os.listdir(work), done.stderr
        run("nmf convert x.h5ad --labels foreign.h5ad:obs/type -o l.npz --quiet", work)


command_test.main([labels_of_another_h5ad_go_with_its_names,
                   what_goes_with_the_data_has_its_names,
                   what_goes_with_the_data_is_shuffled_as_they_are,
                   labels_in_a_table_go_by_the_samples_names,
                   columns_in_another_order_give_the_same_weights,
                   surplus_features_are_left_out_and_counted,
                   missing_features_are_refused_by_name_or_taken_as_said,
                   foreign_names_are_an_error_and_position_is_for_who_means_it,
                   a_name_that_stands_twice_is_not_guessed,
                   the_way_the_data_were_read_stays_with_the_model])
