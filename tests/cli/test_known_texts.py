"""Texts and cells whose answer is known, where NMFKIT_TEST_DATA has them: topics that a reader can name, and
components that agree with classes nobody told the fit about."""

import os
import re

import command_test

DATA = os.environ.get("NMFKIT_TEST_DATA", "")

# Words of which one topic should have two among its first ten: what the Associated Press wrote about
# from 1988 to 1990.
SUBJECTS = [
    "stock index shares exchange dow", "police killed arrested shot", "dollar yen gold ounce",
    "dukakis bush jackson campaign", "court judge trial attorney jury", "iraq kuwait saudi saddam",
    "soviet gorbachev moscow", "rain snow inches temperatures", "cents futures bushel soybean",
    "plane flight pilot airlines", "students school teachers", "german germany berlin",
    "africa mandela apartheid", "fire firefighters blaze forest", "aids virus disease patients",
    "million billion company corp", "party communist elections", "budget senate congress tax",
]


def data_files(folder, *names):
    """Their paths, or why there are none."""
    paths = [os.path.join(DATA, folder, name) for name in names]
    missing = [name for name, path in zip(names, paths) if not DATA or not os.path.exists(path)]
    return paths, missing and "NMFKIT_TEST_DATA has no %s/%s" % (folder, missing[0])


def run(line, work):
    done = command_test.run(line, work)
    assert done.returncode == 0, done.stderr
    return done.stdout


def agreement(data, labels, options, work):
    """NMI of a fit's main components and the labels."""
    run("nmf fit %s %s --labels %s -o m.npz" % (data, options, labels), work)
    return float(re.search(r"NMI ([0-9.]+),", run("nmf assign m.npz -o a.tsv", work)).group(1))


def topics_of_news_can_be_named():
    (articles,), missing = data_files("ap", "ap.mtx")
    if missing:
        return missing
    with command_test.scratch() as work:
        run("nmf fit %s -k 20 --weighting tfidf -o m.npz" % articles, work)
        topics = {}
        for line in run("nmf top m.npz", work).splitlines()[1:]:
            component, _, word, _ = line.split("\t")
            topics.setdefault(component, set()).add(word)
    named = [s for s in SUBJECTS if any(len(words & set(s.split())) >= 2 for words in topics.values())]
    assert len(topics) == 20 and len(named) >= 12, "only %d subjects: %s" % (len(named), named)


def abstracts_fall_into_their_four_collections():
    (abstracts, labels), missing = data_files("classic4", "classic4.mtx", "labels.npy")
    if missing:
        return missing
    with command_test.scratch() as work:
        # The least-squares optimum, which scikit-learn finds from every start too, agrees to 0.429.
        assert agreement(abstracts, labels, "-k 4 --weighting tfidf", work) >= 0.42
        assert agreement(abstracts, labels, "-k 4 --weighting tfidf --loss kl", work) >= 0.6


def cells_fall_into_their_types():
    (cells, types), missing = data_files("pbmc3k", "pbmc3k_500.mtx", "celltype_2638.txt")
    if missing:
        return missing
    with command_test.scratch() as work:
        assert agreement(cells, types, "--transpose --loss kl -k 9", work) >= 0.6


if __name__ == "__main__":
    command_test.main([topics_of_news_can_be_named, abstracts_fall_into_their_four_collections,
                       cells_fall_into_their_types])
