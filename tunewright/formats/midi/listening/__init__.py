"""What a listener makes of performed notes: which are the melody, their grid, metre, key and repeats.

In: `MidiFile`, timed notes. Out: bars of spelled pitches. Five guesses that can each be wrong alone, be judged alone
and be replaced alone. `learned/` holds the tables that `benchmarks/learn_listening.py` makes.
"""
