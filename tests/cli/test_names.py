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
        fitted(work)
        table(work, "new.csv", range(6), names=["gene0", "gene0"] + NAMES[2:])
        done = run("nmf transform m.npz new.csv -o w.npy", work, 1)
        assert "'gene0' stands twice" in done.stderr, done.stderr


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


command_test.main([columns_in_another_order_give_the_same_weights,
                   surplus_features_are_left_out_and_counted,
                   missing_features_are_refused_by_name_or_taken_as_said,
                   foreign_names_are_an_error_and_position_is_for_who_means_it,
                   a_name_that_stands_twice_is_not_guessed,
                   the_way_the_data_were_read_stays_with_the_model])
