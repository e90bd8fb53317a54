"""The table of measures: of tunes and of sets of tunes; tunes in, numbers out.

In: a `Tune`, or its `Features` where several measures are wanted of one tune; for sets, an iterable of those, or a
`Style` counted once. Out: floats, NaN where a measure is undefined. `MEASURES` says of each what it means, its unit
and its range. A number says little alone: show beside it the same number for held-out real tunes.

What holds for all: everything is as written (repeat signs are not unfolded); ties are joined, grace notes dropped,
the top note of a chord is its melody, and a rest between two notes parts them no further. A transition from the end
of a first ending to the beginning of a second is never heard and not counted. Bars leave out pickups. A measure stays
the same when a tune is written with another unit, and when it is transposed, but for those marked `keyed`.

This file measures nothing itself (see the `definition` of each measure), does not judge what is well formed or
copied, and asks no model. `docs/measures.md` is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tunewright.measuring.averages import mean
from tunewright.measuring.habits import Habits, abrupt_lengths, abrupt_notes, cadence_rate, fit_habits
from tunewright.measuring.layering import bar_contours, bar_rhythms, groove_consistency, grooving_similarity
from tunewright.measuring.pitch_content import pitch_class_entropy, pitch_entropy, pitch_range, scale_consistency
from tunewright.measuring.playability import INSTRUMENTS, fit, leaps, longest_run, widest_leap
from tunewright.measuring.repetition import repeated_ngrams, repetition_rate
from tunewright.measuring.spreads import FEATURES, divergence, overlap
from tunewright.measuring.styles import (
    COUNTED,
    Style,
    cadence_match,
    chord_match,
    harmony_match,
    histogram_match,
    plan_match,
    transition_match,
)
from tunewright.music.features import Features, features
from tunewright.music.tune import Tune

__all__ = (
    "COUNTED",
    "FAMILIES",
    "MEASURES",
    "REFERENCES",
    "Habits",
    "Measure",
    "Style",
    "fit_habits",
    "mean",
    "measure_each",
    "measure_tunes",
)

OfTune = Callable[[Features, Habits], float]
OfSet = Callable[[Style, Style], float]

FAMILIES: Mapping[str, str] = {
    "style": "what notes, lengths, intervals and chords a set chooses, against a style",
    "spread": "whether tunes vary as real ones do",
    "repetition": "how much of a tune stood in it before: too little is as wrong as too much",
    "layering": "how many different things a tune is made of, and in which order they return",
    "structure": "scale and groove",
    "fluency": "how smoothly one note leads to the next",
    "cadence": "where sections end",
    "playability": "what a tune asks of a player",
}


REFERENCES: Mapping[str, str] = {
    "Lin 1991": "Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37; "
    "its root is a distance: Endres and Schindelin, A new metric for probability distributions, the same 49, 2003",
    "Wu and Yang 2020": "Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020; their program is MusDr",
    "Dong et al. 2020": "Dong, Chen, McAuley and Berg-Kirkpatrick, MusPy: a toolkit for symbolic music generation, "
    "ISMIR 2020",
    "Yang and Lerch 2020": "Yang and Lerch, On the evaluation of generative models in music, Neural Computing and "
    "Applications 32; their program is MGEval",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that has a name: what it says, and how to take it of one tune, or else of a set against another."""

    meaning: str
    unit: str
    high: float
    better: str  # "less", "more", or "real": the nearer to held-out real tunes
    family: str  # of FAMILIES
    definition: Callable[..., float]  # whose docstring says exactly what is counted
    of_tune: OfTune | None = None
    of_set: OfSet | None = None
    reference: str = ""  # of REFERENCES, or what else it rests on
    low: float = 0.0
    keyed: bool = False  # whether it changes when a tune is transposed


# ------------------------------------------------------------------------------------------------ kinds of measures

JENSEN_SHANNON, WU_YANG, MUSPY, YANG_LERCH = REFERENCES


