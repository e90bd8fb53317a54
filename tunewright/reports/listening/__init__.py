"""Blind listening tests to be read: the file that raters open, and the page of results.

In: a test with its sounds, or its results. Out: HTML. `rater_page` writes what raters get, `results_page` what was
found. Nothing is measured here.
"""
