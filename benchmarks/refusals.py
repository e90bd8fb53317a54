"""Is left out what is no melody, and nothing else? Real tunes, played well and badly, and things that are no tune.

    python benchmarks/refusals.py                      300 tunes, 200 of each thing that is none
    python benchmarks/refusals.py --chorales           Bach's chorales as well, all voices on one channel (a minute)
    python benchmarks/refusals.py --break              the same where nothing is ever refused

Real tunes are of the validation and test parts of O'Neill's, Ryan's and Aird's collections, as written and as we
perform them, with metre and key events or without, and with every onset moved by chance. No tunes: the same with the
time between notes stretched by a random walk (no click), random onsets and pitches, random pitches on sixteenths,
drum loops and random hits as pitches. For each, how many are refused, and for want of what.
Goals: of each kind of real tune fewer than 1 % are refused, those moved by 30 ms apart; of each kind that is none 90 %.
Exit codes: 0 done, 1 below a goal.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from symusic import core

from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi.listening import doubts
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.tune import Tune
from tunewright.support.errors import ParseError

TICKS = 1920  # to a whole note
SECOND = TICKS // 2  # at 120 quarters a minute
MOST_LOST, LEAST_REFUSED = 0.01, 0.9

Notes = list[tuple[float, float, int]]  # onset and length in ticks, number


def file_of(notes: Notes, *, metre: bool = False) -> bytes:
    """The bytes of a MIDI file with one track, in 4/4 and C major or without a word about either."""
    score = core.ScoreTick(TICKS // 4)
    track = core.TrackTick("", 0, False)
    first = min(onset for onset, _, _ in notes)
    for onset, length, number in sorted(notes):
        track.notes.append(core.NoteTick(round(onset - first), max(1, round(length)), number, 80))
    if metre:
        score.time_signatures.append(core.TimeSignatureTick(0, 4, 4))
    score.tracks.append(track)
    return bytes(score.dumps_midi())


def notes_of(tune: Tune) -> Notes:
    """The notes as written."""
    return [(float(n.onset * TICKS), float(n.length * TICKS), n.number) for n in written(tune)]


def jittered(notes: Notes, seconds: float, rng: np.random.Generator) -> Notes:
    """Every onset early or late by chance."""
    return [(max(0.0, onset + rng.normal(0, seconds * SECOND)), length, number) for onset, length, number in notes]


def stretched(notes: Notes, spread: float, rng: np.random.Generator) -> Notes:
    """The time from onset to onset stretched by what wanders by so much from note to note: no click."""
    factors = np.clip(np.exp(np.cumsum(rng.normal(0, spread, len(notes)))), 0.5, 2) * 1.07
    onsets = np.cumsum(np.diff([one[0] for one in notes], prepend=0) * factors)
    return [(float(onset), one[1] * factor, one[2]) for onset, one, factor in zip(onsets, notes, factors, strict=True)]


def random_notes(rng: np.random.Generator, grid: int = 0) -> Notes:
    """Between 60 and 300 notes of two octaves at random times, or at random places of a grid."""
    count = int(rng.integers(60, 300))
    onsets = np.sort(rng.uniform(0, count / 8, count)) * TICKS
    if grid:
        onsets = np.unique(np.round(onsets * grid / TICKS)) * (TICKS / grid)
    gaps = np.append(np.diff(onsets), TICKS / 8)
    return [(float(on), float(gap), int(60 + rng.integers(0, 24))) for on, gap in zip(onsets, gaps, strict=True)]


def drum_loop(rng: np.random.Generator) -> Notes:
    """Bass drum, snare and hi-hat for 32 bars, with fills."""
    kick = [0, 8] if rng.random() < 0.5 else [0, 6, 8]
    hats = list(range(0, 16, 2)) if rng.random() < 0.7 else list(range(16))
    hits = [(bar + x / 16, n) for bar in range(32) for n, at in ((36, kick), (38, [4, 12]), (42, hats)) for x in at]
    toms = (41, 43, 45, 47, 48, 50)
    hits += [(bar + x / 16, int(rng.choice(toms))) for bar in range(7, 32, 8) for x in (8, 10, 12, 13, 14, 15)]
    return [(onset * TICKS, TICKS / 32, number) for onset, number in hits]


def percussion(rng: np.random.Generator) -> Notes:
    """Hits of any instrument of a kit on random sixteenths."""
    places = np.nonzero(rng.random(512) < 0.5)[0]
    return [(float(place) * TICKS / 16, TICKS / 32, int(rng.integers(35, 82))) for place in places]


def chorales() -> Iterator[tuple[str, Notes]]:
    """Bach's chorales with four parts: the notes of all, and of the two inner ones."""
    from music21 import corpus  # noqa: PLC0415 - slow to load

    warnings.simplefilter("ignore")
    for path in list(corpus.getComposer("bach"))[:140:2]:
        parts = [
            [
                (float(one.offset) * TICKS / 4, float(one.quarterLength) * TICKS / 4, pitch.midi)
                for one in part.flatten().notes
                for pitch in one.pitches
            ]
            for part in corpus.parse(path).parts
        ]
        if len(parts) == 4:
            yield "chorale, four voices", [note for part in parts for note in part]
            yield "chorale, inner voices", [note for part in parts[1:3] for note in part]