def _match_of(meaning: str, definition: OfSet, of: str = "", family: str = "style") -> Measure:
    of_set: OfSet = (lambda ours, real: definition(ours, real, of)) if of else definition  # type: ignore[call-arg]
    return Measure(
        f"how alike the tunes {meaning}", "match", 1, "more", family, definition, None, of_set, JENSEN_SHANNON
    )


def _alone(function: Callable[..., float], **options: object) -> OfTune:
    """A measure of a tune that asks for no habits."""
    return lambda tune, _: function(tune, **options)


def _repetition_of(meaning: str, **options: object) -> Measure:
    of_tune = _alone(repetition_rate, **options)
    return Measure(meaning, "share", 1, "real", "repetition", repetition_rate, of_tune)


def _entropy_of(meaning: str, bars: int) -> Measure:
    of_tune = _alone(pitch_class_entropy, bars=bars)
    return Measure(meaning, "bits", math.log2(12), "real", "layering", pitch_class_entropy, of_tune, reference=WU_YANG)


def _distinct_of(meaning: str, definition: Callable[..., float]) -> Measure:
    return Measure(meaning, "bars", math.inf, "real", "layering", definition, _alone(definition), low=1)


def _groove_of(meaning: str, definition: Callable[..., float], reference: str) -> Measure:
    return Measure(meaning, "likeness", 1, "real", "structure", definition, _alone(definition), reference=reference)


def _from_habits(meaning: str, family: str, definition: OfTune, better: str = "less") -> Measure:
    return Measure(meaning, "share", 1, better, family, definition, definition)


def _asks(meaning: str, unit: str, high: float, definition: Callable[..., float], reference: str = "") -> Measure:
    return Measure(meaning, unit, high, "real", "playability", definition, _alone(definition), reference=reference)


def _fit_of(name: str) -> Measure:
    instrument = INSTRUMENTS[name]
    meaning = (
        f"notes that lie under the fingers: {instrument.name}"
        if instrument.step > 1
        else (f"notes within reach: {instrument.name}")
    )
    of_tune, reference = _alone(fit, instrument=name), instrument.reference
    keyed = instrument.step > 1
    return Measure(meaning, "share", 1, "real", "playability", fit, of_tune, reference=reference, keyed=keyed)


def _overlap_of(feature: str) -> Measure:
    meaning = f"how alike the tunes and real ones vary in {FEATURES[feature][2]}"
    of_set: OfSet = lambda ours, real: overlap(ours.spread, real.spread, feature)  # noqa: E731
    return Measure(meaning, "overlap", 1, "more", "spread", overlap, None, of_set, YANG_LERCH)


def _divergence_of(feature: str) -> Measure:
    meaning = f"how differently the tunes and real ones vary in {FEATURES[feature][2]}"
    of_set: OfSet = lambda ours, real: divergence(ours.spread, real.spread, feature)  # noqa: E731
    return Measure(meaning, "nats", math.inf, "less", "spread", divergence, None, of_set, YANG_LERCH)


# ------------------------------------------------------------------------------------------------ the table

