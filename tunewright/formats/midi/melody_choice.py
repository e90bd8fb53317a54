"""Which notes of a MIDI file are the melody: one track's, or the highest ones of all.

In: `MidiFile`, and what the user asked for. Out: the notes, and in words which they are. The rule: the track that is
asked for, by number or name. Else, of the tracks with one note at a time, one that is named melody, voice or lead; else
of those with at least a fifth of the onsets of the busiest, not named bass, chords or the like. Of several such tracks
the highest on average that moves by step at least half as often as any other: accompaniments leap, and repeat notes.
Else the skyline (Uitdenbogerd & Zobel 1999): the highest note at each onset. Drums are never the melody.

What was chosen by rule and is no line that anybody would sing is refused: `doubts`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from tunewright.formats.midi.listening.doubts import check_line, check_share
from tunewright.music.tune import Repair
from tunewright.support.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunewright.formats.midi.reader import MidiFile, MidiNote, MidiTrack

SKYLINE = "skyline"
_NAMED = re.compile("melod|voice|vocal|lead|solo|tune")
_BACKING = re.compile(r"\bbass\b|drum|perc|chord|accomp|backing|rhythm|\bharmony|\bleft|\bpad\b")
AS_BUSY = 5  # a melody has an onset for every so many of the busiest track
NAMED_AS_BUSY = 20  # and what is named melody for so many: singers rest
CHORDS = 3  # of so many notes one at most begins together with another, in a line
FALL = 12  # semitones below the median of the notes around it, from which a note is the accompaniment's
NEIGHBOURS = 8  # on each side
AS_STEPWISE = 2  # a melody moves by step at least once for so many times of the track that does most


def choose(file: MidiFile, wanted: str, name: str) -> tuple[list[MidiNote], list[Repair]]:
    """The notes of the melody by onset; `wanted` is a track's number from 1, its name, "skyline", or "".

    Raises `ParseError` where there is no such track, or nothing but drums.
    """
    tracks = [track for track in file.tracks if not track.drums and track.notes]
    if not tracks:
        drums = sum(len(track.notes) for track in file.tracks)
        raise ParseError(f"{f'{drums} drum' if drums else 'no'} notes{file.troubles}; expected a melody", name)
    if wanted == SKYLINE:
        return _skyline_of(tracks)
    if wanted:
        return _wanted(tracks, wanted, name).notes, []
    track = _line_of(tracks)
    if track is None:
        notes, repairs = _skyline_of(tracks)
        check_share(len(notes), sum(len(track.notes) for track in tracks), name)
        check_line(notes, name)
        return notes, repairs
    check_line(track.notes, name)
    if len(tracks) == 1:
        return track.notes, []
    what = f"{tracks.index(track) + 1} of {len(tracks)}" + (f", {track.name}" if track.name else "")
    return track.notes, [Repair("one track of several read", detail=what)]


def _line_of(tracks: Sequence[MidiTrack]) -> MidiTrack | None:
    """The track that is most a melody; None where none has one note at a time."""
    onsets = [len({note[0] for note in track.notes}) for track in tracks]
    single = [
        (track, count / max(onsets))
        for track, count in zip(tracks, onsets, strict=True)
        if 10 * _crossed(track.notes) <= len(track.notes)
    ]
    lines = [track for track, busy in single if NAMED_AS_BUSY * busy >= 1 and _NAMED.search(track.name.lower())]
    if not lines:
        full = [track for track, busy in single if AS_BUSY * busy >= 1]
        lines = [track for track in full if CHORDS * _together(track.notes) <= len(track.notes)] or full
        lines = [track for track in lines if not _BACKING.search(track.name.lower())] or lines
    if not lines:
        return None
    stepwise = [_stepwise(track.notes) for track in lines]
    moving = [track for track, share in zip(lines, stepwise, strict=True) if AS_STEPWISE * share >= max(stepwise)]
    return max(moving, key=lambda track: sum(note[2] for note in track.notes) / len(track.notes))


def _together(notes: Sequence[MidiNote]) -> int:
    """How many notes begin together with another."""
    return len(notes) - len({note[0] for note in notes})


def _stepwise(notes: Sequence[MidiNote]) -> float:
    """The share of moves by one or two semitones."""
    numbers = [note[2] for note in notes]
    return sum(1 <= abs(after - before) <= 2 for before, after in pairwise(numbers)) / len(numbers)


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
    if len(kept) < len(everything):
        kept = _without_falls(kept)
    if len(kept) == len(everything):
        return kept, []
    return kept, [Repair("highest notes of several parts read", detail=f"{len(kept)} of {len(everything)}")]


def _without_falls(notes: Sequence[MidiNote]) -> list[MidiNote]:
    """The notes without those far below their neighbours: what sounds on where the melody rests."""
    numbers = [note[2] for note in notes]
    return [
        note
        for place, note in enumerate(notes)
        if note[2] > median(numbers[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]) - FALL
    ]


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
