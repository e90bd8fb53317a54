"""Measures of tunes and of sets of tunes: tunes in, numbers out.

In: a `Tune`, or its `Features` where several measures are wanted of one tune; for sets, an iterable of those, or a
`Style` counted once. Out: floats, NaN where a measure is undefined. `MEASURES` says of each what it means, its unit
and its range. A number says little alone: show beside it the same number for held-out real tunes.

What holds for all: everything is as written (repeat signs are not unfolded); ties are joined, grace notes dropped,
the top note of a chord is its melody, and a rest between two notes parts them no further. A transition from the end
of a first ending to the beginning of a second is never heard and not counted. Bars leave out pickups. Every measure
stays the same when a tune is transposed or written with another unit.

This file does not judge what is well formed or copied, and asks no model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from tunewright.features import Features, Place, Sign, features
from tunewright.phrases import returns
from tunewright.tune import Tune

FEWEST = 1000  # seen at a place of the bar, below which "rarer than 1 in 1,000" cannot be told

T = TypeVar("T")

# ------------------------------------------------------------------------------------------------ repetition


def repetition_rate(tune: Tune | Features, bars: int = 1, *, transposed: bool = False) -> float:
    """Share of the phrases of so many bars that stood earlier in the tune, 0 to 1; NaN with fewer than two phrases.

    A phrase begins at every bar, so those of 2 and 4 bars overlap. Two are equal when all their notes and rests have
    the same pitches and lengths; with `transposed`, the same intervals between them.
    """
    phrases = list(_runs([bar.signs for bar in features(tune).bars], bars))
    return _repeated([_from_first_note(phrase) for phrase in phrases] if transposed else phrases)


def repeated_ngrams(tune: Tune | Features, n: int = 4) -> float:
    """Share of the runs of n notes that stood earlier in the tune, 0 to 1; NaN with fewer than two runs.

    A run begins at every note. Two are equal when their notes have the same pitches and lengths; rests are left out.
    """
    return _repeated(list(_runs([(note.pitch, note.length) for note in features(tune).melody], n)))


def _runs(things: Sequence[T], width: int) -> Iterator[tuple[T, ...]]:
    """Every run of so many things in a row, one beginning at each."""
    return zip(*(things[offset:] for offset in range(width)), strict=False)


def _repeated(things: Sequence[Hashable]) -> float:
    """The share of things that were there before."""
    return 1 - len(set(things)) / len(things) if len(things) > 1 else math.nan


def _from_first_note(phrase: Iterable[Sequence[Sign]]) -> tuple[tuple[Sign, ...], ...]:
    """A phrase with its pitches counted from its first note."""
    first = next((pitch for signs in phrase for pitch, _ in signs if pitch is not None), 0)
    return tuple(
        tuple((None if pitch is None else pitch - first, length) for pitch, length in signs) for signs in phrase
    )


# ------------------------------------------------------------------------------------------------ layering


def bar_rhythms(tune: Tune | Features) -> float:
    """Number of distinct bar rhythms, that is of orders of note and rest lengths, from 1; NaN without bars."""
    return _distinct(bar.rhythm for bar in features(tune).bars)


def bar_contours(tune: Tune | Features) -> float:
    """Number of distinct bar contours, from 1; NaN without bars.

    A contour is the direction, up, level or down, from each note of the bar to the next.
    """
    return _distinct(bar.contour for bar in features(tune).bars)


def _distinct(things: Iterable[Hashable]) -> float:
    return float(len(set(things))) or math.nan


def pitch_class_entropy(tune: Tune | Features, bars: int = 1) -> float:
    """Entropy of the pitch classes in so many bars, in bits, 0 to log2 12; the mean over all such stretches.

    A stretch begins at every bar; notes count where they begin, whatever their length. Stretches without notes are
    left out; NaN where none is left. (Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020.)
    """
    stretches = _runs([bar.classes for bar in features(tune).bars], bars)
    counts = (Counter(pitch for classes in stretch for pitch in classes) for stretch in stretches)
    return mean(_entropy(count) for count in counts if count)


def _entropy(counts: Counter[int]) -> float:
    total = counts.total()
    return math.log2(total) - sum(count * math.log2(count) for count in counts.values()) / total


# ------------------------------------------------------------------------------------------------ abruptness

Context = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Habits:
    """Which intervals, and which pairs of lengths, are not rare at each place of the bar in some tunes.

    A place is a metre and a position in its bar. A place that was seen fewer than 1,000 times backs off, for there
    even a single sighting is more than 1 in 1,000: to the metre and the kind of place (beginning of the bar, another
    beat, between beats, no bars); then to the kind of place in any metre; then to any place at all.
    """

    intervals: Mapping[Context, frozenset[Hashable]]
    lengths: Mapping[Context, frozenset[Hashable]]


def fit_habits(tunes: Iterable[Tune | Features]) -> Habits:
    """The habits of some tunes, for `abrupt_notes` and `abrupt_lengths`: of the training tunes, as a rule."""
    intervals: dict[Place, Counter[Hashable]] = {}
    lengths: dict[Place, Counter[Hashable]] = {}
    for tune in tunes:
        seen = features(tune)
        for place, interval in _intervals(seen):
            intervals.setdefault(place, Counter())[interval] += 1
        for place, pair in _length_pairs(seen):
            lengths.setdefault(place, Counter())[pair] += 1
    return Habits(_habitual(intervals), _habitual(lengths))


def abrupt_notes(tune: Tune | Features, habits: Habits) -> float:
    """Share of the melodic intervals that the habits make rarer than 1 in 1,000 where they lead to, 0 to 1.

    The place that counts is the second note's. NaN for a tune of one note, or habits from fewer than 1,000 intervals.
    """
    return _rare_share(_intervals(features(tune)), habits.intervals)


def abrupt_lengths(tune: Tune | Features, habits: Habits) -> float:
    """Share of the pairs of successive note lengths that the habits make rarer than 1 in 1,000, 0 to 1.

    The place that counts is the second note's. NaN for a tune of one note, or habits from fewer than 1,000 pairs.
    """
    return _rare_share(_length_pairs(features(tune)), habits.lengths)


def _intervals(seen: Features) -> Iterator[tuple[Place, int]]:
    return ((b.place, b.pitch - a.pitch) for a, b in pairwise(seen.melody) if b.follows)


def _length_pairs(seen: Features) -> Iterator[tuple[Place, tuple[float, float]]]:
    return ((b.place, (a.length, b.length)) for a, b in pairwise(seen.melody) if b.follows)


def _contexts(place: Place) -> tuple[Context, ...]:
    """Where to look what is rare at a place, the closest first."""
    return (place.meter, place.position), (place.meter, "kind", place.strength), ("kind", place.strength), ()


def _habitual(seen: Mapping[Place, Counter[Hashable]]) -> dict[Context, frozenset[Hashable]]:
    """For each context that was seen often enough, what was seen there in at least 1 of 1,000 cases."""
    counts: dict[Context, Counter[Hashable]] = {}
    for place, counter in seen.items():
        for context in _contexts(place):
            counts.setdefault(context, Counter()).update(counter)
    return {
        context: frozenset(value for value, count in counter.items() if 1000 * count >= counter.total())
        for context, counter in counts.items()
        if counter.total() >= FEWEST
    }


def _rare_share(found: Iterable[tuple[Place, Hashable]], habitual: Mapping[Context, frozenset[Hashable]]) -> float:
    if not habitual:
        return math.nan
    return mean(
        value not in next(habitual[context] for context in _contexts(place) if context in habitual)
        for place, value in found
    )


# ------------------------------------------------------------------------------------------------ sets of tunes


def _degree_pairs(seen: Features) -> Iterator[Hashable]:
    pairs = ((a.degree, b.degree) for a, b in pairwise(seen.melody) if b.follows)
    return (pair for pair in pairs if None not in pair)


def _duration_pairs(seen: Features) -> Iterator[Hashable]:
    return (pair for _, pair in _length_pairs(seen))


def _interval_pairs(seen: Features) -> Iterator[Hashable]:
    melody = seen.melody
    threes = zip(melody, melody[1:], melody[2:], strict=False)
    return ((b.pitch - a.pitch, c.pitch - b.pitch) for a, b, c in threes if b.follows and c.follows)


def _chord_pairs(seen: Features) -> Iterator[Hashable]:
    return pairwise(seen.chords)


def _harmony_pairs(seen: Features) -> Iterator[Hashable]:
    return pairwise(bar.harmony for bar in seen.bars if bar.harmony is not None)


COUNTED: Mapping[str, Callable[[Features], Iterator[Hashable]]] = {
    "degree": _degree_pairs,
    "duration": _duration_pairs,
    "interval": _interval_pairs,
    "plan": returns,
    "chord": _chord_pairs,
    "harmony": _harmony_pairs,
}


@dataclass(frozen=True, slots=True)
class Style:
    """What a set of tunes does how often, counted once, to be compared with other sets again and again."""

    counts: Mapping[str, Counter[Hashable]]  # by the names in `COUNTED`

    @classmethod
    def of(cls, tunes: Iterable[Tune | Features]) -> Style:
        """The style of some tunes, read one by one and not kept."""
        counts: dict[str, Counter[Hashable]] = {name: Counter() for name in COUNTED}
        for tune in tunes:
            seen = features(tune)
            for name, found in COUNTED.items():
                counts[name].update(found(seen))
        return cls(counts)


Tunes = Style | Iterable[Tune | Features]


def transition_match(tunes: Tunes, others: Tunes, of: str = "degree") -> float:
    """How alike two sets move from note to note, 0 to 1; 1 is the same; NaN where one has no such transition.

    One minus the Jensen-Shannon distance (base 2) between the distributions of pairs (from, to), all pairs of a set
    in one, of `of`: "degree", semitones above the tonic of the key that holds, without tunes that claim no tonic;
    "duration", lengths of notes in whole notes; or "interval", semitones. Small sets match less well than large ones
    from the same source: compare at like numbers of notes. ValueError for another `of`. (Lin 1991; Endres and
    Schindelin 2003.)
    """
    if of not in ("degree", "duration", "interval"):
        raise ValueError(f"of: {of!r} found, one of degree, duration, interval expected")
    return _match(tunes, others, of)


def plan_match(tunes: Tunes, others: Tunes) -> float:
    """How alike two sets let bars return, 0 to 1; 1 is the same; NaN where one has no bars.

    One minus the Jensen-Shannon distance (base 2) between the distributions of what each bar is: its place in the
    section (modulo 8), whether its letter in the `phrase_plan` is new, or it returns the same, or varied, and after
    how many bars (at most 32).
    """
    return _match(tunes, others, "plan")


def chord_match(tunes: Tunes, others: Tunes) -> float:
    """How alike two sets move from chord symbol to chord symbol, 0 to 1; NaN unless both sets have such transitions.

    As `transition_match`, of pairs of different chords in a row: root relative to the tonic, and minor or major.
    """
    return _match(tunes, others, "chord")


def harmony_match(tunes: Tunes, others: Tunes) -> float:
    """How alike the implied harmony of two sets moves from bar to bar, 0 to 1; NaN where one has no such transition.

    A proxy for chords: as `transition_match`, of the triads on the key's seven steps that hold most of the strong
    notes (those on a beat) of each bar; ties go to the triad that holds most of the bar's length, then to the first of
    I V IV ii vi iii vii. Bars of rests, and tunes that claim no tonic, are left out.
    """
    return _match(tunes, others, "harmony")


def _match(tunes: Tunes, others: Tunes, name: str) -> float:
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


# ------------------------------------------------------------------------------------------------ all of them


OfTune = Callable[[Features, Habits], float]
OfSet = Callable[[Style, Style], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that has a name: what it says, and how to take it of one tune, or else of a set against another."""

    meaning: str
    unit: str
    high: float  # the range begins at 0
    better: str  # "less", "more", or "real": the nearer to held-out real tunes
    of_tune: OfTune | None = None
    of_set: OfSet | None = None
    reference: str = ""


