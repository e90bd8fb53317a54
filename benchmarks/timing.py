"""Is a tune read the same when its MIDI file is late, loosely played, detached, or states its metre a little late?

    python benchmarks/timing.py                    200 tunes, in about two minutes
    python benchmarks/timing.py --tunes 40 --differ      fewer, and each that differs
    python benchmarks/timing.py --break late       the same with a reader that is wrong on purpose

Real tunes of the test part of O'Neill's, Ryan's and Aird's collections are written with their metre and key, as the
page has it, and again with one thing changed: all onsets late by the same time; the metre event after the beginning;
every note held for a part of its place; every onset, and every end, early or late by chance (a spread at 120 quarters a
minute). A tune is the same where its bars, and onset, length and number of every note, are those of the file as the
page has it. Of spread files, where no reader gets every note, the share of notes that are the same is given as well.
Exit codes: 0 done, 1 below a goal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from round_trips import bars, notes
from symusic import core

from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi.listening import performances, quantizing, transcription
from tunewright.formats.midi.tunes import parse_midi, to_score
from tunewright.music.tune import Tune
from tunewright.support.errors import TunewrightError

SECOND = 960  # ticks, at 120 quarters a minute
GOAL, GOAL_SPREAD = 0.97, {12: 0.98, 20: 0.95, 31: 0.85}  # tunes; notes at a spread of so many milliseconds
GOALS = {"late by 119 ticks": 0.8}  # as good as a sixteenth late, which tunes in sixteenths do not show
Note = tuple[int, int, int]  # onset and length in ticks, number
Change = Callable[[list[Note], np.random.Generator], list[Note]]


def late(ticks: int) -> Change:
    """All onsets so many ticks late."""
    return lambda found, _: [(onset + ticks, length, number) for onset, length, number in found]


def held(part: Fraction) -> Change:
    """Every note for a part of the time until the next one begins, or of its own length where that is shorter."""
    return lambda found, _: [(onset, max(1, round(length * part)), number) for onset, length, number in found]


def spread(milliseconds: int) -> Change:
    """Every onset, and every end, early or late by chance."""

    def change(found: list[Note], rng: np.random.Generator) -> list[Note]:
        moved = []
        for onset, length, number in found:
            by = rng.normal(0, milliseconds / 1000 * SECOND, 2)
            start = max(0, round(onset + by[0]))
            moved.append((start, max(20, round(onset + length + by[1]) - start), number))
        return moved

    return change


def both(*changes: Change) -> Change:
    """One after another."""

    def change(found: list[Note], rng: np.random.Generator) -> list[Note]:
        for one in changes:
            found = one(found, rng)
        return found

    return change


def unchanged(found: list[Note], _: np.random.Generator) -> list[Note]:
    """As it is."""
    return found


KINDS: dict[str, tuple[Change, int, bool]] = {  # what is changed, how late the metre is, whether as performed
    "as the page has it": (unchanged, 0, False),
    "as performed": (unchanged, 0, True),
    **{f"metre at tick {ticks}": (unchanged, ticks, False) for ticks in (1, 5, 7, 15)},
    **{f"late by {ticks} ticks": (late(ticks), 0, False) for ticks in (5, 16, 30, 47, 60, 77, 104, 119)},
    "late by 47, as performed": (late(47), 0, True),
    "late by 16 with its metre": (late(16), 16, False),
    **{f"held for {part}": (held(part), 0, False) for part in (Fraction(2, 3), Fraction(3, 4), Fraction(5, 6))},
    "held for 3/4, late by 33": (both(late(33), held(Fraction(3, 4))), 0, False),
    **{f"spread of {ms} ms": (spread(ms), 0, False) for ms in GOAL_SPREAD},
    "held for 3/4, spread of 12 ms": (both(held(Fraction(3, 4)), spread(12)), 0, False),
}


def changed(tune: Tune, change: Change, metre: int, performed: bool, rng: np.random.Generator) -> bytes:
    """A MIDI file of the tune with this changed."""
    score = to_score(tune, performance=performed)
    track = score.tracks[0]
    found = change([(note.time, note.duration, note.pitch) for note in track.notes], rng)
    track.notes.clear()
    for onset, length, number in sorted(found):
        track.notes.append(core.NoteTick(onset, length, number, 80))
    if metre:
        first = score.time_signatures[0]
        score.time_signatures[0] = core.TimeSignatureTick(metre, first.numerator, first.denominator)
    return bytes(score.dumps_midi())


def alike(tune: Tune, other: Tune) -> float:
    """The share of the notes of one that stand in the other as well."""
    mine = {(onset, tuple(numbers), length) for onset, length, numbers in notes(tune)}
    return len(mine & {(onset, tuple(numbers), length) for onset, length, numbers in notes(other)}) / len(mine)


def rows(tunes: list[Tune], *, differ: bool) -> Iterator[tuple[str, float, float]]:
    """Of each kind the share of tunes, and of notes, that are the same; printed."""
    right = [parse_midi(changed(tune, unchanged, 0, False, np.random.default_rng(0)), "x.mid") for tune in tunes]
    for kind, (change, metre, performed) in KINDS.items():
        rng = np.random.default_rng(1)
        same, shares, refused = 0, 0.0, 0
        for tune, wanted in zip(tunes, right, strict=True):
            try:
                read = parse_midi(changed(tune, change, metre, performed, rng), "x.mid")
            except TunewrightError:
                refused += 1
                continue
            good = notes(read) == notes(wanted) and bars(read) == bars(wanted)
            same += good
            shares += alike(wanted, read)
            if differ and not good:
                print(f"  {kind}: {tune.source}")
        print(
            f"{kind:32} {100 * same / len(tunes):6.1f} % of tunes {100 * shares / len(tunes):6.1f} % of notes"
            + (f", {refused} refused" if refused else ""),
            flush=True,
        )
        yield kind, same / len(tunes), shares / len(tunes)


# ------------------------------------------------------------------------------------------------ broken on purpose


def _never_late() -> None:
    performances.lateness = lambda onsets: 0


def _never_filled() -> None:
    transcription.filled = lambda found, repairs: found


def _never_spread() -> None:
    quantizing.SPREAD = 0.0


BREAKS: dict[str, Callable[[], None]] = {"late": _never_late, "held": _never_filled, "spread": _never_spread}


def main() -> int:
    """Print how much is read the same; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tunes", type=int, default=200, help="how many")
    parser.add_argument("--differ", action="store_true", help="name every tune that differs")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break the reader on purpose")
    chosen = parser.parse_args()
    if chosen.broken:
        BREAKS[chosen.broken]()
    corpus = read_corpus("oneill", "ryan", "aird")
    tunes = [tune for tune in corpus.test if len(tune.notes) > 16 and not tune.irregular]
    missed = []
    for kind, same, shares in rows(tunes[:: max(1, len(tunes) // chosen.tunes)][: chosen.tunes], differ=chosen.differ):
        milliseconds = next((ms for ms in GOAL_SPREAD if kind.endswith(f"of {ms} ms")), 0)
        if (shares < GOAL_SPREAD[milliseconds]) if milliseconds else same < GOALS.get(kind, GOAL):
            missed.append(kind)
    print("below the goal: " + ", ".join(missed) if missed else "all goals are met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
