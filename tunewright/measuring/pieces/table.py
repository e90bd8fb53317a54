"""The table of measures for music of several parts: pieces in, numbers out.

In: a `Piece`, or its `View` where several measures are wanted of one. Out: floats, NaN where a measure is undefined.
`PIECE_MEASURES` says of each what it means, its unit and its range; `NOT_FOR_PIECES` says of every measure of tunes
that is not among them why not. Names that both tables have mean the same thing, of a melody there, of all parts here.
A number says little alone: show beside it the same number for held-out real pieces.

What holds for all: parts are the tracks of the file; everything is as played, nothing is unfolded; bars and beats are
those of the piece, with the pickup that its file states or its top line lets one hear (`bars`), 4/4 where it has no
metre. No measure changes when all parts but drums are transposed alike. This file measures nothing itself (see the
`definition` of each).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tunewright.measuring.pieces import textures, voice_leading
from tunewright.measuring.pieces.views import View, view
from tunewright.measuring.styles import Style, match
from tunewright.measuring.table import MEASURES, REFERENCES
from tunewright.music.piece import Piece

OfPiece = Callable[[View], float]
OfSet = Callable[[Style, Style], float]

PIECE_FAMILIES: Mapping[str, str] = {
    "style": "what chords, intervals, lengths and instruments a set chooses, against a style",
    "pitch": "which pitches a piece uses, and how evenly",
    "texture": "how many parts and notes sound at once, and how dense they are",
    "rhythm": "how alike the rhythms of bars are, and the drums",
    "voices": "how the parts move, each by itself and against the others",
    "repetition": "how much of a piece stood in it before: too little is as wrong as too much",
}
LIN, WU_YANG, MUSPY, _ = REFERENCES
MUSEGAN = "Dong et al. 2018"
PIECE_REFERENCES: Mapping[str, str] = {
    **{name: REFERENCES[name] for name in (LIN, WU_YANG, MUSPY)},
    MUSEGAN: "Dong, Hsiao, Yang and Yang, MuseGAN: multi-track sequential generative adversarial networks for symbolic "
    "music generation and accompaniment, AAAI 2018",
}


@dataclass(frozen=True, slots=True)
class PieceMeasure:
    """A measure that has a name: what it says, and how to take it of one piece, or else of a set against another."""

    meaning: str
    unit: str
    high: float
    family: str  # of PIECE_FAMILIES
    definition: Callable[..., float]  # whose docstring says exactly what is counted
    of_piece: OfPiece | None = None
    of_set: OfSet | None = None
    reference: str = ""  # of PIECE_REFERENCES
    low: float = 0.0
    better: str = "real"  # "more" for matches, else the nearer to held-out real pieces


def _match_of(meaning: str, name: str) -> PieceMeasure:
    of_set: OfSet = lambda ours, real: match(ours, real, name)  # noqa: E731
    return PieceMeasure(
        f"how alike the pieces choose {meaning}", "match", 1, "style", match, None, of_set, LIN, better="more"
    )


def _of(
    family: str,
    meaning: str,
    unit: str,
    definition: Callable[..., float],
    high: float = math.inf,
    reference: str = "",
    low: float = 0.0,
    **options: object,
) -> PieceMeasure:
    def of_piece(seen: View) -> float:
        return definition(seen, **options)

    return PieceMeasure(meaning, unit, high, family, definition, of_piece, None, reference, low)


def _repetition_of(meaning: str, **options: object) -> PieceMeasure:
    return _of("repetition", meaning, "share", textures.repetition_rate, 1, "", 0.0, **options)


_CLASSES = math.log2(12)

PIECE_MEASURES: Mapping[str, PieceMeasure] = {
    "vertical_match": _match_of("chords on beats, above their lowest note", "chord"),
    "vertical_transition_match": _match_of("which chord follows which", "chord pair"),
    "interval_histogram_match": _match_of("intervals within parts", "one interval"),
    "interval_match": _match_of("pairs of intervals within parts", "interval"),
    "length_histogram_match": _match_of("note lengths", "one length"),
    "duration_match": _match_of("pairs of note lengths within parts", "duration"),
    "onset_match": _match_of("places in the bar where notes begin", "onset"),
    "instrument_match": _match_of("instruments, note by note", "instrument"),
    "drum_match": _match_of("drums, stroke by stroke", "drum"),
    "pitch_range": _of(
        "pitch", "semitones from the lowest note to the highest", "semitones", textures.pitch_range, 127, MUSPY
    ),
    "pitches_used": _of("pitch", "different pitches", "pitches", textures.pitches_used, 128, MUSPY, 1),
    "pitch_classes_used": _of("pitch", "different pitch classes", "pitches", textures.pitch_classes_used, 12, MUSPY, 1),
    "pitch_entropy": _of("pitch", "entropy of the pitches", "bits", textures.pitch_entropy, 7, MUSPY),
    "pitch_class_entropy": _of(
        "pitch", "entropy of the pitch classes", "bits", textures.pitch_class_entropy, _CLASSES, MUSPY
    ),
    "entropy_1_bar": _of(
        "pitch",
        "entropy of the pitch classes within a bar",
        "bits",
        textures.pitch_class_entropy,
        _CLASSES,
        WU_YANG,
        bars=1,
    ),
    "entropy_4_bars": _of(
        "pitch",
        "entropy of the pitch classes within four bars",
        "bits",
        textures.pitch_class_entropy,
        _CLASSES,
        WU_YANG,
        bars=4,
    ),
    "scale_consistency": _of(
        "pitch", "notes within the scale that holds most of them", "share", textures.scale_consistency, 1, MUSPY, 7 / 12
    ),
    "parts": _of("texture", "parts", "parts", textures.parts, low=1),
    "instruments": _of("texture", "different instruments", "instruments", textures.instruments, 129, low=1),
    "polyphony": _of("texture", "pitches sounding at once", "pitches", textures.polyphony, 128, MUSPY, 1),
    "polyphony_rate": _of("texture", "time when two pitches or more sound", "share", textures.polyphony_rate, 1, MUSPY),
    "note_density": _of("texture", "notes that begin in a quarter note", "notes", textures.note_density),
    "part_activity": _of("texture", "bars in which a part sounds", "share", textures.part_activity, 1),
    "empty_beat_rate": _of("texture", "beats in which nothing sounds", "share", textures.empty_beat_rate, 1, MUSPY),
    "empty_bar_rate": _of("texture", "bars in which nothing sounds", "share", textures.empty_bar_rate, 1, MUSPY),
    "groove_consistency": _of(
        "rhythm", "likeness of the onsets of neighbouring bars", "likeness", textures.groove_consistency, 1, MUSPY
    ),
    "grooving_similarity": _of(
        "rhythm", "likeness of the onsets of any two bars", "likeness", textures.grooving_similarity, 1, WU_YANG
    ),
    "drum_in_pattern_rate": _of(
        "rhythm", "strokes of drums on sixteenth notes", "share", textures.drum_in_pattern_rate, 1, MUSEGAN
    ),
    "drum_pattern_consistency": _of(
        "rhythm", "strokes of drums on sixteenths or on triplets", "share", textures.drum_pattern_consistency, 1, MUSPY
    ),
    "mean_leap": _of("voices", "semitones from note to note in a part", "semitones", voice_leading.mean_leap, 127),
    "leaps": _of("voices", "intervals in a part wider than a fifth", "share", voice_leading.leaps, 1),
    "crossing_rate": _of("voices", "beats at which neighbouring parts cross", "share", voice_leading.crossing_rate, 1),
    "parallel_fifths": _of("voices", "parallel fifths in a bar", "a bar", voice_leading.parallel_fifths),
    "parallel_octaves": _of("voices", "parallel octaves and unisons in a bar", "a bar", voice_leading.parallel_octaves),
    "dissonance_rate": _of("voices", "dissonant intervals on beats", "share", voice_leading.dissonance_rate, 1),
    "repetition_rate": _repetition_of("bars that stood earlier in the piece, all parts alike"),
    "repetition_2_bars": _repetition_of("phrases of two bars that stood earlier", bars=2),
    "repetition_4_bars": _repetition_of("phrases of four bars that stood earlier", bars=4),
    "transposed_repetition": _repetition_of("bars that stood earlier, on any step", transposed=True),
    "transposed_2_bars": _repetition_of("phrases of two bars that stood earlier, on any step", bars=2, transposed=True),
    "transposed_4_bars": _repetition_of(
        "phrases of four bars that stood earlier, on any step", bars=4, transposed=True
    ),
}
OF_PIECE: Mapping[str, OfPiece] = {
    name: measure.of_piece for name, measure in PIECE_MEASURES.items() if measure.of_piece is not None
}
SETS_OF_PIECES = {name: measure for name, measure in PIECE_MEASURES.items() if measure.of_set is not None}


def measure_pieces(pieces: Iterable[Piece | View]) -> list[dict[str, float]]:
    """For each piece the measures that one piece has, by name; NaN where one is undefined for it."""
    return [{name: of(view(piece)) for name, of in OF_PIECE.items()} for piece in map(view, pieces)]


# ------------------------------------------------------------------------------------------------ what does not apply

REASONS: Mapping[str, str] = {
    "tonic": "counts from the tonic, and a MIDI file states none that can be relied on",
    "line": "is of one melody; a piece has several parts, measured by the texture and the voices",
    "sections": "needs sections, and a MIDI file has no repeat signs or double bars",
    "symbols": "needs chord symbols or a key; the chords that sound are in vertical_match and "
    "vertical_transition_match",
    "players": "is of one player's melody; a part may be a keyboard, a choir or a drum kit",
    "features": "is of the features of one melody counted from its tonic; values stand beside those of real pieces "
    "instead",
}
_WHY_NOT: Mapping[str, tuple[str, ...]] = {
    "tonic": ("transition_match", "pitch_class_match"),
    "line": ("repeated_ngrams", "abrupt_notes", "abrupt_lengths", "bar_rhythms", "bar_contours"),
    "sections": ("plan_match", "cadence_rate", "cadence_match"),
    "symbols": ("chord_match", "harmony_match"),
    "players": ("widest_leap", "longest_run"),
}
_KINDS = {"fits": "players", "overlap": "features", "divergence": "features"}


def _reason(name: str) -> str:
    """The key in `REASONS` of why a measure of tunes is none of pieces; of one that names no other, that of a line."""
    named = {one: reason for reason, names in _WHY_NOT.items() for one in names}
    return named.get(name) or _KINDS.get(name.partition("_")[0], "line")


WHY_NOT: Mapping[str, str] = {name: _reason(name) for name in MEASURES if name not in PIECE_MEASURES}
"""Every measure of tunes that is not one of pieces, and the key in `REASONS` of why."""
NOT_FOR_PIECES: Mapping[str, str] = {name: REASONS[reason] for name, reason in WHY_NOT.items()}
"""The same, and why."""
