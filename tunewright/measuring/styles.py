"""What sets of tunes do how often, and how alike two sets are in that.

In: iterables of `Tune`s or `Features`, or a `Style` counted once. Out: matches from 0 to 1, one minus the
Jensen-Shannon distance (base 2) of two distributions; NaN where one of them is empty. All that a set does is counted
into one distribution, so long tunes weigh more; how its tunes spread one by one is in `spreads`. Small sets match
less well than large ones from the same source: compare at like numbers of notes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tunewright.measuring.spreads import NOTHING, Spread
from tunewright.music.features import Features, features, pairs
from tunewright.music.phrases import returns
from tunewright.music.tune import Tune

# ------------------------------------------------------------------------------------------------ what is counted


def _degree_pairs(seen: Features) -> Iterator[Hashable]:
    found = ((a.degree, b.degree) for a, b in pairs(seen))
    return (pair for pair in found if None not in pair)


def _duration_pairs(seen: Features) -> Iterator[Hashable]:
    return ((a.length, b.length) for a, b in pairs(seen))


def _interval_pairs(seen: Features) -> Iterator[Hashable]:
    melody = seen.melody
    threes = zip(melody, melody[1:], melody[2:], strict=False)
    return ((b.pitch - a.pitch, c.pitch - b.pitch) for a, b, c in threes if b.follows and c.follows)


def _degrees(seen: Features) -> Iterator[Hashable]:
    return (note.degree for note in seen.melody if note.degree is not None)


def _intervals(seen: Features) -> Iterator[Hashable]:
    return (b.pitch - a.pitch for a, b in pairs(seen))


def _lengths(seen: Features) -> Iterator[Hashable]:
    return (note.length for note in seen.melody)


def _ends(seen: Features) -> Iterator[Hashable]:
    return (degree for degree in seen.ends if degree is not None)


def _chord_pairs(seen: Features) -> Iterator[Hashable]:
    return pairwise(seen.chords)


def _harmony_pairs(seen: Features) -> Iterator[Hashable]:
    return pairwise(bar.harmony for bar in seen.bars if bar.harmony is not None)


COUNTED: Mapping[str, Callable[[Features], Iterator[Hashable]]] = {
    "degree": _degree_pairs,
    "duration": _duration_pairs,
    "interval": _interval_pairs,
    "one pitch class": _degrees,
    "one interval": _intervals,
    "one length": _lengths,
    "end": _ends,
    "plan": returns,
    "chord": _chord_pairs,
    "harmony": _harmony_pairs,
}


@dataclass(frozen=True, slots=True)
class Style:
    """What a set of tunes does how often, counted once, to be compared with other sets again and again."""

    counts: Mapping[str, Counter[Hashable]]  # by the names in `COUNTED`
    spread: Spread = NOTHING  # its tunes one by one

    @classmethod
    def of(cls, tunes: Iterable[Tune | Features]) -> Style:
        """The style of some tunes, read one by one and not kept."""
        counts: dict[str, Counter[Hashable]] = {name: Counter() for name in COUNTED}
        read = []
        for tune in tunes:
            seen = features(tune)
            for name, found in COUNTED.items():
                counts[name].update(found(seen))
            read.append(Spread.of([seen]))
        return cls(counts, Spread.merged(read))

    @classmethod
    def merged(cls, styles: Sequence[Style]) -> Style:
        """The style of sets put together; one that comes twice counts twice, as resampling wants it."""
        counts: dict[str, Counter[Hashable]] = {name: Counter() for name in COUNTED}
        for style in styles:
            for name, counter in style.counts.items():
                counts[name].update(counter)
        return cls(counts, Spread.merged([style.spread for style in styles]))


Tunes = Style | Iterable[Tune | Features]

# ------------------------------------------------------------------------------------------------ matches


def transition_match(tunes: Tunes, others: Tunes, of: str = "degree") -> float:
    """How alike two sets move from note to note, 0 to 1; 1 is the same; NaN where one has no such transition.

    One minus the Jensen-Shannon distance (base 2) between the distributions of pairs (from, to), all pairs of a set
    in one, of `of`: "degree", semitones above the tonic of the key that holds, without tunes that claim no tonic;
    "duration", lengths of notes in whole notes; or "interval", semitones. ValueError for another `of`. (Lin 1991;
    Endres and Schindelin 2003.)
    """
    return match(tunes, others, _one_of(of, ("degree", "duration", "interval")))


def histogram_match(tunes: Tunes, others: Tunes, of: str = "pitch class") -> float:
    """How alike two sets choose their notes one by one, 0 to 1; 1 is the same; NaN where one has none.

    As `transition_match`, between the histograms of `of`: "pitch class", counted from the tonic of the key that holds
    (in C, in G and in any other key alike), without tunes that claim no tonic; "interval", semitones up or down from
    each note to the next; or "length", in whole notes. Every note counts once, however long. ValueError for another
    `of`.
    """
    return match(tunes, others, "one " + _one_of(of, ("pitch class", "interval", "length")))


def cadence_match(tunes: Tunes, others: Tunes) -> float:
    """How alike the degrees are on which the sections of two sets end, 0 to 1; NaN where one has none.

    As `transition_match`, of the last note of each section, as `cadence_rate` has it.
    """
    return match(tunes, others, "end")


def plan_match(tunes: Tunes, others: Tunes) -> float:
    """How alike two sets let bars return, 0 to 1; 1 is the same; NaN where one has no bars.

    One minus the Jensen-Shannon distance (base 2) between the distributions of what each bar is: its place in the
    section (modulo 8), whether its letter in the `phrase_plan` is new, or it returns the same, or varied, and after
    how many bars (at most 32).
    """
    return match(tunes, others, "plan")


def chord_match(tunes: Tunes, others: Tunes) -> float:
    """How alike two sets move from chord symbol to chord symbol, 0 to 1; NaN unless both sets have such transitions.

    As `transition_match`, of pairs of different chords in a row: root relative to the tonic, and minor or major.
    """
    return match(tunes, others, "chord")


def harmony_match(tunes: Tunes, others: Tunes) -> float:
    """How alike the implied harmony of two sets moves from bar to bar, 0 to 1; NaN where one has no such transition.

    A proxy for chords: as `transition_match`, of the triads on the key's seven steps that hold most of the strong
    notes (those on a beat) of each bar; ties go to the triad that holds most of the bar's length, then to the first of
    I V IV ii vi iii vii. Bars of rests, and tunes that claim no tonic, are left out.
    """
    return match(tunes, others, "harmony")


def _one_of(found: str, expected: Sequence[str]) -> str:
    if found not in expected:
        raise ValueError(f"of: {found!r} found, one of {', '.join(expected)} expected")
    return found


def match(tunes: Tunes, others: Tunes, name: str) -> float:
    """How alike two sets are in what the counts of a style have under a name, 0 to 1; NaN where one has none.

    One minus the Jensen-Shannon distance (base 2). The names are those of `COUNTED`, or of what made the styles.
    """
    one, other = (_counts(of, name) for of in (tunes, others))
    return 1 - _distance(one, other) if one and other else math.nan


def _counts(tunes: Tunes, name: str) -> Counter[Hashable]:
    if isinstance(tunes, Style):
        return tunes.counts[name]
    return Counter(thing for tune in tunes for thing in COUNTED[name](features(tune)))


def _distance(one: Counter[Hashable], other: Counter[Hashable]) -> float:
    """The Jensen-Shannon distance (base 2) of two distributions, given as counts: 0 for the same, 1 without overlap."""
    p_total, q_total, divergence = one.total(), other.total(), 0.0
    for thing in one.keys() | other.keys():
        p, q = one[thing] / p_total, other[thing] / q_total
        divergence += sum(part * math.log2(2 * part / (p + q)) for part in (p, q) if part) / 2
    return math.sqrt(min(max(divergence, 0.0), 1.0))
