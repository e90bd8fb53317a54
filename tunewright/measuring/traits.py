"""What a listener could tell tunes by: the shape of each, and the words that it is made of.

In: a `Tune`. Out: `Traits`: one number for each of `SHAPES`, and short runs of degrees, intervals and lengths, bar
rhythms and contours, counted. All but the bars that do not add up are of the tune as it is heard, repeats played out,
and in no key: how it is spelled and written (repeat signs, endings, ornaments, chord symbols, unit, titles) says
nothing here, so that two collections are not told apart by the habits of those who wrote them down.

This file compares nothing (`two_sample`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from tunewright.music.features import Features, MelodyBar, features
from tunewright.music.playing import played
from tunewright.music.tune import SEMITONES, Bar, Element, Ending, Tune

FEWEST_NOTES = 2  # below which a tune has no traits
DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
WIDEST = 13  # semitones; wider leaps count as this

Word = tuple[Hashable, ...]  # its kind, then what it is made of


@dataclass(frozen=True, slots=True)
class Traits:
    """A tune as a classifier sees it."""

    shape: tuple[float, ...]  # in the order of `SHAPES`
    words: Counter[Word]


@dataclass(frozen=True)
class Heard:
    """A tune with its repeats played out."""

    written: Tune
    features: Features

    @classmethod
    def of(cls, tune: Tune) -> Heard:
        """The tune, unfolded; a double bar stands where a section ends, so that a pickup after it is known as one."""
        music = tuple(_plain(element) for element in played(tune) if not isinstance(element, Ending))
        return cls(tune, features(replace(tune.with_music(music), parts="")))

    @cached_property
    def pitches(self) -> list[int]:
        """MIDI numbers."""
        return [note.pitch for note in self.features.melody]

    @cached_property
    def intervals(self) -> list[int]:
        """Semitones from each note to the next."""
        return [after - before for before, after in pairwise(self.pitches)]

    @cached_property
    def degrees(self) -> list[int]:
        """Semitones above the tonic, 0 to 11; above the last note where the key claims none."""
        last = self.pitches[-1]
        return [(note.pitch - last) % 12 if note.degree is None else note.degree for note in self.features.melody]

    @cached_property
    def lengths(self) -> list[float]:
        """Whole notes."""
        return [note.length for note in self.features.melody]

    @property
    def bars(self) -> tuple[MelodyBar, ...]:
        """Its bars, pickups left out."""
        return self.features.bars

    @cached_property
    def rhythms(self) -> list[tuple[tuple[bool, float], ...]]:
        """The rhythm of each bar, in whole notes."""
        ticks = self.features.ticks
        return [tuple((sounds, length / ticks) for sounds, length in bar.rhythm) for bar in self.bars]


def read_traits(tune: Tune) -> Traits | None:
    """The traits of a tune; None for one of fewer than two notes."""
    heard = Heard.of(tune)
    if len(heard.pitches) < FEWEST_NOTES:
        return None
    return Traits(tuple(float(shape.of(heard)) for shape in SHAPES.values()), Counter(_words(heard)))


def _plain(element: Element) -> Element:
    return Bar("||") if isinstance(element, Bar) and element.ends_section else element


# ------------------------------------------------------------------------------------------------ words


def _words(heard: Heard) -> Iterator[Word]:
    """Every word of a tune, as often as it stands there."""
    intervals = [max(-WIDEST, min(WIDEST, interval)) for interval in heard.intervals]
    yield from _runs("degrees", heard.degrees, (1, 2, 3))
    yield from _runs("intervals", intervals, (1, 2, 3, 4))
    yield from _runs("lengths", heard.lengths, (1, 2, 3))
    places = [note.place for note in heard.features.melody]
    yield from (("degree at", place.position, degree) for place, degree in zip(places, heard.degrees, strict=True))
    yield from (("length at", place.position, length) for place, length in zip(places, heard.lengths, strict=True))
    yield from (("interval to", place.strength, step) for place, step in zip(places[1:], intervals, strict=True))
    yield from _runs("bar rhythms", heard.rhythms, (1, 2))
    yield from (("bar contour", bar.contour) for bar in heard.bars)


def _runs(kind: str, items: Sequence[Hashable], sizes: Iterable[int]) -> Iterator[Word]:
    for size in sizes:
        shifted = [items[start:] for start in range(size)]
        yield from ((f"{kind} {size}", *run) for run in zip(*shifted, strict=False))


def key_of_word(word: Word) -> str:
    """The key of a word that can be named in few words ("degrees:7-b3", "interval:-5", "length:1/4"); "" for others.

    >>> key_of_word(("degrees 2", 11, 3)), key_of_word(("intervals 1", -5)), key_of_word(("lengths 1", 0.25))
    ('degrees:7-b3', 'interval:-5', 'length:1/4')
    """
    kind, *parts = word
    numbers = [part for part in parts if isinstance(part, int | float)]
    if kind in ("degrees 1", "degrees 2"):
        return f"degree{'s' * (len(parts) - 1)}:" + "-".join(DEGREES[int(number)] for number in numbers)
    if kind == "intervals 1":
        return f"interval:{numbers[0]}"
    return f"length:{Fraction(numbers[0]).limit_denominator(96)}" if kind == "lengths 1" else ""


def name_of_key(key: str) -> str:
    """What has the key of a shape or a word, in English, as in "how many notes it has".

    >>> name_of_key("degrees:7-b3"), name_of_key("interval:-13"), name_of_key("length:1/4")
    ('notes on degree 7 before ♭3', 'falls of 13 semitones or more', 'notes of length 1/4')
    """
    kind, _, what = key.partition(":")
    if not what:
        return SHAPES[key].name
    if kind == "length":
        return f"notes of length {what}"
    if kind == "interval":
        return _name_interval(int(what))
    return "notes on degree " + what.replace("b", "♭").replace("#", "♯").replace("-", " before ")


def _name_interval(semitones: int) -> str:
    if not semitones:
        return "notes that repeat the one before"
    size = f"{abs(semitones)} semitone{'s' * (abs(semitones) > 1)}{' or more' * (abs(semitones) == WIDEST)}"
    return f"{'rises' if semitones > 0 else 'falls'} of {size}"


# ------------------------------------------------------------------------------------------------ shape


@dataclass(frozen=True, slots=True)
class Shape:
    """One number that says something of a whole tune."""

    name: str  # in English, as in "they have more …"
    of: Callable[[Heard], float]


def _mean(numbers: Iterable[float]) -> float:
    listed = list(numbers)
    return sum(listed) / len(listed) if listed else 0.0


def _entropy(items: Iterable[Hashable]) -> float:
    """Bits."""
    counts = Counter(items)
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values()) if total else 0.0


def _entropy_of_next(items: Sequence[Hashable]) -> float:
    """Bits that remain in the next item for one who knows the one before."""
    return _entropy(pairwise(items)) - _entropy(items[:-1])


def _spread_of_bars(heard: Heard) -> float:
    """Standard deviation of the number of notes that begin in a bar."""
    sizes = [len(bar.classes) for bar in heard.bars]
    mean = _mean(sizes)
    return math.sqrt(_mean((size - mean) ** 2 for size in sizes))


def _intervals(test: Callable[[int], bool]) -> Callable[[Heard], float]:
    """Share of the intervals, by their size in semitones."""
    return lambda heard: _mean(test(abs(interval)) for interval in heard.intervals)


def _turns(heard: Heard) -> float:
    moves = [interval > 0 for interval in heard.intervals if interval]
    return _mean(before != after for before, after in pairwise(moves))


def _outside(heard: Heard) -> float:
    """Share of the notes that the signature does not have."""
    scale = {(SEMITONES[step] + alter) % 12 for step, alter in heard.written.key.signature.items()}
    return _mean(pitch % 12 not in scale for pitch in heard.pitches)


def _same_bars(apart: int) -> Callable[[Heard], float]:
    """Share of the bars that are the same as the one so many bars before."""

    def share(heard: Heard) -> float:
        bars = heard.bars
        return _mean(now.signs == before.signs for before, now in zip(bars, bars[apart:], strict=False))

    return share


def _like_bars(apart: int) -> Callable[[Heard], float]:
    """How much a bar has in common with the one so many bars before: onsets with their pitches, Jaccard index."""

    def share(heard: Heard) -> float:
        onsets = [bar.onsets for bar in heard.bars]
        pairs = zip(onsets, onsets[apart:], strict=False)
        return _mean(len(before & now) / max(1, len(before | now)) for before, now in pairs)

    return share


def _seen_fours(heard: Heard) -> float:
    """Share of the groups of four intervals that stood in the tune before."""
    steps = heard.intervals
    fours = list(zip(steps, steps[1:], steps[2:], steps[3:], strict=False))
    return 1 - len(set(fours)) / len(fours) if fours else 0.0


def _new_rhythms(heard: Heard) -> float:
    return len(set(heard.rhythms)) / max(1, len(heard.rhythms))


def _fourth_bars(heard: Heard) -> float:
    """Mean length of the last note or rest of every fourth bar, where phrases end."""
    ends = (bar.signs[-1][1] for bar in heard.bars[3::4] if bar.signs)
    return _mean(ends) / heard.features.ticks


def _wrong_bars(heard: Heard) -> float:
    tune = heard.written
    return len(tune.bar_errors) / max(1, len(tune.measures))


SHAPES = {
    "notes": Shape("notes, repeats played out", lambda heard: len(heard.pitches)),
    "bars": Shape("bars, repeats played out", lambda heard: len(heard.bars)),
    "not_eights": Shape("tunes whose bars do not count up in eights", lambda heard: len(heard.bars) % 8 != 0),
    "wrong_bars": Shape("bars that do not add up to the metre", _wrong_bars),
    "notes_per_bar": Shape("notes to a bar", lambda heard: _mean(len(bar.classes) for bar in heard.bars)),
    "uneven_bars": Shape("difference between bars in how many notes they have", _spread_of_bars),
    "range": Shape(
        "semitones from the lowest note to the highest", lambda heard: max(heard.pitches) - min(heard.pitches)
    ),
    "top": Shape(
        "semitones from the last note up to the highest", lambda heard: max(heard.pitches) - heard.pitches[-1]
    ),
    "bottom": Shape(
        "semitones from the last note down to the lowest", lambda heard: heard.pitches[-1] - min(heard.pitches)
    ),
    "level": Shape("height of the mean note over the last", lambda heard: _mean(heard.pitches) - heard.pitches[-1]),
    "climax": Shape(
        "part of the tune before the highest note",
        lambda heard: heard.pitches.index(max(heard.pitches)) / len(heard.pitches),
    ),
    "interval_size": Shape("semitones from one note to the next", lambda heard: _mean(map(abs, heard.intervals))),
    "same_pitch": Shape("notes that repeat the one before", _intervals(lambda size: size == 0)),
    "steps": Shape("steps to a neighbouring note", _intervals(lambda size: 1 <= size <= 2)),
    "thirds": Shape("leaps of a third", _intervals(lambda size: 3 <= size <= 4)),
    "wide_leaps": Shape("leaps wider than a fifth", _intervals(lambda size: size > 7)),
    "octaves": Shape("leaps of an octave or more", _intervals(lambda size: size >= 12)),
    "turns": Shape("changes between up and down", _turns),
    "ends_on_tonic": Shape("tunes that end on the tonic", lambda heard: heard.degrees[-1] == 0),
    "last_length": Shape("length of the last note", lambda heard: heard.lengths[-1]),
    "tonic": Shape("notes on the tonic", lambda heard: _mean(degree == 0 for degree in heard.degrees)),
    "outside": Shape("notes outside the key", _outside),
    "degree_entropy": Shape("variety of scale degrees", lambda heard: _entropy(heard.degrees)),
    "next_degree_entropy": Shape(
        "variety in what follows a scale degree", lambda heard: _entropy_of_next(heard.degrees)
    ),
    "interval_entropy": Shape("variety of intervals", lambda heard: _entropy(heard.intervals)),
    "length_entropy": Shape("variety of note lengths", lambda heard: _entropy(heard.lengths)),
    "rests": Shape("rests", lambda heard: _mean(pitch is None for bar in heard.bars for pitch, _ in bar.signs)),
    "bar_rhythms": Shape("different bar rhythms", _new_rhythms),
    "fourth_bars": Shape("length of the last note of every fourth bar", _fourth_bars),
    "seen_fours": Shape("groups of four notes heard before", _seen_fours),
    **{
        f"same_{apart}": Shape(f"bars that are the same as {words} before", _same_bars(apart))
        for apart, words in {1: "the one", 2: "two", 4: "four", 8: "eight", 16: "sixteen"}.items()
    },
    **{
        f"like_{apart}": Shape(f"likeness of bars to {words} before", _like_bars(apart))
        for apart, words in {2: "two", 4: "four", 8: "eight"}.items()
    },
}
