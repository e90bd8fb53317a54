"""Is a tune the same after ABC -> MIDI (ours, as written) -> Tune -> ABC? Notes and bar lines, as played.

    python benchmarks/round_trips.py [--corpus NAME] [--differ]

The built-in tunes whose lengths are all whole numbers of ticks (480 to a quarter). The rest is listed by cause.
Exit codes: 0 done, 1 below the goal.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from fractions import Fraction

from tunewright.abcnotation import format_abc, parse_abc
from tunewright.corpus import read_corpus
from tunewright.errors import TunewrightError
from tunewright.midi import TICKS_PER_WHOLE, parse_midi, to_midi
from tunewright.playing import played, soundings
from tunewright.tune import Bar, Note, Rest, Tune

GOAL = 0.98
CORPORA = ("oneill", "ryan", "aird", "essen")


def music(tune: Tune) -> list[tuple[Fraction, Fraction, list[int]]]:
    """Its notes as played, from the first note on."""
    heard = soundings(tune)
    return [(s.onset - heard[0].onset, s.length, sorted({p.midi for p in s.pitches})) for s in heard]


def bar_lines(tune: Tune, *, plain: bool = False) -> set[Fraction]:
    """Where bar lines stand as played, between the first and the last note; only those that end no section."""
    time, first, last = Fraction(0), None, Fraction(0)
    lines: dict[Fraction, bool] = {}
    for element in played(tune):
        if isinstance(element, Note) and first is None:
            first = time
        if isinstance(element, Bar) and first is not None:
            lines[time - first] = element.ends_section or lines.get(time - first, False)
        if isinstance(element, Note) and first is not None:
            last = time - first
        if isinstance(element, Note | Rest):
            time += element.length
    return {line for line, ends in lines.items() if 0 < line <= last and not (plain and ends)}


def same_bars(one: Tune, other: Tune) -> bool:
    """Whether each has the other's bar lines; where a section ends inside a bar, its line may be missing."""
    return bar_lines(one, plain=True) <= bar_lines(other) and bar_lines(other, plain=True) <= bar_lines(one)


def whole_ticks(tune: Tune) -> bool:
    """Whether every length is a whole number of ticks."""
    return all((note.length * TICKS_PER_WHOLE).denominator == 1 for note in tune.notes)


def cause(tune: Tune, back: Tune) -> str:
    """Why a tune is not the same."""
    if music(tune) != music(back):
        return "other notes"
    if tune.irregular:
        return "its bars do not add up"
    if any(type(element).__name__ == "MeterChange" for element in tune.music) or tune.meter.free:
        return "a metre that changes, or is free"
    if tune.meter.length != back.meter.length:
        return "another metre read"
    return "another upbeat read"


def main() -> int:
    """Count the tunes that are the same; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--differ", action="store_true", help="print every tune that differs")
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="only this one (may be repeated)")
    chosen = parser.parse_args()
    differ = chosen.differ
    good = total = 0
    for name in chosen.corpus or CORPORA:
        same, count, causes = 0, 0, defaultdict[str, list[str]](list)
        for tune in read_corpus(name).tunes:
            if not tune.notes or not whole_ticks(tune):
                continue
            count += 1
            try:
                read = parse_midi(to_midi(tune, performance=False), "x.mid")
                back = parse_abc(format_abc(read))[0]
            except TunewrightError as error:
                causes[str(error).partition(":")[2].split(";")[0][:60]].append(tune.source)
                continue
            equal = music(back) == music(tune) and same_bars(back, tune)
            same += equal
            if not equal:
                causes[cause(tune, back)].append(tune.source)
        print(f"{name}: {same} of {count} the same ({same / count:.2%})", flush=True)
        for why, places in sorted(causes.items(), key=lambda item: -len(item[1])):
            print(f"  {len(places):5} {why}: {', '.join(places if differ else places[:3])}")
        good, total = good + same, total + count
    print(f"all: {good} of {total} ({good / total:.2%})")
    return int(good < GOAL * total)


if __name__ == "__main__":
    sys.exit(main())
