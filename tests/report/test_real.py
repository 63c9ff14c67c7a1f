"""The six reports of docs/report.md, made by the commands that stand there, where NMFKIT_TEST_DATA has the data: faces,
news, cells, signatures, notes, swimmers. Their title and their samples' names are scripts, besides; what pages.py
checks, on each."""

import os

import documented
import pages
from pages import HOSTILE, NAMES, check_page, claim, np, write_names

KINDS = {"faces": "pictures", "ap": "words", "cells": "features", "breast21": "signatures", "piano": "curves",
         "swimmer": "pictures"}


def report_of(name):
    fit, report = documented.commands()[name]
    needed = {word for word in fit + report if word in documented.DATA}

    def test(page):
        missing = [word for word in needed if not os.path.exists(word)]
        if missing:
            return "NMFKIT_TEST_DATA has no " + documented.DATA[missing[0]]
        documented.run(pages.NMF, fit)
        samples = len(np.load(name + ".nmf.npz")["W"])
        write_names("samples.txt", [NAMES[i % len(NAMES)] + " %d" % i for i in range(samples)])
        documented.run(pages.NMF, report + ["--title", HOSTILE, "--sample-names", "samples.txt"])
        made = check_page(page, name, None, everything=True)
        claim(made["kind"]["name"] == KINDS[name], "%s are taken for %s", name, made["kind"]["name"])
    test.__name__ = "the_report_of_" + name
    return test


def the_document_has_these(page):
    claim(set(documented.commands()) == set(KINDS), "docs/report.md makes %s", sorted(documented.commands()))
    documented.link_data()


if __name__ == "__main__":
    pages.main(the_document_has_these, *map(report_of, KINDS))
