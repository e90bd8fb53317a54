"""How a comparison of runs is shown: tables, pictures, a page, Markdown.

The values are `tunewright.judging.runs.comparison`'s; nothing is measured here.
"""
