"""Where two melodies are the same, or nearly: suffix array, seeds, banded alignment.

In: tunes as sequences of intervals and lengths. Out: the passages that they share. What that says of a tune is
`tunewright.measuring.originality`'s.
"""
