"""How a scorecard is shown: in words, tables and pictures, on a page and on a terminal.

The values are `tunewright.judging.scorecard`'s; nothing is judged here.
"""
