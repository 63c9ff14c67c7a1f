"""Reports of real data sets, where NMFKIT_TEST_DATA has them: faces, news, cells, signatures, notes,
swimmers. What pages.py checks."""

import os

import pages
from pages import check_page, claim, make_report

DATA = os.environ.get("NMFKIT_TEST_DATA", "")
# Real data sets, where they are: data, how it is read, what else the report gets, k, kind.
REAL = {
    "faces": ("olivetti/olivetti.npy", ["--image-shape", "64x64"], [], 16, "pictures"),
    "ap": ("ap/ap.mtx", ["--feature-names", "{}/ap/vocab.txt", "--weighting", "tfidf"], [], 20, "words"),
    "cells": ("pbmc3k/pbmc3k_500.mtx", ["--transpose", "--loss", "kl"],
              ["--labels", "{}/pbmc3k/celltype_2638.txt"], 9, "features"),
    "breast21": ("sbs96/breast21_sbs96.tsv", ["--transpose", "--loss", "kl"], [], 5, "signatures"),
    "piano": ("piano_mary/X.npy", ["--transpose", "--loss", "kl"], [], 4, "curves"),
    "swimmer": ("swimmer/swimmer_32x32.npy", ["--image-shape", "32x32"], [], 17, "pictures"),
}


def report_of(name):
    data, reading, more, k, kind = REAL[name]
    path = os.path.join(DATA, data)

    def test(page):
        if not os.path.exists(path):
            return "NMFKIT_TEST_DATA has no " + data
        make_report(name, path, [one.format(DATA) for one in reading], [one.format(DATA) for one in more], k)
        report = check_page(page, name, None)
        claim(report["kind"]["name"] == kind, "%s are taken for %s", name, report["kind"]["name"])
    test.__name__ = "the_report_of_" + name
    return test


if __name__ == "__main__":
    pages.main(*map(report_of, REAL))
