"""Which notes of a MIDI file are the melody: one track's, or the highest ones of all.

In: `MidiFile`, and what the user asked for. Out: the notes, and in words which they are. The rule: the track that is
asked for, by number or name; else, of the tracks with one note at a time, one that is named melody, voice or lead,
else the highest on average that has at least a fifth as many notes as the busiest; else the skyline (Uitdenbogerd &
Zobel 1999): the highest note at each onset. Drums are never the melody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tunewright.errors import ParseError
from tunewright.tune import Repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunewright.midi_files import MidiFile, MidiNote, MidiTrack

SKYLINE = "skyline"
_NAMED = re.compile("melod|voice|vocal|lead|solo|tune")


def choose(file: MidiFile, wanted: str, name: str) -> tuple[list[MidiNote], list[Repair]]:
    """The notes of the melody by onset; `wanted` is a track's number from 1, its name, "skyline", or "".

    Raises `ParseError` where there is no such track, or nothing but drums.
    """
    tracks = [track for track in file.tracks if not track.drums and track.notes]
    if not tracks:
        drums = sum(len(track.notes) for track in file.tracks)
        raise ParseError(f"{f'{drums} drum' if drums else 'no'} notes; expected a melody", name)
    if wanted == SKYLINE:
        return _skyline_of(tracks)
    if wanted:
        return _wanted(tracks, wanted, name).notes, []
    busiest = max(len(track.notes) for track in tracks)
    single = [
        (bool(_NAMED.search(track.name.lower())), sum(note[2] for note in track.notes) / len(track.notes), -index)
        for index, track in enumerate(tracks)
        if 5 * len(track.notes) >= busiest and 10 * _crossed(track.notes) <= len(track.notes)
    ]
    if not single:
        return _skyline_of(tracks)
    index = -max(single)[2]
    if len(tracks) == 1:
        return tracks[0].notes, []
    what = f"{index + 1} of {len(tracks)}" + (f", {tracks[index].name}" if tracks[index].name else "")
    return tracks[index].notes, [Repair("one track of several read", detail=what)]


def _wanted(tracks: Sequence[MidiTrack], wanted: str, name: str) -> MidiTrack:
    """The track with this number, or the first whose name contains this."""
    if wanted.isdigit():
        if 1 <= int(wanted) <= len(tracks):
            return tracks[int(wanted) - 1]
    else:
        for track in tracks:
            if wanted.casefold() in track.name.casefold():
                return track
    there = ", ".join(f"{number} {track.name!r}" for number, track in enumerate(tracks, 1))
    raise ParseError(f"no track {wanted!r}; it has {there}", name)


def _skyline_of(tracks: Sequence[MidiTrack]) -> tuple[list[MidiNote], list[Repair]]:
    everything = sorted((note for track in tracks for note in track.notes), key=lambda note: (note[0], note[2]))
    kept = _skyline(everything)
    if len(kept) == len(everything):
        return kept, []
    return kept, [Repair("highest notes of several parts read", detail=f"{len(kept)} of {len(everything)}")]


def _crossed(notes: Sequence[MidiNote]) -> int:
    """How many notes begin well inside another; notes that begin and end together are chords, and none of these."""
    count, last = 0, 0
    before: MidiNote | None = None
    for note in notes:
        onset, end, *_ = note
        together = before is not None and before[0] == onset and before[1] == end
        count += not together and 2 * (last - onset) > end - onset
        last = max(last, end)
        before = note
    return count


def _skyline(notes: Sequence[MidiNote]) -> list[MidiNote]:
    """The highest note at each onset, without those that mostly sound under a higher one."""
    kept: list[MidiNote] = []
    for note in notes:
        onset, end, number, _ = note
        if kept and kept[-1][0] == onset:
            kept[-1] = note  # sorted by pitch, so this one is higher
        elif not kept or kept[-1][2] <= number or 2 * (kept[-1][1] - onset) <= end - onset:
            kept.append(note)
    return kept
