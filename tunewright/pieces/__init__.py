"""Music of several parts, as MIDI files hold it: what a piece is, how it is read, kept, drawn, heard and measured.

In: MIDI files, or tunes. Out: `Piece`s. Nothing here knows tokens or models.
"""
