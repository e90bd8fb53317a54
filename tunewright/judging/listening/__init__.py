"""Blind listening tests: what is heard, by whom in which order, and what the answers say of it.

In: runs, files, real held-out tunes; then the answers of those who listened. Out: a `BlindTest` with its sounds, and
`Results`. `making` makes a test from `sources`, `planning` and `stimuli`; `answers` reads what raters gave;
`results` puts together `ranking`, `agreement` and `correlating`. This package shows nothing and serves nothing.
"""
