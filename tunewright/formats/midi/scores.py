"""All voices of a tune as a piece of several parts, to be learned from or to be heard, and as MIDI files.

In: a `Score`. Out: a `Piece` with a part for each voice, named as the voice is, repeats unfolded; metres, keys and
tempi are those of the melody. To be heard each voice is played as a tune is (`performance`), high ones on a flute and
low ones on a cello, with their chords struck where they are asked for. This file reads no file and makes no sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any

from tunewright.formats.midi import accompaniment, pieces, tunes
from tunewright.music.piece import TICKS, Part, Piece, PieceNote
from tunewright.music.playing import played
from tunewright.music.score import Score, Voice
from tunewright.music.tune import Note, Tune
from tunewright.support.errors import ParseError, RenderError

CELLO = 42  # General MIDI's, from 0
MOST_NOTES = 2**16  # of all voices as played: a symphony has about as many
LOW = 55  # a voice whose middle note lies lower is played on it


def piece_of_score(score: Score) -> Piece:
    """The voices as a piece: every onset and length as written, repeats unfolded.

    Raises `RenderError` for what MIDI cannot hold.
    """
    left_out = pieces.unplayed(voice.tune for voice in score.voices)
    return replace(_together(score, performance=False), left_out=left_out)


def played_piece(
    score: Score,
    *,
    tempo: int | None = None,
    straight: bool = False,
    program: int | None = None,
    chords: bool = False,
) -> Piece:
    """The voices as they are heard; `tempo`, `straight` and `program` (of all of them) as for a tune.

    With `chords` those of the first voice that has any are a part too. Raises `RenderError` as `midi.tunes` does.
    """
    piece = _together(score, tempo=tempo, straight=straight, program=program)
    if chords and (symbols := next((one.tune for one in score.voices if accompaniment.has_chords(one.tune)), None)):
        piece = replace(piece, parts=(*piece.parts, _chords(symbols)))
    return piece


def _chords(tune: Tune) -> Part:
    """The chords of a voice, which may have no notes of its own."""
    whole = 4 * TICKS
    notes = [
        PieceNote(round(one.onset * whole), round((one.onset + one.length) * whole), one.number, one.velocity)
        for one in accompaniment.accompaniment(tune)
    ]
    return Part(tuple(pieces.settled(notes)), accompaniment.GUITAR, name=accompaniment.NAME)


def to_midi(
    score: Score,
    *,
    tempo: int | None = None,
    straight: bool = False,
    program: int | None = None,
    chords: bool = False,
) -> bytes:
    """The bytes of a Standard MIDI File, a track for each voice; options and errors as in `played_piece`."""
    return pieces.to_midi(played_piece(score, tempo=tempo, straight=straight, program=program, chords=chords))


def _together(score: Score, *, program: int | None = None, **how: Any) -> Piece:
    voices = list(_voices(score, program, how | {"lead": score.melody}))
    parts = tuple(part for piece in voices for part in piece.parts)
    melody = voices[0]
    return Piece(parts, melody.meters, melody.keys, melody.tempos, score.title, score.source)


def _voices(score: Score, program: int | None, how: dict[str, Any]) -> Iterator[Piece]:
    """Each voice as a piece of one part, the melody first, whatever it has."""
    notes = 0
    for number, voice in enumerate(score.voices, start=1):
        if voice is not score.voices[0] and not any(isinstance(element, Note) for element in played(voice.tune)):
            continue
        piece = _alone(voice.tune, _program(voice) if program is None else program, how)
        [part] = piece.parts
        if (notes := notes + len(part.notes)) > MOST_NOTES:
            where = score.source or score.title or "score"
            raise RenderError(f"{where}: its voices have more than {MOST_NOTES:,} notes as played")
        yield replace(piece, parts=(replace(part, name=" ".join(voice.name.split()) or f"Voice {number}"),))


def _alone(tune: Tune, program: int, how: dict[str, Any]) -> Piece:
    try:
        return pieces.parse_piece(tunes.to_midi(tune, program=program, **how), "voice")
    except ParseError as error:
        raise RenderError(f"{tune.source or tune.title or 'score'}: {error.reason}") from None


def _program(voice: Voice) -> int:
    numbers = [note.pitch.midi for note in voice.tune.notes]
    return CELLO if numbers and median(numbers) < LOW else tunes.FLUTE
