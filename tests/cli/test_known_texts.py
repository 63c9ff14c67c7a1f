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


def data_file(*parts):
    path = os.path.join(DATA, *parts)
    return path if DATA and os.path.exists(path) else None


def run(line, work):
    done = command_test.run(line, work)
    assert done.returncode == 0, done.stderr
    return done.stdout


def agreement(output):
    return float(re.search(r"NMI ([0-9.]+),", output).group(1))


def topics_of_news_can_be_named():
    articles = data_file("ap", "ap.mtx")
    if not articles:
        return "NMFKIT_TEST_DATA has no ap/ap.mtx"
    with command_test.scratch() as work:
        run("nmf fit %s -k 20 --weighting tfidf -o m.npz" % articles, work)
        topics = {}
        for line in run("nmf top m.npz", work).splitlines()[1:]:
            component, _, word, _ = line.split("\t")
            topics.setdefault(component, set()).add(word)
    named = [s for s in SUBJECTS if any(len(words & set(s.split())) >= 2 for words in topics.values())]
    assert len(topics) == 20 and len(named) >= 12, "only %d subjects: %s" % (len(named), named)


def abstracts_fall_into_their_four_collections():
    abstracts, labels = data_file("classic4", "classic4.mtx"), data_file("classic4", "labels.npy")
    if not abstracts or not labels:
        return "NMFKIT_TEST_DATA has no classic4/"
    with command_test.scratch() as work:
        run("nmf fit %s -k 4 --weighting tfidf --labels %s -o m.npz" % (abstracts, labels), work)
        # The least-squares optimum, which scikit-learn finds from every start too, agrees to 0.429.
        assert agreement(run("nmf assign m.npz -o a.tsv", work)) >= 0.42
        run("nmf fit %s -k 4 --weighting tfidf --loss kl --labels %s -o m.npz" % (abstracts, labels), work)
        assert agreement(run("nmf assign m.npz -o a.tsv", work)) >= 0.6


def cells_fall_into_their_types():
    cells, types = data_file("pbmc3k", "pbmc3k_500.mtx"), data_file("pbmc3k", "celltype_2638.txt")
    if not cells or not types:
        return "NMFKIT_TEST_DATA has no pbmc3k/"
    with command_test.scratch() as work:
        run("nmf fit %s --transpose --loss kl -k 9 --labels %s -o m.npz" % (cells, types), work)
        assert agreement(run("nmf assign m.npz -o a.tsv", work)) >= 0.6


if __name__ == "__main__":
    command_test.main([topics_of_news_can_be_named, abstracts_fall_into_their_four_collections,
                       cells_fall_into_their_types])
