"""Mode and rhythm that a file does not say, told from the notes: with a confidence, or not at all.

In: a `Tune`. Out: `Inference`s, or the tune with them. A confidence is the share of tunes that *do* say, in the
collections named, for which the rule that spoke was right; `benchmarks/inference.py` measures it. Below
`LEAST_CONFIDENCE` nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from tunewright.music.tune import MODES, SEMITONES, Inference, Key, Measure, Note, Rest, Tune, Tuplet

LEAST_CONFIDENCE = 0.6


def with_inferences(tune: Tune) -> Tune:
    """The tune with the rhythm and the mode that its notes tell, where it does not state them."""
    rhythm = None if tune.rhythm else infer_rhythm(tune)
    mode = None if states_mode(tune) else infer_mode(tune)
    inferred = tuple(inference for inference in (rhythm, mode) if inference is not None)
    return replace(tune, inferred=(*tune.inferred, *inferred)) if inferred else tune


# ---------------------------------------------------------------------------------------------------- rhythm

# How often each rule is right for the tunes of O'Neill's and Ryan's collections that state a known rhythm.
RHYTHM_CONFIDENCE = {
    "jig": 0.99,
    "slip jig": 0.80,
    "slide": 0.60,  # two tunes say so, too few to be surer
    "strathspey": 0.95,
    "hornpipe": 0.83,
    "reel": 0.86,
}
_BY_METER = {"6/8": "jig", "9/8": "slip jig", "12/8": "slide"}
_BINARY = ("4/4", "C", "C|", "2/2", "2/4")


def infer_rhythm(tune: Tune) -> Inference | None:
    """The dance that a tune without `R:` is, or None where its metre and notes leave it open."""
    meter = str(tune.meter)
    if meter in _BY_METER:
        name = _BY_METER[meter]
    elif meter in _BINARY:
        name = _binary_dance(tune)
    else:
        return None
    return Inference("rhythm", name, RHYTHM_CONFIDENCE[name])


def _binary_dance(tune: Tune) -> str:
    """Strathspeys snap; hornpipes are dotted, or end their parts on equal long notes; the rest are reels."""
    dotted, snapped = _on_the_beat(tune)
    if snapped > 0.06 and dotted + snapped > 0.3 and not _ends_on_long_notes(tune) and str(tune.meter) != "2/4":
        return "strathspey"
    return "hornpipe" if dotted > 0.2 or _ends_on_long_notes(tune) else "reel"


def _on_the_beat(tune: Tune) -> tuple[float, float]:
    """Of the pairs of notes that begin on a beat, the shares that are long-short and short-long, 3 to 1."""
    pairs = [pair for measure in tune.measures for pair in _beat_pairs(tune, measure)]
    if not pairs:
        return 0.0, 0.0
    long_short = sum(first == 3 * second for first, second in pairs)
    short_long = sum(second == 3 * first for first, second in pairs)
    return long_short / len(pairs), short_long / len(pairs)


def _beat_pairs(tune: Tune, measure: Measure) -> Iterator[tuple[Fraction, Fraction]]:
    """The lengths of notes two by two, where a pair begins at a multiple of its own length in the bar."""
    late = measure.expected - measure.length if measure.number == 0 and measure.expected else Fraction(0)
    lengths = [
        element.length for element in tune.music[measure.start : measure.stop] if isinstance(element, Note | Rest)
    ]
    position, index = late, 0
    while index + 1 < len(lengths):
        both = lengths[index] + lengths[index + 1]
        paired = position % both == 0
        if paired:
            yield lengths[index], lengths[index + 1]
        position += both if paired else lengths[index]
        index += 2 if paired else 1


def _ends_on_long_notes(tune: Tune) -> bool:
    """Whether most sections end with a bar that begins with two notes of a quarter of the bar each."""
    endings = []
    for measure in tune.measures:
        if measure.closing is not None and measure.closing.ends_section and measure.expected:
            lengths = _lengths(tune, measure.start, measure.stop)
            endings.append(lengths[:2] == [measure.expected / 4] * 2)
    return sum(endings) * 2 >= len(endings) > 0


def _lengths(tune: Tune, start: int, stop: int) -> list[Fraction]:
    if any(isinstance(element, Tuplet) for element in tune.music[start:stop]):
        return []
    return [element.length for element in tune.music[start:stop] if isinstance(element, Note)]


# ---------------------------------------------------------------------------------------------------- mode

# The modes of folk tunes that state one (irish.abc: 804 tunes, in per cent), the rare ones given a floor.
_MODE_SHARE = {
    "major": 0.66,
    "minor": 0.12,
    "dorian": 0.12,
    "mixolydian": 0.09,
    "phrygian": 0.004,
    "lydian": 0.004,
    "locrian": 0.002,
}
_IN_SCALE = 0.97  # of the notes of a tune; the rest are passing
_INDEPENDENT = 0.35  # neighbouring notes repeat each other: so much of each counts as evidence
_LAST_NOTE = 0.75  # of tunes end on the tonic


def states_mode(tune: Tune) -> bool:
    """Whether the key of the tune says more than a tonic. A bare tonic means major by the standard, and often only that
    nobody looked: a tenth of the German folk songs of Essen sound minor under it.
    """
    return tune.key.tonic is not None and (tune.key.mode != "major" or _writes_major(tune.text))


def _writes_major(text: str) -> bool:
    keys = (line[2:].split("%")[0].casefold() for line in text.split("\n") if line.startswith("K:"))
    return "maj" in next(keys, "") or not text


def infer_key(tune: Tune) -> tuple[Key, float] | None:
    """Tonic and mode that fit the notes best, and the posterior probability of that; None without notes.

    A tonic that the file states is kept. The model is ours: each mode's scale takes 97 % of the notes, and where
    the tonic is open the last note is it in three tunes of four.
    """
    if not tune.notes:
        return None
    scores = {key: _log_likelihood(tune, key) for key in _candidates(tune)}
    best = max(scores, key=lambda key: scores[key])
    total = sum(math.exp(score - scores[best]) for score in scores.values())
    return best, 1 / total


def infer_mode(tune: Tune) -> Inference | None:
    """The mode that a tune's notes have where its key states a tonic and no mode, or nothing; None if unclear."""
    found = infer_key(tune)
    if found is None or found[1] < LEAST_CONFIDENCE:
        return None
    key, confidence = found
    name = key.mode if tune.key.tonic else f"{key.tonic} {key.mode}"
    return Inference("mode", name, round(confidence, 3))


def _candidates(tune: Tune) -> Sequence[Key]:
    tonics = [tune.key.tonic] if tune.key.tonic else ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
    return [Key(tonic, mode) for tonic in tonics for mode in MODES]


def _log_likelihood(tune: Tune, key: Key) -> float:
    scale = {(SEMITONES[step] + alter) % 12 for step, alter in key.signature.items()}
    inside = sum(note.pitch.midi % 12 in scale for note in tune.notes)
    outside = len(tune.notes) - inside
    notes = inside * math.log(_IN_SCALE / 7) + outside * math.log((1 - _IN_SCALE) / 5)
    assert key.tonic is not None
    tonic = (SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")) % 12
    ends_there = tune.notes[-1].pitch.midi % 12 == tonic
    last = math.log(_LAST_NOTE if ends_there else (1 - _LAST_NOTE) / 11)
    return math.log(_MODE_SHARE[key.mode]) + _INDEPENDENT * notes + last
