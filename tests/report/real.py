"""For test_page.py: the six reports of docs/report.md, made by the commands that stand there, where NMFKIT_TEST_DATA has the data: faces,
news, cells, signatures, notes, swimmers. Their title and their samples' names are scripts, besides; what pages.py
checks, on each."""

import os

import documented
import pages
from pages import HOSTILE, NAMES, claim, np, write_names

KINDS = {"faces": "pictures", "ap": "words", "cells": "features", "breast21": "signatures", "piano": "curves",
         "swimmer": "pictures"}


def missing(name):
    """What the commands of this report need and is not there."""
    words = [word for line in documented.commands()[name] for word in line]
    return [path for word, path in documented.DATA.items()
            if word in words and not os.path.exists(os.path.join(documented.PLACE, path))]


def kinds():
    """Those of which there is such a report."""
    return {kind for name, kind in KINDS.items() if not missing(name)}


def report_of(name):
    fit, report = documented.commands()[name]

    def test(page):
        if missing(name):
            return "NMFKIT_TEST_DATA has no " + missing(name)[0]
        documented.run(pages.NMF, fit)
        samples = len(np.load(name + ".nmf.npz")["W"])
        write_names("samples.txt", [NAMES[i % len(NAMES)] + " %d" % i for i in range(samples)])
        documented.run(pages.NMF, report + ["--title", HOSTILE, "--sample-names", "samples.txt"])
        made = pages.open_page(page, name)
        pages.figures_are_right(page, name, made, None)
        pages.page_is_for_everybody(page, name)
        pages.names_are_only_text(page, name, made)
        pages.is_quiet(page, name)
        claim(made["kind"]["name"] == KINDS[name], "%s are taken for %s", name, made["kind"]["name"])
    test.__name__ = "the_report_of_" + name
    return test


def the_document_has_these(page):
    claim(set(documented.commands()) == set(KINDS), "docs/report.md makes %s", sorted(documented.commands()))
    os.mkdir("six")  # whose files are called as others are
    os.chdir("six")
    documented.link_data()


TESTS = [the_document_has_these, *map(report_of, KINDS)]
