"""Measures of tunes, a file for each kind: pure functions, features in, numbers out.

`tunewright.measuring.table` is the table of them all; `docs/measures.md` is made of it and of their docstrings.
"""