# ------------------------------------------------------------------------------------------------ the table


def refused(content: bytes) -> str:
    """For want of what a file is refused; "" where it is read."""
    try:
        parse_midi(content, "x.mid")
    except ParseError as error:
        found = re.search(r"no (beat|melody|metre|key) found", str(error))
        return found[1] if found else str(error)
    return ""


def row(what: str, files: list[bytes]) -> float:
    """Print one row of the table; returns the share that is refused."""
    wants = Counter(refused(content) for content in files)
    lost = len(files) - wants.pop("", 0)
    print(
        f"{what:40} {len(files):5} {100 * lost / len(files):7.1f}%  " + ", ".join(f"{w} {n}" for w, n in wants.items())
    )
    return lost / len(files)


def real(tunes: list[Tune], rng: np.random.Generator) -> Iterator[tuple[str, list[bytes], bool]]:
    """Kinds of real tunes, and whether nearly all are to be read."""
    plain = [notes_of(tune) for tune in tunes]
    yield "real, as written, with events", [to_midi(tune, performance=False) for tune in tunes], True
    yield "real, as performed, with events", [to_midi(tune) for tune in tunes], True
    yield "real, no events", [file_of(notes) for notes in plain], True
    for count in (16, 32):
        yield f"real, no events, {count} notes", [file_of(notes[:count]) for notes in plain], True
    for late in (10, 20, 30):
        moved = [file_of(jittered(notes, late / 1000, rng)) for notes in plain]
        yield f"real, no events, moved by {late} ms", moved, late < 30


def unreal(tunes: list[Tune], count: int, rng: np.random.Generator) -> Iterator[tuple[str, list[bytes]]]:
    """Kinds of what is no tune, or cannot be barred."""
    plain = [notes_of(tune) for tune in tunes[:count]]
    for spread in (0.02, 0.05):
        yield f"no click, {spread:.0%} a note", [file_of(stretched(notes, spread, rng)) for notes in plain]
    makers: dict[str, Callable[[], Notes]] = {
        "random onsets": lambda: random_notes(rng),
        "random pitches on sixteenths": lambda: random_notes(rng, 16),
        "drum loops": lambda: drum_loop(rng),
        "percussion": lambda: percussion(rng),
    }
    for metre in (False, True):
        for what, make in makers.items():
            yield (
                f"{what}, {'4/4 stated' if metre else 'no events'}",
                [file_of(make(), metre=metre) for _ in range(count)],
            )


def main() -> int:
    """Print what is refused; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chorales", action="store_true", help="Bach's chorales too")
    parser.add_argument("--break", dest="broken", action="store_true", help="never refuse anything")
    chosen = parser.parse_args()
    if chosen.broken:
        doubts.LEAST_EVEN, doubts.WIDEST_STEP, doubts.FEW_PITCHES, doubts.LEAST_SURE = 0.0, 99.0, 1.0, {}
    corpus = read_corpus("oneill", "ryan", "aird")
    tunes = [tune for tune in (*corpus.valid, *corpus.test) if tune.notes and not tune.irregular][::2][:300]
    rng = np.random.default_rng(1)
    print(f"{'':40} files refused  for want of")
    missed = 0
    for what, files, kept in real(tunes, rng):
        missed += row(what, files) >= MOST_LOST and kept
    for what, files in unreal(tunes, 200, rng):
        missed += row(what, files) < LEAST_REFUSED
    if chosen.chorales:
        pieces: dict[str, list[bytes]] = {}
        for what, notes in chorales():
            pieces.setdefault(what, []).append(file_of(notes))
        for what, files in pieces.items():
            row(what, files)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