MEASURES: Mapping[str, Measure] = {
    "transition_match": _match_of("move from degree to degree of the scale", transition_match, "degree"),
    "duration_match": _match_of("move from length to length", transition_match, "duration"),
    "interval_match": _match_of("move from interval to interval", transition_match, "interval"),
    "pitch_class_match": _match_of("choose their pitch classes, from the tonic", histogram_match, "pitch class"),
    "interval_histogram_match": _match_of("choose their intervals", histogram_match, "interval"),
    "length_histogram_match": _match_of("choose their note lengths", histogram_match, "length"),
    "repetition_rate": _repetition_of("bars that stood earlier in the tune"),
    "repetition_2_bars": _repetition_of("phrases of two bars that did", bars=2),
    "repetition_4_bars": _repetition_of("phrases of four bars that did", bars=4),
    "transposed_repetition": _repetition_of("bars that stood earlier, on any degree", transposed=True),
    "transposed_2_bars": _repetition_of("phrases of two bars that did, on any degree", bars=2, transposed=True),
    "transposed_4_bars": _repetition_of("phrases of four bars that did, on any degree", bars=4, transposed=True),
    "repeated_ngrams": Measure(
        "runs of four notes that stood earlier in the tune",
        "share",
        1,
        "real",
        "repetition",
        repeated_ngrams,
        _alone(repeated_ngrams),
    ),
    "abrupt_notes": _from_habits("intervals rarer than 1 in 1,000 at that place of the bar", "fluency", abrupt_notes),
    "abrupt_lengths": _from_habits(
        "length pairs rarer than 1 in 1,000 at that place of the bar", "fluency", abrupt_lengths
    ),
    "bar_rhythms": _distinct_of("distinct rhythms of bars", bar_rhythms),
    "bar_contours": _distinct_of("distinct contours of bars", bar_contours),
    "entropy_1_bar": _entropy_of("entropy of the pitch classes within a bar", 1),
    "entropy_4_bars": _entropy_of("entropy of the pitch classes within four bars", 4),
    "plan_match": _match_of("let bars return, the same or varied", plan_match, family="layering"),
    "chord_match": _match_of("move from chord symbol to chord symbol", chord_match),
    "harmony_match": _match_of("move from implied triad to implied triad, bar by bar (a proxy)", harmony_match),
    "cadence_rate": _from_habits("sections that end on a degree where 1 in 20 do", "cadence", cadence_rate, "real"),
    "cadence_match": _match_of("choose the degree on which a section ends", cadence_match, family="cadence"),
    "scale_consistency": Measure(
        "notes within the scale that holds most of them",
        "share",
        1,
        "real",
        "structure",
        scale_consistency,
        _alone(scale_consistency),
        reference=MUSPY,
        low=7 / 12,
    ),
    "pitch_entropy": Measure(
        "entropy of the pitches", "bits", 7, "real", "structure", pitch_entropy, _alone(pitch_entropy), reference=MUSPY
    ),
    "groove_consistency": _groove_of("likeness of the onsets of neighbouring bars", groove_consistency, MUSPY),
    "grooving_similarity": _groove_of("likeness of the onsets of any two bars", grooving_similarity, WU_YANG),
    "pitch_range": _asks("semitones from the lowest note to the highest", "semitones", 127, pitch_range, MUSPY),
    "leaps": _asks("intervals wider than a fifth", "share", 1, leaps),
    "widest_leap": _asks("semitones of the widest interval", "semitones", 127, widest_leap),
    "longest_run": _asks("bars of the longest stretch without a rest", "bars", math.inf, longest_run),
    **{f"fits_{name}": _fit_of(name) for name in INSTRUMENTS},
    **{
        f"{kind}_{feature}": measure_of(feature)
        for feature in FEATURES
        for kind, measure_of in (("overlap", _overlap_of), ("divergence", _divergence_of))
    },
}


# ------------------------------------------------------------------------------------------------ all of them


def measure_tunes(tunes: Iterable[Tune | Features], style: Style, habits: Habits) -> dict[str, float]:
    """Every measure of `MEASURES` for a set of tunes: against a style, or the mean over the tunes where it is defined.

    Each tune is read once. NaN where a measure is defined for no tune, or for neither set.
    """
    read = [features(tune) for tune in tunes]
    own, each = Style.of(read), measure_each(read, habits)
    return {
        name: measure.of_set(own, style) if measure.of_set else mean(values[name] for values in each)
        for name, measure in MEASURES.items()
    }


def measure_each(tunes: Iterable[Tune | Features], habits: Habits) -> list[dict[str, float]]:
    """For each tune, those measures of `MEASURES` that one tune has; NaN where one is undefined for it."""
    of_tune = {name: measure.of_tune for name, measure in MEASURES.items() if measure.of_tune}
    return [{name: of(seen, habits) for name, of in of_tune.items()} for seen in map(features, tunes)]