def _match_of(meaning: str, of_set: OfSet) -> Measure:
    reference = "1 - Jensen-Shannon distance, base 2 (Lin 1991; Endres and Schindelin 2003)"
    return Measure(f"how alike the tunes {meaning}", "match", 1, "more", of_set=of_set, reference=reference)


def _share_of(meaning: str, of_tune: OfTune, better: str = "real") -> Measure:
    return Measure(meaning, "share", 1, better, of_tune)


def _entropy_of(meaning: str, bars: int) -> Measure:
    reference = "Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020"
    of_tune: OfTune = lambda tune, _: pitch_class_entropy(tune, bars)  # noqa: E731
    return Measure(meaning, "bits", math.log2(12), "real", of_tune, reference=reference)


MEASURES: Mapping[str, Measure] = {
    "transition_match": _match_of("move from degree to degree of the scale", transition_match),
    "duration_match": _match_of(
        "move from length to length", lambda one, other: transition_match(one, other, "duration")
    ),
    "interval_match": _match_of(
        "move from interval to interval", lambda one, other: transition_match(one, other, "interval")
    ),
    "repetition_rate": _share_of("bars that stood earlier in the tune", lambda tune, _: repetition_rate(tune)),
    "repetition_2_bars": _share_of("phrases of two bars that did", lambda tune, _: repetition_rate(tune, 2)),
    "repetition_4_bars": _share_of("phrases of four bars that did", lambda tune, _: repetition_rate(tune, 4)),
    "repeated_ngrams": _share_of("runs of four notes that did", lambda tune, _: repeated_ngrams(tune)),
    "abrupt_notes": _share_of("intervals rarer than 1 in 1,000 at that place of the bar", abrupt_notes, "less"),
    "abrupt_lengths": _share_of("length pairs rarer than 1 in 1,000 at that place of the bar", abrupt_lengths, "less"),
    "bar_rhythms": Measure("distinct rhythms of bars", "bars", math.inf, "real", lambda tune, _: bar_rhythms(tune)),
    "bar_contours": Measure("distinct contours of bars", "bars", math.inf, "real", lambda tune, _: bar_contours(tune)),
    "entropy_1_bar": _entropy_of("entropy of the pitch classes within a bar", 1),
    "entropy_4_bars": _entropy_of("entropy of the pitch classes within four bars", 4),
    "plan_match": _match_of("let bars return, the same or varied", plan_match),
    "chord_match": _match_of("move from chord symbol to chord symbol", chord_match),
    "harmony_match": _match_of("move from implied triad to implied triad, bar by bar (a proxy)", harmony_match),
}


def measure_tunes(tunes: Iterable[Tune | Features], style: Style, habits: Habits) -> dict[str, float]:
    """Every measure of `MEASURES` for a set of tunes: against a style, or the mean over the tunes where it is defined.

    Each tune is read once. NaN where a measure is defined for no tune, or for neither set.
    """
    read = [features(tune) for tune in tunes]
    own = Style.of(read)
    values = {}
    for name, measure in MEASURES.items():
        if measure.of_set is not None:
            values[name] = measure.of_set(own, style)
        elif (of_tune := measure.of_tune) is not None:
            values[name] = mean(of_tune(tune, habits) for tune in read)
    return values


def mean(values: Iterable[float]) -> float:
    """The mean of the values that are defined; NaN where none is."""
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan
