"""Is a tune the same after ABC -> MIDI -> Tune -> ABC? Its notes and bars as heard, and what else came back.

    python benchmarks/round_trips.py                      every tune of the built-in collections, in about five minutes
    python benchmarks/round_trips.py --corpus aird --differ      every tune that does not come back, and why
    python benchmarks/round_trips.py --every 3            every third tune only
    python benchmarks/round_trips.py --break bars         the same with a reader or writer that is wrong on purpose

Who is asked: every tune of the four collections that has a note and whose notes and rests all begin and end on whole
ticks (480 to a quarter); the others are counted beside. A tune is *the same* where these are equal, repeats unfolded:

- the notes: onset from the beginning of the tune, length (both exact fractions) and MIDI numbers of each;
- the bars: where each begins. A bar line inside a bar, where a section ends before the upbeat of the next (the two
  parts together as long as the metre), begins none.

What follows the last note is silence, of which a MIDI file says nothing: bars that begin there are not compared, and
the tunes that end elsewhere are counted ("end"). Nothing else is forgiven; what differs is listed by cause.

Judged by exit code are files written as the page has it (`performance=False`), and that `parse_abc(format_abc(tune))`
gives back every tune that was read. Beside them, of the tunes that are the same: the spelling, the key, and the form,
that is which note of the page is played when; and how the same tunes come back from files written as a player might
play them (`write_midi`'s default: lilt, grace notes, breaths).
Exit codes: 0 done, 1 below the goal.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.midi import tunes as midi
from tunewright.formats.midi.listening import folding, quantizing
from tunewright.formats.midi.tunes import TICKS_PER_WHOLE, parse_midi, to_midi
from tunewright.music.playing import played, played_places, soundings
from tunewright.music.tune import Bar, MeterChange, Note, Rest, Tune
from tunewright.support.errors import TunewrightError

GOAL = 0.98
CORPORA = ("oneill", "ryan", "aird", "essen")
ASPECTS = ("end", "spelling", "signature", "key", "form")  # beside notes and bars


# ------------------------------------------------------------------------------------------------ what is compared


def notes(tune: Tune) -> list[tuple[Fraction, Fraction, list[int]]]:
    """Onset, length and MIDI numbers of each note as played; two of a chord on one number sound as one."""
    return [(heard.onset, heard.length, sorted({pitch.midi for pitch in heard.pitches})) for heard in soundings(tune)]


def bar_ends(tune: Tune) -> list[Fraction]:
    """Where each bar ends as played; lines with nothing between them count once."""
    ends: list[tuple[Fraction, bool, Fraction | None]] = []  # when, whether it ends a section, how long a bar is
    time, before, full = Fraction(0), Fraction(0), tune.meter.length
    for element in (*played(tune), Bar("|]")):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, MeterChange):
            full = element.meter.length
        elif isinstance(element, Bar) and time > before:
            ends.append((time, element.ends_section, full))
            before = time
    kept: list[Fraction] = []
    start = Fraction(0)
    for (end, section, _), (after, _, length) in pairwise([*ends, (time, True, None)]):
        if section and after > end and after - start == length:
            continue  # the upbeat that follows makes it a bar
        kept.append(end)
        start = end
    return kept


def bars(tune: Tune) -> list[Fraction]:
    """Where each bar but the first begins as played, up to the end of the last note."""
    last = soundings(tune)[-1]
    return [end for end in bar_ends(tune) if end < last.onset + last.length]


def form(tune: Tune) -> list[int]:
    """Which note of the page each note played is."""
    number: dict[int, int] = {}
    for place, element in enumerate(tune.music):
        if isinstance(element, Note):
            number[place] = len(number)
    return [number[place] for place in played_places(tune) if place in number]


def whole_ticks(tune: Tune) -> bool:
    """Whether every note and rest begins and ends on a whole tick."""
    lengths = (element.length for element in tune.music if isinstance(element, Note | Rest))
    return all((length * TICKS_PER_WHOLE).denominator == 1 for length in lengths)


def compared(tune: Tune, back: Tune) -> dict[str, bool]:
    """What of a tune came back."""
    return {
        "notes": notes(tune) == notes(back),
        "bars": bars(tune) == bars(back),
        "end": bar_ends(tune)[-1] == bar_ends(back)[-1],
        "spelling": [s.pitches for s in soundings(tune)] == [s.pitches for s in soundings(back)],
        "signature": tune.key.sharps == back.key.sharps,
        "key": (tune.key.tonic, tune.key.mode) == (back.key.tonic, back.key.mode),
        "form": form(tune) == form(back),
    }


def cause(tune: Tune, back: Tune) -> str:
    """Why the notes or bars are not the same, as far as a program can tell."""
    ours, theirs = notes(tune), notes(back)
    if ours != theirs:
        shift = ours[0][0] - theirs[0][0]
        if [(onset - shift, *rest) for onset, *rest in ours] == theirs:
            return "notes: silence before the first one"
        if [note[2] for note in ours] != [note[2] for note in theirs]:
            return "notes: pitches, or how many"
        return "notes: onsets" if [note[0] for note in ours] != [note[0] for note in theirs] else "notes: lengths"
    kind = "free metre" if tune.meter.free else "bars of the page do not add up" if tune.irregular else "regular"
    return f"bars: {kind}"


# ------------------------------------------------------------------------------------------------ repeats


Repeat = tuple[Fraction, Fraction, bool]  # when it begins, when again, whether with another ending


def repeats(tune: Tune) -> set[Repeat]:
    """The repeats as played: when the first time begins and when the second, and whether an ending is left out."""
    onsets = [sounding.onset for sounding in soundings(replace_ties(tune))]
    order = form(tune)
    found: set[Repeat] = set()
    latest: dict[int, int] = {}
    jumps = [place for place in range(1, len(order)) if order[place] != order[place - 1] + 1] + [len(order)]
    for place, note in enumerate(order):
        if place and note <= order[place - 1]:
            after = next((jump for jump in jumps if jump > place), len(order))
            skips = after < len(order) and order[after] > order[after - 1] + 1
            found.add((onsets[latest.get(note, 0)], onsets[place], skips))
        latest[note] = place
    return found


def replace_ties(tune: Tune) -> Tune:
    """The same with every note struck."""
    return replace(tune, music=tuple(replace(e, tied=False) if isinstance(e, Note) else e for e in tune.music))


# ------------------------------------------------------------------------------------------------ counting


@dataclass
class Leg:
    """How the tunes of a collection came back from one kind of file."""

    asked: int = 0
    same: int = 0
    regular: Counter[bool] = field(default_factory=Counter)  # asked, by whether bars add up
    regular_same: Counter[bool] = field(default_factory=Counter)
    aspects: Counter[str] = field(default_factory=Counter)  # of those that are the same
    differ: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unwritten: list[str] = field(default_factory=list)  # parse_abc(format_abc(tune)) is not the tune
    written: Counter[bool] = field(default_factory=Counter)  # repeats of the page, by whether with endings
    found: Counter[bool] = field(default_factory=Counter)  # repeats of the tune that was read
    right: Counter[bool] = field(default_factory=Counter)  # both

    def add(self, tune: Tune, content: bytes) -> None:
        """Judge one file."""
        self.asked += 1
        self.regular[not tune.irregular] += 1
        try:
            read = parse_midi(content, "x.mid")
            back = parse_abc(format_abc(read))
        except TunewrightError as error:
            self.differ[f"refused: {str(error).partition(': ')[2]}"].append(tune.source)
            return
        if back != [read]:
            self.unwritten.append(tune.source)
        came = compared(tune, back[0])
        if not (came["notes"] and came["bars"]):
            self.differ[cause(tune, back[0])].append(tune.source)
            return
        self.same += 1
        self.regular_same[not tune.irregular] += 1
        self.aspects += Counter(aspect for aspect, same in came.items() if same)
        self._count_repeats(repeats(tune), repeats(back[0]))

    def _count_repeats(self, page: set[Repeat], read: set[Repeat]) -> None:
        for counts, which in ((self.written, page), (self.found, read), (self.right, page & read)):
            counts.update(endings for *_, endings in which)

    def show(self, name: str, *, differ: bool) -> None:
        """Print what came of it."""
        print(f"  {name}: {self.same} of {self.asked} the same ({self.same / self.asked:.2%})", end="")
        print(f"; of the regular ones {self.regular_same[True]} of {self.regular[True]}", end="")
        print(f" ({self.regular_same[True] / max(1, self.regular[True]):.2%})")
        shares = (f"{aspect} {self.aspects[aspect] / max(1, self.same):.1%}" for aspect in ASPECTS)
        print(f"    of these also the same: {', '.join(shares)}")
        for endings in (False, True):
            what = "repeats with endings" if endings else "plain repeats"
            page, read, right = self.written[endings], self.found[endings], self.right[endings]
            print(f"    {what}: {page} on the page, {read} read, {right} of them right", end="")
            print(f" (precision {right / max(1, read):.1%}, recall {right / max(1, page):.1%})")
        print(f"    not the same when written as ABC and read again: {len(self.unwritten)}", *self.unwritten[:3])
        for why, places in sorted(self.differ.items(), key=lambda item: -len(item[1])):
            print(f"    {len(places):5} {why}: {', '.join(places if differ else places[:3])}")
        sys.stdout.flush()


def total(legs: list[Leg]) -> Leg:
    """All collections together."""
    whole = Leg()
    for leg in legs:
        whole.asked += leg.asked
        whole.same += leg.same
        for name in ("regular", "regular_same", "aspects", "written", "found", "right"):
            getattr(whole, name).update(getattr(leg, name))
        for why, places in leg.differ.items():
            whole.differ[why] += places
        whole.unwritten += leg.unwritten
    return whole


def asked(name: str, every: int = 1) -> Iterator[Tune]:
    """The tunes of a collection that are asked for, or one in so many; says how many are not, and why."""
    left_out: dict[str, list[str]] = defaultdict(list)
    for tune in read_corpus(name).tunes[::every]:
        if not tune.notes:
            left_out["no note"].append(tune.source)
        elif not whole_ticks(tune):
            left_out["lengths that are no whole ticks"].append(tune.source)
        else:
            yield tune
    for why, places in left_out.items():
        print(f"  not asked for: {len(places)} {why}: {', '.join(places[:6])}")


# ------------------------------------------------------------------------------------------------ broken on purpose


def _bars_from_the_start() -> None:
    midi._meter_events = lambda bars: iter([(bars[0].start, bars[0].meter)])


def _no_thirds() -> None:
    for table in (quantizing.PRICES, quantizing.LEAST_ONSETS):
        for division in (3, 6, 12, 24):
            table.pop(division, None)


def _rhythm_alone() -> None:
    folding._kind = lambda piece: piece.length


BREAKS: dict[str, Callable[[], None]] = {
    "bars": _bars_from_the_start,
    "thirds": _no_thirds,
    "repeats": _rhythm_alone,
}


def main() -> int:
    """Count the tunes that are the same; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--differ", action="store_true", help="name every tune that differs")
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="only this one (may be repeated)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth tune")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break reader or writer on purpose")
    chosen = parser.parse_args()
    if chosen.broken:
        BREAKS[chosen.broken]()
    legs: dict[str, list[Leg]] = {"as written": [], "as performed": []}
    for name in chosen.corpus or CORPORA:
        print(name)
        for kind in legs.values():
            kind.append(Leg())
        for tune in asked(name, chosen.every):
            legs["as written"][-1].add(tune, to_midi(tune, performance=False))
            legs["as performed"][-1].add(tune, to_midi(tune))
        for kind_name, kind in legs.items():
            kind[-1].show(kind_name, differ=chosen.differ)
    print("all")
    sums = {kind_name: total(kind) for kind_name, kind in legs.items()}
    for kind_name, leg in sums.items():
        leg.show(kind_name, differ=False)
    written = sums["as written"]
    good = written.same >= GOAL * written.asked and not any(leg.unwritten for leg in sums.values())
    print(f"goal {GOAL:.0%} as written, every tune read the same in ABC: {'reached' if good else 'missed'}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
