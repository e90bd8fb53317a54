"""Sound from notes: a SoundFont is read, each note is made of its samples, and all notes are mixed into one WAV file.

In: timed notes with their instruments, and a SoundFont 2 file. Out: the bytes of a WAV file. Python and numpy only, so
that no damaged SoundFont can end the process. Nothing here knows tunes, pieces or MIDI files.
"""
